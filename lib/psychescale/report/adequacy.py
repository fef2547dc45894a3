"""Whether there were enough documents: widths of intervals beside those that one would aim at.

Riley et al. 2021 (Stat Med 40:4230) and 2024 (BMJ 384:e074821) size a validation by the widths that
its intervals are expected to have. A width falls with the root of the number of documents, so that
what was measured says how many like these would do; authors and sampling weights are in the widths.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]
TARGETS = {
    "roc_auc": 0.1,
    "recall": 0.1,
    "specificity": 0.1,
    "calibration slope": 0.4,
    "calibration intercept": 0.4,
}
"""Widths to aim at: of the area and the slope those of Riley et al. 2021, section 3."""


def adequacy(document: Json) -> list[dict[str, Any]]:
    """By label and measure: `width` of its interval, `target`, and `needed` documents like these.

    Args:
        document: The masked document; where a label has no interval it has no row.
    """
    n = document["data"]["n_documents"]
    if isinstance(n, str):  # too few to be told
        return []
    return [
        {
            "label": label,
            "measure": name,
            "width": one["high"] - one["low"],
            "target": TARGETS[name],
            "needed": _coarse(n * ((one["high"] - one["low"]) / TARGETS[name]) ** 2),
        }
        for label, part in document["per_label"].items()
        for name, one in _estimates(part)
        if one["low"] is not None
    ]


def _estimates(part: Json) -> Iterator[tuple[str, Json]]:
    decided = part["decisions"]["frozen"]
    yield "roc_auc", part["probabilities"]["roc_auc"]
    yield from ((name, decided[name]) for name in ("recall", "specificity"))
    for name in ("slope", "intercept"):
        yield f"calibration {name}", part["calibration"][name]


def _coarse(count: float) -> int:
    """To two figures, upwards: the widths are known to two decimals."""
    if count < 1:
        return 1
    step: int = 10 ** max(math.floor(math.log10(count)) - 1, 0)
    return math.ceil(count / step) * step
