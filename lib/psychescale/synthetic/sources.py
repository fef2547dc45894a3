"""The mix of sources in a corpus: how often, how long, about what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from psychescale.synthetic.features import (
    BODY,
    CHANGE,
    EXERCISE,
    FAMILY,
    QUESTION,
    SLEEP,
    THANKS,
    WORK,
)
from psychescale.synthetic.texts.forum import FORUM
from psychescale.synthetic.texts.notes import NOTES
from psychescale.synthetic.texts.rendering import Register
from psychescale.synthetic.texts.survey import SURVEY

Bands = tuple[tuple[int, int, int], ...]
"""Lengths to draw from: (fewest words, most words, weight)."""


@dataclass(frozen=True, slots=True)
class Source:
    """How often a source occurs, how long its texts are, and what they are about."""

    register: Register
    weight: int
    bands: Bands
    identified: float
    prevalence: Mapping[str, float]


# Shares before planting: a short text has room for one or two features only, so the shares of
# labels that come out are lower. They differ by source, so that there is something to stratify by.
SOURCES: Final = (
    Source(
        FORUM,
        60,
        (
            (2, 5, 4),
            (6, 14, 8),
            (15, 30, 24),
            (31, 60, 28),
            (61, 120, 23),
            (121, 250, 7),
            (251, 400, 2),
            (401, 900, 4),
            (901, 1900, 1),
        ),
        0.31,
        {
            SLEEP: 0.34,
            WORK: 0.44,
            FAMILY: 0.30,
            QUESTION: 0.36,
            THANKS: 0.16,
            CHANGE: 0.18,
            BODY: 0.10,
            EXERCISE: 0.08,
        },
    ),
    Source(
        NOTES,
        20,
        (
            (2, 5, 4),
            (6, 30, 22),
            (31, 60, 28),
            (61, 120, 28),
            (121, 400, 12),
            (401, 900, 5),
            (901, 1500, 1),
        ),
        0.62,
        {
            SLEEP: 0.46,
            WORK: 0.40,
            FAMILY: 0.34,
            QUESTION: 0.12,
            THANKS: 0.08,
            CHANGE: 0.30,
            BODY: 0.16,
            EXERCISE: 0.10,
        },
    ),
    Source(
        SURVEY,
        20,
        ((2, 5, 18), (6, 14, 28), (15, 30, 34), (31, 60, 16), (61, 120, 4)),
        0.18,
        {
            SLEEP: 0.22,
            WORK: 0.34,
            FAMILY: 0.20,
            QUESTION: 0.10,
            THANKS: 0.12,
            CHANGE: 0.14,
            BODY: 0.06,
            EXERCISE: 0.05,
        },
    ),
)
LONGEST_BANDS: Final[Bands] = ((1840, 1900, 1),)
"""Short of 2,000, because openers and interjections come on top of a target."""

LABELLED_BANDS: Final[Bands] = ((6, 12, 30), (13, 25, 40), (26, 48, 30))
