"""Measures of probabilities as numbers, under any number of weightings of the documents at once."""

import numpy as np
from numpy.typing import NDArray

from psychescale.evaluation.predictions import Floats

BINS = 10
"""Equal-mass bins: with more, a label of one document in a hundred has bins without a positive."""


def log_losses(probabilities: Floats, truth: NDArray[np.uint8]) -> Floats:
    """Negative log likelihood of each cell, same shape.

    Probabilities are kept off 0 and 1 by float64's epsilon, as scikit-learn does.
    """
    epsilon = np.finfo(np.float64).eps
    kept = np.clip(probabilities, epsilon, 1 - epsilon)
    losses: Floats = -np.where(truth == 1, np.log(kept), np.log1p(-kept))
    return losses


def squared_errors(probabilities: Floats, truth: NDArray[np.uint8]) -> Floats:
    """What the Brier score is the mean of (Brier 1950), same shape."""
    errors: Floats = (probabilities - truth) ** 2
    return errors


def equal_mass_bins(probabilities: Floats, weights: Floats, n_bins: int = BINS) -> NDArray[np.intp]:
    """Number of the bin of each document, shape (n,): bins of equal weight, ties never parted.

    Args:
        probabilities: float64, shape (n,).
        weights: float64, shape (n,).
        n_bins: How many bins; ties may leave some empty.
    """
    values, code = np.unique(probabilities, return_inverse=True)
    mass = np.bincount(code, weights, len(values))
    middle = mass.cumsum() - mass / 2
    bins: NDArray[np.intp] = np.minimum(middle / mass.sum() * n_bins, n_bins - 1).astype(np.intp)
    return bins[code]


def calibration_error(
    probabilities: Floats,
    truth: NDArray[np.uint8],
    bins: NDArray[np.intp],
    weights: Floats,
    *,
    origin: Floats,
) -> tuple[Floats, Floats]:
    """Expected calibration error: mean absolute gap between probability and share, over bins.

    Naeini, Cooper & Hauskrecht 2015; equal mass after Nixon et al. 2019. Biased upwards: a perfect
    model's is above 0, the more so the fewer documents a bin has.

    Args:
        probabilities: float64, shape (n,).
        truth: uint8, shape (n,).
        bins: Bin of each document, shape (n,).
        weights: float64, shape (n, n_weightings).
        origin: float64, shape (n, 1): weights of the documents as they are.

    Returns:
        The error and, for its interval, how far the bins' gaps are from those under `origin` (the
        same sum, of the differences); each of shape (n_weightings,).
    """
    signed = np.zeros((int(bins.max()) + 1, len(truth)))
    signed[bins, np.arange(len(truth))] = truth - probabilities
    gaps = signed @ weights / weights.sum(0)
    start = signed @ origin / origin.sum(0)
    return np.abs(gaps).sum(0), np.abs(gaps - start).sum(0)
