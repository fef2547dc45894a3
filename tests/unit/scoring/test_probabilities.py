"""Probabilities are torch's sigmoid and softmax, for every logit that there is."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from psychescale.model.spec import Activation
from psychescale.scoring.probabilities import to_probabilities

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
ORDINARY = st.floats(-40, 40, width=32)
SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=6)


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
class TestBoth:
    @given(logits=hnp.arrays(np.float32, SHAPES, elements=ORDINARY))
    def test_equals_torch(self, activation: Activation, logits: np.ndarray) -> None:
        """Probabilities equal torch's to 1e-7."""
        function = torch.sigmoid if activation == "sigmoid" else torch.nn.Softmax(dim=1)
        expected = function(torch.from_numpy(logits).double()).numpy()

        np.testing.assert_allclose(
            to_probabilities(logits, activation), expected, rtol=0, atol=1e-7
        )

    @given(logits=hnp.arrays(np.float32, SHAPES, elements=FINITE))
    def test_every_finite_logit_has_a_probability(
        self, activation: Activation, logits: np.ndarray
    ) -> None:
        """Nothing overflows: probabilities of extreme logits are 0 to 1, without a warning."""
        result = to_probabilities(logits, activation)

        assert np.dtype(np.float32) == result.dtype
        assert logits.shape == result.shape
        assert ((result >= 0) & (result <= 1)).all()

    def test_no_texts(self, activation: Activation) -> None:
        """No texts give no rows, of the right width and type."""
        result = to_probabilities(np.empty((0, 3), np.float32), activation)

        assert result.shape == (0, 3)
        assert np.dtype(np.float32) == result.dtype


@pytest.mark.parametrize(
    ("logit", "probability"), [(0, 0.5), (100, 1), (-100, 0), (3e38, 1), (-3e38, 0)]
)
def test_sigmoid_of_extremes(logit: float, probability: float) -> None:
    """The sigmoid runs from 0 to 1 and is one half in the middle."""
    assert to_probabilities(np.array([[logit]], np.float32), "sigmoid") == pytest.approx(
        probability, abs=1e-30
    )


def test_small_probabilities_keep_their_digits() -> None:
    """A rare label's probability is not rounded to 0."""
    result = to_probabilities(np.array([[-60.0]], np.float32), "sigmoid")

    assert result[0, 0] == pytest.approx(8.756510762696521e-27, rel=1e-6)


@given(hnp.arrays(np.float32, SHAPES, elements=FINITE))
def test_softmax_shares_sum_to_one(logits: np.ndarray) -> None:
    """The shares of one text sum to 1."""
    sums = to_probabilities(logits, "softmax").sum(axis=1, dtype=np.float64)

    np.testing.assert_allclose(sums, 1, atol=1e-6)


def test_calibration_comes_first() -> None:
    """Slope and intercept per label are applied to the logits, then the activation (Platt)."""
    logits = np.array([[1.0, -2.0], [0.5, 4.0]], np.float32)
    calibration = {"slope": (2.0, 0.5), "intercept": (-1.0, 0.25)}
    expected = torch.sigmoid(torch.tensor([[1.0, -0.75], [0.0, 2.25]], dtype=torch.float64))

    np.testing.assert_allclose(
        to_probabilities(logits, "sigmoid", calibration), expected.numpy(), rtol=0, atol=1e-7
    )


@given(hnp.arrays(np.float32, (3, 2), elements=ORDINARY))
def test_identity_calibration_changes_nothing(logits: np.ndarray) -> None:
    """Slope 1 and intercept 0 are no calibration."""
    identity = {"slope": (1.0, 1.0), "intercept": (0.0, 0.0)}

    np.testing.assert_array_equal(
        to_probabilities(logits, "sigmoid"), to_probabilities(logits, "sigmoid", identity)
    )


def test_logits_are_left_alone() -> None:
    """The logits given are not written to: they may be stored too."""
    logits = np.array([[1.0, 2.0]], np.float32)
    to_probabilities(logits, "softmax", {"slope": (2.0, 2.0), "intercept": (1.0, 1.0)})

    assert logits.tolist() == [[1.0, 2.0]]
