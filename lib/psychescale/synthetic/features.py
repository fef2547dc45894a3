"""The features that the grammar can plant in a text. They name wording, never a condition."""

from typing import Final

SLEEP: Final = "mentions sleep"
WORK: Final = "mentions work"
FAMILY: Final = "mentions family"
QUESTION: Final = "asks a question"
THANKS: Final = "expresses thanks"
CHANGE: Final = "reports change over time"
BODY: Final = "mentions body"
EXERCISE: Final = "mentions exercise"

LABELS: Final[tuple[str, ...]] = (
    SLEEP,
    WORK,
    FAMILY,
    QUESTION,
    THANKS,
    CHANGE,
    BODY,
    EXERCISE,
)
"""All labels, in the order in which they appear in ``Document.labels``."""
