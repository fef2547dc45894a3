"""The rule on small counts, at its edges."""

import pytest

from psychescale.disclosure import CENSORED, is_small, is_table, masked, nearest, rounded
from psychescale.evaluation.document.shown import is_estimable


@pytest.mark.parametrize(("count", "small"), [(0, False), (1, True), (7, True), (8, False)])
def test_small_counts(count: int, small: bool) -> None:
    """One to seven are withheld; none, and eight, are not; one small cell withholds its table."""
    assert is_small(count) == small
    assert is_table([100, 0, count, 8]) == (not small)
    assert (masked(count) == CENSORED) == (rounded(count) == "1–7") == small


@pytest.mark.parametrize(
    ("count", "shown"), [(0, 0), (8, 10), (12, 10), (13, 15), (17, 15), (18, 20), (102, 100)]
)
def test_nearest_five(count: int, shown: int) -> None:
    """What is shown is the nearest multiple of five."""
    assert nearest(count) == masked(count) == rounded(count) == shown


@pytest.mark.parametrize(
    ("positives", "negatives", "shown"), [(20, 20, True), (19, 400, False), (400, 19, False)]
)
def test_enough_of_both(positives: int, negatives: int, shown: bool) -> None:
    """Areas and losses need twenty documents of either class."""
    assert is_estimable(positives, negatives) == shown
