"""Membership inference: what a model that learned by heart gives away, and one that did not."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from psychescale.training.calibration import Calibration
from psychescale.training.split.strategies import Split
from psychescale.workflows.rows import LabelledRows
from psychescale.workflows.train.exposure import infer_membership
from psychescale.workflows.train.parts import Parts

N = 400
NONE = np.zeros(0, np.int64)


def make_parts(n_test: int = N) -> Parts:
    """Rows named by their number, of two labels; half of them are trained on."""
    n = N + n_test
    targets = (np.random.default_rng(0).random((n, 2)) < 0.4).astype(np.float32)
    rows = LabelledRows([str(i) for i in range(n)], [str(i) for i in range(n)], [()] * n)
    split = Split(np.arange(N), NONE, np.arange(N, n), NONE)
    return Parts(rows, ("a", "b"), targets, np.arange(n), split, {}, ())


def scorer_of(parts: Parts, *, by_heart: float) -> SimpleNamespace:
    """Logits near the truth, and nearer by `by_heart` for what was trained on."""
    noise = np.random.default_rng(1).normal(0, 2, parts.targets.shape)
    strength = np.where(np.arange(len(parts.rows)) < N, 1 + by_heart, 1.0)[:, None]
    logits = (strength * (2 * parts.targets - 1) + noise).astype(np.float32)

    def score(texts: list[str], _second: None) -> SimpleNamespace:
        return SimpleNamespace(logits=logits[[int(text) for text in texts]])

    return SimpleNamespace(score=score)


def area(sentence: str) -> tuple[float, ...]:
    found = re.search(r"ROC-AUC ([\d.]+) \(([\d.]+) to ([\d.]+)\)", sentence)
    assert found
    return tuple(map(float, found.groups()))


@pytest.mark.parametrize("calibration", [None, Calibration(np.ones(2) / 2, np.ones(2), NONE, 9)])
def test_by_heart_or_not(calibration: Calibration | None) -> None:
    """The interval holds .5 where nothing was learned by heart, and lies above where something was."""
    parts = make_parts()
    how = {"calibration": calibration, "most": 1000, "seed": 0}
    value, low, high = area(infer_membership(scorer_of(parts, by_heart=0), parts, **how))
    assert low <= 0.5 <= high
    value, low, high = area(infer_membership(scorer_of(parts, by_heart=2), parts, **how))
    assert 0.55 < low < value < high


def test_too_few_rows_or_some() -> None:
    """Nineteen test rows tell nothing; of many rows a sample is taken, and its size said, rounded."""
    few, many = make_parts(19), make_parts()
    how = {"calibration": None, "seed": 0}
    assert "not tried" in infer_membership(scorer_of(few, by_heart=0), few, most=1000, **how)
    sentence = infer_membership(scorer_of(many, by_heart=0), many, most=102, **how)
    assert "100 training rows against 100 test rows" in sentence
