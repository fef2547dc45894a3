"""Paired differences know of the same documents; a recommendation follows from them, never alone."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from psychescale.errors import InputError
from psychescale.evaluation.comparison.paired import (
    Comparison,
    Scored,
    compare,
    compare_by_group,
)
from psychescale.evaluation.comparison.recommendation import (
    SIGN_OFF,
    Recommendation,
    Verdict,
    describe,
    detectable,
    recommend,
)
from psychescale.evaluation.measures.intervals import Estimate
from psychescale.evaluation.predictions import Predictions, Undefined

LABELS = ("a", "b")
HALF = np.full(2, 0.5)


def probabilities(truth: NDArray[np.bool_], noise: float, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return (np.where(truth, 0.65, 0.35) + rng.normal(0, noise, truth.shape)).clip(0, 1)


@pytest.fixture(scope="module")
def case() -> tuple[Predictions, Scored, Scored]:
    """800 documents, a sharp new model and a blurred old one."""
    truth = np.random.default_rng(0).random((800, 2)) < 0.25
    new = probabilities(truth, 0.1, 1)
    return (
        Predictions.of(LABELS, new, truth),
        Scored("new", new, HALF),
        Scored("old", probabilities(truth, 0.3, 2), HALF),
    )


class TestComparison:
    def test_better(self, case: tuple[Predictions, Scored, Scored]) -> None:
        """The sharper model is better on every measure, its losses lower."""
        found = compare(*case)

        assert found.overall["f1_macro"].low > 0
        assert found.overall["roc_auc_macro"].low > 0
        assert found.overall["log_loss_macro"].high < 0
        assert all(label.low > 0 for label in found.per_label["f1"])

    def test_same_model(self, case: tuple[Predictions, Scored, Scored]) -> None:
        """A model compared with itself differs by nothing."""
        predictions, new, _ = case
        found = compare(predictions, new, new)

        assert {(0.0, 0.0, 0.0)} == {(e.value, e.low, e.high) for e in found.overall.values()}

    def test_antisymmetric(self, case: tuple[Predictions, Scored, Scored]) -> None:
        """The other way round, everything changes its sign."""
        predictions, new, old = case
        one = compare(predictions, new, old).overall["f1_macro"]
        two = compare(predictions, old, new).overall["f1_macro"]

        assert (one.value, one.low, one.high) == pytest.approx((-two.value, -two.high, -two.low))

    def test_groups(self, case: tuple[Predictions, Scored, Scored]) -> None:
        """Each subgroup is compared by itself."""
        predictions, new, old = case
        groups = ["x", "y"] * 400
        found = compare_by_group(predictions, new, old, groups)
        alone = compare(
            predictions.rows(np.arange(0, 800, 2)),
            Scored("new", new.probabilities[::2], HALF),
            Scored("old", old.probabilities[::2], HALF),
        )

        assert list(found) == ["x", "y"]
        assert found["x"].overall["f1_macro"] == alone.overall["f1_macro"]

    def test_groups_of_another_length(self, case: tuple[Predictions, Scored, Scored]) -> None:
        """One group a document."""
        with pytest.raises(InputError, match="subgroups"):
            compare_by_group(*case, ["x"])


def comparison(main: Estimate, *, label: Estimate | None = None, brier: float = 0.0) -> Comparison:
    same = Estimate(0.0, -0.01, 0.01)
    return Comparison(
        "new",
        "old",
        {
            "f1_macro": main,
            "brier_macro": Estimate(brier, brier - 0.001, brier + 0.001, tail=1e-6),
        },
        {"f1": (same, label or same)},
    )


MARGINS = {"f1": 0.02, "brier": 0.005}
BETTER, WORSE = Estimate(0.05, 0.02, 0.08), Estimate(-0.05, -0.08, -0.02, tail=0.0005)
WIDE = Estimate(-0.03, -0.14, 0.08)


def advised(found: Comparison, groups: dict[str, Comparison] | None = None) -> Recommendation:
    return recommend(found, groups, labels=LABELS, margins=MARGINS)


class TestRecommendation:
    @pytest.mark.parametrize(
        ("found", "verdict"),
        [
            (comparison(BETTER), Verdict.REPLACE),
            (comparison(WORSE), Verdict.KEEP),
            (comparison(Estimate(0.01, -0.02, 0.04)), Verdict.NO_DIFFERENCE),
            (comparison(BETTER, label=WORSE), Verdict.DECIDE),
            (comparison(BETTER, brier=0.01), Verdict.DECIDE),
            (comparison(BETTER, brier=-0.01), Verdict.REPLACE),
        ],
    )
    def test_verdict(self, found: Comparison, verdict: Verdict) -> None:
        """It follows from the intervals; for losses, more is worse."""
        assert advised(found).verdict is verdict

    def test_a_worse_subgroup_is_named(self) -> None:
        """Better overall and worse for some is a person's decision."""
        found = advised(comparison(BETTER), {"women": comparison(WORSE)})

        assert found.verdict is Verdict.DECIDE
        assert any("women" in reason for reason in found.reasons)
        assert found.sign_off == SIGN_OFF

    def test_blind_spots_are_named(self) -> None:
        """A label without an interval is said to be unknown."""
        rare = Estimate(0.2, reason=Undefined.FEW_POSITIVES)
        found = advised(comparison(BETTER, label=rare))

        assert any("Not estimable" in reason and "b" in reason for reason in found.reasons)
        assert describe(rare) == "+0.200 (not estimable)"

    def test_a_wide_interval_is_no_loss(self) -> None:
        """An estimate below the margin whose interval includes 0 does not count: it is told as open."""
        found = advised(comparison(BETTER, label=WIDE), {"women": comparison(WIDE)})

        assert found.verdict is Verdict.REPLACE
        (told,) = [reason for reason in found.reasons if reason.startswith("Open")]
        assert "2 of 3: label b; subgroup women" in told
        assert not any(reason.startswith("Worse") for reason in found.reasons)

    def test_one_loss_among_many(self) -> None:
        """An interval that leaves 0 out by itself does not among thirty; a clear loss does (Holm)."""
        doubtful = Estimate(-0.05, -0.098, -0.002, tail=0.02)
        same = {f"g{i}": comparison(Estimate(0.0, -0.01, 0.01)) for i in range(30)}
        for one, verdict in ((doubtful, Verdict.REPLACE), (WORSE, Verdict.DECIDE)):
            found = advised(comparison(BETTER), {**same, "women": comparison(one)})
            assert found.verdict is verdict
        few = advised(comparison(BETTER), {"women": comparison(replace(doubtful, tail=0.004))})
        assert few.verdict is Verdict.DECIDE

    def test_a_loss_within_the_margin_is_none(self) -> None:
        """Shown, and small: no reason to keep the old model."""
        small = Estimate(-0.01, -0.015, -0.005, tail=1e-5)
        assert advised(comparison(BETTER, label=small)).verdict is Verdict.REPLACE
        assert recommend(
            comparison(BETTER, label=small), labels=LABELS, margins={}
        ).verdict is Verdict.DECIDE  # fmt: skip

    def test_other_measures_must_be_shown_to_be_no_worse(self) -> None:
        """On all documents an interval that reaches beyond the margin is a person's to weigh."""
        found = comparison(BETTER, brier=0.0045)
        found = replace(
            found, overall=found.overall | {"brier_macro": Estimate(0.004, -0.001, 0.009)}
        )
        told = advised(found)
        assert told.verdict is Verdict.DECIDE
        assert any(reason.startswith("Not shown to be no worse: brier") for reason in told.reasons)

    def test_what_could_have_been_shown(self) -> None:
        """A true difference of that size leaves 0 out in four of five samples (simulated)."""
        deviation = 0.03
        size = detectable(-1.959964 * deviation, 1.959964 * deviation)
        drawn = size + deviation * np.random.default_rng(0).normal(size=20_000)
        assert np.mean(drawn > 1.959964 * deviation) == pytest.approx(0.8, abs=0.01)

    def test_p_value(self, case: tuple[Predictions, Scored, Scored]) -> None:
        """A loss has the tail at which its interval ends at 0; nothing else has one."""
        predictions, new, old = case
        part = predictions.rows(np.arange(60))
        worse = compare(part, *(Scored(m.name, m.probabilities[:60], HALF) for m in (old, new)))
        better = compare(part, *(Scored(m.name, m.probabilities[:60], HALF) for m in (new, old)))
        assert {one.tail for one in better.overall.values()} == {None}
        losses = {n: e for n, e in worse.overall.items() if e.tail is not None}
        assert "f1_macro" in losses
        for name, found in losses.items():
            far = abs(found.value) / ((found.high - found.low) / 2) * 1.96
            assert 1e-9 <= found.tail <= 0.025  # type: ignore[operator]
            assert found.tail == pytest.approx(norm.sf(far), rel=2, abs=1e-4), name
