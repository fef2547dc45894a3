"""Where not to decide: a band around a threshold, so wide that wrong decisions outside it are rare.

Conformal risk control (Angelopoulos, Bates, Fisch, Lei, Schuster 2024): the loss of a text is 1 where
it is decided, and wrongly; it falls as the band widens. The smallest band whose mean loss on n
validation texts, with one more loss of 1, is at most the risk keeps the risk on the average of new
texts drawn like them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Band = tuple[float, float]
ALWAYS: Band = (0.0, 1.0)
# Bands end on a grid of logits, outwards: no end is the probability of a single row.
_GRID = 0.05
_SMALLEST = 1e-6  # probabilities beyond are taken for it: a threshold may be 0, or above 1


@dataclass(frozen=True)
class Abstention:
    """Bands in which nothing is decided.

    Attributes:
        risk: Largest share of texts that are decided, and wrongly, by label.
        bands: Lowest and highest probability of each label's band, both inside it; None where none is
            needed.
        told: What whoever uses them must know.
    """

    risk: float
    bands: Sequence[Band | None]
    told: Sequence[str] = ()

    def to_json(self) -> dict[str, object]:
        """The ``abstention`` of `scoring.json`."""
        return {"risk": self.risk, "bands": [None if b is None else list(b) for b in self.bands]}


def fit_abstention(
    probabilities: NDArray[np.float32],
    targets: NDArray[np.float32],
    thresholds: NDArray[np.float64],
    *,
    risk: float,
    groups: NDArray[np.int64],
) -> Abstention:
    """The smallest band around each label's threshold, on the logit scale.

    Args:
        probabilities: float32, shape (n_rows, n_labels): of validation rows.
        targets: 0 or 1, the same shape.
        thresholds: float64, shape (n_labels,).
        risk: Largest share of wrong decisions among all texts; between 0 and 1.
        groups: int64, shape (n_rows,): rows that belong together count for less.
    """
    n_rows = len(targets)
    sizes = np.unique(groups, return_counts=True)[1]
    effective = n_rows**2 / float(sizes @ sizes)
    allowed = math.floor(((effective + 1) * risk - 1) * n_rows / effective + 1e-9)
    if allowed < 0:
        told = (
            f"A risk of {risk:g} cannot be promised with so few validation rows: nothing is decided. "
            f"{math.ceil(1 / risk * n_rows / effective):,} rows could."
        )
        return Abstention(risk, [ALWAYS] * len(thresholds), [told])
    bands = [
        _band(column, held > 0, float(threshold), allowed)
        for column, held, threshold in zip(probabilities.T, targets.T, thresholds, strict=True)
    ]
    return Abstention(risk, bands)


def _band(
    values: NDArray[np.float32], held: NDArray[np.bool_], threshold: float, allowed: int
) -> Band | None:
    middle = _logit(threshold)
    wrong = (values >= threshold) != held
    distances = np.sort(np.abs(_logit(values[wrong].astype(np.float64)) - middle))[::-1]
    if len(distances) <= allowed:
        return None
    margin = _GRID * math.ceil(float(distances[allowed]) / _GRID + 1e-6)
    return float(expit(middle - margin)), float(expit(middle + margin))


def _logit(values: "NDArray[np.float64] | float") -> "NDArray[np.float64]":
    inside: NDArray[np.float64] = logit(np.clip(values, _SMALLEST, 1 - _SMALLEST))
    return inside
