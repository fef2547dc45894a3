"""How often a period of the same population is an alert, and that a changed one is."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from psychescale.monitoring.changes import Drift, decide, find, rate_of
from psychescale.monitoring.profile import Profile, profile_of
from psychescale.monitoring.separation import separation
from psychescale.monitoring.totals import Floats
from tests.unit.monitoring.populations import Texts, population, sample, totals

RATE = 0.05
SPLITS = 200
Change = Callable[[Texts], Texts]


def _profile(texts: Texts) -> Profile:
    return profile_of(
        totals(texts),
        scoring_id="0" * 64,
        periods=("2026-01",),
        thresholds=(0.5,) * texts.scores.shape[1],
    )


def _drifts(reference: Texts, current: Texts, rng: np.random.Generator) -> list[Drift]:
    apart = separation(sample(reference, rng), sample(current, rng))
    return find(_profile(reference), totals(current), apart)


def _splits(n_reference: int, n_current: int, *, icc: float, seed: int) -> Iterator[list[Drift]]:
    rng = np.random.default_rng(seed)
    for _ in range(SPLITS):
        texts = population(rng, n_reference + n_current, icc=icc)
        # Whole authors on one side: authors of both would make the sides more alike than chance.
        order = rng.permutation(int(texts.authors.max()) + 1)[texts.authors]
        is_reference = order < np.quantile(order, n_reference / len(texts))
        yield _drifts(texts.at(is_reference), texts.at(~is_reference), rng)


@pytest.mark.parametrize(
    ("n_reference", "n_current", "icc"),
    [(3000, 3000, 0.6), (400, 2000, 0.3), (5000, 100, 0.6)],
    ids=["as large", "small reference", "small period"],
)
def test_splits_of_one_population(n_reference: int, n_current: int, icc: float) -> None:
    """Two hundred splits: chance alone is taken for a change no more often than is stated.

    That is judged by the tests alone, whatever size would matter; and as many alerts as one in
    twenty thousand runs would have at the stated rate are too many.
    """
    surprised = 0
    for drifts in _splits(n_reference, n_current, icc=icc, seed=11):
        every = [replace(drift, matters=True) for drift in drifts]
        surprised += any(drift.alert for drift in decide(every, RATE))
    assert surprised <= stats.binom.ppf(0.999, SPLITS, RATE)


def test_rate_over_periods() -> None:
    """The parts of all periods, however many they become, add up to the stated rate."""
    parts = [rate_of(number, RATE) for number in range(1, 10_000)]
    assert sum(parts) == pytest.approx(RATE, rel=1e-3)
    assert sum(parts) < RATE


def test_holm() -> None:
    """Each p is held against the rate over how many are left; what does not matter is no alert."""
    drifts = [
        Drift("psi", name, 1.0, p=p, matters=name != "small")
        for name, p in (("sure", 0.01), ("small", 0.02), ("next", 0.024), ("no", 0.2))
    ]
    drifts.append(Drift("ks", "untested", 1.0, matters=True))
    assert [one.label for one in decide(drifts, 0.05) if one.alert] == ["sure"]
    assert [one.label for one in decide(drifts, 0.06) if one.alert] == ["sure", "next"]


def _shifted(texts: Texts, by: float) -> Texts:
    return replace(texts, scores=expit(logit(texts.scores) + by))


def _of_one(texts: Texts, label: int, values: Floats) -> Texts:
    scores = texts.scores.copy()
    scores[:, label] = values
    return replace(texts, scores=scores)


def _together(texts: Texts) -> Texts:
    """The last label in the order of the one before, every label's own distribution as it was."""
    ranks = stats.rankdata(texts.scores[:, -2], method="ordinal") - 1
    return _of_one(texts, -1, np.sort(texts.scores[:, -1])[ranks])


CHANGES: dict[str, tuple[Change, str]] = {
    "label shift": (lambda t: _of_one(t, 0, _shifted(t, 1).scores[:, 0]), "prevalence"),
    "all scores": (lambda t: _shifted(t, 0.7), "psi"),
    "length": (lambda t: replace(t, lengths=t.lengths * 2), "length_psi"),
    "together": (_together, "domain_auc"),
    "less sure": (lambda t: replace(t, scores=expit(logit(t.scores) * 0.5)), "expected_f1_micro"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_an_alert(name: str) -> None:
    """A shift of a label, of all, of lengths, of what goes together, of sureness is found."""
    rng = np.random.default_rng(5)
    change, measure = CHANGES[name]
    reference, current = population(rng, 5000), change(population(rng, 2000))
    found = decide(_drifts(reference, current, rng), rate_of(12, RATE))
    assert measure in {drift.measure for drift in found if drift.alert}


def test_failed_and_repeated_rows() -> None:
    """Failed and repeated rows are alerts where they are more, and none where they are fewer."""
    rng = np.random.default_rng(6)
    reference, current = population(rng, 5000), population(rng, 2000)
    some = (np.arange(2000) % 10 == 0).astype(np.int64)
    of_reference = (np.arange(5000) % 10 == 0).astype(np.int64)
    worse = find(_profile(reference), totals(current, failed=some, repeated=np.roll(some, 1)), None)
    alerts = {drift.measure for drift in decide(worse, RATE) if drift.alert}
    assert alerts == {"failed", "repeated"}
    before = profile_of(
        totals(reference, failed=of_reference, repeated=np.roll(of_reference, 1)),
        scoring_id="0" * 64,
        periods=("2026-01",),
        thresholds=(0.5,) * 6,
    )
    better = find(before, totals(current), None)
    assert not any(drift.alert for drift in decide(better, RATE))


def test_without_a_score() -> None:
    """Where all rows failed only that is found."""
    rng = np.random.default_rng(7)
    current = population(rng, 300)
    failed = totals(current, failed=np.ones(300, np.int64))
    found = decide(find(_profile(population(rng, 1000)), failed, None), RATE)
    assert [(one.measure, one.alert, one.current) for one in found] == [("failed", True, 1.0)]


def test_trivial_change_of_many_texts() -> None:
    """In a large period a change too small to matter is found and is no alert."""
    rng = np.random.default_rng(8)
    reference, current = (
        population(rng, 60_000, icc=0),
        _shifted(population(rng, 60_000, icc=0), 0.1),
    )
    found = find(_profile(reference), totals(current), None)
    assert min(one.p for one in found if one.p is not None) < 1e-6
    assert not any(one.alert for one in decide(found, RATE))
