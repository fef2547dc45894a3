"""Measures of order: ROC-AUC and average precision with intervals, sensitivity at a specificity."""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import brentq

from psychescale.evaluation.measures.counts import ratio
from psychescale.evaluation.measures.linear import (
    NORMAL,
    Design,
    Ends,
    Linear,
    kish,
    undefined,
)
from psychescale.evaluation.measures.shares import mid_p
from psychescale.evaluation.predictions import Floats

_CLOSE = 1e-9
# Shares of weights are compared with a stated specificity; sums of weights are off by this much.
_ROUNDING = 1e-12


def roc_auc(design: Design, probabilities: Floats, truth: NDArray[np.uint8]) -> Linear:
    """Area under the ROC curve, ties counting half.

    Its variance is that of the placements (DeLong et al. 1988), summed over authors. The interval is
    Newcombe's (2006, method 5): the ends are where the distance to the value is the quantile times the
    standard error *there*, after Hanley & McNeil (1982) with the two classes taken alike, times what
    the placements vary more than that.
    """
    held = truth == 1
    if held.all() or not held.any():
        return undefined(design.n_units)
    positive, negative = design.weights * held, design.weights * ~held
    _, code = np.unique(probabilities, return_inverse=True)
    of_positive, of_negative = np.bincount(code, positive), np.bincount(code, negative)
    below = (of_negative.cumsum() - of_negative / 2)[code] / negative.sum()
    above = 1 - (of_positive.cumsum() - of_positive / 2)[code] / positive.sum()
    value = float(positive @ below / positive.sum())
    errors = (
        positive * (below - value) / positive.sum() + negative * (above - value) / negative.sum()
    )
    rarer = positive if held.sum() * 2 <= len(held) else negative
    spread = design.spread(errors, rarer)
    sizes = [_size(design, mass, certain=not spread.any()) for mass in (positive, negative)]
    # A positive that could have gone unseen stands where documents of its weight do.
    missed = design.unseen
    heavy = design.weights == design.weights.max()
    pulled = _pulled(value, float(positive.sum()), missed / 2, float(below[heavy].mean()))
    sizes[0] = min(sizes[0], positive.sum() ** 2 / (positive @ positive + missed**2) or np.inf)
    ratio = float(spread @ spread) / max(_hanley_mcneil(value, *sizes), np.finfo(float).tiny)
    excess = max(1.0, ratio) if 0 < value < 1 else 1.0
    units = design.bearing(rarer)

    def ends(q: float) -> Ends:
        square = q**2 * excess
        low, high = _newcombe(value, square, *sizes)
        return (min(low, _newcombe(pulled, square, *sizes)[0]) if missed else low), high

    return Linear(value, spread, cache(ends), units)


def _pulled(value: float, total: float, weight: float, elsewhere: float) -> float:
    return (value * total + weight * elsewhere) / (total + weight)


def _size(design: Design, mass: Floats, *, certain: bool) -> float:
    """Effective documents of a class; where nothing varies, authors."""
    return kish(design.sums(mass)) if certain else kish(mass)


def _hanley_mcneil(area: float, m: float, n: float) -> float:
    """Variance of an area, the classes taken alike (Newcombe 2006, equation 5)."""
    alike = (m + n) / 2 - 1
    inner = 1 + alike * (1 - area) / (2 - area) + alike * area / (1 + area)
    return area * (1 - area) * inner / (m * n)


def _newcombe(value: float, square: float, m: float, n: float) -> Ends:
    def apart(area: float) -> float:
        return (area - value) ** 2 - square * _hanley_mcneil(area, m, n)

    low = 0.0 if value < _CLOSE else _root(apart, 0.0, value * (1 - _CLOSE))
    high = 1.0 if value > 1 - _CLOSE else _root(apart, value + (1 - value) * _CLOSE, 1.0)
    return low, high


def _root(of: Callable[[float], float], low: float, high: float) -> float:
    if of(low) * of(high) > 0:
        return low if abs(of(low)) < abs(of(high)) else high
    return float(brentq(of, low, high, xtol=1e-6))


def average_precision(design: Design, probabilities: Floats, truth: NDArray[np.uint8]) -> Linear:
    """Mean precision at each positive, tied documents together.

    A document's weight tells on the precision at every positive that it stands above, and a
    positive's on the mean itself. The interval is that of a share of the positives.
    """
    held = truth == 1
    if held.all() or not held.any():
        return undefined(design.n_units)
    weights = design.weights
    _, code = np.unique(-probabilities, return_inverse=True)
    positive = np.bincount(code, weights * held)
    everyone = np.bincount(code, weights).cumsum()
    precision = positive.cumsum() / everyone
    total = float(positive.sum())
    value = float(positive @ precision) / total
    # What one more document at a place adds to, and takes from, the precisions from there down.
    per_hit = (positive / everyone)[::-1].cumsum()[::-1]
    per_row = (positive * precision / everyone)[::-1].cumsum()[::-1]
    own = held * (precision[code] - value)
    errors = weights * (own + held * per_hit[code] - per_row[code]) / total
    spread = design.spread(errors, weights * held)
    variance = float(spread @ spread)
    hit, miss = float(weights[held].max()), float(weights.max())
    units = design.bearing(weights * held)

    def ends(q: float) -> Ends:
        return mid_p(value, total, variance, hit=hit, miss=miss, scale=(NORMAL / q) ** 2)

    return Linear(value, spread, cache(ends), units)


def sensitivity_at(
    probabilities: Floats, truth: NDArray[np.uint8], weights: Floats, *, specificity: float
) -> Floats:
    """Highest sensitivity among thresholds that reach a specificity; NaN where a class is missing.

    Under any number of weightings at once. Only the places where a positive stands matter, so the
    sorted documents are cut into segments there: tied documents that hold a positive make one segment,
    and whatever lies between two of those another. One sparse product sums the weights of each.

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
