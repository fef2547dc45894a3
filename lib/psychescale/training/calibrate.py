"""Calibration: slope and intercept of each label's logits, fitted on validation rows.

Platt 1999, "Probabilistic outputs for support vector machines": a logistic regression of the truth on
the score. Validation must have the prevalence of the texts that will be scored: whatever weights the
loss gave to positives is undone here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import InputError

MIN_POSITIVES = 50
"""Positives (and negatives) from which a label has a slope of its own."""

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
    min_positives: int = MIN_POSITIVES,
) -> Calibration:
    """Fit slope and intercept per label.

    The shared slope comes from all labels together, each with an intercept of its own; labels with
    fewer than `min_positives` positives or negatives take it, and fit their intercept alone. Slopes
    are not negative: calibration never turns the order of texts around.

    Args:
        logits: float32, shape (n_rows, n_labels): raw logits of validation rows, computed under the
            long-text policy that the bundle will name.
        targets: 0 or 1, the same shape.
        min_positives: Positives and negatives that a slope of its own takes.

    Raises:
        InputError: There is no row, or a logit is not finite.
    """
    values, truth = logits.astype(np.float64), targets.astype(np.float64)
    if not len(values) or not np.isfinite(values).all():
        raise InputError(
            "Validation logits are missing or not finite.",
            remedy="Give validation rows (--validation or --validation-share).",
        )
    positives = truth.sum(axis=0)
    own = np.minimum(positives, len(truth) - positives) >= min_positives
    shared = _fit_shared(values, truth)
    slope = np.full(values.shape[1], shared)
    for label in np.flatnonzero(own):
        slope[label] = _fit_shared(values[:, [label]], truth[:, [label]])
    intercept = _fit_intercepts(values, truth, slope)
    return Calibration(slope, intercept, own, len(values))


def log_loss(logits: NDArray[np.float64], targets: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean negative log-likelihood of each label; float64, shape (n_labels,), in nats."""
    signs = 2 * targets.astype(np.float64) - 1
    losses: NDArray[np.float64] = np.logaddexp(0, -signs * logits).mean(axis=0)
    return losses


def _fit_shared(logits: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """One slope of at least 0 for all columns, each with an intercept of its own.

    The likelihood, maximal over intercepts, is concave in the slope: Newton's steps, or the middle of
    the bracket where one would leave it, find its only maximum.
    """
    low, high, slope = 0.0, np.inf, 1.0
    if _slope_gradient(logits, truth, low)[0] <= 0:
        return low
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
    return slope


def _slope_gradient(
    logits: NDArray[np.float64], truth: NDArray[np.float64], slope: float
) -> tuple[float, float]:
    """First and negative second derivative of the profile likelihood, prior included.

    The Hessian is an arrow (one slope, a diagonal of intercepts): its Schur complement is a number.
    """
    intercept = _fit_intercepts(logits, truth, np.full(logits.shape[1], slope))
    p = sigmoid(slope * logits + intercept)
    weight = p * (1 - p)
    gradient = ((truth - p) * logits).sum() - (slope - 1) / _PRIOR_SD**2
    total = np.maximum(weight.sum(axis=0), np.finfo(np.float64).tiny)
    spread = (weight * logits**2).sum(axis=0) - (weight * logits).sum(axis=0) ** 2 / total
    return float(gradient), float(np.maximum(spread, 0).sum() + 1 / _PRIOR_SD**2)


def _fit_intercepts(
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
