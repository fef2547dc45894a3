"""Given splits, checked for rows of validation and test that an earlier part knows already."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import InputError
from psychescale.training.split.near_duplicates import canonical, find_near_duplicates
from psychescale.training.split.strategies import (
    PARTS,
    Part,
    Split,
    numbered,
    require_parts,
    without,
)

OnLeak = Literal["refuse", "drop-from-train"]


@dataclass(frozen=True)
class Leak:
    """One way in which two parts know each other.

    Attributes:
        earlier: The part whose rows are dropped: what is fitted on it must not know the later one.
        later: The part that is measured on.
        kind: ``same text``, ``near-duplicate`` or ``same author``; a row counts for the first that
            applies.
        earlier_rows: int64: rows of the earlier part.
        later_rows: int64: rows of the later part.
    """

    earlier: Part
    later: Part
    kind: str
    earlier_rows: NDArray[np.int64]
    later_rows: NDArray[np.int64]

    def __str__(self) -> str:
        return (
            f"{self.kind}: {len(self.earlier_rows):,} rows of {self.earlier}, "
            f"{len(self.later_rows):,} of {self.later}"
        )


def find_leaks(
    texts: Sequence[str],
    split: Split,
    *,
    clusters: NDArray[np.int64] | None = None,
    authors: Sequence[str | None] | None = None,
) -> tuple[Leak, ...]:
    """All leaks between the parts of a split.

    Args:
        texts: All rows.
        split: Their parts.
        clusters: int64, shape (n_rows,), of `find_near_duplicates`; searched for where it is None.
        authors: The author of each row, None where unknown.

    Returns:
        One entry for each kind and pair of parts that occurs; empty where the split is sound.
    """
    keys = {
        "same text": numbered([canonical(text) for text in texts]),
        "near-duplicate": find_near_duplicates(texts) if clusters is None else clusters,
    }
    if authors is not None:
        keys["same author"] = numbered(authors)
    pairs: list[tuple[Part, Part]] = [*pairwise(PARTS), ("train", "test")]
    return tuple(leak for pair in pairs for leak in _between(keys, split, *pair))


def resolve_leaks(split: Split, leaks: Sequence[Leak], on_leak: OnLeak) -> Split:
    """Refuse a split with leaks, or drop the leaking rows from its earlier parts.

    Args:
        split: The parts.
        leaks: What `find_leaks` found.
        on_leak: ``refuse``, or ``drop-from-train``: rows of train that validation or test hold too,
            and rows of validation that test holds too, are left out. Test is never touched.

    Raises:
        InputError: There are leaks and they are to be refused, or a part would be empty.
    """
    if not leaks:
        return split
    if on_leak == "refuse":
        raise InputError(
            f"The parts are not independent. {'; '.join(map(str, leaks))}.",
            remedy="Drop them with ‹on_leak› drop-from-train (test stays as it is), or let "
            "psychescale split: give ‹train› only.",
        )
    for leak in leaks:
        split = without(split, leak.earlier_rows, leak.earlier)
    require_parts(split, [part for part in PARTS if len(getattr(split, part)) or part == "train"])
    return split


def count_dropped(leaks: Sequence[Leak]) -> dict[str, dict[str, int]]:
    """Rows that leak, by the part that loses them and by kind; for the bundle's record.

    A row that leaks into two later parts counts once.
    """
    result: dict[str, dict[str, int]] = {}
    for part in PARTS:
        counted = np.zeros(0, np.int64)
        for leak in leaks:
            if leak.earlier == part:
                new = np.setdiff1d(leak.earlier_rows, counted)
                kinds = result.setdefault(part, {})
                kinds[leak.kind] = kinds.get(leak.kind, 0) + len(new)
                counted = np.union1d(counted, new)
    return result


def _between(
    keys: dict[str, NDArray[np.int64]], split: Split, earlier: Part, later: Part
) -> list[Leak]:
    one, other = getattr(split, earlier), getattr(split, later)
    found = []
    for kind, key in keys.items():
        common = np.intersect1d(key[one], key[other])
        common = common[common >= 0]
        first, second = one[np.isin(key[one], common)], other[np.isin(key[other], common)]
        if len(common):
            found.append(Leak(earlier, later, kind, first, second))
    return _without_repeats(found)


def _without_repeats(leaks: list[Leak]) -> list[Leak]:
    """Each row under the first kind that applies."""
    known_one = known_other = np.zeros(0, np.int64)
    result = []
    for leak in leaks:
        one = np.setdiff1d(leak.earlier_rows, known_one)
        other = np.setdiff1d(leak.later_rows, known_other)
        if len(one) or len(other):
            result.append(Leak(leak.earlier, leak.later, leak.kind, one, other))
        known_one, known_other = np.union1d(known_one, one), np.union1d(known_other, other)
    return result
