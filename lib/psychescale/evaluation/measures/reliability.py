"""Do probabilities mean what they say: logistic recalibration, smooth curves and reliability bins."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from psychescale.evaluation.measures.intervals import Estimate, counts
from psychescale.evaluation.measures.linear import Design, Linear, loss, quantile
from psychescale.evaluation.measures.proper_scores import BINS, equal_mass_bins
from psychescale.evaluation.measures.registry import is_estimable
from psychescale.evaluation.measures.shares import Unseen, share
from psychescale.evaluation.predictions import Floats, Predictions, Undefined

# Float32's epsilon: a float32 sigmoid says exactly 1 beyond it.
_EPSILON = float(np.finfo(np.float32).eps)
_MAX_STEPS = 50
_TOLERANCE = 1e-12
# Steeper than any finite solution seen: the classes are separated, or nearly.
_MAX_COEFFICIENT = 1e3


@dataclass(frozen=True)
class Recalibration:
    """Logistic recalibration of one label (Cox 1958; Van Calster et al. 2016, 2019).

    Attributes:
        slope: Of the truth on the probability's logit, 1 if right. Below 1 the probabilities are too
            extreme.
        intercept: With the slope held at 1 (calibration in the large), 0 if right. Below 0 they are
            too high.
    """

    slope: Estimate
    intercept: Estimate


def recalibrate(predictions: Predictions, label: int | None = None) -> Recalibration:
    """Slope and intercept of one label, or of the decisions on all labels together.

    The intervals are Wald's with the sandwich variance over authors or documents (Liang & Zeger 1986),
    scaled by G / (G - 1), on Student's quantile; both G are those with a positive, which carry the
    information about a rare label.
    """
    cells = _Cells.of(predictions, label)
    missing = _missing_class(cells.truth)
    if missing is not None:
        nothing = Estimate(np.nan, reason=missing)
        return Recalibration(nothing, nothing)
    ones = np.ones_like(cells.logits)
    fixed = _last_coefficient(ones[:, None], cells.logits, cells)
    both = _last_coefficient(np.stack([ones, cells.logits], 1), np.zeros_like(ones), cells)
    positives, negatives = counts(predictions, label)
    if not is_estimable("calibration", positives, negatives):
        both, fixed = _without_interval(both), _without_interval(fixed)
    return Recalibration(slope=both, intercept=fixed)


@dataclass(frozen=True)
class SmoothCalibration:
    """How far probabilities are from a smooth curve of the truth on them (Austin & Steyerberg 2019).

    Attributes:
        ici: Integrated calibration index: mean distance over the documents.
        e90: The distance that nine in ten documents are within.
    """

    ici: Estimate
    e90: Estimate


def smooth_calibration(predictions: Predictions, label: int) -> SmoothCalibration:
    """Distances from a logistic regression on restricted cubic splines of the logit.

    Four knots, at the 5th, 35th, 65th and 95th percentile (Harrell 2015, section 2.4.6); where
    probabilities have fewer different values, a straight line. Both are biased upwards, as the ECE is.
    """
    cells = _Cells.of(predictions, label)
    missing = _missing_class(cells.truth)
    fitted = (
        None if missing else _maximum(_splines(cells.logits), np.zeros(len(cells.truth)), cells)
    )
    if fitted is None:
        nothing = Estimate(np.nan, reason=missing or Undefined.NOT_CONVERGED)
        return SmoothCalibration(nothing, nothing)
    curve = expit(_splines(cells.logits) @ fitted)
    distances = np.abs(curve - predictions.probabilities[:, label])
    order = np.argsort(distances)
    below = cells.weights[order].cumsum() / cells.weights.sum()
    return SmoothCalibration(
        Estimate(float(cells.weights @ distances / cells.weights.sum())),
        Estimate(float(distances[order][np.searchsorted(below, 0.9).clip(max=len(order) - 1)])),
    )


_KNOTS = (5, 35, 65, 95)


def _splines(x: Floats) -> Floats:
    """Constant, line, and two cubic terms that are straight beyond the outer knots; (n, 4 or 2)."""
    knots = np.percentile(x, _KNOTS)
    line = np.stack([np.ones_like(x), x], 1)
    if np.diff(knots).min() <= _TOLERANCE * np.ptp(knots):
        return line
    last, before = knots[-1], knots[-2]

    def cubed(knot: float) -> Floats:
        found: Floats = np.maximum(x - knot, 0) ** 3 / (last - knots[0]) ** 2
        return found

    terms = [
        cubed(knot)
        - cubed(before) * (last - knot) / (last - before)
        + cubed(last) * (before - knot) / (last - before)
        for knot in knots[:-2]
    ]
    return np.column_stack([line, *terms])


def observed_expected(predictions: Predictions) -> Linear:
    """Positives over the sum of probabilities, all labels together; 1 if right."""
    design = Design.of(predictions)
    weights = design.weights
    observed, expected = predictions.truth.sum(1), predictions.probabilities.sum(1)
    total = float(weights @ expected)
    value = float(weights @ observed) / max(total, _EPSILON)
    errors = weights * (observed - value * expected) / max(total, _EPSILON)
    mass = weights * expected
    return loss(value, design.spread(errors, mass), design.bearing(weights * observed))


@dataclass(frozen=True)
class ReliabilityBin:
    """Documents of similar probability.

    Attributes:
        n: How many.
        positives: How many of them have the label.
        probability: Their mean probability.
        share: The (weighted) share that has the label.
        low: Lower end of the share's 95 % interval.
        high: Upper end.
    """

    n: int
    positives: int
    probability: float
    share: float
    low: float
    high: float


def reliability(
    predictions: Predictions,
    label: int,
    *,
    n_bins: int = BINS,
    expected: bool = False,
    fewest: int = 0,
) -> list[ReliabilityBin]:
    """Bins of equal mass from the lowest probability up, those that ties leave empty left out.

    Args:
        predictions: Probabilities and truth.
        label: Which column.
        n_bins: How many bins.
        expected: Bins of equal expected positives rather than of equally many documents, which puts
            those of a rare label where its positives are.
        fewest: Neighbours are merged until each bin has this many positives and negatives, as far as
            there are so many.
    """
    probabilities = predictions.probabilities[:, label]
    mass = predictions.weights * (np.maximum(probabilities, _EPSILON) if expected else 1.0)
    bins = equal_mass_bins(probabilities, mass, n_bins)
    bins = _merge(bins, predictions.truth[:, label], fewest)
    return [_bin(predictions, label, bins == number) for number in np.unique(bins)]


def _merge(bins: NDArray[np.intp], truth: NDArray[np.uint8], fewest: int) -> NDArray[np.intp]:
    """Numbers of merged bins: a bin that is too small takes in the next, the last the one before."""
    merged: list[list[int]] = []
    small = False
    for number in np.unique(bins).tolist():
        if small:
            merged[-1].append(number)
        else:
            merged.append([number])
        held = truth[np.isin(bins, merged[-1])]
        small = int(min(held.sum(), (1 - held).sum())) < fewest
    if small and len(merged) > 1:
        last = merged.pop()
        merged[-1] += last
    number_of = {number: index for index, group in enumerate(merged) for number in group}
    return np.array([number_of[number] for number in bins.tolist()], np.intp)


def _bin(predictions: Predictions, label: int, inside: NDArray[np.bool_]) -> ReliabilityBin:
    weights, truth = predictions.weights[inside], predictions.truth[inside, label]
    every = np.ones(len(truth))
    anywhere = Unseen(every > 0, every > 0)
    held = share(Design.of(predictions.rows(inside)), truth.astype(np.float64), every, anywhere)
    probability = float(weights @ predictions.probabilities[inside, label] / weights.sum())
    return ReliabilityBin(
        int(inside.sum()), int(truth.sum()), probability, held.value, *held.interval
    )


def _without_interval(estimate: Estimate) -> Estimate:
    return Estimate(estimate.value, reason=estimate.reason or Undefined.FEW_POSITIVES)


def _missing_class(truth: NDArray[np.uint8]) -> Undefined | None:
    if not truth.any():
        return Undefined.NO_POSITIVES
    return Undefined.NO_NEGATIVES if truth.all() else None


@dataclass(frozen=True)
class _Cells:
    """Decisions of one label, or of all of them end to end.

    Attributes:
        logits: Of the probabilities, shape (n_cells,).
        truth: 0 or 1.
        weights: Of their documents.
        unit_of: Number of their unit.
        units: How many units have a positive.
    """

    logits: Floats
    truth: NDArray[np.uint8]
    weights: Floats
    unit_of: NDArray[np.int64]
    units: int

    @classmethod
    def of(cls, predictions: Predictions, label: int | None) -> "_Cells":
        chosen = slice(None) if label is None else slice(label, label + 1)
        values, truth = predictions.probabilities[:, chosen], predictions.truth[:, chosen]
        n = truth.shape[1]
        return cls(
            logit(np.clip(values, _EPSILON, 1 - _EPSILON)).ravel(),
            truth.ravel(),
            np.repeat(predictions.weights, n),
            np.repeat(predictions.units, n),
            len(np.unique(predictions.units[truth.any(1)])),
        )


def _last_coefficient(design: Floats, offset: Floats, cells: _Cells) -> Estimate:
    """Of a weighted logistic regression, with the sandwich interval."""
    coefficients = _maximum(design, offset, cells)
    if coefficients is None:
        return Estimate(np.nan, reason=Undefined.NOT_CONVERGED)
    value = float(coefficients[-1])
    if cells.units < 2:  # noqa: PLR2004
        return Estimate(value, reason=Undefined.FEW_POSITIVES)
    fitted = expit(design @ coefficients + offset)
    bread = np.linalg.inv(_information(design, fitted, cells))
    scores = design * (cells.weights * (cells.truth - fitted))[:, None]
    sums = _unit_sums(scores, cells.unit_of)
    covariance = bread @ (sums.T @ sums) @ bread * cells.units / (cells.units - 1)
    half = quantile(cells.units) * float(np.sqrt(covariance[-1, -1]))
    return Estimate(value, value - half, value + half)


def _information(design: Floats, fitted: Floats, cells: _Cells) -> Floats:
    return (design * (cells.weights * fitted * (1 - fitted))[:, None]).T @ design


def _maximum(design: Floats, offset: Floats, cells: _Cells) -> Floats | None:
    """Coefficients of a weighted logistic regression, by Newton's method with halved steps.

    Whole steps overshoot where the probabilities are far off, though the solution is finite. None
    where there is none.
    """
    weights, truth = cells.weights, cells.truth

    def likelihood(coefficients: Floats) -> float:
        linear = design @ coefficients + offset
        return float(weights @ (truth * linear - np.logaddexp(0, linear)))

    coefficients = np.zeros(design.shape[1])
    for _ in range(_MAX_STEPS):
        fitted = expit(design @ coefficients + offset)
        information = _information(design, fitted, cells)
        if np.linalg.cond(information) > 1 / np.finfo(np.float64).eps:
            break
        step = np.linalg.solve(information, design.T @ (weights * (truth - fitted)))
        reached = likelihood(coefficients)
        while likelihood(coefficients + step) < reached - abs(reached) * _TOLERANCE:
            step /= 2
        coefficients = coefficients + step
        if np.abs(coefficients).max() > _MAX_COEFFICIENT:
            break
        if np.abs(step).max() < _TOLERANCE * (1 + np.abs(coefficients).max()):
            return coefficients
    return None


def _unit_sums(values: Floats, unit_of: NDArray[np.int64]) -> Floats:
    """Sums of rows by unit, shape (n_units, n_columns)."""
    number = np.unique(unit_of, return_inverse=True)[1]
    return np.stack([np.bincount(number, column) for column in values.T], 1)
