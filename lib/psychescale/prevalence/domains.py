"""Domains: the corpus, its periods, the groups of its columns, and groups by period."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychescale.disclosure import FEWEST
from psychescale.prevalence.strata import Floats

Ints = NDArray[np.int64]
OTHER = "(other)"
"""Groups of fewer than 8 texts, together: the name of such a group can be that of a person."""
NONE = "(none)"
"""Texts without a value in the column."""


@dataclass(frozen=True)
class Cells:
    """Sums of a corpus by period and columns, one row a combination that occurs.

    Attributes:
        columns: Names of what parts it: ``period`` first where there are periods.
        keys: Values of each combination.
        n: int64, shape (n_cells,): texts with scores.
        missing: int64, shape (n_cells,): texts without.
        sums: float64, shape (n_cells, n_labels): summed probabilities.
        above: int64, shape (n_cells, n_labels): texts whose probability reaches the threshold.
    """

    columns: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    n: Ints
    missing: Ints
    sums: Floats
    above: Ints


@dataclass(frozen=True)
class DomainSums:
    """A domain and its sums.

    Attributes:
        values: Column → value, of the columns that make the domain; empty for the corpus.
        n: Texts with scores.
        missing: Texts without.
        sums: float64, shape (n_labels,).
        above: int64, shape (n_labels,).
        inside: bool, shape (n_sample,): annotated texts that belong to it.
    """

    values: dict[str, str]
    n: int
    missing: int
    sums: Floats
    above: Ints
    inside: NDArray[np.bool_]


@dataclass(frozen=True)
class Line:
    """A total that is the sum of its parts, by their numbers."""

    total: int
    parts: tuple[int, ...]


PERIOD = "period"


def pooled(cells: Cells, sample: Sequence[tuple[str, ...]]) -> tuple[Cells, list[tuple[str, ...]]]:
    """The same with groups of fewer than 8 texts as one.

    Args:
        cells: The corpus.
        sample: The keys of annotated texts.
    """
    names: list[dict[str, str]] = []
    for place, column in enumerate(cells.columns):
        sizes: dict[str, int] = {}
        for key, n in zip(cells.keys, (cells.n + cells.missing).tolist(), strict=True):
            sizes[key[place]] = sizes.get(key[place], 0) + n
        rare = column != PERIOD
        names.append({v: OTHER if rare and n < FEWEST else v for v, n in sizes.items()})

    def renamed(key: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(known.get(value, value) for known, value in zip(names, key, strict=True))

    keys = tuple(map(renamed, cells.keys))
    return (
        Cells(cells.columns, keys, cells.n, cells.missing, cells.sums, cells.above),
        [renamed(key) for key in sample],
    )


def parts_of(
    cells: Cells, sample: Sequence[tuple[str, ...]]
) -> tuple[list[DomainSums], list[Line]]:
    """All domains, and the lines in which they add up.

    Args:
        cells: The corpus.
        sample: The keys of annotated texts.
    """
    wanted = [(), *((name,) for name in cells.columns)]
    wanted += [
        (PERIOD, name) for name in cells.columns if PERIOD in cells.columns and name != PERIOD
    ]
    parts: list[DomainSums] = []
    places: dict[tuple[tuple[str, str], ...], int] = {}
    for columns in wanted:
        for values in _values(cells, columns):
            places[values] = len(parts)
            parts.append(_part(cells, sample, dict(values)))
    lines = list(_lines(places))
    return parts, lines


def _values(cells: Cells, columns: Sequence[str]) -> list[tuple[tuple[str, str], ...]]:
    where = [cells.columns.index(name) for name in columns]
    found = {tuple((cells.columns[w], key[w]) for w in where) for key in cells.keys}
    return sorted(found) if cells.keys or columns else [()]


def _part(cells: Cells, sample: Sequence[tuple[str, ...]], values: dict[str, str]) -> DomainSums:
    def within(keys: Sequence[tuple[str, ...]]) -> NDArray[np.bool_]:
        wanted = [(cells.columns.index(name), value) for name, value in values.items()]
        return np.array([all(key[w] == v for w, v in wanted) for key in keys], np.bool_)

    rows = within(cells.keys)
    return DomainSums(
        values,
        int(cells.n[rows].sum()),
        int(cells.missing[rows].sum()),
        cells.sums[rows].sum(0),
        cells.above[rows].sum(0),
        within(sample),
    )


def _lines(places: dict[tuple[tuple[str, str], ...], int]) -> Iterator[Line]:
    """Each domain with those that have one column more: they add up to it."""
    for values, total in places.items():
        finer: dict[str, list[int]] = {}
        for other, place in places.items():
            more = set(other) - set(values)
            if len(other) == len(values) + 1 and set(values) <= set(other):
                ((column, _),) = more
                finer.setdefault(column, []).append(place)
        for parts in finer.values():
            yield Line(total, tuple(parts))
