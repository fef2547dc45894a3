"""What was fitted on validation reaches the scores: calibration is applied, thresholds are kept."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from psychescale.errors import ModelError
from psychescale.model.spec import read_model
from psychescale.scoring.scorer import Scorer
from psychescale.training.calibration import fit_calibration
from psychescale.training.thresholds import Criterion, fit_thresholds

MakeModel = Callable[..., Path]


@pytest.fixture(scope="module")
def fitted_scoring() -> dict[str, object]:
    """Calibration and thresholds of five labels, as `train` writes them."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (400, 5)).astype(np.float32)
    targets = (rng.random((400, 5)) < 1 / (1 + np.exp(2 - 0.5 * logits))).astype(np.float32)
    calibration = fit_calibration(logits, targets)
    thresholds = fit_thresholds(logits, targets, criterion=Criterion("f1"))
    content: dict[str, object] = json.loads(
        json.dumps({"calibration": calibration.to_json(), "thresholds": thresholds.to_json()})
    )
    return content


def test_probabilities_are_calibrated_and_logits_raw(
    make_model: MakeModel, fitted_scoring: dict[str, dict[str, list[float]]]
) -> None:
    """Probability is the activation of slope × logit + intercept; the logits are the plain folder's."""
    texts = ["I could not sleep", "thank you so much"]
    plain = Scorer.from_pretrained(make_model()).score(texts)
    scores = Scorer.from_pretrained(make_model(scoring=fitted_scoring)).score(texts)
    stored = fitted_scoring["calibration"]
    values = plain.logits * np.array(stored["slope"]) + np.array(stored["intercept"])

    np.testing.assert_array_equal(scores.logits, plain.logits)
    np.testing.assert_allclose(scores.probabilities, 1 / (1 + np.exp(-values)), atol=1e-6)


def test_thresholds_are_kept_beside(
    make_model: MakeModel, fitted_scoring: dict[str, dict[str, list[float]]]
) -> None:
    """The frozen thresholds are read with the model; a plain folder has none."""
    _, spec = read_model(str(make_model(scoring=fitted_scoring)))
    _, plain = read_model(str(make_model()))

    assert spec.thresholds == tuple(fitted_scoring["thresholds"]["values"])
    assert plain.thresholds is None


@pytest.mark.parametrize(
    "scoring",
    [
        {"calibration": {"slope": [1.0] * 4, "intercept": [0.0] * 5}},
        {"calibration": {"slope": [1.0] * 5, "intercept": [0.0] * 4 + [float("nan")]}},
        {"thresholds": {"values": [0.5] * 4}},
        {"thresholds": {"values": ["half"] * 5}},
    ],
)
def test_numbers_that_do_not_fit(make_model: MakeModel, scoring: dict[str, object]) -> None:
    """A number too few, one that is none, or not finite, stops the job on the driver."""
    with pytest.raises(ModelError, match="not fit 5 labels"):
        read_model(str(make_model(scoring=scoring)))
