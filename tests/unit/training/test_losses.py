"""Each loss equals its published formula, computed slowly, and the cross-entropy where it must."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import binary_cross_entropy_with_logits

from psychescale.training.classifier.losses import (
    LossName,
    LossOptions,
    asymmetric,
    class_balanced_weights,
    focal,
    make_loss,
    positive_weights,
    root_weights,
)

LOGITS = st.lists(st.floats(-8, 8), min_size=4, max_size=4)
TRUTH = [1.0, 0.0, 1.0, 0.0]


def p_of(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def mean_over(logits: list[float], term: Callable[[float, float], float]) -> float:
    """Mean of a loss's term over (probability, truth)."""
    return sum(term(p_of(x), y) for x, y in zip(logits, TRUTH, strict=True)) / 4


def tensors(logits: list[float]) -> tuple[torch.Tensor, torch.Tensor]:
    return (
        torch.tensor(logits, dtype=torch.float64).reshape(2, 2),
        torch.tensor(TRUTH, dtype=torch.float64).reshape(2, 2),
    )


class TestFormulas:
    @given(LOGITS, st.floats(0, 5), st.floats(0.05, 0.95))
    def test_focal(self, logits: list[float], gamma: float, alpha: float) -> None:
        """Lin et al. 2017, equation 5."""

        def term(p: float, y: float) -> float:
            true = p if y else 1 - p
            return -(alpha if y else 1 - alpha) * (1 - true) ** gamma * math.log(true)

        found = focal(*tensors(logits), gamma=gamma, alpha=alpha)

        assert mean_over(logits, term) == pytest.approx(found.item(), rel=1e-9, abs=1e-12)

    @given(LOGITS, st.floats(0, 4), st.floats(0.5, 6), st.floats(0, 0.3))
    def test_asymmetric(
        self, logits: list[float], positive: float, negative: float, margin: float
    ) -> None:
        """Ridnik et al. 2021, equations 4 to 7."""

        def term(p: float, y: float) -> float:
            if y:
                return -((1 - p) ** positive) * math.log(p)
            shifted = max(p - margin, 0)
            return -(shifted**negative) * math.log(1 - shifted)

        found = asymmetric(
            *tensors(logits), gamma_positive=positive, gamma_negative=negative, margin=margin
        )

        assert mean_over(logits, term) == pytest.approx(found.item(), rel=1e-9, abs=1e-12)

    @given(LOGITS)
    def test_reduce_to_cross_entropy(self, logits: list[float]) -> None:
        """Without focus, asymmetry and margin both are the binary cross-entropy."""
        expected = binary_cross_entropy_with_logits(*tensors(logits))
        plain = asymmetric(*tensors(logits), gamma_positive=0, gamma_negative=0, margin=0)

        torch.testing.assert_close(plain, expected)
        torch.testing.assert_close(2 * focal(*tensors(logits), gamma=0, alpha=0.5), expected)


class TestWeights:
    TARGETS = np.array([[1, 1, 0]] + [[0, 1, 0]] * 24 + [[0, 0, 0]] * 75, np.float32)

    def test_root(self) -> None:
        """The root of negatives over positives, up to the cap; an absent label counts as one row."""
        np.testing.assert_allclose(
            root_weights(self.TARGETS, cap=9), [9, math.sqrt(3), 9], rtol=1e-6
        )

    def test_of_a_loss(self) -> None:
        """Calibration is told the weights that the loss has, and none where it has none."""
        targets = self.TARGETS[:, :2]
        logits = torch.zeros(targets.shape)
        for name in ("bce", "weighted-bce", "class-balanced"):
            options = LossOptions(name)
            weights = positive_weights(targets, options)
            given = np.ones(2) if weights is None else weights
            mean = np.log(2) * np.where(targets == 1, given, 1).mean()

            found = make_loss(targets, options)(logits, torch.from_numpy(targets))
            np.testing.assert_allclose(found, mean, rtol=1e-5)
        assert positive_weights(targets, LossOptions("bce")) is None
        assert positive_weights(targets, LossOptions("focal")) is None

    @pytest.mark.parametrize("beta", [0.9, 0.999, 0.9999])
    def test_class_balanced(self, beta: float) -> None:
        """Cui et al. 2019, equation 8, positives against negatives."""

        def weight(n: int) -> float:
            return (1 - beta) / (1 - beta**n)

        expected = [weight(1) / weight(99), weight(25) / weight(75), weight(1) / weight(99)]

        np.testing.assert_allclose(class_balanced_weights(self.TARGETS, beta), expected, rtol=1e-5)

    def test_class_balanced_limits(self) -> None:
        """β = 0 weighs both outcomes alike; β → 1 by the inverse of their numbers."""
        assert class_balanced_weights(self.TARGETS, 0).tolist() == [1, 1, 1]
        np.testing.assert_allclose(
            class_balanced_weights(self.TARGETS, 1 - 1e-9), [99, 3, 99], rtol=1e-4
        )


ALL: list[LossName] = ["bce", "weighted-bce", "focal", "asymmetric", "class-balanced"]


@pytest.mark.parametrize("name", ALL)
class TestMakeLoss:
    def test_extreme_logits(self, name: LossName) -> None:
        """Loss and gradient stay finite where probabilities are 0 and 1 to the last digit."""
        loss = make_loss(TestWeights.TARGETS, LossOptions(name))
        logits = torch.tensor([[90.0, -90.0, 0.0], [-90.0, 90.0, 0.0]], requires_grad=True)
        value = loss(logits, torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]]))
        value.backward()

        assert logits.grad is not None
        assert torch.isfinite(value)
        assert torch.isfinite(logits.grad).all()

    def test_better_is_lower(self, name: LossName) -> None:
        """Logits nearer to the truth cost less."""
        loss = make_loss(TestWeights.TARGETS, LossOptions(name))
        truth = torch.tensor([[1.0, 0.0, 1.0]])
        logits = torch.tensor([[1.0, -1.0, 1.0]])

        assert loss(2 * logits, truth) < loss(logits, truth) < loss(-logits, truth)
