"""Measures of a yes/no decision equal scikit-learn's, and their intervals hold."""

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    class_likelihood_ratios,
    matthews_corrcoef,
    precision_score,
)

from psychescale.evaluation.document.yes_no import of_cells, yes_no_json
from psychescale.evaluation.predictions import Predictions


def drawn(n: int, seed: int, per_author: int = 1) -> Predictions:
    """Documents of authors who differ in how often they have the label; a fair model."""
    rng = np.random.default_rng(seed)
    author = np.arange(n) // per_author
    chance = 1 / (1 + np.exp(1 - rng.normal(0, 1, author.max() + 1)[author]))
    truth = rng.random(n) < chance
    values = 1 / (1 + np.exp(-(2 * truth - 1 + rng.normal(0, 1, n))))
    return Predictions.of(["l"], values[:, None], truth[:, None], authors=author.tolist())


def test_equals_scikit_learn() -> None:
    """Values are those of the library, of the documents and of their table alike."""
    predictions = drawn(500, 0)
    truth, given = predictions.truth[:, 0], predictions.probabilities[:, 0] >= 0.5
    found = yes_no_json(predictions, 0, 0.5)
    positive, negative = class_likelihood_ratios(truth, given)
    expected = {
        "npv": precision_score(1 - truth, ~given),
        "accuracy": accuracy_score(truth, given),
        "balanced_accuracy": balanced_accuracy_score(truth, given),
        "mcc": matthews_corrcoef(truth, given),
        "lr_positive": positive,
        "lr_negative": negative,
    }
    cells = {
        "tp": (given & (truth == 1)).sum(), "fp": (given & (truth == 0)).sum(),
        "fn": (~given & (truth == 1)).sum(), "tn": (~given & (truth == 0)).sum(),
    }  # fmt: skip
    assert {name: one["value"] for name, one in found.items()} == pytest.approx(expected)
    assert of_cells(cells) == pytest.approx(expected)
    assert all(one["low"] < one["value"] < one["high"] for one in found.values())


def test_intervals_hold() -> None:
    """Over authors, the value of a large population lies in the interval nine times in ten or more."""
    population = yes_no_json(drawn(100_000, 99, 4), 0, 0.5)
    hits = dict.fromkeys(population, 0)
    for seed in range(200):
        for name, one in yes_no_json(drawn(400, seed, 4), 0, 0.5).items():
            hits[name] += one["low"] <= population[name]["value"] <= one["high"]
    assert min(hits.values()) >= 180, hits


def test_intervals_hold_in_a_sample_by_decision() -> None:
    """They hold where 250 texts that are given the label and 250 others stand for a population."""
    whole = drawn(100_000, 98)
    population = yes_no_json(whole, 0, 0.8)
    hits = dict.fromkeys(population, 0)
    given = whole.probabilities[:, 0] >= 0.8
    for seed in range(200):
        rng = np.random.default_rng(seed)
        chosen = np.concatenate(
            [rng.choice(np.flatnonzero(side), 250, replace=False) for side in (given, ~given)]
        )
        weights = np.where(given[chosen], given.sum() / 250, (~given).sum() / 250)
        sample = Predictions.of(
            ["l"], whole.probabilities[chosen], whole.truth[chosen], weights=weights
        )
        for name, one in yes_no_json(sample, 0, 0.8).items():
            hits[name] += one["low"] <= population[name]["value"] <= one["high"]
    assert min(hits.values()) >= 180, hits
    assert max(hits.values()) < 200, hits


def test_nothing_to_divide_by() -> None:
    """A model that gives the label to nobody or everybody has no value where there is none."""
    predictions = drawn(100, 1)
    for threshold, missing in ((2.0, "lr_positive"), (0.0, "npv")):
        found = yes_no_json(predictions, 0, threshold)
        assert found["mcc"]["value"] is None
        assert found[missing]["value"] is None
    assert np.isnan(of_cells({"tp": 0, "fp": 0, "fn": 5, "tn": 10})["mcc"])
