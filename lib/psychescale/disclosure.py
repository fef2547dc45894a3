"""The small-count rule: which counts of documents may be shown, and what stands for the others.

A count from 1 to `LARGEST_SMALL` can point at a person and is withheld (OpenSAFELY's rule). Where
counts of one table could be taken from each other, the rest are rounded to `ROUNDED_TO` too.
"""

LARGEST_SMALL = 7
"""Counts from 1 to this are withheld."""
ROUNDED_TO = 5

BAND = f"1–{LARGEST_SMALL}"
"""What a person reads in the place of a small count."""
CENSORED = f"<={LARGEST_SMALL}"
"""What a document of measures holds in the place of a small count."""


def is_small(count: int) -> bool:
    """Whether a count of documents must not be shown."""
    return 0 < count <= LARGEST_SMALL


def masked(count: int, stand_in: str) -> int | str:
    """The count, or what stands for a small one."""
    return stand_in if is_small(count) else count


def rounded(count: int) -> int | str:
    """The count to the nearest 5, or the band of a small one."""
    return BAND if is_small(count) else ROUNDED_TO * round(int(count) / ROUNDED_TO)
