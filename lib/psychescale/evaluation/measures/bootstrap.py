"""Bootstrap over documents, or over authors where they are known (Davison & Hinkley 1997, 3.8).

A replicate is a column of weights: how often each unit was drawn, times the sampling weight. All
measures take many columns at once, so that 1,000 replicates of 5,000 documents and 28 labels are a
few matrix products a label.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from psychescale.evaluation.measures.registry import Measure, Table
from psychescale.evaluation.predictions import Floats, Predictions

REPLICATES = 1000
# Cells of a block of weights: 64 MiB of float64.
_BLOCK_CELLS = 2**23


def point(predictions: Predictions, measure: Measure) -> Table:
    """Measures of the documents as they are: one weighting."""
    return measure(predictions, predictions.weights[:, None])


def replicate(
    predictions: Predictions,
    measures: Sequence[Measure],
    *,
    n_replicates: int = REPLICATES,
    seed: int = 0,
) -> list[Table]:
    """Measures of resampled documents; several measures see the same draws.

    Args:
        predictions: Documents and their units.
        measures: What to compute.
        n_replicates: Draws.
        seed: The same seed and the same units give the same draws, whatever the probabilities: what
            makes a comparison of two models a paired one.

    Returns:
        One table a measure, with `n_replicates` weightings.
    """
    blocks: list[list[Table]] = [[] for _ in measures]
    for weights in draw_weights(predictions, n_replicates=n_replicates, seed=seed):
        for block, measure in zip(blocks, measures, strict=True):
            block.append(measure(predictions, weights))
    return [_join(block) for block in blocks]


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


def _join(tables: Sequence[Table]) -> Table:
    first = tables[0]
    return Table(
        {name: np.concatenate([t.per_label[name] for t in tables], 1) for name in first.per_label},
        {name: np.concatenate([t.overall[name] for t in tables]) for name in first.overall},
    )
