"""Score large collections of text for mental-health research.

psychescale scores texts, not people: it is a research instrument, never a diagnosis.

The package imports neither torch nor pyspark until something that needs them is used:

    >>> from psychescale import Scorer
    >>> scorer = Scorer.from_pretrained("path/to/model")
    >>> scorer(["first text", "second text"])  # float32 array of shape (2, n_labels)

Every job is a function too: `psychescale.score(model=…, input=…, output=…)`; `help(psychescale.score)`
lists its keywords.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psychescale.api import (
        anonymize,
        demo,
        doctor,
        evaluate,
        monitor,
        recalibrate,
        score,
        tagger,
        train,
        verify,
        with_labels,
    )
    from psychescale.model.bundle import thresholds
    from psychescale.model.heads.registration import register_heads
    from psychescale.scoring.scorer import Scorer

__all__ = [
    "Scorer",
    "__version__",
    "anonymize",
    "demo",
    "doctor",
    "evaluate",
    "monitor",
    "recalibrate",
    "register_heads",
    "sample",
    "score",
    "study",
    "tagger",
    "thresholds",
    "train",
    "verify",
    "with_labels",
]

__version__ = "0.1.0"

_ROOMS = {
    "Scorer": "psychescale.scoring.scorer",
    "register_heads": "psychescale.model.heads.registration",
    "thresholds": "psychescale.model.bundle",
}
"""Where what is no job comes from."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Imported when first asked for: torch takes seconds, and most commands can fail before it.
    return getattr(importlib.import_module(_ROOMS.get(name, "psychescale.api")), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
