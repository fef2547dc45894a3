"""Bootstrap over documents, or over authors where they are known (Davison & Hinkley 1997, 3.8).

For the two measures that are no smooth functions of the documents: a sensitivity at a cut that the
data choose, and the calibration error, a sum of absolute values. A replicate is a column of weights:
how often each unit was drawn, times the sampling weight.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychescale.evaluation.measures.counts import ratio
from psychescale.evaluation.measures.order import sensitivity_at
from psychescale.evaluation.measures.proper_scores import calibration_error, equal_mass_bins
from psychescale.evaluation.measures.registry import CUT, GAP, SPECIFICITY, frequent_labels
from psychescale.evaluation.predictions import Floats, Predictions

REPLICATES = 1000
NOISE = "ece_noise"
"""No measure of its own: how far the bins of a replicate are from those of the documents as they are,
which the interval of the calibration error needs."""
# Cells of a block of weights: 64 MiB of float64.
_BLOCK_CELLS = 2**23


@dataclass(frozen=True)
class Resampled:
    """Measures by name under many weightings of the documents.

    Attributes:
        per_label: Each of shape (n_labels, n_weightings), NaN where not defined.
        overall: Each of shape (n_weightings,).
    """

    per_label: Mapping[str, Floats]
    overall: Mapping[str, Floats]


def resample(
    predictions: Predictions,
    *,
    specificity: float = SPECIFICITY,
    n_replicates: int = REPLICATES,
    seed: int = 0,
) -> tuple[Resampled, Resampled]:
    """Both measures of the documents as they are (one weighting), and of resampled ones.

    Args:
        predictions: Documents and their units.
        specificity: At which the sensitivity is read.
        n_replicates: Draws.
        seed: Of the draws.
    """
    origin = predictions.weights[:, None]
    blocks = [
        _per_label(predictions, weights, specificity)
        for weights in draw_weights(predictions, n_replicates=n_replicates, seed=seed)
    ]
    drawn = {name: np.concatenate([block[name] for block in blocks], 1) for name in blocks[0]}
    frequent = frequent_labels(predictions)
    point, replicates = (
        Resampled(found, _averages(found, frequent))
        for found in (_per_label(predictions, origin, specificity), drawn)
    )
    return point, replicates


def _per_label(predictions: Predictions, weights: Floats, specificity: float) -> dict[str, Floats]:
    origin = predictions.weights
    columns = list(zip(predictions.probabilities.T, predictions.truth.T, strict=True))
    # The bins are those of the documents as they are: they stay put from replicate to replicate.
    errors = [
        calibration_error(p, t, equal_mass_bins(p, origin), weights, origin=origin[:, None])
        for p, t in columns
    ]
    gaps, noise = (np.stack(part) for part in zip(*errors, strict=True))
    cuts = [sensitivity_at(p, t, weights, specificity=specificity) for p, t in columns]
    return {CUT: np.stack(cuts), GAP: gaps, NOISE: noise}


def _averages(found: Mapping[str, Floats], frequent: NDArray[np.bool_]) -> dict[str, Floats]:
    made = {f"{name}_macro": _of_defined(values) for name, values in found.items()}
    if frequent.any():
        made |= {
            f"{n}_macro_frequent": _of_defined(values[frequent]) for n, values in found.items()
        }
    return made


def _of_defined(values: Floats) -> Floats:
    """Mean over labels, shape (n_weightings,), NaN where no label has a value."""
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0).sum(0), defined.sum(0).astype(np.float64))


def draw_weights(predictions: Predictions, *, n_replicates: int, seed: int) -> Iterator[Floats]:
    """Blocks of weights, each of shape (n, at most n_replicates), together `n_replicates` wide."""
    rng = np.random.default_rng(seed)
    n_units = int(predictions.units.max()) + 1
    width = max(1, _BLOCK_CELLS // max(len(predictions), n_units))
    for start in range(0, n_replicates, width):
        n = min(width, n_replicates - start)
        drawn = rng.integers(0, n_units, (n, n_units)) + np.arange(n)[:, None] * n_units
        times = np.bincount(drawn.ravel(), minlength=n * n_units).reshape(n, n_units).T
        yield times[predictions.units] * predictions.weights[:, None]
