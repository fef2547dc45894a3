"""Table 1 of an evaluation: what development and evaluation parts are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychescale.disclosure import (
    FEWEST,
    FEWEST_OF_A_CLASS,
    WITHHELD,
    is_small,
    masked,
    masked_groups,
)

Json = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """Documents of one part.

    Attributes:
        name: As a reader knows it.
        n_words: int64, shape (n,): words of each document.
        positives: Label → documents that have it.
        n_authors: How many wrote them; None where that is not known.
        times: When, as far as that is known.
        groups: Column → the group of each document.
    """

    name: str
    n_words: NDArray[np.int64]
    positives: Mapping[str, int]
    n_authors: int | None = None
    times: Sequence[datetime] = ()
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)


def part_json(part: Part) -> Json:
    """A part in full.

    A date is told as the month by which, and after which, 8 documents had been written: the first and
    the last would tell of single ones.
    """
    times = sorted(time.strftime("%Y-%m") for time in part.times)
    return {
        "part": part.name,
        "n": len(part.n_words),
        "n_authors": part.n_authors,
        "words": dict(zip(("q1", "median", "q3"), _quartiles(part.n_words), strict=True)),
        "months": [times[FEWEST - 1], times[-FEWEST]] if len(times) >= FEWEST_OF_A_CLASS else None,
        "positives": dict(part.positives),
        "groups": {name: count_groups(values) for name, values in part.groups.items()},
    }


def count_groups(values: Sequence[str]) -> dict[str, int]:
    """Documents in each group."""
    names, counts = np.unique(np.asarray(values, str), return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


def mask_part(part: Json) -> Json:
    """A part as it may be shown: counts rounded, small ones and what gives them back withheld."""
    n = part["n"]
    return {
        **part,
        "n": masked(n),
        "n_authors": None if part["n_authors"] is None else masked(part["n_authors"]),
        "words": part["words"] if n >= FEWEST_OF_A_CLASS else None,
        "positives": {name: mask_positives(count, n) for name, count in part["positives"].items()},
        "groups": {name: mask_counts(counts) for name, counts in part["groups"].items()},
    }


def mask_positives(count: int, n: int) -> int | str:
    """Positives of a label; withheld where the negatives are few, which all but give them."""
    return WITHHELD if is_small(n - count) else masked(count)


def mask_counts(counts: Mapping[str, int]) -> dict[str, int | str]:
    """Counts of groups that add up to a known total."""
    return dict(zip(counts, masked_groups([*counts.values()]), strict=True))


def _quartiles(n_words: NDArray[np.int64]) -> list[int]:
    if not len(n_words):
        return [0, 0, 0]
    return [round(value) for value in np.percentile(n_words, (25, 50, 75))]
