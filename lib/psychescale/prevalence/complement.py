"""Which further counts are withheld, so that the shown ones give no small one back.

What a reader can work out is worked out: bounds of every count, from what is shown (known to within
2, being to the nearest 5), from sums over lines, and from tables (above and below the threshold are
all the texts of a domain), until they no longer move. A small count that is left fewer than four
values costs one more cell.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from psychescale.disclosure import LARGEST_SMALL, ROUNDED_TO
from psychescale.prevalence.domains import Ints, Line

Mask = NDArray[np.bool_]
LEAST_LEFT = 4
"""Values that a small count must still be able to have."""
_UNKNOWN = 2**40
# Bounds over sums settle in a few rounds; to stop earlier is to believe the reader knows less.
_MOST_ROUNDS = 100


def complement(
    lines: Sequence[Line], counts: Ints, withheld: Mask, texts: tuple[Ints, Mask] | None = None
) -> Mask:
    """What is withheld of the counts of domains.

    Args:
        lines: In which they add up.
        counts: int64, shape (n,).
        withheld: bool, shape (n,): not shown for another reason than being from 1 to 7.
        texts: All texts of each domain and which of these are withheld, where the counts are those of a
            part of them: then the rest of the texts must not be small either, nor follow.
    """
    n = len(counts)
    rest = np.zeros(n, np.int64) if texts is None else texts[0] - counts
    gone = withheld | _small(counts) | _small(rest)
    secrets = np.flatnonzero(np.concatenate([_small(counts), _small(rest)]))
    fixed = (
        [] if texts is None else [_bands(rest, np.zeros(n, np.bool_)), _bands(texts[0], ~texts[1])]
    )
    sums = _equations(lines, n, tables=texts is not None)
    while True:
        bands = [_bands(counts, ~gone), *fixed]
        low, high = (np.concatenate(ends) for ends in zip(*bands, strict=True))
        low, high = _propagated(sums, low, high)
        exposed = np.unique(secrets[high[secrets] - low[secrets] + 1 < LEAST_LEFT] % n)
        further = [_next(lines, counts, gone, cell) for cell in exposed.tolist()]
        chosen = [cell for cell in further if cell is not None]
        if not chosen:
            return gone
        gone[chosen] = True


def _small(counts: Ints) -> Mask:
    return (counts > 0) & (counts <= LARGEST_SMALL)


def _next(lines: Sequence[Line], counts: Ints, gone: Mask, cell: int) -> int | None:
    """The smallest count in a line with the cell that is still shown and not 0; else of any line."""
    near = [
        m for line in lines if cell in (*line.parts, line.total) for m in (*line.parts, line.total)
    ]
    for among in (near, range(len(counts))):
        left = [m for m in among if not gone[m] and counts[m] > 0]
        if left:
            return min(left, key=lambda m: int(counts[m]))
    return None


def _bands(counts: Ints, shown: Mask) -> tuple[Ints, Ints]:
    """Bounds from what is shown alone: 0 is exact, others are to the nearest 5."""
    rounded = ROUNDED_TO * np.rint(counts / ROUNDED_TO).astype(np.int64)
    slack = np.where(counts > 0, ROUNDED_TO // 2, 0)
    return np.where(shown, rounded - slack, 0), np.where(shown, rounded + slack, _UNKNOWN)


_Equations = tuple[Ints, Ints, Ints, int]
"""Entries of a matrix whose product with the counts is 0: equation, count, sign; how many equations."""


def _equations(lines: Sequence[Line], n: int, *, tables: bool) -> _Equations:
    """Lines of the counts, and with tables of the rest and of all texts, and that these add up."""
    entries: list[tuple[int, int, int]] = []
    number = 0
    for start in (0, n, 2 * n) if tables else (0,):
        for line in lines:
            entries += [(number, start + part, 1) for part in line.parts]
            entries.append((number, start + line.total, -1))
            number += 1
    for cell in range(n) if tables else ():
        entries += [(number, cell, 1), (number, n + cell, 1), (number, 2 * n + cell, -1)]
        number += 1
    rows, columns, signs = np.array(entries, np.int64).reshape(-1, 3).T
    return rows, columns, signs, number


def _propagated(sums: _Equations, low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """The narrowest bounds that follow from bounds, equation by equation."""
    rows, columns, signs, number = sums
    for _ in range(_MOST_ROUNDS):
        least = np.where(signs > 0, low[columns], -high[columns])
        most = np.where(signs > 0, high[columns], -low[columns])
        total_least, total_most = np.zeros(number, np.int64), np.zeros(number, np.int64)
        np.add.at(total_least, rows, least)
        np.add.at(total_most, rows, most)
        # What a term can be is the negative of what all others can be.
        term_low, term_high = -(total_most[rows] - most), -(total_least[rows] - least)
        new_low, new_high = low.copy(), high.copy()
        np.maximum.at(new_low, columns, np.where(signs > 0, term_low, -term_high))
        np.minimum.at(new_high, columns, np.where(signs > 0, term_high, -term_low))
        if (new_low == low).all() and (new_high == high).all():
            break
        low, high = new_low, new_high
    return low, high
