"""Calibration recovers what distorted the logits, and stays sane where data is thin."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from psychescale.errors import InputError
from psychescale.training.calibration import describe, fit_calibration, log_loss, sigmoid


def draw(
    n_rows: int, slope: list[float], intercept: list[float], seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Logits of which the truth follows `slope` × logit + `intercept`."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n_rows, len(slope)))
    p = sigmoid(np.array(slope) * logits + np.array(intercept))
    return logits.astype(np.float32), (rng.random(p.shape) < p).astype(np.float32)


class TestFit:
    def test_recovers_the_truth(self) -> None:
        """Slope and intercept are found within their standard errors."""
        slope, intercept = [0.5, 1.0, 2.0], [-2.0, 0.0, 1.0]
        fitted = fit_calibration(*draw(8_000, slope, intercept))

        np.testing.assert_allclose(fitted.slope, slope, atol=0.12)
        np.testing.assert_allclose(fitted.intercept, intercept, atol=0.12)
        assert fitted.own_slope.all()

    def test_equals_logistic_regression(self) -> None:
        """But for a prior that weighs next to nothing, it is scikit-learn's maximum likelihood."""
        linear_model = pytest.importorskip("sklearn.linear_model")
        logits, targets = draw(5_000, [0.7], [-2.5], seed=3)
        plain = linear_model.LogisticRegression(C=np.inf, tol=1e-10).fit(logits, targets[:, 0])
        fitted = fit_calibration(logits, targets)

        np.testing.assert_allclose(fitted.slope, plain.coef_[0], atol=2e-3)
        np.testing.assert_allclose(fitted.intercept, plain.intercept_, atol=2e-3)

    @settings(max_examples=10)
    @given(st.integers(0, 10_000))
    def test_in_the_large(self, seed: int) -> None:
        """Calibrated probabilities add up to the positives, label by label."""
        logits, targets = draw(300, [0.5, 1.5], [-1.0, 0.5], seed)
        fitted = fit_calibration(logits, targets)
        p = sigmoid(logits * fitted.slope + fitted.intercept)

        np.testing.assert_allclose(p.sum(axis=0), targets.sum(axis=0), atol=1e-6)

    def test_never_worse_on_its_rows(self) -> None:
        """What a weighted loss did to the logits is undone."""
        logits, targets = draw(3_000, [1.0, 1.0], [-2.0, -3.0])
        fitted = fit_calibration(logits, targets)
        calibrated = logits * fitted.slope + fitted.intercept

        assert (log_loss(calibrated, targets) < log_loss(logits.astype(float), targets)).all()


class TestPooling:
    SLOPE = 0.8
    INTERCEPTS = (-0.6, -0.5, -0.5, -0.4, -0.6, -0.4)
    WEIGHTS = np.array([1, 2, 4, 8, 12, 12], np.float32)

    def drawn(self, n_rows: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Six labels alike but for the weights that their logits hold."""
        logits, targets = draw(n_rows, [self.SLOPE] * 6, list(self.INTERCEPTS), seed)
        return (logits + np.log(self.WEIGHTS)).astype(np.float32), targets

    def test_nearer_to_the_truth_than_each_alone(self) -> None:
        """What labels have in common is known better than what each one's rows say."""
        errors = []
        for seed in range(10):
            logits, targets = self.drawn(600, seed)
            pooled = fit_calibration(logits, targets, positive_weights=self.WEIGHTS)
            alone = [fit_calibration(logits[:, [k]], targets[:, [k]]) for k in range(6)]
            intercept = self.INTERCEPTS - self.SLOPE * np.log(self.WEIGHTS)
            errors.append(
                [
                    np.square(pooled.slope - self.SLOPE).sum(),
                    np.square([one.slope[0] - self.SLOPE for one in alone]).sum(),
                    np.square(pooled.intercept - intercept).sum(),
                    np.square([one.intercept[0] for one in alone] - intercept).sum(),
                ]
            )
        slope, slope_alone, intercept, intercept_alone = np.mean(errors, axis=0)

        assert slope < 0.5 * slope_alone
        assert intercept < 0.8 * intercept_alone

    def test_differences_beyond_chance_stay(self) -> None:
        """With many rows each label has what its rows say."""
        slope, intercept = [0.4, 0.8, 1.2, 1.6, 2.0], [-2.0, -1.0, 0.0, 1.0, 2.0]
        logits, targets = draw(20_000, slope, intercept)
        pooled = fit_calibration(logits, targets)

        for label in range(5):
            alone = fit_calibration(logits[:, [label]], targets[:, [label]])
            assert pooled.slope[label] == pytest.approx(alone.slope[0], abs=0.01)
            assert pooled.intercept[label] == pytest.approx(alone.intercept[0], abs=0.01)

    def test_no_label_is_bent(self) -> None:
        """Separated labels, of which standard errors say nothing, are not made like each other."""
        for seed in range(5):
            rng = np.random.default_rng(seed)
            targets = (rng.random((2_000, 28)) < rng.uniform(0.03, 0.3, 28)).astype(np.float32)
            logits = rng.normal(rng.uniform(-8, -2, 28) + rng.uniform(6, 12, 28) * targets)
            logits = logits.astype(np.float32)
            pooled = fit_calibration(logits, targets)
            losses = log_loss(logits * pooled.slope + pooled.intercept, targets)
            for label in range(28):
                chosen = logits[:, [label]], targets[:, [label]]
                alone = fit_calibration(*chosen)
                loss = log_loss(chosen[0] * alone.slope + alone.intercept, chosen[1])[0]

                assert losses[label] < loss + 3 / len(logits)

    def test_rare_labels_fit_their_intercept_alone(self) -> None:
        """Their probabilities add up to their positives, whatever the others' do."""
        logits, targets = draw(3_000, [0.8] * 6, [*self.INTERCEPTS[:5], -6.0])
        fitted = fit_calibration(logits, targets)
        p = sigmoid(logits * fitted.slope + fitted.intercept)

        assert not fitted.own_slope[5]
        assert p[:, 5].sum() == pytest.approx(targets[:, 5].sum(), abs=1e-6)

    def test_labels_without_a_class(self) -> None:
        """All, or none, of a label: numbers stay finite, and the others are as without it."""
        logits, targets = self.drawn(2_000, 1)
        without = fit_calibration(logits[:, 1:], targets[:, 1:])
        targets[:, 0] = 1
        fitted = fit_calibration(logits, targets)

        assert np.isfinite([*fitted.slope, *fitted.intercept]).all()
        np.testing.assert_allclose(fitted.slope[1:], without.slope, atol=1e-6)
        np.testing.assert_allclose(fitted.intercept[1:], without.intercept, atol=1e-6)


class TestRareLabels:
    def test_slope_is_shared_below_fifty(self) -> None:
        """A label of few positives takes the slope of all; its intercept is its own."""
        logits, targets = draw(4_000, [0.5, 0.5, 0.5], [0.0, -1.0, -6.0])
        fitted = fit_calibration(logits, targets)

        assert targets[:, 2].sum() < 50
        assert fitted.own_slope.tolist() == [True, True, False]
        assert abs(fitted.slope[2] - 0.5) < 0.05
        assert abs(fitted.intercept[2] + 6.0) < 0.6

    def test_always_true_counts_as_rare(self) -> None:
        """Few negatives are as little to learn a slope from as few positives."""
        fitted = fit_calibration(*draw(4_000, [0.5, 0.5], [0.0, 6.0]))

        assert fitted.own_slope.tolist() == [True, False]

    def test_label_without_positives(self) -> None:
        """A label that validation never shows gets the rate of half a row, not minus infinity."""
        logits, targets = draw(1_000, [1.0, 1.0], [0.0, 0.0])
        targets[:, 1] = 0
        fitted = fit_calibration(logits, targets)
        p = sigmoid(logits * fitted.slope + fitted.intercept)

        assert p[:, 1].sum() == pytest.approx(0.5, abs=1e-6)

    def test_perfect_separation(self) -> None:
        """Labels without any overlap have a finite slope."""
        logits = np.linspace(-5, 5, 400, dtype=np.float32)[:, None]
        fitted = fit_calibration(logits, (logits > 0).astype(np.float32))

        assert 1 < fitted.slope[0] < 20

    def test_order_is_kept(self) -> None:
        """Logits that rank upside down are flattened, not turned around."""
        fitted = fit_calibration(*draw(1_000, [-1.0], [0.0]))

        assert fitted.slope.tolist() == [0.0]

    def test_extreme_logits(self) -> None:
        """Logits of any size give finite numbers."""
        logits, targets = draw(500, [0.01], [0.0])
        fitted = fit_calibration(logits * 500, targets)

        assert np.isfinite([*fitted.slope, *fitted.intercept]).all()


def test_no_rows() -> None:
    """Without validation rows there is nothing to calibrate on, and the message says what to give."""
    with pytest.raises(InputError, match="--validation"):
        fit_calibration(np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32))


def test_json() -> None:
    """What goes into scoring.json is plain JSON with slope and intercept in label order."""
    fitted = fit_calibration(*draw(200, [1.0, 1.0], [0.0, 0.0]))
    stored = json.loads(json.dumps(fitted.to_json()))

    assert fitted.slope.tolist() == stored["slope"]
    assert fitted.intercept.tolist() == stored["intercept"]
    assert len(describe(fitted, ["a", "b"])) == 2
