"""Distances, variances and expected F1 against slow or published ways of the same."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from psychescale.disclosure import LARGEST_SMALL
from psychescale.monitoring.advice import advise, texts_to_annotate
from psychescale.monitoring.changes import Drift
from psychescale.monitoring.distance import (
    chance,
    coarse,
    design_effect,
    jensen_shannon,
    kolmogorov_smirnov,
    merged,
    population_stability,
    shown,
)
from psychescale.monitoring.means import compared, expected_f1, mean_of
from psychescale.monitoring.profile import as_document, from_document, profile_of
from psychescale.monitoring.separation import ScoreVectors, separation
from psychescale.monitoring.totals import GROUPS, Ratio
from tests.unit.monitoring.populations import THRESHOLD, population, totals

COUNTS = st.lists(st.integers(0, 500), min_size=3, max_size=12)


@given(COUNTS)
def test_distances(counts: list[int]) -> None:
    """Jensen–Shannon is scipy's, KS that of the expanded texts, PSI symmetric; all 0 for the same."""
    one = np.array(counts, np.float64) + 1
    other = np.roll(one, 1) + np.arange(len(one))
    assert jensen_shannon(one, other) == pytest.approx(
        jensenshannon(one, other, base=2) ** 2, abs=1e-9
    )
    bins = np.arange(len(one))
    expanded = [np.repeat(bins, side.astype(int)) for side in (one, other)]
    assert kolmogorov_smirnov(one, other) == pytest.approx(
        stats.ks_2samp(*expanded).statistic, abs=1e-9
    )
    assert population_stability(one, other) == pytest.approx(population_stability(other, one))
    assert population_stability(one, other) > 0
    assert [f(one, one) for f in (population_stability, jensen_shannon, kolmogorov_smirnov)] == [
        0,
        0,
        0,
    ]


@given(COUNTS, st.integers(1, 300))
def test_merged(counts: list[int], least: int) -> None:
    """Neighbours are joined until each run has enough, and no text is lost."""
    table = np.array(counts)
    starts = merged(table, least)
    joined = coarse(table, starts)
    assert joined.sum() == table.sum()
    assert starts[0] == 0
    assert len(joined) == 1 or joined.min() >= least


def test_pearson_without_clusters() -> None:
    """With a design effect of 1 and many degrees of freedom the test is Pearson's."""
    one, other = np.array([100.0, 200, 300]), np.array([90.0, 80, 110])
    p = chance(one, other, effect=1, directions=2, freedom=1e9)
    assert p == pytest.approx(stats.chi2_contingency(np.array([one, other])).pvalue, rel=1e-6)


def test_design_effect_of_clusters() -> None:
    """Where every author has k texts, all in one bin, shares scatter k times as much."""
    rng = np.random.default_rng(0)
    effects = []
    for _ in range(200):
        bins, groups = rng.integers(0, 4, 800), rng.integers(0, GROUPS, 800)
        table = np.zeros((GROUPS, 4), np.int64)
        np.add.at(table, (groups, bins), 5)
        effects.append(design_effect(table)[0])
    assert np.mean(effects) == pytest.approx(5, rel=0.05)


def test_variance_of_a_mean() -> None:
    """The variance between groups is that of means of such samples, drawn again and again."""
    rng = np.random.default_rng(1)
    means = []
    for _ in range(400):
        texts = population(rng, 400)
        here = np.bincount(texts.groups, texts.scores[:, 3], GROUPS)
        means.append(mean_of(Ratio(here, np.bincount(texts.groups, minlength=GROUPS) * 1.0)))
    stated = np.mean([mean.variance / mean.texts for mean in means])
    assert stated == pytest.approx(np.var([mean.value for mean in means]), rel=0.15)


def test_interval_of_a_change() -> None:
    """The 95 % interval of a difference holds the true one, which is 0, in 95 of 100 pairs or more."""
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(400):
        one, other = (totals(population(rng, 500)) for _ in range(2))
        pair = [mean_of(Ratio(t.sums[:, 4], t.scored * 1.0)) for t in (one, other)]
        change = compared(*pair)
        held += change.low <= 0 <= change.high
    assert held >= stats.binom.ppf(0.001, 400, 0.95)


def test_expected_f1_where_calibrated_and_where_not() -> None:
    """F1 from scores alone is the true one to .05 where scores are calibrated.

    Where a label comes to mean something else it stays where it was, and is wrong.
    """
    rng = np.random.default_rng(3)
    texts = population(rng, 8000)
    given = texts.scores >= THRESHOLD
    truth = rng.random(texts.scores.shape) < texts.scores
    stated = expected_f1(totals(texts))
    assert stated["macro"].value == pytest.approx(_f1(truth, given).mean(), abs=0.05)
    micro = 2 * (truth & given).sum() / (truth.sum() + given.sum())
    assert stated["micro"].value == pytest.approx(micro, abs=0.02)
    other = rng.random(texts.scores.shape) < np.roll(texts.scores, 1, axis=0)
    assert stated["micro"].value - 2 * (other & given).sum() / (other.sum() + given.sum()) > 0.1


def _f1(truth: np.ndarray, given: np.ndarray) -> np.ndarray:
    return 2 * (truth & given).sum(0) / (truth.sum(0) + given.sum(0))


def test_separation() -> None:
    """One author on a side is no proof; the same texts are not told apart, others are."""
    rng = np.random.default_rng(4)
    scores, groups = rng.random((400, 3)), rng.integers(0, GROUPS, 400)
    same = separation(ScoreVectors(scores, groups), ScoreVectors(scores, groups))
    assert same.auc == pytest.approx(0.5, abs=0.02)
    assert same.p > 0.05
    apart = separation(ScoreVectors(scores, groups), ScoreVectors(scores**2, groups))
    assert apart.auc > 0.6
    assert apart.p < 1e-4
    alone = separation(
        ScoreVectors(scores, groups), ScoreVectors(scores**2, np.zeros(400, np.int64))
    )
    assert alone.p == 1


def test_profile_keeps_no_small_bin() -> None:
    """No bin of a profile has fewer than 8 texts, counts are multiples of 5, JSON gives it back."""
    rng = np.random.default_rng(5)
    for size in (200, 333, 2000):
        profile = profile_of(
            totals(population(rng, size)),
            scoring_id="0" * 64,
            periods=("2026-01", "2026-02"),
            thresholds=(0.5,) * 6,
        )
        for one in (*profile.scores, profile.lengths):
            assert min(one.counts) > LARGEST_SMALL
            assert all(count % 5 == 0 for count in one.counts)
        assert from_document(json.loads(json.dumps(as_document(profile)))) == profile
    with pytest.raises(ValueError, match="another version"):
        from_document(as_document(profile) | {"version": 0})


def test_shown_counts() -> None:
    """A count from 1 to 7 is one number, whatever it is; others are rounded to 5."""
    assert set(shown(np.arange(1, 8))) == {4.0}
    assert list(shown(np.array([0, 8, 12, 13]))) == [0, 10, 10, 15]


def test_advice() -> None:
    """What to do follows from what changed: nothing, a look, texts to annotate, or a stop."""
    assert advise("2026-03", [], labels=4) == []
    failed = Drift("failed", None, 0.3, current=0.31, alert=True)
    stop, look = advise("2026-03", [failed], labels=4)
    assert stop.startswith("Do not use the numbers of 2026-03")
    assert "reasons of failed rows" in look
    rare = Drift("prevalence", "a", 0.02, current=0.05, alert=True)
    common = Drift("prevalence", "b", 0.2, current=0.5, alert=True)
    assert (texts_to_annotate([rare]), texts_to_annotate([rare, common])) == (100, 400)
    assert "Annotate 400 texts" in " ".join(advise("2026-03", [rare, common], labels=4))
    strong = [Drift("psi", name, 0.4, alert=True) for name in "ab"]
    assert advise("2026-03", strong, labels=4)[0].startswith("Do not use")
    assert advise("2026-03", strong[:1], labels=4)[0].startswith("Annotate")
