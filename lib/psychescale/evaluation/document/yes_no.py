"""What a clinical reader asks of a yes/no decision, from one table of four cells.

Variances are those of the linearized measure, summed over authors or documents (Binder 1983), so that
clusters and sampling weights are in them. Likelihood ratios have log-normal intervals (Simel et al.
1991), Matthews's coefficient one on Fisher's z, the rest score intervals as in `intervals`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from psychescale.evaluation.document.sections import as_json
from psychescale.evaluation.measures.intervals import LEVEL, Estimate, score_interval
from psychescale.evaluation.predictions import MIN_POSITIVES, Floats, Predictions, Undefined

Json = dict[str, Any]
CELLS = ("tp", "fp", "fn", "tn")
_STEP = 1e-6  # of the numerical derivative by a cell's share
_STEPS = _STEP * np.eye(len(CELLS))


def _npv(c: Floats) -> float:
    return float(c[3] / (c[3] + c[2]))


def _accuracy(c: Floats) -> float:
    return float((c[0] + c[3]) / c.sum())


def _sensitivity(c: Floats) -> float:
    return float(c[0] / (c[0] + c[2]))


def _specificity(c: Floats) -> float:
    return float(c[3] / (c[3] + c[1]))


def _balanced(c: Floats) -> float:
    return (_sensitivity(c) + _specificity(c)) / 2


def _matthews(c: Floats) -> float:
    tp, fp, fn, tn = c
    return float((tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)))


def _positive_ratio(c: Floats) -> float:
    return _sensitivity(c) / (1 - _specificity(c))


def _negative_ratio(c: Floats) -> float:
    return (1 - _sensitivity(c)) / _specificity(c)


MEASURES: Mapping[str, Callable[[Floats], float]] = {
    "npv": _npv,
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced,
    "mcc": _matthews,
    "lr_positive": _positive_ratio,
    "lr_negative": _negative_ratio,
}
"""Measures of tp, fp, fn, tn; NaN or infinite where something is divided by 0."""
_RATIOS = ("lr_positive", "lr_negative")


def of_cells(cells: Mapping[str, float]) -> dict[str, float]:
    """Each measure of one table; NaN where it is not a number."""
    counts = np.array([cells[name] for name in CELLS], np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {name: _try(measure, counts) for name, measure in MEASURES.items()}
    return {name: value if np.isfinite(value) else np.nan for name, value in found.items()}


def yes_no_json(predictions: Predictions, label: int, threshold: float) -> Json:
    """Estimates of one label's decisions, by measure."""
    held = predictions.truth[:, label] == 1
    given = predictions.probabilities[:, label] >= threshold
    inside = np.stack([held & given, ~held & given, held & ~given, ~held & ~given], 1)
    weights = predictions.weights / predictions.weights.sum()
    shares = weights @ inside
    few = min(int(held.sum()), int((~held).sum())) < MIN_POSITIVES
    found: Json = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        for name, measure in MEASURES.items():
            value = _try(measure, shares)
            if not np.isfinite(value):
                one = Estimate(np.nan, reason=Undefined.NONE_PREDICTED)
            elif few:
                one = Estimate(value, reason=Undefined.FEW_POSITIVES)
            else:
                sums = _linearized(measure, inside, weights, predictions.units)
                variance = float((sums**2).sum()) * len(sums) / max(len(sums) - 1, 1)
                one = Estimate(value, *_ends(name, value, variance, len(sums)))
            found[name] = as_json(one)
    return found


def _linearized(
    measure: Callable[[Floats], float], inside: Floats, weights: Floats, units: NDArray[np.int64]
) -> Floats:
    """What each unit adds to the measure, to first order; shape (n_units,), of mean 0."""
    shares = weights @ inside
    value = _try(measure, shares)
    slopes = np.array([(_try(measure, shares + step) - value) / _STEP for step in _STEPS])
    scores = weights * ((inside - shares) @ slopes)
    numbers = np.unique(units, return_inverse=True)[1]
    return np.bincount(numbers, scores).astype(np.float64)


def _ends(name: str, value: float, variance: float, units: int) -> tuple[float, float]:
    quantile = float(stats.t.ppf((1 + LEVEL) / 2, units - 1))
    if name in _RATIOS:
        if value == 0:
            return np.nan, np.nan
        half = quantile * np.sqrt(variance) / value
        return value * np.exp(-half), value * np.exp(half)
    if name == "mcc":
        if abs(value) == 1:
            return np.nan, np.nan
        half = quantile * np.sqrt(variance) / (1 - value**2)
        low, high = np.tanh(np.arctanh(value) + np.array([-half, half]))
        return float(low), float(high)
    return score_interval(value, variance, units, quantile)


def _try(measure: Callable[[Floats], float], cells: Floats) -> float:
    try:
        return measure(cells)
    except ZeroDivisionError:
        return np.nan
