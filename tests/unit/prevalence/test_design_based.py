"""Estimates against written-out references, and their intervals against known truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import norm

from psychescale.errors import UsageError
from psychescale.prevalence.design_based import (
    Sample,
    SampledDomain,
    change,
    discoveries,
    share,
    tuned,
)
from psychescale.prevalence.naive import DecisionCounts, adjusted
from psychescale.prevalence.strata import Strata, allocate, cut_points, planned_half_widths

Floats = NDArray[np.float64]


def population(
    rng: np.random.Generator, n: int, prevalence: float, auc: float, *, shift: float = 0.0,
    unseen: float = 0.0,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Truth and scores: calibrated but for a shift of the logit; some positives look like none."""
    truth = rng.random(n) < prevalence
    apart = np.sqrt(2) * norm.ppf(auc)
    signal = rng.normal(0, 1, n) + apart * (truth & (rng.random(n) >= unseen))
    return truth.astype(float), expit(shift + apart * signal - apart**2 / 2 + logit(prevalence))


def strata_of(scores: Floats, bands: int) -> tuple[NDArray[np.int64], Strata]:
    """Strata by score, as `sample` makes them."""
    counts, edges = np.histogram(scores, bins=400, range=(0, 1))
    cuts = cut_points(edges[1:], counts, bands) if bands > 1 else np.empty(0)
    stratum = np.searchsorted(cuts, scores)
    sizes = np.bincount(stratum)
    expected = np.bincount(stratum, scores) / sizes
    spread = np.bincount(stratum, scores * (1 - scores)) / sizes
    return stratum, Strata(sizes, expected[:, None], spread[:, None])


def drawn_sample(
    rng: np.random.Generator, truth: Floats, scores: Floats, size: int, bands: int
) -> tuple[Sample, NDArray[np.int64]]:
    """A stratified sample with its truth, and which texts it is."""
    stratum, strata = strata_of(scores, bands)
    drawn = allocate(strata, size)
    chosen = np.concatenate([
        rng.choice(np.flatnonzero(stratum == h), n, replace=False) for h, n in enumerate(drawn)
    ])  # fmt: skip
    sample = Sample(stratum[chosen], strata.sizes, scores[chosen][:, None], truth[chosen][:, None])
    return sample, chosen


def whole(scores: Floats, n_sample: int) -> SampledDomain:
    """The corpus as a domain."""
    return SampledDomain(len(scores), np.array([scores.sum()]), np.ones(n_sample, np.bool_))


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_difference_estimator(seed: int, reliance: float) -> None:
    """The estimate is the mean of λf + R/π·(y − λf), and its variance Särndal's, term by term."""
    rng = np.random.default_rng(seed)
    truth, scores = population(rng, 600, 0.4, 0.8)
    sample, chosen = drawn_sample(rng, truth, scores, 150, 4)
    found = share(sample, whole(scores, len(chosen)), 0, reliance)
    chance = (sample.drawn / sample.sizes)[sample.stratum]
    terms = reliance * scores
    terms[chosen] += (truth[chosen] - reliance * scores[chosen]) / chance
    assert found.value == pytest.approx(np.clip(terms.mean(), 0, 1), abs=1e-12)
    variance = 0.0
    for h, (size, n) in enumerate(zip(sample.sizes, sample.drawn, strict=True)):
        rest = (truth - reliance * scores)[chosen[sample.stratum == h]]
        variance += size**2 * (1 - n / size) * rest.var(ddof=1) / n / 600**2
    assert found.variance == pytest.approx(variance, rel=1e-9)


def test_like_ppi() -> None:
    """Of a simple random sample, point and variance are those of prediction-powered inference.

    Written out as `ppi_mean_pointestimate` and the rectifier of `ppi_mean_ci` (ppi-python 0.2.3) do it:
    the mean of λf over what is not annotated plus the mean of y − λf; var(y − λf)/n. Of a large corpus
    what is not annotated is all of it. (The package itself wants numba and statsmodels.)
    """
    rng = np.random.default_rng(5)
    truth, scores = population(rng, 2_000_000, 0.3, 0.85)
    chosen = rng.choice(len(truth), 400, replace=False)
    y, f = truth[chosen], scores[chosen]
    sample = Sample(np.zeros(400, np.int64), np.array([len(truth)]), f[:, None], y[:, None])
    reliance = tuned(sample, 0)
    assert reliance == pytest.approx(np.cov(y, f)[0, 1] / np.var(f, ddof=1), abs=1e-12)
    found = share(sample, whole(scores, 400), 0, reliance)
    assert found.value == pytest.approx((reliance * scores.mean()) + (y - reliance * f).mean())
    left = 1 - 400 / len(truth)
    assert found.variance == pytest.approx(left * np.var(y - reliance * f, ddof=1) / 400, rel=1e-8)


@given(st.integers(0, 10_000))
def test_interval_is_around(seed: int) -> None:
    """The interval lies in [0, 1] around the estimate, with few positives, none, and only these."""
    rng = np.random.default_rng(seed)
    truth, scores = population(rng, 500, rng.choice([0.004, 0.1, 0.99]), 0.7, unseen=0.5)
    sample, chosen = drawn_sample(rng, truth, scores, 100, int(rng.integers(1, 5)))
    for reliance in (0.0, tuned(sample, 0), 1.0):
        found = share(sample, whole(scores, len(chosen)), 0, reliance)
        low, high = found.interval
        assert 0 <= low <= found.value <= high <= 1


# The whole grid is benchmarks/study_coverage.py. Of 400 data sets 2.5 % are 10; with luck alone one
# cell in a thousand has more than 22.
@pytest.mark.parametrize(
    ("prevalence", "size", "auc", "shift", "unseen", "bands"),
    [
        (0.01, 100, 0.8, 0.0, 0.5, 1),
        (0.05, 300, 0.95, 0.0, 0.2, 4),
        (0.2, 300, 0.6, 1.0, 0.0, 1),
        (0.3, 300, 0.95, -1.0, 0.5, 4),
    ],
)
def test_coverage(
    prevalence: float, size: int, auc: float, shift: float, unseen: float, bands: int
) -> None:
    """The truth is inside the interval, whatever the classifier does; rarely on either side of it."""
    rng = np.random.default_rng(11)
    below = above = 0
    for _ in range(400):
        truth, scores = population(rng, 3000, prevalence, auc, shift=shift, unseen=unseen)
        sample, chosen = drawn_sample(rng, truth, scores, size, bands)
        found = share(sample, whole(scores, len(chosen)), 0, tuned(sample, 0))
        low, high = found.interval
        below += high < truth.mean()
        above += low > truth.mean()
    assert max(below, above) <= 0.055 * 400


def test_equal_groups_are_not_called_different() -> None:
    """A classifier that finds more in one group makes no difference of shares, as counting would."""
    rng = np.random.default_rng(2)
    called = counted = 0
    for _ in range(200):
        truth, scores = population(rng, 4000, 0.3, 0.85)
        group = rng.random(4000) < 0.5
        scores = np.where(group, expit(logit(scores) + 1.0), scores)
        sample, chosen = drawn_sample(rng, truth, scores, 300, 1)
        one, other = (
            share(
                sample,
                SampledDomain(int(part.sum()), np.array([scores[part].sum()]), part[chosen]),
                0,
                tuned(sample, 0),
            )
            for part in (group, ~group)
        )
        found = change(one, other)
        assert (found.p < 0.05) == (found.low > 0 or found.high < 0)
        called += found.p < 0.05
        counted += abs((scores[group] >= 0.5).mean() - (scores[~group] >= 0.5).mean()) > 0.04
    assert called <= 0.09 * 200
    assert counted == 200


def test_discoveries() -> None:
    """Benjamini and Hochberg's example; what was not tested stays out of the count."""
    p = np.array([0.01, np.nan, 0.04, 0.03, 0.5])
    assert discoveries(p)[[0, 2, 3, 4]] == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert np.isnan(discoveries(p)[1])


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=12), st.integers(20, 2000))
def test_allocation(sizes: list[int], size: int) -> None:
    """Sizes add up; no stratum gives more than it has, or fewer than 20 of what it has."""
    rng = np.random.default_rng(len(sizes))
    whole_sizes = np.array(sizes)
    expected = rng.random((len(sizes), 2))
    strata = Strata(whole_sizes, expected, expected * (1 - expected))
    least = np.minimum(whole_sizes, 20)
    if size < least.sum():
        with pytest.raises(UsageError, match="Raise --size"):
            allocate(strata, size)
        return
    drawn = allocate(strata, size)
    assert drawn.sum() == min(size, whole_sizes.sum())
    assert (drawn >= least).all()
    assert (drawn <= whole_sizes).all()


def test_planned_widths_come_true() -> None:
    """With calibrated scores the width that was planned is the width that comes out."""
    rng = np.random.default_rng(4)
    truth, scores = population(rng, 20_000, 0.3, 0.9)
    _, strata = strata_of(scores, 4)
    planned = planned_half_widths(strata, allocate(strata, 500))[0]
    found = []
    for _ in range(20):
        sample, chosen = drawn_sample(rng, truth, scores, 500, 4)
        low, high = share(sample, whole(scores, len(chosen)), 0, tuned(sample, 0)).interval
        found.append((high - low) / 2)
    assert np.mean(found) == pytest.approx(planned, rel=0.1)


def test_adjusted_count() -> None:
    """Rogan and Gladen's estimate by hand; the truth inside; nothing from a classifier of no use."""
    known = DecisionCounts(tp=160, fp=90, fn=40, tn=810)
    value, (low, high) = adjusted(0.3, 1000, known)
    assert value == pytest.approx((0.3 + 0.9 - 1) / (0.8 + 0.9 - 1))
    assert low < value < high
    assert np.isnan(adjusted(0.3, 1000, DecisionCounts(tp=10, fp=90, fn=90, tn=10))[0])
    rng = np.random.default_rng(8)
    inside = 0
    for _ in range(500):
        tp, fp = rng.binomial(200, 0.8), rng.binomial(900, 0.1)
        counted = rng.binomial(1000, 0.2 * 0.8 + 0.8 * 0.1) / 1000
        evaluated = DecisionCounts(tp=tp, fp=fp, fn=200 - tp, tn=900 - fp)
        low, high = adjusted(counted, 1000, evaluated)[1]
        inside += low <= 0.2 <= high
    assert 0.92 * 500 <= inside <= 0.985 * 500
