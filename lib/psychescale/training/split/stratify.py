"""Dealing groups of rows out to parts, so that every part holds its share of every label.

Sechidis, Tsoumakas and Vlahavas 2011, "On the stratification of multi-label data": the label with the
fewest rows left is dealt out first, each of its rows to the part that still lacks most of them. Here a
group (all texts of an author, a cluster of near-duplicates) is dealt instead of a row.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def deal_out(
    targets: NDArray[np.float32],
    groups: NDArray[np.int64],
    shares: Sequence[float],
    *,
    seed: int,
) -> NDArray[np.int64]:
    """Parts of rows, stratified by label, groups whole.

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
    counts = np.stack([np.bincount(group_of, weights) for weights in targets.T], axis=1)
    # Large groups first, while every part has room for them; equals in random order.
    order = np.lexsort((rng.permutation(len(sizes)), -sizes))
    wanted_rows = np.outer(shares, sizes.sum()).ravel()
    wanted = np.outer(shares, counts.sum(axis=0))
    part_of = np.full(len(sizes), -1, np.int64)

    def give(group: int, appetite: NDArray[np.float64]) -> None:
        best = np.flatnonzero(appetite >= appetite.max() - 1e-9)
        best = best[wanted_rows[best] >= wanted_rows[best].max() - 1e-9]
        part = int(best[0] if len(best) == 1 else rng.choice(best))
        part_of[group] = part
        wanted[part] -= counts[group]
        wanted_rows[part] -= sizes[group]

    while True:
        waiting = part_of < 0
        left = counts[waiting].sum(axis=0)
        if not left.any():
            break
        label = int(np.argmin(np.where(left > 0, left, np.inf)))
        for group in order[waiting[order] & (counts[order, label] > 0)]:
            give(int(group), wanted[:, label])
    for group in order[part_of[order] < 0]:
        give(int(group), wanted_rows)
    dealt: NDArray[np.int64] = part_of[group_of]
    return dealt
