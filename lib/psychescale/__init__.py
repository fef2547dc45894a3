"""Score large collections of text for mental-health research.

psychescale scores texts, not people: it is a research instrument, never a diagnosis.

The package imports neither torch nor pyspark until something that needs them is used:

    >>> from psychescale import Scorer
    >>> scorer = Scorer.from_pretrained("path/to/model")
    >>> scorer(["first text", "second text"])  # float32 array of shape (2, n_labels)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psychescale.scoring.scorer import Scorer

__all__ = ["Scorer", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "Scorer":  # torch takes seconds to import, and most commands can fail before it
        from psychescale.scoring.scorer import Scorer

        return Scorer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
