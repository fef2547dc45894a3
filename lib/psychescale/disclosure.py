"""What may be shown of documents that can point at a person: four rules, for every job.

1. A count is rounded to the nearest 5; one from 1 to 7 is withheld (OpenSAFELY's rule).
2. A table of four cells (found, wrongly given, missed, rightly not given) is shown only where none of
   its cells is from 1 to 7. What is made of a table is made of the rounded cells.
3. What is no function of counts (areas, losses, calibration, intervals) is shown where positives and
   negatives are both at least 20, to two decimals, losses to three.
4. An average over tables is shown where all of them are; one of areas or losses is over the labels of
   which these are shown, and says so.

Nothing else is shown: whoever takes shown numbers from each other gets rounded ones.
"""

from collections.abc import Iterable, Sequence

LARGEST_SMALL = 7
"""Counts from 1 to this are withheld."""
FEWEST = LARGEST_SMALL + 1
"""The smallest count that is shown, but for 0."""
ROUNDED_TO = 5
FEWEST_OF_A_CLASS = 20
"""Positives, and negatives, from which what is no function of counts is shown."""

_LOSSES = ("log_loss", "brier")

BAND = f"1–{LARGEST_SMALL}"
"""What a person reads in the place of a small count."""
CENSORED = f"<={LARGEST_SMALL}"
"""What a document of measures holds in the place of a small count."""
WITHHELD = "masked"
"""What a document of measures holds in the place of a count that would give a small one back."""


def decimals(measure: str) -> int:
    """To how many decimals a measure, or an average of it, is told."""
    return 3 if measure.startswith(_LOSSES) else 2


def is_small(count: int) -> bool:
    """Whether a count of documents must not be shown."""
    return 0 < count <= LARGEST_SMALL


def is_table(cells: Iterable[int]) -> bool:
    """Whether a table of counts may be shown."""
    return not any(map(is_small, cells))


def nearest(count: int) -> int:
    """The count to the nearest 5; of one that may be shown."""
    return ROUNDED_TO * round(int(count) / ROUNDED_TO)


def masked(count: int, stand_in: str = CENSORED) -> int | str:
    """The count to the nearest 5, or what stands for a small one."""
    return stand_in if is_small(count) else nearest(count)


def masked_groups(counts: Sequence[int]) -> list[int | str]:
    """Counts of groups whose total is known; where one alone is small, the next larger is withheld too.

    All the others would give the one back, taken from the total.
    """
    shown = [masked(count) for count in counts]
    large = [count for count in counts if count > LARGEST_SMALL]
    if sum(map(is_small, counts)) == 1 and large:
        shown[counts.index(min(large))] = WITHHELD
    return shown


def rounded(count: int) -> int | str:
    """The same for a person: a small count is a band."""
    return masked(count, BAND)


def told(count: int) -> str:
    """The same in a sentence: with commas."""
    shown = rounded(count)
    return shown if isinstance(shown, str) else f"{shown:,}"
