"""Measures of yes-or-no decisions, under any number of weightings of the documents at once.

A bootstrap replicate is a weighting: how often each document was drawn. Every function here takes
many of them and needs one matrix product for all, so that the point estimate (one weighting: the
sampling weights) and its interval come from the same lines.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychescale.evaluation.predictions import Floats, Predictions


@dataclass(frozen=True)
class Confusion:
    """Weighted counts, each of shape (n_labels, n_weightings).

    Attributes:
        tp: True positives.
        fp: False positives.
        fn: False negatives.
        tn: True negatives.
    """

    tp: Floats
    fp: Floats
    fn: Floats
    tn: Floats

    def total(self) -> "Confusion":
        """All labels as one: what a micro average is made of. Shapes (1, n_weightings)."""
        return Confusion(
            *(part.sum(0, keepdims=True) for part in (self.tp, self.fp, self.fn, self.tn))
        )


def confusion(truth: NDArray[np.uint8], predicted: NDArray[np.bool_], weights: Floats) -> Confusion:
    """Count each label's hits and misses.

    Args:
        truth: uint8, shape (n, n_labels).
        predicted: bool, shape (n, n_labels).
        weights: float64, shape (n, n_weightings).
    """
    # Each cell by itself: a difference of weighted sums that should be 0 can come out just beside it.
    held = truth == 1
    cells = (held & predicted, ~held & predicted, held & ~predicted, ~held & ~predicted)
    return Confusion(*(cell.T.astype(np.float64) @ weights for cell in cells))


def count_cells(predictions: Predictions, thresholds: Floats) -> NDArray[np.int64]:
    """Documents in each cell, unweighted: tp, fp, fn, tn; int64, shape (n_labels, 4)."""
    predicted = predictions.probabilities >= thresholds
    counts = confusion(predictions.truth, predicted, np.ones((len(predictions), 1)))
    cells = np.concatenate([counts.tp, counts.fp, counts.fn, counts.tn], 1)
    whole: NDArray[np.int64] = np.rint(cells).astype(np.int64)
    return whole


def ratio(part: Floats, whole: Floats) -> Floats:
    """`part` over `whole`, NaN where there is no whole."""
    shares: Floats = np.full(np.shape(part), np.nan)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares


def precision(counts: Confusion) -> Floats:
    """Share of the predicted that hold; NaN where none is predicted."""
    return ratio(counts.tp, counts.tp + counts.fp)


def recall(counts: Confusion) -> Floats:
    """Sensitivity, the share of positives that are found; NaN without positives."""
    return ratio(counts.tp, counts.tp + counts.fn)


def specificity(counts: Confusion) -> Floats:
    """Share of negatives that are left alone; NaN without negatives."""
    return ratio(counts.tn, counts.tn + counts.fp)


def f1(counts: Confusion) -> Floats:
    """Harmonic mean of precision and recall; NaN where nothing holds and nothing is predicted."""
    return ratio(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn)


PER_LABEL = {"precision": precision, "recall": recall, "specificity": specificity, "f1": f1}
"""Decision measures by name."""


def averages(name: str, counts: Confusion) -> dict[str, Floats]:
    """Micro, macro and weighted average of one decision measure, each of shape (n_weightings,).

    As in scikit-learn with ``zero_division=0``, a label whose value is not defined counts as 0 in the
    macro and weighted averages. The weights are the labels' positives (negatives for specificity).
    """
    measure = PER_LABEL[name]
    values = np.nan_to_num(measure(counts))
    support = counts.tn + counts.fp if name == "specificity" else counts.tp + counts.fn
    return {
        "micro": measure(counts.total())[0],
        "macro": values.mean(0),
        "weighted": np.nan_to_num(ratio((values * support).sum(0), support.sum(0))),
    }
