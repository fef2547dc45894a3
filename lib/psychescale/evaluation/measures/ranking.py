"""Sensitivity at a stated specificity, under any number of weightings of the documents at once.

Only the places where a positive stands matter, so the sorted documents are cut into segments there:
tied documents that hold a positive make one segment, and whatever lies between two of those makes
another. One sparse product sums the weights of every segment for all weightings.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from psychescale.evaluation.measures.counts import ratio
from psychescale.evaluation.predictions import Floats

# Shares of weights are compared with a stated specificity; sums of weights are off by this much.
_ROUNDING = 1e-12


def sensitivity_at(
    probabilities: Floats, truth: NDArray[np.uint8], weights: Floats, *, specificity: float
) -> Floats:
    """Highest sensitivity among thresholds that reach a specificity; NaN where a class is missing.

    Args:
        probabilities: float64, shape (n,).
        truth: uint8, shape (n,).
        weights: float64, shape (n, n_weightings).
        specificity: At which the sensitivity is read.

    Returns:
        float64, shape (n_weightings,).
    """
    order, starts = _segments(probabilities, truth)
    shape = (len(starts) - 1, len(truth))
    held = truth[order].astype(np.float64)
    found = (sparse.csr_array((held, order, starts), shape) @ weights).cumsum(0)
    false = (sparse.csr_array((1 - held, order, starts), shape) @ weights).cumsum(0)
    allowed = false <= (1 - specificity + _ROUNDING) * false[-1]
    sensitivity = ratio(np.where(allowed, found, 0).max(0), found[-1])
    defined: Floats = np.where(false[-1] > 0, sensitivity, np.nan)
    return defined


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
