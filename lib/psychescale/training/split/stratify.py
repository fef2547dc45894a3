"""Dealing groups of rows out to parts: each holds its share of every label and of every size of author.

In the spirit of Sechidis, Tsoumakas and Vlahavas 2011, "On the stratification of multi-label data", for
whole groups (all texts of an author, a cluster of near-duplicates): from the largest group down, each
goes to the part that brings the distances of all shares from what they should be, as in a chi-squared
statistic, down the most.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Each stratum of sizes reaches a tenth further than the one before.
_STRATUM = np.log(1.1)
# Beside a label a stratum weighs little, so that small groups can still make up for the labels of large
# ones; the parts' own sizes weigh most. Measured on geometric and Zipf authors: docs/training.md.
_WEIGHT_OF_STRATUM, _WEIGHT_OF_ROWS = 0.1, 3.0


def deal_out(
    targets: NDArray[np.float32],
    groups: NDArray[np.int64],
    shares: Sequence[float],
    *,
    seed: int,
) -> NDArray[np.int64]:
    """Parts of rows, stratified by label and by the size of groups, groups whole.

    Args:
        targets: 0 or 1, shape (n_rows, n_labels).
        groups: int64, shape (n_rows,): rows with the same number stay together.
        shares: Of the parts; they add up to 1.
        seed: Of the order among equals.

    Returns:
        int64, shape (n_rows,): the part of each row, 0 … len(shares) − 1.
    """
    rng = np.random.default_rng(seed)
    _, group_of = np.unique(groups, return_inverse=True)
    sizes = np.bincount(group_of)
    labels = np.stack([np.bincount(group_of, weights) for weights in targets.T], axis=1)
    stratum = np.floor(np.log(sizes) / _STRATUM + 1e-9).astype(np.int64)
    strata = np.where(stratum[:, None] == np.unique(stratum), sizes[:, None], 0)
    rows = np.column_stack([labels, strata, sizes]).astype(np.float64)
    weights = np.repeat(
        [1.0, _WEIGHT_OF_STRATUM, _WEIGHT_OF_ROWS], [labels.shape[1], strata.shape[1], 1]
    )
    wanted = np.outer(shares, rows.sum(axis=0))
    scale = np.divide(weights, wanted, out=np.zeros_like(wanted), where=wanted > 0)
    rarest = np.where(labels > 0, labels.sum(axis=0), np.inf).min(axis=1, initial=np.inf)
    part_of = np.empty(len(sizes), np.int64)
    open_parts = np.flatnonzero(np.asarray(shares) > 0)
    for group in np.lexsort((rng.permutation(len(sizes)), rarest, -stratum)):
        held = rows[group]
        change = (held * (held - 2 * wanted[open_parts]) * scale[open_parts]).sum(axis=1)
        part = open_parts[int(change.argmin())]
        part_of[group] = part
        wanted[part] -= held
    dealt: NDArray[np.int64] = part_of[group_of]
    return dealt
