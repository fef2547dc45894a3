"""An update is as large as the rows can show, and no larger."""

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from psychescale.errors import InputError
from psychescale.training.calibration import MIN_POSITIVES, sigmoid
from psychescale.training.recalibration import (
    Chosen,
    choose_updates,
    closed_test,
    describe,
    rows_needed,
)

SAMPLES = 200


def draw(
    n: int, slope: float, intercept: float, seed: int, *, per_author: int = 1, between: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.int64]]:
    """Logits around −1, of which the truth follows slope × logit + intercept, alike within authors."""
    rng = np.random.default_rng(seed)
    author = np.arange(n) // per_author
    logits = rng.normal(-1, 1.5, (n, 1))
    shared = rng.normal(size=author.max() + 1)[author, None]
    chance = norm.cdf(between**0.5 * shared + (1 - between) ** 0.5 * rng.normal(size=(n, 1)))
    truth = chance < sigmoid(slope * logits + intercept)
    return logits, truth.astype(np.float32), author


def choices(**how: float) -> Counter[Chosen]:
    """What is chosen in 200 samples."""
    return Counter(
        closed_test(*draw(500, how["slope"], how["intercept"], seed)).chosen
        for seed in range(SAMPLES)
    )


def test_what_is_right_is_kept() -> None:
    """A calibration that holds is changed in one sample of twenty (binomial 99 %: at most 18)."""
    assert choices(slope=1, intercept=0)[Chosen.KEPT] >= SAMPLES - 18


def test_a_shift_is_an_intercept() -> None:
    """Another prevalence gives a new intercept, and a new slope in one sample of twenty."""
    found = choices(slope=1, intercept=1)
    assert found[Chosen.KEPT] == 0
    assert found[Chosen.INTERCEPT] >= SAMPLES - 18


def test_a_slope_is_a_slope() -> None:
    """Probabilities that are too extreme get a slope, and the numbers are near the truth."""
    assert choices(slope=0.5, intercept=0)[Chosen.BOTH] >= 0.9 * SAMPLES
    one = closed_test(*draw(20_000, 0.5, -0.7, 0))
    assert (one.slope, one.intercept) == pytest.approx((0.5, -0.7), abs=0.06)


def test_authors_count_for_what_they_add() -> None:
    """Fifty texts of each of 40 authors, alike: the tests do not take them for 2,000 authors'."""
    found: Counter[bool] = Counter()
    alone: Counter[bool] = Counter()
    for seed in range(100):
        logits, truth, authors = draw(2_000, 1, 0, seed, per_author=50, between=0.2)
        found[closed_test(logits, truth, authors).chosen is Chosen.KEPT] += 1
        alone[closed_test(logits, truth, np.arange(2_000)).chosen is Chosen.KEPT] += 1
    assert found[True] >= 85
    assert alone[True] <= 70


def test_few_positives_share_an_update() -> None:
    """Labels without fifty positives get one intercept and slope, if they have fifty together."""
    parts = [draw(1_500, 1, -2.5, seed) for seed in range(3)] + [draw(1_500, 0.5, 0, 9)]
    logits = np.concatenate([part[0] for part in parts], axis=1)
    targets = np.concatenate([part[1] for part in parts], axis=1)
    for label in range(3):  # thirty positives each
        targets[np.flatnonzero(targets[:, label])[30:], label] = 0
    *rare, own = choose_updates(logits, targets, np.arange(1_500))
    assert len({(one.chosen, one.slope, one.intercept) for one in rare}) == 1
    assert all(one.pooled and one.chosen is not Chosen.KEPT for one in rare)
    assert not own.pooled
    assert own.chosen is Chosen.BOTH
    assert describe([rare[0]], ["l"])[0].endswith("2,500 rows like these could do.")


@pytest.mark.parametrize(
    ("positives", "told", "remedy"),
    [(30, "30 positives", "about 850 rows"), (3, "1–7 positives", "at least 3,600"),
     (0, "0 positives", "have labels")],
)  # fmt: skip
def test_too_few(positives: int, told: str, remedy: str) -> None:
    """Rows that can show nothing are refused, with how many would do; no small count is told."""
    targets = np.zeros((500, 1), np.float32)
    targets[:positives] = 1
    with pytest.raises(InputError) as raised:
        choose_updates(np.zeros((500, 1)), targets, np.arange(500))
    assert told in str(raised.value)
    assert remedy in str(raised.value)


def test_rows_needed() -> None:
    """They tell no small count, and are enough."""
    assert len({rows_needed(500, few) for few in range(1, 8)}) == 1
    assert rows_needed(500, MIN_POSITIVES) == 0
    assert rows_needed(1_000, 10) == 5_000
