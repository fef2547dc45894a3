"""Recalibration finds a planted slope and intercept; reliability bins count every document once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from psychescale.evaluation.measures.proper_scores import equal_mass_bins
from psychescale.evaluation.measures.reliability import recalibrate, reliability
from psychescale.evaluation.predictions import Predictions, Undefined


def planted(
    slope: float, intercept: float, n: int = 4000, *, authors: list[int] | None = None
) -> Predictions:
    """Documents whose truth follows a known recalibration of their probabilities."""
    rng = np.random.default_rng(1)
    x = rng.normal(-1, 1.5, n)
    truth = rng.random(n) < expit(intercept + slope * x)
    return Predictions.of("a", expit(x)[:, None], truth[:, None], authors=authors)


class TestRecalibration:
    @pytest.mark.parametrize(("slope", "intercept"), [(1, 0), (0.6, 0), (1, 0.8), (1.5, 0)])
    def test_planted_slope(self, slope: float, intercept: float) -> None:
        """The interval holds the planted slope."""
        found = recalibrate(planted(slope, intercept), 0).slope

        assert found.low < slope < found.high

    @pytest.mark.parametrize("intercept", [-0.7, 0, 0.7])
    def test_planted_intercept(self, intercept: float) -> None:
        """With the right slope the intercept is the planted one."""
        found = recalibrate(planted(1, intercept), 0).intercept

        assert found.low < intercept < found.high

    def test_equals_scikit_learn(self) -> None:
        """Slope is that of an unpenalised logistic regression, sampling weights included."""
        plain = planted(0.8, 0.3, 500)
        weights = np.random.default_rng(2).uniform(0.5, 3, 500)
        weighted = Predictions.of("a", plain.probabilities, plain.truth, weights=weights)
        x = logit(plain.probabilities)
        model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12)
        model.fit(x, plain.truth[:, 0], sample_weight=weights)

        assert recalibrate(weighted, 0).slope.value == pytest.approx(model.coef_[0, 0], abs=1e-9)

    @pytest.mark.parametrize(("positives", "shown"), [(20, True), (19, False)])
    def test_interval_needs_twenty_positives(self, positives: int, shown: bool) -> None:
        """Slope and intercept have intervals from twenty positives on."""
        p = np.random.default_rng(4).uniform(0.1, 0.9, (400, 1))
        few = Predictions.of("a", p, (np.arange(400) < positives)[:, None])
        found = recalibrate(few, 0)

        assert np.isfinite([found.slope.low, found.intercept.low]).tolist() == [shown, shown]

    @pytest.mark.parametrize("shift", [-12, -8, -5, 3, 8, 12])
    @pytest.mark.parametrize("spread", [0.1, 1, 4])
    def test_far_off(self, shift: float, spread: float) -> None:
        """However far the probabilities are off, a finite solution is found: its score is 0."""
        rng = np.random.default_rng(3)
        x = rng.normal(0, spread, 800)
        truth = (rng.random(800) < expit(x))[:, None]
        off = Predictions.of("a", expit(x + shift)[:, None], truth)
        found = recalibrate(off, 0)
        logits = logit(np.clip(off.probabilities[:, 0], 2**-23, 1 - 2**-23))
        residual = truth[:, 0].mean() - expit(logits + found.intercept.value).mean()
        assert residual == pytest.approx(0, abs=1e-9)
        assert np.isfinite(found.slope.value)

    def test_authors_widen(self) -> None:
        """If every document stands there four times under one author, the interval stays as wide."""
        plain = planted(1, 0, 1000)
        copies = plain.rows(np.tile(np.arange(1000), 4))
        known = Predictions.of(
            "a", copies.probabilities, copies.truth, authors=list(range(1000)) * 4
        )
        one, two, three = (recalibrate(p, 0).slope for p in (plain, known, copies))

        assert one.high - one.low == pytest.approx(two.high - two.low, rel=1e-6)
        assert three.high - three.low == pytest.approx(one.high - one.low, rel=1e-6)

    def test_no_solution(self) -> None:
        """Separated classes and constant probabilities have no slope, and it says so."""
        truth = np.arange(60)[:, None] >= 30
        separated = Predictions.of("a", np.where(truth, 0.9, 0.1), truth)
        constant = Predictions.of("a", np.full((60, 1), 0.3), truth)

        assert recalibrate(separated, 0).slope.reason is Undefined.NOT_CONVERGED
        assert recalibrate(constant, 0).slope.reason is Undefined.NOT_CONVERGED
        assert recalibrate(constant, 0).intercept.value == pytest.approx(logit(0.5) - logit(0.3))

    def test_missing_class(self) -> None:
        """Without positives there is nothing to fit."""
        found = recalibrate(Predictions.of("a", [[0.2], [0.4]], [[0], [0]]), 0)

        assert found.slope.reason is Undefined.NO_POSITIVES


class TestBins:
    @given(st.lists(st.floats(0, 1), min_size=1, max_size=80), st.integers(1, 12))
    def test_equal_probabilities_share_a_bin(self, values: list[float], n_bins: int) -> None:
        """Bins follow the order of probabilities and never part a tie."""
        probabilities = np.array(values)
        bins = equal_mass_bins(probabilities, np.ones(len(values)), n_bins)

        assert bins.max() < n_bins
        assert (np.diff(bins[np.argsort(probabilities, kind="stable")]) >= 0).all()
        assert all(len(set(bins[probabilities == value])) == 1 for value in values)

    def test_bins_are_of_equal_mass(self) -> None:
        """Distinct probabilities fill ten bins alike."""
        bins = equal_mass_bins(np.random.default_rng(0).random(1000), np.ones(1000))

        assert np.bincount(bins).tolist() == [100] * 10

    @given(st.integers(0, 50), st.integers(0, 30))
    def test_reliability_counts_every_document(self, seed: int, fewest: int) -> None:
        """Merged or not, bins hold every document once; merged ones hold enough of both classes."""
        rng = np.random.default_rng(seed)
        values = rng.random(200) ** 3
        truth = rng.random(200) < values
        bins = reliability(Predictions.of("a", values[:, None], truth[:, None]), 0, fewest=fewest)

        assert sum(found.n for found in bins) == 200
        assert sum(found.positives for found in bins) == truth.sum()
        assert all(found.low <= found.share <= found.high for found in bins)
        if min(truth.sum(), (~truth).sum()) >= fewest:
            assert all(min(found.positives, found.n - found.positives) >= fewest for found in bins)
