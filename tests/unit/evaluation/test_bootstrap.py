"""Intervals hold the truth as often as they say; the same draws serve every measure and model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from psychescale.evaluation.measures import bootstrap
from psychescale.evaluation.measures.bootstrap import draw_weights, point, replicate
from psychescale.evaluation.measures.intervals import difference_interval, interval, score_interval
from psychescale.evaluation.measures.registry import (
    GAP,
    KINDS,
    NOISE,
    Kind,
    bearing_units,
    measure_decisions,
    measure_probabilities,
)
from psychescale.evaluation.predictions import Predictions

HALF = np.array([0.5])


def made(rng: np.random.Generator, n: int, *, per_author: int) -> Predictions:
    """One label of a fifth of the documents, authors differing in how often they have it."""
    author = np.arange(n) // per_author
    tendency = rng.normal(0, 1.2, n)[author]
    truth = rng.random(n) < 1 / (1 + np.exp(1.7 - tendency))
    values = 1 / (1 + np.exp(-(2 * truth - 1 + rng.normal(0, 1, n))))
    return Predictions.of("a", values[:, None], truth[:, None], authors=author.tolist())


class TestDraws:
    @given(st.integers(1, 40), st.integers(1, 5), st.integers(0, 99))
    def test_documents_of_an_author_go_together(self, n: int, per_author: int, seed: int) -> None:
        """Each replicate draws as many authors as there are, and all documents of each."""
        predictions = made(np.random.default_rng(seed), n, per_author=per_author)
        weights = np.concatenate(list(draw_weights(predictions, n_replicates=7, seed=seed)), 1)
        first = np.unique(predictions.units, return_index=True)[1]

        assert weights.shape == (n, 7)
        assert (weights == weights[first][predictions.units]).all()
        assert [predictions.n_units] * 7 == weights[first].sum(0).tolist()

    def test_blocks_do_not_show(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """However few weights fit in memory at once, there are as many replicates as asked for."""
        predictions = made(np.random.default_rng(1), 30, per_author=2)
        monkeypatch.setattr(bootstrap, "_BLOCK_CELLS", 70)
        (table,) = replicate(predictions, [measure_decisions(HALF)], n_replicates=11, seed=3)

        assert table.per_label["f1"].shape == (1, 11)
        assert table.overall["f1_micro"].shape == (11,)

    def test_replicates_are_measures_of_repeated_rows(self) -> None:
        """A replicate equals the measures of a data set in which drawn rows are written out."""
        predictions = made(np.random.default_rng(2), 60, per_author=3)
        measures = [measure_decisions(HALF), measure_probabilities(predictions)]
        tables = replicate(predictions, measures, n_replicates=5, seed=9)
        weights = next(draw_weights(predictions, n_replicates=5, seed=9)).astype(int)
        for number in range(5):
            rows = predictions.rows(np.repeat(np.arange(60), weights[:, number]))
            for table, measure in zip(tables, measures, strict=True):
                expected = point(rows, measure).per_label
                # The bins of the calibration error are bound to the rows that they were made for.
                for name in expected.keys() - {GAP, NOISE}:
                    np.testing.assert_allclose(
                        expected[name][0, 0], table.per_label[name][0, number], atol=1e-12
                    )

    def test_sampling_weights_count(self) -> None:
        """A weight of 3 counts as three such documents in every value."""
        predictions = made(np.random.default_rng(3), 40, per_author=1)
        times = np.random.default_rng(4).integers(1, 4, 40)
        weighted = Predictions.of(
            "a", predictions.probabilities, predictions.truth, weights=times.astype(float)
        )
        written_out = predictions.rows(np.repeat(np.arange(40), times))
        pairs = [
            [measure_decisions(HALF)] * 2,
            [measure_probabilities(weighted), measure_probabilities(written_out)],
        ]
        for one_measure, two_measure in pairs:
            one, two = point(weighted, one_measure), point(written_out, two_measure)
            for name in one.per_label:
                np.testing.assert_allclose(two.per_label[name], one.per_label[name], atol=1e-12)


class TestIntervals:
    @pytest.mark.parametrize("per_author", [1, 5])
    def test_coverage(self, per_author: int) -> None:
        """About 95 % of intervals hold the population's value at 40 positives or so.

        Slack for 120 data sets: three standard errors below. The full simulation is a benchmark.
        """
        rng = np.random.default_rng(5)
        measures = [measure_decisions(HALF)]
        population = made(rng, 30_000, per_author=per_author)
        truth = {n: v[0, 0] for n, v in point(population, measures[0]).per_label.items()}
        held = dict.fromkeys(("precision", "recall", "f1"), 0)
        for seed in range(120):
            sample = made(rng, 200, per_author=per_author)
            units = bearing_units(sample, HALF)
            values = point(sample, measures[0]).per_label
            (drawn,) = replicate(sample, measures, n_replicates=150, seed=seed)
            for name in held:
                low, high = interval(
                    KINDS[name],
                    float(values[name][0, 0]),
                    drawn.per_label[name][0],
                    units=int(units[name][0]),
                    by_author=sample.by_author,
                )
                held[name] += low <= truth[name] <= high

        assert all(0.89 <= count / 120 < 1 for count in held.values()), held

    def test_wilson(self) -> None:
        """With the variance of a plain share it is Wilson's interval (Newcombe 1998, table I)."""
        share = 81 / 263
        low, high = score_interval(share, share * (1 - share) / 263, 263, 1.959964)

        assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)

    def test_variance_of_a_sample(self) -> None:
        """Replicates with the sample variance of a plain share give Wilson's interval, too."""
        share, n = 0.3, 40
        apart = np.sqrt(share * (1 - share) / n / 2)  # two values: half the squared difference
        replicates = np.array([share - apart, share + apart])
        found = interval(Kind.SHARE, share, replicates, units=n, by_author=False)
        wilson = binomtest(round(share * n), n).proportion_ci(method="wilson")

        assert found == pytest.approx((wilson.low, wilson.high))

    def test_no_misses(self) -> None:
        """Twenty of twenty is not certainty."""
        low, high = interval(Kind.SHARE, 1.0, np.ones(100), units=20, by_author=False)

        assert (round(low, 3), high) == (0.839, 1)

    def test_one_unit(self) -> None:
        """One author has no variance, so no interval."""
        ends = interval(Kind.SHARE, 0.5, np.full(9, 0.5), units=1, by_author=True)

        assert np.isnan(ends).all()

    @given(
        st.sampled_from(Kind),
        st.floats(0, 1),
        st.lists(st.floats(0, 1), min_size=5, max_size=20),
        st.integers(2, 50),
    )
    def test_ends_are_in_order(
        self, kind: Kind, value: float, replicates: list[float], units: int
    ) -> None:
        """Low is not above high, and shares stay within 0 and 1."""
        low, high = interval(kind, value, np.array(replicates), units=units, by_author=True)

        assert 0 <= low <= high
        if kind in {Kind.SHARE, Kind.ORDER, Kind.CUT}:
            assert low <= value <= high <= 1

    def test_difference(self) -> None:
        """A difference has its estimate in the middle."""
        low, high = difference_interval(
            0.1, np.random.default_rng(0).normal(0.1, 0.02, 500), units=90
        )

        assert low + high == pytest.approx(0.2)
        assert 0.03 < (high - low) / 2 < 0.05
