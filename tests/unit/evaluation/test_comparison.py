"""Paired differences know of the same documents; a recommendation follows from them, never alone."""

import numpy as np
import pytest
from numpy.typing import NDArray

from psychescale.errors import InputError
from psychescale.evaluation.comparison.paired import (
    Comparison,
    Scored,
    compare,
    compare_by_group,
)
from psychescale.evaluation.comparison.recommendation import SIGN_OFF, Verdict, describe, recommend
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
        {"f1_macro": main, "brier_macro": Estimate(brier, brier - 0.001, brier + 0.001)},
        {"f1": (same, label or same)},
    )


BETTER, WORSE = Estimate(0.05, 0.02, 0.08), Estimate(-0.05, -0.08, -0.02)


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
        assert recommend(found, labels=LABELS).verdict is verdict

    def test_a_worse_subgroup_is_named(self) -> None:
        """Better overall and worse for some is a person's decision."""
        found = recommend(comparison(BETTER), {"women": comparison(WORSE)}, labels=LABELS)

        assert found.verdict is Verdict.DECIDE
        assert any("women" in reason for reason in found.reasons)
        assert found.sign_off == SIGN_OFF

    def test_blind_spots_are_named(self) -> None:
        """A label without an interval is said to be unknown."""
        rare = Estimate(0.2, reason=Undefined.FEW_POSITIVES)
        found = recommend(comparison(BETTER, label=rare), labels=LABELS)

        assert any("Not estimable" in reason and "b" in reason for reason in found.reasons)
        assert describe(rare) == "+0.200 (not estimable)"
