"""What a clinical reader asks of a yes/no decision, from one table of four cells.

NPV, accuracy and balanced accuracy are shares, and have their intervals (`shares`, `linear`). The
others are linearised (Binder 1983), so that authors, strata and sampling weights are in their variance:
likelihood ratios have log-normal ends (Simel et al. 1991), Matthews's coefficient those of Fisher's z.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from psychescale.evaluation.document.sections import as_json
from psychescale.evaluation.measures.intervals import Estimate, counts, estimate
from psychescale.evaluation.measures.linear import (
    NOWHERE,
    Design,
    Ends,
    Linear,
    average,
    loss,
    undefined,
)
from psychescale.evaluation.measures.registry import measure_decisions
from psychescale.evaluation.measures.shares import Unseen, share
from psychescale.evaluation.predictions import Floats, Predictions, Undefined

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
RATIOS = ("lr_positive", "lr_negative")
"""Those without an upper bound."""


def of_cells(cells: Mapping[str, float]) -> dict[str, float]:
    """Each measure of one table; NaN where it is not a number."""
    counts = np.array([cells[name] for name in CELLS], np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {name: _try(measure, counts) for name, measure in MEASURES.items()}
    return {name: value if np.isfinite(value) else np.nan for name, value in found.items()}


def yes_no_json(predictions: Predictions, label: int, threshold: float) -> Json:
    """Estimates of one label's decisions, by measure."""
    one = predictions.columns(np.arange(len(predictions.labels)) == label)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = _measured(one, threshold)
    size = counts(one)
    return {
        name: as_json(
            Estimate(np.nan, reason=Undefined.NONE_PREDICTED)
            if np.isnan(measure.value)
            else estimate(name, measure.value, measure.interval, *size)
        )
        for name, measure in found.items()
    }


def _measured(one: Predictions, threshold: float) -> dict[str, Linear]:
    design = Design.of(one)
    held, given = one.truth[:, 0] == 1, one.probabilities[:, 0] >= threshold
    inside = np.stack([held & given, ~held & given, held & ~given, ~held & ~given], 1)
    inside = inside.astype(np.float64)
    every = np.ones_like(held)
    rates = measure_decisions(one, np.array([threshold])).per_label
    # As rare as the rarer class: a variance of few positives is as uncertain as they are few.
    units = min(design.bearing(design.weights * side) for side in (held, ~held))
    return {
        "npv": share(design, inside[:, 3], inside[:, 2:].sum(1), Unseen(~given, ~given)),
        "accuracy": share(
            design, inside[:, [0, 3]].sum(1), every.astype(np.float64), Unseen(every, every)
        ),
        "balanced_accuracy": average([rates["recall"][0], rates["specificity"][0]], design)
        if held.any() and not held.all()
        else undefined(design.n_units),
        "mcc": _linear("mcc", inside, design, units),
        "lr_positive": _linear("lr_positive", inside, design, units),
        "lr_negative": _linear("lr_negative", inside, design, units),
    }


def _linear(name: str, inside: Floats, design: Design, units: float) -> Linear:
    """A measure of the cells' shares near its value."""
    measure, weights = MEASURES[name], design.weights / design.weights.sum()
    shares = weights @ inside
    value = _try(measure, shares)
    if not np.isfinite(value):
        return undefined(design.n_units)
    slopes = np.array([(_try(measure, shares + step) - value) / _STEP for step in _STEPS])
    errors = weights * ((inside - shares) @ slopes)
    spread = design.spread(errors, weights if design.by_author else None)
    if name == "mcc":
        return _on_fishers_z(value, spread, units)
    found = loss(value, spread, units)
    return found if value > 0 else replace(found, ends=lambda _: NOWHERE)


def _on_fishers_z(value: float, spread: Floats, units: float) -> Linear:
    def ends(q: float) -> Ends:
        if abs(value) >= 1:
            return NOWHERE
        half = q * float(np.sqrt(spread @ spread)) / (1 - value**2)
        low, high = np.tanh(np.arctanh(value) + np.array([-half, half]))
        return float(low), float(high)

    return Linear(value, spread, ends, units)


def _try(measure: Callable[[Floats], float], cells: Floats) -> float:
    try:
        return measure(cells)
    except ZeroDivisionError:
        return np.nan
