"""The document of measures is JSON, and its shown form gives no small count away."""

import json
import re
from typing import Any

import numpy as np
import pytest

from psychescale.disclosure import CENSORED, WITHHELD
from psychescale.evaluation.challenge.outcome import challenge
from psychescale.evaluation.comparison.baselines import lexicon
from psychescale.evaluation.comparison.paired import Scored, compare
from psychescale.evaluation.comparison.recommendation import recommend
from psychescale.evaluation.document.assemble import Context, to_document
from psychescale.evaluation.document.masking import mask
from psychescale.evaluation.document.sections import Champion, Comparator, Extras, Subgroup
from psychescale.evaluation.document.shown import blurred
from psychescale.evaluation.measures.agreement import agree
from psychescale.evaluation.measures.estimates import evaluate
from psychescale.evaluation.measures.slices import slice_by
from psychescale.evaluation.predictions import Predictions

LABELS = ("joy", "sadness", "never", "few", "rare")
POSITIVES = (120, 90, 0, 5, 12)


def make_document(**context: Any) -> dict[str, Any]:
    """400 documents, five labels of which three are rare, and every optional part."""
    rng = np.random.default_rng(0)
    truth = np.zeros((400, 5), np.uint8)
    for label, positives in enumerate(POSITIVES):
        truth[rng.permutation(400)[:positives], label] = 1
    values = (np.where(truth == 1, 0.6, 0.3) + rng.normal(0, 0.15, truth.shape)).clip(0, 1)
    predictions = Predictions.of(LABELS, values, truth, authors=rng.integers(0, 150, 400).tolist())
    half = np.full(5, 0.5)
    evaluation = evaluate(predictions, half, n_replicates=30)
    blurred = rng.random((400, 5))
    comparison = compare(predictions, Scored("m", values, half), Scored("chance", blurred, half))
    other = evaluate(predictions.with_probabilities(blurred), half, n_replicates=30)
    extras = Extras(
        slices=slice_by(
            predictions,
            half,
            {"source": ["a"] * 5 + ["b"] * 200 + ["c"] * 195},
        ),
        comparators={"chance": Comparator(other, comparison)},
        challenge=challenge(lexicon(LABELS), LABELS),
        agreement=agree(np.stack([truth, truth]).astype(float)),
        recommendation=recommend(comparison, labels=LABELS, margins={"f1": 0.02}),
        champion=Champion(
            LABELS,
            comparison,
            [Subgroup("source", "b", 200, 90, comparison), Subgroup("x", "y", 396, 9, comparison)],
        ),
        uncalibrated=other,
        faithfulness=[
            {"ranking": "random", "comprehensiveness": 0.1, "sufficiency": 0.2, "n_texts": 5}
        ],
    )
    flow = (("read", 407), ("without a label", 7), ("evaluated", 400))
    return to_document(evaluation, Context({"name": "m"}, flow, **context), extras)


@pytest.fixture(scope="module")
def full() -> dict[str, Any]:
    return make_document()


@pytest.fixture(scope="module")
def shown(full: dict[str, Any]) -> dict[str, Any]:
    return mask(full)


class TestDocument:
    def test_is_strict_json(self, full: dict[str, Any]) -> None:
        """No NaN, nothing that JSON has no word for; reading it back gives the same."""
        assert json.loads(json.dumps(full, allow_nan=False)) == json.loads(json.dumps(full))

    def test_counts_agree(self, full: dict[str, Any]) -> None:
        """The four cells of every label add up to the documents, found and missed to its positives."""
        for label, positives in zip(LABELS, POSITIVES, strict=True):
            part = full["per_label"][label]
            cells = part["confusion"]["frozen"]
            assert sum(cells.values()) == 400
            assert cells["tp"] + cells["fn"] == part["positives"] == positives

    def test_no_curve_below_20_positives(self, full: dict[str, Any]) -> None:
        """Curves and bins are for labels that are frequent enough; so are intervals."""
        drawn = [label for label in LABELS if full["per_label"][label]["curves"]]
        binned = [label for label in LABELS if full["per_label"][label]["calibration"]["bins"]]

        assert drawn == binned == ["joy", "sadness"]
        assert full["per_label"]["rare"]["decisions"]["frozen"]["f1"]["reason"] == "not estimable"
        assert full["per_label"]["rare"]["decisions"]["frozen"]["f1"]["value"] is not None

    def test_this_model_is_among_the_contenders(self, full: dict[str, Any]) -> None:
        """One table holds the model and what it is compared with."""
        assert [entry["name"] for entry in full["contenders"]] == ["m", "chance"]


def numbers_of_documents(part: Any) -> list[Any]:
    """Every count of documents in a document of measures."""
    if isinstance(part, list):
        return [count for item in part for count in numbers_of_documents(item)]
    if not isinstance(part, dict):
        return []
    names = {"tp", "fp", "fn", "tn", "n", "positives", "n_documents", "n_units"}
    own = [value for key, value in part.items() if key in names]
    return own + [count for value in part.values() for count in numbers_of_documents(value)]


class TestMask:
    def test_no_small_count(self, full: dict[str, Any], shown: dict[str, Any]) -> None:
        """No count from 1 to 7 is left, though there were some."""
        counts = numbers_of_documents({**shown, "challenge": None})
        before = numbers_of_documents({**full, "challenge": None})

        assert any(isinstance(count, int) and 0 < count < 8 for count in before)
        assert not any(isinstance(count, int) and 0 < count < 8 for count in counts)
        assert shown["data"]["flow"][1]["n"] == CENSORED

    def test_a_label_of_few_positives_is_withheld(self, shown: dict[str, Any]) -> None:
        """Its rates would give the count back."""
        part = shown["per_label"]["few"]

        assert part["positives"] == CENSORED
        assert part["confusion"]["frozen"] is None
        assert part["probabilities"]["base_rate"]["value"] is None
        assert part["decisions"]["0.5"]["f1"]["reason"] == "masked"

    def test_one_masked_group_is_not_given_back(self, shown: dict[str, Any]) -> None:
        """A second group's size goes too, or the total would tell."""
        sizes = {group["group"]: group["n"] for group in shown["slices"][0]["groups"]}

        assert sizes == {"a": CENSORED, "b": 200, "c": "masked"}
        assert set(shown["slices"][0]["gaps"].values()) == {None}

    def test_the_full_document_stays(self, full: dict[str, Any], shown: dict[str, Any]) -> None:
        """Masking makes a copy."""
        assert not full["masked"]
        assert shown["masked"]
        assert full["per_label"]["few"]["positives"] == 5

    def test_bins_hold_enough(self, shown: dict[str, Any]) -> None:
        """Every bin that is shown has at least 8 positives and 8 negatives."""
        for part in shown["per_label"].values():
            for found in part["calibration"]["bins"]:
                assert min(found["positives"], found["n"] - found["positives"]) >= 8

    def test_counts_are_rounded(self, full: dict[str, Any], shown: dict[str, Any]) -> None:
        """Every shown count of documents is a multiple of 5."""
        counts = numbers_of_documents({**shown, "challenge": None})
        exact = numbers_of_documents({**full, "challenge": None})
        assert all(count % 5 == 0 for count in counts if isinstance(count, int))
        assert any(count % 5 for count in exact if isinstance(count, int))

    def test_shares_are_of_the_rounded_table(self, shown: dict[str, Any]) -> None:
        """Whoever has the shown cells has the shown shares, and no more."""
        part = shown["per_label"]["joy"]
        cells, found = part["confusion"]["frozen"], part["decisions"]["frozen"]
        assert cells is not None
        assert found["recall"]["value"] == cells["tp"] / (cells["tp"] + cells["fn"])
        assert found["precision"]["value"] == cells["tp"] / (cells["tp"] + cells["fp"])
        assert found["predicted_rate"]["value"] == (cells["tp"] + cells["fp"]) / 400
        assert part["probabilities"]["base_rate"]["value"] == part["positives"] / 400

    @pytest.mark.parametrize("label", ["never", "few", "rare"])
    def test_rare_labels_show_no_areas(self, shown: dict[str, Any], label: str) -> None:
        """Below 20 positives nothing that is no function of counts."""
        found = shown["per_label"][label]["probabilities"]
        assert {found[name]["value"] for name in ("roc_auc", "log_loss", "ece")} == {None}
        assert shown["per_label"][label]["calibration"]["slope"]["value"] is None

    def test_averages(self, full: dict[str, Any], shown: dict[str, Any]) -> None:
        """Of decisions: where all their tables are shown. Of areas: over the labels that have one."""
        frozen = shown["overall"]["decisions"]["frozen"]
        values = [
            shown["per_label"][label]["decisions"]["frozen"]["f1"]["value"]
            for label in ("joy", "sadness")
        ]
        assert frozen["f1_macro"]["reason"] == "masked"
        assert frozen["f1_macro_frequent"]["value"] == pytest.approx(np.mean(values))
        assert frozen["f1_macro_frequent"]["low"] is not None
        areas = shown["overall"]["probabilities"]
        assert areas["roc_auc_macro"]["reason"] == "shown labels only"
        assert areas["roc_auc_macro"]["low"] is None
        exact = full["overall"]["probabilities"]["roc_auc_macro_frequent"]["value"]
        assert areas["roc_auc_macro_frequent"]["value"] == round(exact, 2)
        assert shown["contenders"][0]["values"]["f1_macro"] == frozen["f1_macro"]

    def test_losses_have_three_decimals(self) -> None:
        """A difference of losses is as fine as the losses, its interval too."""
        rng = np.random.default_rng(4)
        truth = (rng.random((400, 2)) < 0.4).astype(np.uint8)
        values = np.where(truth == 1, 0.6, 0.3) + rng.normal(0, 0.1, truth.shape)
        near = (values + rng.normal(0, 0.01, truth.shape)).clip(0.01, 0.99)
        cuts, values = np.full(2, 0.5), values.clip(0.01, 0.99)
        predictions = Predictions.of(("a", "b"), values, truth)
        models = Scored("m", values, cuts), Scored("n", near, cuts)
        comparison = compare(predictions, *models)
        other = evaluate(predictions.with_probabilities(near), cuts, n_replicates=50)
        extras = Extras(comparators={"n": Comparator(other, comparison)})
        own = evaluate(predictions, cuts, n_replicates=50)
        shown = mask(to_document(own, Context({"name": "m"}), extras))
        exact = comparison.overall["log_loss_macro"]
        found = shown["contenders"][1]["differences"]["log_loss_macro"]
        assert (found["low"], found["high"]) == (round(exact.low, 3), round(exact.high, 3))
        assert found["low"] != round(exact.low, 2)

    def test_curves_are_of_rounded_tables(self, shown: dict[str, Any]) -> None:
        """Every point of a curve is a table that may be shown; rare labels have none."""
        assert shown["per_label"]["rare"]["curves"] is None
        points = shown["per_label"]["joy"]["curves"]["roc"]
        assert points[0] == [0, 0]
        assert points[-1] == [1, 1]
        for false, found in points[1:-1]:
            assert round(false * 280, 9) % 5 == round(found * 120, 9) % 5 == 0
            assert not any(
                0 < count < 8 for count in (round(found * 120), round(120 - found * 120))
            )

    def test_sentences_have_no_figures(self, full: dict[str, Any], shown: dict[str, Any]) -> None:
        """The recommendation's figures stand in the tables; labels that are not shown are left out."""
        assert any(character.isdigit() for character in full["recommendation"]["reasons"][0][4:])
        for reason in shown["recommendation"]["reasons"]:
            assert not re.search(r"\d\.\d", reason)

    def test_weighted_shares(self) -> None:
        """A weighted share is no function of counts: two decimals, from 20 of each class on."""
        rng = np.random.default_rng(1)
        truth = (rng.random((300, 2)) < (0.3, 0.03)).astype(np.uint8)
        values = np.clip(0.3 * truth + rng.random(truth.shape) * 0.6, 0, 1)
        weighted = Predictions.of(("a", "b"), values, truth, weights=rng.uniform(1, 3, 300))
        found = evaluate(weighted, np.full(2, 0.5), n_replicates=10)
        shown = mask(to_document(found, Context({"name": "m"})))
        often, rare = (shown["per_label"][label]["decisions"]["frozen"]["f1"] for label in "ab")
        assert often["value"] == round(
            float(found.decisions["frozen"].estimates.per_label["f1"][0].value), 2
        )
        assert rare["value"] is None
        assert shown["per_label"]["a"]["curves"] is None


class TestTheRuleOfGroupsAndRatios:
    @pytest.mark.parametrize(
        ("positives", "shown"),
        [
            ([30, 40, 50], [30, 40, 50]),
            ([3, 40, 50], [CENSORED, WITHHELD, 50]),  # the total would give the 3
            ([97, 40, 50], [WITHHELD, 40, 50]),  # all but 3 have it
        ],
    )
    def test_positives_of_groups(self, positives: list[int], shown: list[int | str]) -> None:
        """Positives of a group follow the rule of a label's: neither they nor the rest are small."""
        rng = np.random.default_rng(0)
        truth = np.concatenate([np.arange(100) < count for count in positives])[:, None]
        predictions = Predictions.of(["l"], rng.random((300, 1)), truth)
        half, groups = np.array([0.5]), {"g": ["a"] * 100 + ["b"] * 100 + ["c"] * 100}
        full = to_document(
            evaluate(predictions, half, n_replicates=5),
            Context({"name": "m"}),
            Extras(slices=slice_by(predictions, half, groups)),
        )
        found = mask(full)["slices"][0]["groups"]
        assert [group["positives"] for group in found] == shown

    @pytest.mark.parametrize(
        ("low", "high", "shown"),
        [(1.234, 5.678, (1.2, 5.7)), (0.0512, 0.0987, (0.05, 0.1)), (123.4, 4321.0, (120, 4400))],
    )
    def test_ends_of_ratios(self, low: float, high: float, shown: tuple[float, float]) -> None:
        """Two figures, outwards: the root of their product is no exact ratio, and lies inside."""
        found = blurred({"value": 2.0, "low": low, "high": high, "reason": None})
        assert (found["low"], found["high"]) == pytest.approx(shown)


class TestNewParts:
    def test_rare_labels_of_raters_and_rivals(self, full: dict[str, Any]) -> None:
        """A label with 5 positives shows no agreement, no difference and no calibration before."""
        shown = mask(full)

        assert full["agreement"]["few"]["alpha"] == 1
        assert shown["agreement"]["few"] == {
            "alpha": None,
            "kappa": None,
            "pairwise_f1": None,
            "model_f1": None,
            "n_documents": 400,
        }
        assert shown["rival"]["per_label"]["few"]["f1"]["reason"] == "masked"
        assert shown["per_label"]["few"]["calibration"]["before"]["ece"]["value"] is None
        assert shown["per_label"]["joy"]["calibration"]["before"]["ece"]["value"] is not None
        assert shown["rival"]["per_label"]["joy"]["f1"]["value"] is not None
        assert shown["faithfulness"][0]["n_texts"] == CENSORED

    def test_group_that_leaves_a_few_out(self, full: dict[str, Any]) -> None:
        """All documents but four: their differences would tell of the four."""
        whole, rest = mask(full)["rival"]["subgroups"]

        assert whole["differences"]["brier_macro"]["value"] is not None
        assert whole["differences"]["f1_macro"]["reason"] == "masked"  # its table is not shown
        assert rest["differences"]["brier_macro"]["reason"] == "masked"

    def test_label_that_nobody_has_or_gives(self, full: dict[str, Any]) -> None:
        """No F1, of the model nor of its rival, is no difference either."""
        empty = {"tp": 0, "fp": 0, "fn": 0, "tn": 400}
        part = {**full["per_label"]["never"], "confusion": dict.fromkeys(("frozen", "0.5"), empty)}
        first, other = full["contenders"]
        labels = {
            **other["per_label"],
            "never": {**other["per_label"]["never"], "confusion": empty},
        }
        changed = {
            **full,
            "per_label": {**full["per_label"], "never": part},
            "contenders": [first, {**other, "name": full["rival"]["name"], "per_label": labels}],
        }
        found = mask(changed)["rival"]["per_label"]["never"]["f1"]
        assert (found["value"], found["reason"]) == (None, "masked")
