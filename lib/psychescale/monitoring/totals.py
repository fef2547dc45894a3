"""Sums over the texts of a period by random group of authors: all that is collected but a sample.

Authors are dealt to groups by a hash. The groups are alike but for chance, so that the variance of any
sum follows from how it differs between them, authors with many texts included (the method of random
groups: Wolter 2007, Introduction to Variance Estimation, chapter 2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Counts: TypeAlias = NDArray[np.int64]

GROUPS = 40
"""Random groups; Student's quantiles at 39 degrees of freedom are near the normal ones."""
SCORE_EDGES = (
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4,
    0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999,
)  # fmt: skip
"""Between the bins of a probability; one on an edge is in the upper bin."""
LENGTH_EDGES = (
    1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 362, 512, 724, 1024, 2048, 4096, 8192,
)  # fmt: skip
"""Between the bins of a length in tokens."""
FAILED, TRUNCATED, WINDOWED, REPEATED = "failed", "truncated", "several_windows", "repeated"
"""What a share is of: texts without a score; of those with one: cut, in several windows, and with the
length and scores of another one of the period, the first of each left out."""


@dataclass(frozen=True)
class Ratio:
    """A sum over texts, and how many texts there are.

    Attributes:
        sums: float64, shape (GROUPS,).
        texts: float64, shape (GROUPS,).
    """

    sums: Floats
    texts: Floats


@dataclass(frozen=True)
class Totals:
    """A period.

    Attributes:
        labels: Labels as the model names them, in the table's order.
        rows: int64, shape (GROUPS,): texts, scored or not.
        scored: int64, shape (GROUPS,): texts with a score.
        scores: int64, shape (GROUPS, n_labels, n_bins): texts by bin of `SCORE_EDGES`.
        sums: float64, shape (GROUPS, n_labels): sums of probabilities.
        above: int64, shape (GROUPS, n_labels): texts whose probability reaches the threshold.
        hits: float64, shape (GROUPS, n_labels): sums of probabilities over these.
        lengths: int64, shape (GROUPS, n_bins): scored texts by bin of `LENGTH_EDGES`.
        shares: By name: `FAILED` and its like.
    """

    labels: tuple[str, ...]
    rows: Counts
    scored: Counts
    scores: Counts
    sums: Floats
    above: Counts
    hits: Floats
    lengths: Counts
    shares: Mapping[str, Ratio]

    @property
    def n_scored(self) -> int:
        """Texts with a score."""
        return int(self.scored.sum())


def degrees(texts: Counts | Floats) -> float:
    """Degrees of freedom of a variance between groups of such sizes (Kish); 0 for one group."""
    total = float(texts.sum())
    return total**2 / float((texts.astype(np.float64) ** 2).sum()) - 1 if total else 0.0
