"""Measures of the order of probabilities, under any number of weightings of the documents at once.

Only the places where a positive stands matter to all three, so the sorted documents are cut into
segments there: tied documents that hold a positive make one segment, and whatever lies between two
of those makes another. One sparse product sums the weights of every segment for all weightings.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from psychescale.evaluation.measures.counts import ratio
from psychescale.evaluation.predictions import Floats

# Shares of weights are compared with a stated specificity; sums of weights are off by this much.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Ranking:
    """Measures of one label, each of shape (n_weightings,), NaN where a class is missing.

    Attributes:
        roc_auc: Area under the ROC curve; ties count half.
        average_precision: Mean precision at each positive, tied documents together (scikit-learn's
            step-wise sum, no interpolation).
        sensitivity: Highest sensitivity among thresholds that reach the stated specificity.
    """

    roc_auc: Floats
    average_precision: Floats
    sensitivity: Floats


def rank(
    probabilities: Floats, truth: NDArray[np.uint8], weights: Floats, *, specificity: float
) -> Ranking:
    """Judge the order that one label's probabilities put the documents in.

    Args:
        probabilities: float64, shape (n,).
        truth: uint8, shape (n,).
        weights: float64, shape (n, n_weightings).
        specificity: At which the sensitivity is read.
    """
    order, starts = _segments(probabilities, truth)
    shape = (len(starts) - 1, len(truth))
    held = truth[order].astype(np.float64)
    positive = sparse.csr_array((held, order, starts), shape) @ weights
    negative = sparse.csr_array((1 - held, order, starts), shape) @ weights
    found, false = positive.cumsum(0), negative.cumsum(0)
    all_positive, all_negative = found[-1], false[-1]

    below = all_negative - false + negative / 2
    auc = ratio((positive * below).sum(0), all_positive * all_negative)
    # A share above one within rounding only: `found` and `false` are sums in different orders.
    precision = np.nan_to_num(ratio(found, found + false))
    average = ratio((positive * precision).sum(0), all_positive)
    allowed = false <= (1 - specificity) * all_negative + _ROUNDING * all_negative
    sensitivity = ratio(np.where(allowed, found, 0).max(0), all_positive)
    return Ranking(
        auc,
        np.where(all_negative > 0, average, np.nan),
        np.where(all_negative > 0, sensitivity, np.nan),
    )


def _segments(
    probabilities: Floats, truth: NDArray[np.uint8]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Documents from the highest probability down, and where each segment starts (and the end)."""
    order = np.argsort(-probabilities, kind="stable")
    values = probabilities[order]
    first = np.concatenate([[True], values[1:] != values[:-1]])
    tie = np.flatnonzero(first)
    holds = np.add.reduceat(truth[order].astype(np.int64), tie) > 0
    follows = np.concatenate([[True], holds[:-1]])
    return order, np.append(tie[holds | follows], len(order))
