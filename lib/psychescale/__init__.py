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

from wrapt import register_post_import_hook

if TYPE_CHECKING:
    from psychescale.api import anonymize, demo, doctor, evaluate, score, tagger, train, verify
    from psychescale.scoring.scorer import Scorer

__all__ = [
    "Scorer",
    "__version__",
    "anonymize",
    "demo",
    "doctor",
    "evaluate",
    "score",
    "tagger",
    "train",
    "verify",
]

__version__ = "0.1.0"

# A model of our own (the label-attention head) must load through transformers' Auto classes, whichever
# of the two packages is imported first. The names of what is called are text, so that nothing of
# transformers or torch is imported before the program itself does so.
register_post_import_hook(
    "psychescale.model.heads.configuration:register", "transformers.models.auto.configuration_auto"
)
register_post_import_hook(
    "psychescale.model.heads.label_attention:register", "transformers.models.auto.modeling_auto"
)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Imported when first asked for: torch takes seconds, and most commands can fail before it.
    room = "psychescale.scoring.scorer" if name == "Scorer" else "psychescale.api"
    return getattr(importlib.import_module(room), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
