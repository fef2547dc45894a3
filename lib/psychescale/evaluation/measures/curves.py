"""ROC and precision-recall curves, thinned for drawing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from psychescale.evaluation.predictions import MIN_POSITIVES, Floats, Predictions

POINTS = 100
"""On a figure of a few centimetres more cannot be told apart, and each point tells of documents."""


@dataclass(frozen=True)
class Curves:
    """The two curves of one label, each of shape (n_points, 2), n_points at most 100.

    Attributes:
        roc: False positive rate and sensitivity, from (0, 0) to (1, 1).
        precision_recall: Recall and precision, recall falling.
    """

    roc: Floats
    precision_recall: Floats


def draw_curves(predictions: Predictions, label: int) -> Curves | None:
    """Both curves of a label; None with fewer than 20 positives or 20 negatives."""
    truth = predictions.truth[:, label]
    positives = int(truth.sum())
    if min(positives, len(truth) - positives) < MIN_POSITIVES:
        return None
    values, weights = predictions.probabilities[:, label], predictions.weights
    false, found, _ = roc_curve(truth, values, sample_weight=weights)
    precision, recall, _ = precision_recall_curve(truth, values, sample_weight=weights)
    return Curves(_thin(np.stack([false, found], 1)), _thin(np.stack([recall, precision], 1)))


def _thin(points: Floats) -> Floats:
    """At most 100 points, evenly spread along the curve's length, its ends among them."""
    if len(points) <= POINTS:
        return points
    length = np.concatenate([[0.0], np.abs(np.diff(points, axis=0)).sum(1).cumsum()])
    wanted = np.linspace(0, length[-1], POINTS)
    kept: NDArray[np.intp] = np.unique(np.searchsorted(length, wanted).clip(max=len(points) - 1))
    thinned: Floats = points[kept]
    return thinned
