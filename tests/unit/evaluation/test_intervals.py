"""Intervals hold the truth as often as they say, at 0 and 1, over authors and under weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from psychescale.evaluation.measures.linear import Design, Linear, average, difference
from psychescale.evaluation.measures.registry import (
    is_estimable,
    measure_decisions,
    measure_probabilities,
)
from psychescale.evaluation.measures.shares import mid_p
from psychescale.evaluation.predictions import Predictions

HALF = np.array([0.5])


def made(
    rng: np.random.Generator, n: int, *, per_author: int = 1, rate: float = 0.2
) -> Predictions:
    """One label, heavy-tailed scores, one positive in five that looks like a negative."""
    author = np.arange(n) // per_author
    shares = rng.beta(rate * 4, (1 - rate) * 4, n)[author]
    truth = rng.random(n) < shares
    seen = truth & (rng.random(n) > 0.2)
    values = 1 / (1 + np.exp(-(3 * seen - 1.5 + 0.7 * rng.standard_t(4, n))))
    authors = author.tolist() if per_author > 1 else None
    return Predictions.of("a", values[:, None], truth[:, None], authors=authors)


def measured(predictions: Predictions) -> dict[str, Linear]:
    found = {
        **measure_decisions(predictions, HALF).per_label,
        **measure_probabilities(predictions).per_label,
    }
    return {name: labels[0] for name, labels in found.items()}


class TestShares:
    @pytest.mark.parametrize(("hits", "n"), [(81, 263), (15, 148), (1, 29), (19, 20)])
    def test_equal_weights(self, hits: int, n: int) -> None:
        """Of equal weights it is the mid-P interval: half the chance of the count itself."""
        share = hits / n
        low, high = mid_p(share, n, share * (1 - share) / n)
        upper_tail = stats.binom.sf(hits, n, low) + stats.binom.pmf(hits, n, low) / 2
        lower_tail = stats.binom.cdf(hits - 1, n, high) + stats.binom.pmf(hits, n, high) / 2

        assert (upper_tail, lower_tail) == pytest.approx((0.025, 0.025), abs=1e-4)

    def test_published(self) -> None:
        """Newcombe 1998, table I, method 6: 81 of 263."""
        share = 81 / 263
        low, high = mid_p(share, 263, share * (1 - share) / 263)

        assert (round(low, 4), round(high, 4)) == (0.2544, 0.3658)

    @pytest.mark.parametrize("found", [0, 20])
    def test_no_misses(self, found: int) -> None:
        """Twenty of twenty is not certainty; micro averages count decisions, not documents."""
        truth = np.zeros((500, 3), np.uint8)
        truth[:20, 0] = 1
        values = truth * (found / 20)
        recall = measure_decisions(Predictions.of("abc", values, truth), np.full(3, 0.5))
        ends = recall.overall["recall_micro"].interval

        assert ends == pytest.approx((0.861, 1) if found else (0, 0.139), abs=1e-3)

    def test_authors_at_one(self) -> None:
        """Twenty of twenty of four authors says as much as four of four."""
        truth = np.repeat([1, 0], [20, 80])[:, None]
        authors = (np.arange(100) // 5).tolist()
        predictions = Predictions.of("a", truth.astype(float), truth, authors=authors)
        low, high = measure_decisions(predictions, HALF).per_label["recall"][0].interval

        assert low < mid_p(1, 4, 0)[0] + 0.01
        assert high == 1

    def test_a_stratum_without_a_positive_widens(self) -> None:
        """Of 250 others none has the label: one of weight 40 could have been missed."""
        truth = (np.arange(500) < 200)[:, None]
        values = np.repeat([0.9, 0.1], 250)[:, None]
        weights = np.repeat([1.0, 40.0], 250)
        plain, sampled = (
            measured(Predictions.of("a", values, truth, weights=w))["recall"]
            for w in (None, weights)
        )

        assert plain.value == sampled.value == 1
        assert plain.interval[0] > 0.98
        assert sampled.interval[0] < 0.65

    @given(st.floats(0, 1), st.integers(2, 300), st.floats(0, 2), st.floats(0.1, 50))
    def test_in_order(self, value: float, n: int, effect: float, weight: float) -> None:
        """Ends lie about the value, within 0 and 1."""
        low, high = mid_p(value, n, effect * value * (1 - value) / n, hit=weight, miss=weight)

        assert 0 <= low <= value <= high <= 1


class TestVariance:
    @pytest.mark.parametrize("per_author", [1, 4])
    @pytest.mark.parametrize("name", ["roc_auc", "average_precision", "f1", "brier"])
    def test_that_of_the_bootstrap(self, per_author: int, name: str) -> None:
        """First-order errors add up to the variance over resampled authors, or documents."""
        rng = np.random.default_rng(3)
        predictions = made(rng, 1_200, per_author=per_author)
        drawn = []
        for _ in range(150):
            authors = rng.integers(0, 1_200 // per_author, 1_200 // per_author)
            rows = (authors[:, None] * per_author + np.arange(per_author)).ravel()
            drawn.append(measured(predictions.rows(rows))[name].value)

        assert np.sqrt(measured(predictions)[name].variance) == pytest.approx(
            np.std(drawn), rel=0.2
        )


class TestTogether:
    def test_average_of_independent_parts(self) -> None:
        """A mean of shares is as wide as its parts under their correlation."""
        rng = np.random.default_rng(1)
        truth = rng.random((2_000, 4)) < 0.3
        values = np.where(truth ^ (rng.random((2_000, 4)) < 0.1), 0.9, 0.1)
        found = measure_decisions(Predictions.of("abcd", values, truth), np.full(4, 0.5))
        low, high = found.overall["recall_macro"].interval
        width = 2 * 1.96 * np.sqrt(0.9 * 0.1 / 600 / 4)

        assert high - low == pytest.approx(width, rel=0.05)

    def test_difference_stays_within_its_range(self) -> None:
        """Two documents give no difference of more than one."""
        rng = np.random.default_rng(0)
        one, two = (measured(made(rng, 30))["f1"] for _ in range(2))
        value, low, high = difference(one, two)

        assert -1 <= low <= value <= high <= 1

    def test_a_part_without_a_value_counts_as_nothing(self) -> None:
        """As in scikit-learn: 0, and no width."""
        predictions = made(np.random.default_rng(0), 100)
        design = Design.of(predictions)
        part = measured(predictions)["recall"]
        nothing = measure_decisions(predictions, np.array([2.0])).per_label["precision"][0]
        found = average([part, nothing], design)

        assert found.value == part.value / 2
        assert found.interval[1] < part.interval[1] / 2 + 0.01


@pytest.mark.parametrize(
    ("name", "positives", "negatives", "enough"),
    [
        ("recall", 19, 500, False),
        ("f1_macro", 20, 20, True),
        ("roc_auc", 500, 19, False),
        ("specificity_micro", 3, 20, True),
        ("base_rate", 1, 30, True),
    ],
)
def test_estimable(name: str, positives: int, negatives: int, enough: bool) -> None:
    """Twenty of each class; for what is over all documents, or over negatives, less."""
    assert is_estimable(name, positives, negatives) == enough


@pytest.mark.parametrize("per_author", [1, 5])
def test_coverage(per_author: int) -> None:
    """About 95 % of intervals hold the population's value at 40 positives.

    Three standard errors' slack; the full simulation is a benchmark.
    """
    rng = np.random.default_rng(5)
    truth = {name: one.value for name, one in measured(made(rng, 60_000)).items()}
    names = ("precision", "recall", "f1", "roc_auc", "average_precision", "brier", "base_rate")
    held = dict.fromkeys(names, 0)
    for _ in range(200):
        found = measured(made(rng, 200, per_author=per_author))
        for name in held:
            low, high = found[name].interval
            held[name] += low <= truth[name] <= high

    assert all(count >= 181 for count in held.values()), held


def test_coverage_of_a_sample() -> None:
    """Recall and base rate of 250 that a model gives the label and 250 others of 20,000."""
    rng = np.random.default_rng(6)
    truth = {name: one.value for name, one in measured(made(rng, 200_000, rate=0.03)).items()}
    held = {"recall": 0, "base_rate": 0}
    for _ in range(150):
        whole = made(rng, 20_000, rate=0.03)
        given = whole.probabilities[:, 0] >= 0.5
        rows = np.concatenate(
            [rng.permutation(np.flatnonzero(side))[:250] for side in (given, ~given)]
        )
        weights = np.where(given, max(given.sum() / 250, 1), (~given).sum() / 250)
        sample = whole.rows(rows)
        found = measured(
            Predictions.of("a", sample.probabilities, sample.truth, weights=weights[rows])
        )
        for name in held:
            low, high = found[name].interval
            held[name] += low <= truth[name] <= high

    assert all(count >= 134 for count in held.values()), held


def test_auc_of_few_positives() -> None:
    """Twenty-five positives at 1 %: an area of .97 is held as often as stated."""
    rng = np.random.default_rng(7)

    def scored(n: int) -> Predictions:
        truth = rng.random(n) < 0.01
        values = stats.norm.cdf(rng.normal(size=n) + 2.66 * truth)
        return Predictions.of("a", values[:, None], truth[:, None])

    area = stats.norm.cdf(2.66 / np.sqrt(2))
    held = 0
    for _ in range(200):
        low, high = measured(scored(2_500))["roc_auc"].interval
        held += low <= area <= high

    assert held >= 181
