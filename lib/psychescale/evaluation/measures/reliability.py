"""Do probabilities mean what they say: logistic recalibration and reliability bins, with intervals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from psychescale.evaluation.measures.intervals import Estimate
from psychescale.evaluation.measures.linear import Design, quantile
from psychescale.evaluation.measures.shares import Unseen, share
from psychescale.evaluation.measures.proper_scores import BINS, equal_mass_bins
from psychescale.evaluation.predictions import MIN_POSITIVES, Floats, Predictions, Undefined

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


def recalibrate(predictions: Predictions, label: int) -> Recalibration:
    """Slope and intercept of one label.

    The intervals are Wald's with the sandwich variance over authors or documents (Liang & Zeger 1986),
    scaled by G / (G - 1), on Student's quantile; both G are those with a positive, which carry the
    information about a rare label.
    """
    truth = predictions.truth[:, label]
    units = len(np.unique(predictions.units[truth == 1]))
    missing = _missing_class(truth)
    if missing is not None:
        nothing = Estimate(np.nan, reason=missing)
        return Recalibration(nothing, nothing)
    x = logit(np.clip(predictions.probabilities[:, label], _EPSILON, 1 - _EPSILON))
    ones = np.ones_like(x)
    fixed = _fit(ones[:, None], x, predictions, label, units)
    both = _fit(np.stack([ones, x], 1), np.zeros_like(x), predictions, label, units)
    if min(truth.sum(), (1 - truth).sum()) < MIN_POSITIVES:
        both, fixed = _without_interval(both), _without_interval(fixed)
    return Recalibration(slope=both, intercept=fixed)


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


def _fit(
    design: Floats, offset: Floats, predictions: Predictions, label: int, units: int
) -> Estimate:
    """The last coefficient of a weighted logistic regression, by Newton's method with halved steps.

    Whole steps overshoot where the probabilities are far off, though the solution is finite.
    """
    weights = predictions.weights
    truth = predictions.truth[:, label]

    def likelihood(coefficients: Floats) -> float:
        linear = design @ coefficients + offset
        return float(weights @ (truth * linear - np.logaddexp(0, linear)))

    coefficients = np.zeros(design.shape[1])
    for _ in range(_MAX_STEPS):
        fitted = expit(design @ coefficients + offset)
        information = (design * (weights * fitted * (1 - fitted))[:, None]).T @ design
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
            scores = design * (weights * (truth - fitted))[:, None]
            return _with_sandwich(coefficients, information, scores, predictions.units, units)
    return Estimate(np.nan, reason=Undefined.NOT_CONVERGED)


def _with_sandwich(
    coefficients: Floats,
    information: Floats,
    scores: Floats,
    unit_of: NDArray[np.int64],
    units: int,
) -> Estimate:
    value = float(coefficients[-1])
    if units < 2:  # noqa: PLR2004
        return Estimate(value, reason=Undefined.FEW_POSITIVES)
    bread = np.linalg.inv(information)
    sums = _unit_sums(scores, unit_of)
    covariance = bread @ (sums.T @ sums) @ bread * units / (units - 1)
    half = quantile(units) * float(np.sqrt(covariance[-1, -1]))
    return Estimate(value, value - half, value + half)


def _unit_sums(values: Floats, unit_of: NDArray[np.int64]) -> Floats:
    """Sums of rows by unit, shape (n_units, n_columns)."""
    number = np.unique(unit_of, return_inverse=True)[1]
    return np.stack([np.bincount(number, column) for column in values.T], 1)
