"""Calibration: slope and intercept of each label's logits, fitted on validation rows.

Platt 1999, "Probabilistic outputs for support vector machines": a logistic regression of the truth on
the score. Validation must have the prevalence of the texts that will be scored: whatever weights the
loss gave to positives is undone here.

What is fitted to a hundred positives holds as much chance as the next hundred will. The labels of a
model have much in common, so slopes and intercepts are drawn towards those of the others as far as
their differences are no larger than chance makes them (Efron and Morris 1975, "Data analysis using
Stein's estimator and its generalizations").
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from psychescale.errors import InputError

MIN_POSITIVES = 50
"""Positives (and negatives) from which a label has a slope of its own."""

# Estimates drawn towards their mean are better on the whole from four on (Efron and Morris 1975).
_FEWEST_TO_POOL = 4
# 95 % of a chi-squared variable with two degrees of freedom, slope and intercept, are below.
_CONTRADICTION = -2 * np.log(0.05)
# A Gaussian prior of slope, mean 1 (no change) and this standard deviation: where a label is separated
# perfectly, as synthetic ones are, the likelihood alone has no maximum. At 50 positives it carries
# about a fiftieth of the information.
_PRIOR_SD = 1.0
# A label of which validation holds none (or nothing else) is taken to have half a row of it.
_HALF_ROW = 0.5
_STEPS = 200
_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Calibration:
    """Slope and intercept per label: calibrated logit = slope × logit + intercept.

    Attributes:
        slope: float64, shape (n_labels,), at least 0.
        intercept: float64, shape (n_labels,).
        own_slope: bool, shape (n_labels,): the slope is the label's own, not the shared one.
        n_rows: Validation rows.
    """

    slope: NDArray[np.float64]
    intercept: NDArray[np.float64]
    own_slope: NDArray[np.bool_]
    n_rows: int

    def to_json(self) -> dict[str, list[float] | list[bool] | int]:
        """The ``calibration`` of `scoring.json`, as `read_model` reads it."""
        return {
            "slope": self.slope.tolist(),
            "intercept": self.intercept.tolist(),
            "own_slope": self.own_slope.tolist(),
            "rows": self.n_rows,
        }


def fit_calibration(
    logits: NDArray[np.float32],
    targets: NDArray[np.float32],
    *,
    positive_weights: NDArray[np.float32] | None = None,
) -> Calibration:
    """Fit slope and intercept per label.

    Labels with fewer than `MIN_POSITIVES` positives or negatives take the slope of all labels
    together, and fit their intercept alone. Of the others, if they are four or more, slopes are drawn
    towards each other, and so is what remains of the intercepts once the loss's weights are taken off.
    Slopes are not negative: calibration never turns the order of texts around.

    Args:
        logits: float32, shape (n_rows, n_labels): raw logits of validation rows, computed under the
            long-text policy that the bundle will name.
        targets: 0 or 1, the same shape.
        positive_weights: What a positive of each label weighed in the loss, shape (n_labels,):
            logits are too high by its logarithm (King and Zeng 2001, "Logistic regression in rare
            events data", section 4.1). None is 1.

    Raises:
        InputError: There is no row, or a logit is not finite.
    """
    shared = fit_shared_slope(logits, targets)
    values, truth = logits.astype(np.float64), targets.astype(np.float64)
    weights = np.ones(values.shape[1]) if positive_weights is None else positive_weights
    shift = np.log(weights.astype(np.float64))
    values -= shift
    positives = truth.sum(axis=0)
    own = np.minimum(positives, len(truth) - positives) >= MIN_POSITIVES
    slope, errors = shared.slope.copy(), np.zeros(len(own))
    for label in np.flatnonzero(own):
        slope[label], errors[label] = _fit_slope(values[:, [label]], truth[:, [label]])
    alone = slope, fit_intercepts(values, truth, slope)
    slope = slope.copy()
    slope[own] = _pool(slope[own], errors[own])
    intercept, errors = _fit_intercepts_and_errors(values, truth, slope)
    intercept[own] = _pool(intercept[own], errors[own])
    slope, intercept = _unless_contradicted(values, targets, alone, (slope, intercept))
    return Calibration(slope, intercept - slope * shift, own, len(values))


def fit_shared_slope(logits: NDArray[np.float32], targets: NDArray[np.float32]) -> Calibration:
    """Fit one slope for all labels and an intercept for each; arguments and errors as above."""
    values, truth = logits.astype(np.float64), targets.astype(np.float64)
    if not len(values) or not np.isfinite(values).all():
        raise InputError(
            "Validation logits are missing or not finite.",
            remedy="Give validation rows (‹validation› or ‹validation_share›).",
        )
    slope = np.full(values.shape[1], _fit_slope(values, truth)[0])
    own = np.zeros(len(slope), np.bool_)
    return Calibration(slope, fit_intercepts(values, truth, slope), own, len(values))


def log_loss(logits: NDArray[np.float64], targets: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean negative log-likelihood of each label; float64, shape (n_labels,), in nats."""
    signs = 2 * targets.astype(np.float64) - 1
    losses: NDArray[np.float64] = np.logaddexp(0, -signs * logits).mean(axis=0)
    return losses


def _pool(values: NDArray[np.float64], errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Estimates drawn towards their mean, by as much of their variance as is chance.

    The variance of what they estimate is the one at which the weighted squares of the differences
    have their expectation (Paule and Mandel 1982, "Consensus values and weighting factors").

    Args:
        values: float64, shape (n,); fewer than four are left as they are.
        errors: Their standard errors.
    """
    if len(values) < _FEWEST_TO_POOL:
        return values

    def mean(between: float) -> float:
        return float(np.average(values, weights=1 / (errors**2 + between)))

    def excess(between: float) -> float:
        squares = (values - mean(between)) ** 2 / (errors**2 + between)
        return float(squares.sum()) - (len(values) - 1)

    if excess(0) <= 0:
        return np.full_like(values, mean(0))
    # At the upper end each square counts half at most: their sum is below its expectation.
    between = brentq(excess, 0, 2 * float(np.ptp(values)) ** 2)
    drawn: NDArray[np.float64] = values + (mean(between) - values) * errors**2 / (
        errors**2 + between
    )
    return drawn


def _unless_contradicted(
    logits: NDArray[np.float64],
    targets: NDArray[np.float32],
    alone: tuple[NDArray[np.float64], NDArray[np.float64]],
    pooled: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The pooled slopes and intercepts, but for labels whose rows speak against them.

    A label that is unlike the others, or that its logits separate, so that standard errors say
    nothing, keeps what was fitted to it alone: a likelihood-ratio test decides.
    """
    losses = [log_loss(slope * logits + intercept, targets) for slope, intercept in (alone, pooled)]
    keeps = 2 * len(logits) * (losses[1] - losses[0]) > _CONTRADICTION
    return np.where(keeps, alone[0], pooled[0]), np.where(keeps, alone[1], pooled[1])


def _fit_slope(logits: NDArray[np.float64], truth: NDArray[np.float64]) -> tuple[float, float]:
    """One slope of at least 0 for all columns, each with an intercept of its own; standard error.

    The likelihood, maximal over intercepts, is concave in the slope: Newton's steps, or the middle of
    the bracket where one would leave it, find its only maximum.
    """
    low, high, slope = 0.0, np.inf, 1.0
    gradient, curvature = _slope_gradient(logits, truth, low)
    if gradient <= 0:
        return low, curvature**-0.5
    for _ in range(_STEPS):
        gradient, curvature = _slope_gradient(logits, truth, slope)
        low, high = (slope, high) if gradient > 0 else (low, slope)
        step = gradient / curvature
        if abs(step) < _TOLERANCE or high - low < _TOLERANCE:
            break
        if low < slope + step < high:
            slope += step
        else:
            slope = 2 * slope if np.isinf(high) else (low + high) / 2
    return slope, curvature**-0.5


def _slope_gradient(
    logits: NDArray[np.float64], truth: NDArray[np.float64], slope: float
) -> tuple[float, float]:
    """First and negative second derivative of the profile likelihood, prior included.

    The Hessian is an arrow (one slope, a diagonal of intercepts): its Schur complement is a number.
    """
    intercept = fit_intercepts(logits, truth, np.full(logits.shape[1], slope))
    p = sigmoid(slope * logits + intercept)
    weight = p * (1 - p)
    gradient = ((truth - p) * logits).sum() - (slope - 1) / _PRIOR_SD**2
    total = np.maximum(weight.sum(axis=0), np.finfo(np.float64).tiny)
    spread = (weight * logits**2).sum(axis=0) - (weight * logits).sum(axis=0) ** 2 / total
    return float(gradient), float(np.maximum(spread, 0).sum() + 1 / _PRIOR_SD**2)


def fit_intercepts(
    logits: NDArray[np.float64], truth: NDArray[np.float64], slope: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Intercepts at which each label's probabilities add up to its positives.

    The sum rises with the intercept: Newton's steps, within a bracket that halves where they leave it.
    """
    n_rows = len(truth)
    wanted = np.clip(truth.sum(axis=0), _HALF_ROW, n_rows - _HALF_ROW)
    scaled = slope * logits
    base = np.log(wanted) - np.log(n_rows - wanted)
    low, high = base - scaled.max(axis=0), base - scaled.min(axis=0)
    intercept = (low + high) / 2
    for _ in range(_STEPS):
        p = sigmoid(scaled + intercept)
        excess = p.sum(axis=0) - wanted
        low, high = np.where(excess < 0, intercept, low), np.where(excess < 0, high, intercept)
        step = excess / np.maximum((p * (1 - p)).sum(axis=0), np.finfo(np.float64).tiny)
        following = intercept - step
        inside = (following > low) & (following < high)
        following = np.where(inside, following, (low + high) / 2)
        settled = np.abs(following - intercept).max() < _TOLERANCE
        intercept = following
        if settled:
            break
    return np.asarray(intercept, np.float64)


def _fit_intercepts_and_errors(
    logits: NDArray[np.float64], truth: NDArray[np.float64], slope: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same, and their standard errors."""
    intercept = fit_intercepts(logits, truth, slope)
    p = sigmoid(slope * logits + intercept)
    information = np.maximum((p * (1 - p)).sum(axis=0), np.finfo(np.float64).tiny)
    return intercept, information**-0.5


def sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logistic function, of any number without overflow."""
    small = np.exp(-np.abs(values))
    result: NDArray[np.float64] = np.where(values >= 0, 1 / (1 + small), small / (1 + small))
    return result


def describe(calibration: Calibration, labels: Sequence[str]) -> list[str]:
    """One line a label, for the card."""
    return [
        f"{label}: slope {slope:.2f}{'' if own else ' (shared)'}, intercept {intercept:+.2f}"
        for label, slope, own, intercept in zip(
            labels, calibration.slope, calibration.own_slope, calibration.intercept, strict=True
        )
    ]
