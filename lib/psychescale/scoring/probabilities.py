"""Logits → probabilities: calibration, then activation."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from psychescale.model.spec import Activation


def to_probabilities(
    logits: NDArray[np.float32],
    activation: Activation,
    calibration: Mapping[str, Sequence[float]] | None = None,
) -> NDArray[np.float32]:
    """Probabilities of logits.

    Args:
        logits: float32, shape (n_texts, n_labels).
        activation: ``sigmoid``: each label by itself. ``softmax``: shares of one text that sum to 1.
        calibration: ``slope`` and ``intercept`` per label, applied to the logits first (Platt
            scaling); None is the identity.

    Returns:
        float32, shape (n_texts, n_labels).
    """
    values = logits.astype(np.float64)
    if calibration is not None:
        values = values * np.asarray(calibration["slope"]) + np.asarray(calibration["intercept"])
    if activation == "sigmoid":
        # exp of a negative number only, so that nothing overflows.
        small = np.exp(-np.abs(values))
        result = np.where(values >= 0, 1 / (1 + small), small / (1 + small))
    else:
        shifted = np.exp(values - values.max(axis=1, keepdims=True))
        result = shifted / shifted.sum(axis=1, keepdims=True)
    return result.astype(np.float32)
