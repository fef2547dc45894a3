"""Thresholds meet their criterion, do not chase single rows, and are judged on other rows."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from psychescale.errors import InputError, UsageError
from psychescale.training.calibration import sigmoid
from psychescale.training.thresholds import (
    Criterion,
    fit_thresholds,
    parse_criterion,
    tell_thresholds,
)


def draw(
    n_rows: int, base: list[float], seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Calibrated probabilities and truth of labels with these mean logits."""
    rng = np.random.default_rng(seed)
    p = sigmoid(rng.normal(base, 2.0, (n_rows, len(base))))
    return p.astype(np.float32), (rng.random(p.shape) < p).astype(np.float32)


def f1(chosen: NDArray[np.bool_], truth: NDArray[np.float32]) -> float:
    return float(2 * (chosen * truth).sum() / (chosen.sum() + truth.sum()))


class TestCriteria:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("f1", Criterion("f1")),
            ("sensitivity=.90", Criterion("sensitivity", 0.9)),
            ("specificity=0.95", Criterion("specificity", 0.95)),
            ("youden", Criterion("youden")),
            ("prevalence", Criterion("prevalence")),
            ("cost=5", Criterion("cost", 5)),
        ],
    )
    def test_parsed(self, text: str, expected: Criterion) -> None:
        """The written forms are read, and written again in a way that can be read."""
        assert expected == parse_criterion(text)
        assert expected == parse_criterion(str(expected))

    @pytest.mark.parametrize(
        "text",
        ["F2", "sensitivity", "sensitivity=1.5", "specificity=0", "cost", "cost=0", "youden=2", ""],
    )
    def test_refused(self, text: str) -> None:
        """Anything else is refused with the forms there are."""
        with pytest.raises(UsageError, match=r"sensitivity=\.90"):
            parse_criterion(text)

    def test_f1(self) -> None:
        """F1 is within a hundredth of the best that any threshold gives on the same rows."""
        p, truth = draw(5_000, [0.0, -2.0])
        fitted = fit_thresholds(p, truth, criterion=Criterion("f1"))
        for label in range(2):
            best = max(f1(p[:, label] >= cut, truth[:, label]) for cut in np.arange(0, 1, 0.01))
            assert f1(p[:, label] >= fitted.values[label], truth[:, label]) > best - 0.01

    def test_prevalence(self) -> None:
        """As many texts are given the label as have it."""
        p, truth = draw(5_000, [0.0, -2.0])
        fitted = fit_thresholds(p, truth, criterion=Criterion("prevalence"))

        np.testing.assert_allclose((p >= fitted.values).mean(0), truth.mean(0), atol=0.01)

    def test_youden_and_cost(self) -> None:
        """Of calibrated probabilities the best cuts are known: the base rate, and 1 / (1 + ratio)."""
        p, truth = draw(20_000, [-1.0])
        youden = fit_thresholds(p, truth, criterion=Criterion("youden")).values[0]
        cost = fit_thresholds(p, truth, criterion=Criterion("cost", 4)).values[0]

        assert youden == pytest.approx(truth.mean(), abs=0.06)
        assert cost == pytest.approx(0.2, abs=0.04)

    def test_both_ends(self) -> None:
        """A score that is mostly 0 can still give everything the label, or nothing."""
        truth = np.array([[1], [0]] * 50, np.float32)
        p = np.where(np.arange(100)[:, None] < 10, 0.5, 0).astype(np.float32)
        everything = fit_thresholds(p, truth, criterion=Criterion("f1")).values
        nothing = fit_thresholds(np.ones_like(p), truth, criterion=Criterion("cost", 0.1)).values

        assert (p >= everything).all()
        assert not (np.ones_like(p) >= nothing).any()


class TestFloors:
    @pytest.mark.parametrize("kind", ["sensitivity", "specificity"])
    @pytest.mark.parametrize("n", [20, 50, 200])
    def test_kept(self, kind: str, n: int) -> None:
        """In 95 % of validation sets the population keeps the floor; three standard errors' slack."""
        rng = np.random.default_rng(n)
        p, truth = draw(100_000, [-1.0])
        members = np.flatnonzero(truth[:, 0] == (kind == "sensitivity"))
        others = np.flatnonzero(truth[:, 0] != (kind == "sensitivity"))
        kept = []
        for _ in range(300):
            rows = np.concatenate([rng.choice(members, n), rng.choice(others, 200)])
            fitted = fit_thresholds(p[rows], truth[rows], criterion=Criterion(kind, 0.9))
            chosen = p[members, 0] >= fitted.values[0]
            kept.append((chosen if kind == "sensitivity" else ~chosen).mean() >= 0.9)

        assert np.mean(kept) >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 300)

    def test_hardly_more(self) -> None:
        """With many rows a floor costs little more than itself."""
        p, truth = draw(8_000, [0.0, -2.0])
        fitted = fit_thresholds(p, truth, criterion=Criterion("sensitivity", 0.9))
        reached = ((p >= fitted.values) * truth).sum(axis=0) / truth.sum(axis=0)

        assert np.all((reached >= 0.9) & (reached < 0.93))

    @pytest.mark.parametrize(("n", "promised"), [(28, False), (29, True)])
    def test_fewest(self, n: int, promised: bool) -> None:
        """Twenty-nine of twenty-nine promise .90; with fewer all is given the label, and it is told."""
        p, _ = draw(200, [0.0])
        truth = (np.arange(200)[:, None] < n).astype(np.float32)
        fitted = fit_thresholds(p, truth, criterion=Criterion("sensitivity", 0.9))
        told = tell_thresholds(fitted, p, truth, ["a"])

        assert fitted.needed.tolist() == [0 if promised else 29]
        assert (fitted.values[0] > 0) == promised
        assert promised or "cannot be promised with 30 validation positives, 29 could" in told[0]

    def test_authors(self) -> None:
        """Rows of one author count for less: ten authors of five promise nothing."""
        p, _ = draw(200, [0.0])
        truth = (np.arange(200)[:, None] < 50).astype(np.float32)
        floor = Criterion("sensitivity", 0.9)
        fitted = fit_thresholds(p, truth, criterion=floor, groups=np.arange(200) // 5)

        assert fitted.needed.tolist() == [145]


class TestTold:
    def test_far_more(self) -> None:
        """A hard label that F1 gives to nearly all is told of, with what others would choose."""
        rng = np.random.default_rng(0)
        truth = (rng.random((1_000, 1)) < 0.5).astype(np.float32)
        p = sigmoid(0.2 * truth + 0.3 * rng.normal(size=truth.shape)).astype(np.float32)
        fitted = fit_thresholds(p, truth, criterion=Criterion("f1"))
        (sentence,) = tell_thresholds(fitted, p, truth, ["stress"])

        assert sentence.startswith("stress: the threshold")
        assert "prevalence" in sentence
        assert " for 48%); others would choose youden" in sentence

    def test_no_small_cell_is_told(self) -> None:
        """Where a cell of the table is small, no share is given."""
        truth = (np.arange(100)[:, None] < 40).astype(np.float32)
        p = np.where(np.arange(100)[:, None] < 97, 0.9, 0.1).astype(np.float32)
        fitted = fit_thresholds(p, truth, criterion=Criterion("cost", 10))
        (sentence,) = tell_thresholds(fitted, p, truth, ["a"])

        assert "than have it; others" in sentence


class TestShrinkage:
    def test_weights(self) -> None:
        """The label's own threshold weighs positives over 50, up to 1."""
        p, truth = draw(1_000, [0.0, -1.0, -1.0])
        truth[:, 1], truth[:, 2] = 0, 0
        truth[:25, 1] = 1
        fitted = fit_thresholds(p, truth, criterion=Criterion("f1"))

        assert fitted.own_weight.tolist() == [1.0, 0.5, 0.0]
        assert fitted.values[2] == pytest.approx(fitted.pooled)

    def test_rare_labels_vary_less(self) -> None:
        """From sample to sample a rare label's threshold moves less than it would by itself."""
        own, shrunk = [], []
        for seed in range(12):
            p, truth = draw(1_000, [0.0, -1.0, -1.0, -2.0, -2.0, -3.0, -6.5], seed)
            for least, found in ((1, own), (50, shrunk)):
                fitted = fit_thresholds(p, truth, criterion=Criterion("f1"), min_positives=least)
                found.append(np.log(fitted.values[6] / (1 - fitted.values[6])))

        assert np.std(shrunk) < 0.7 * np.std(own)


class TestCrossFitting:
    def test_held_out_rows_do_not_choose(self) -> None:
        """On labels of pure noise the held-out F1 shows no more than chance; the fitted one would."""
        rng = np.random.default_rng(0)
        p = rng.random((200, 40)).astype(np.float32)
        truth = (rng.random((200, 40)) < 0.05).astype(np.float32)
        fitted = fit_thresholds(p, truth, criterion=Criterion("f1"), min_positives=1)
        everyone = f1(np.ones_like(p, np.bool_), truth)

        assert f1(fitted.held_out, truth) < everyone + 0.01

    @given(st.integers(0, 1000))
    def test_groups_stay_in_one_fold(self, seed: int) -> None:
        """Changing one author's truth leaves that author's own held-out thresholds as they were."""
        p, truth = draw(120, [0.0], seed)
        groups = np.arange(120) // 4
        other = truth.copy()
        before = fit_thresholds(p, truth, criterion=Criterion("f1"), groups=groups)
        other[:4] = truth[:4][::-1]  # the same counts, so that the folds stay the same
        after = fit_thresholds(p, other, criterion=Criterion("f1"), groups=groups)

        assert before.held_out[:4].tolist() == after.held_out[:4].tolist()

    def test_too_few_rows(self) -> None:
        """Fewer rows than folds are refused with what to do."""
        with pytest.raises(InputError, match="too few"):
            fit_thresholds(*draw(3, [0.0]), criterion=Criterion("f1"))


def test_json() -> None:
    """scoring.json gets criterion and values."""
    fitted = fit_thresholds(*draw(100, [0.0]), criterion=Criterion("f1"))
    stored = json.loads(json.dumps(fitted.to_json()))

    assert stored["criterion"] == "f1"
    assert fitted.values.tolist() == stored["values"]
