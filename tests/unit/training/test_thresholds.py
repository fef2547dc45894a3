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
)


def draw(
    n_rows: int, base: list[float], seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Calibrated probabilities and truth of labels with these mean logits."""
    rng = np.random.default_rng(seed)
    p = sigmoid(rng.normal(base, 2.0, (n_rows, len(base))))
    return p.astype(np.float32), (rng.random(p.shape) < p).astype(np.float32)


def f1(given: NDArray[np.bool_], truth: NDArray[np.float32]) -> float:
    return float(2 * (given * truth).sum() / (given.sum() + truth.sum()))


class TestCriteria:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("f1", Criterion("f1")),
            ("sensitivity=.90", Criterion("sensitivity", 0.9)),
            ("specificity=0.95", Criterion("specificity", 0.95)),
        ],
    )
    def test_parsed(self, text: str, expected: Criterion) -> None:
        """The three written forms are read, and written again in a way that can be read."""
        assert expected == parse_criterion(text)
        assert expected == parse_criterion(str(expected))

    @pytest.mark.parametrize("text", ["F2", "sensitivity", "sensitivity=1.5", "specificity=0", ""])
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

    @pytest.mark.parametrize("floor", [0.8, 0.9, 0.95])
    def test_sensitivity(self, floor: float) -> None:
        """Sensitivity is reached, and hardly more than asked for."""
        p, truth = draw(8_000, [0.0, -2.0])
        fitted = fit_thresholds(p, truth, criterion=Criterion("sensitivity", floor))
        reached = ((p >= fitted.values) * truth).sum(axis=0) / truth.sum(axis=0)

        np.testing.assert_allclose(reached, floor, atol=0.015)

    @pytest.mark.parametrize("floor", [0.9, 0.95])
    def test_specificity(self, floor: float) -> None:
        """The same for specificity."""
        p, truth = draw(8_000, [0.0, -2.0])
        fitted = fit_thresholds(p, truth, criterion=Criterion("specificity", floor))
        kept = ((p < fitted.values) * (1 - truth)).sum(axis=0) / (1 - truth).sum(axis=0)

        np.testing.assert_allclose(kept, floor, atol=0.015)


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
