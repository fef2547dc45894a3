"""What it is worth to draw the labels' calibrations towards each other: halves of validation.

Each half of GoEmotions' validation part calibrates the recipe's first run, the other half judges;
twenty random cuts, both ways. Test is not read. Trains the run if it is not kept.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from finetuning import Recipe, count_calibrated, kept_run, present
from goemotions import read_data
from harness import describe_machine, save, show
from numpy.typing import NDArray

from psychescale.evaluation.predictions import Predictions
from psychescale.training.calibration import (
    MIN_POSITIVES,
    Calibration,
    fit_calibration,
    fit_shared_slope,
    log_loss,
    sigmoid,
)
from psychescale.training.classifier.losses import positive_weights

Floats = NDArray[np.float32]
CUTS = 20
SEED = 20261125
COLUMNS = ("labels", "slope may be 1", "intercept may be 0", "both", "log loss")


def alone(logits: Floats, targets: Floats) -> Calibration:
    """Each label by itself; those of few positives with the shared slope."""
    shared = fit_shared_slope(logits, targets)
    fitted = [
        fit_calibration(logits[:, label : label + 1], targets[:, label : label + 1])
        for label in range(logits.shape[1])
    ]
    own = np.array([one.own_slope[0] for one in fitted])
    slope = np.where(own, [one.slope[0] for one in fitted], shared.slope)
    intercept = np.where(own, [one.intercept[0] for one in fitted], shared.intercept)
    return Calibration(slope, intercept, own, len(logits))


def main() -> None:
    """Print what each way of calibrating leaves on the half that it has not seen."""
    data = present(read_data(None))
    recipe = Recipe()
    recipe = replace(recipe, fit=replace(recipe.fit, precision="bf16"))
    logits = kept_run(data, recipe, 0, ("validation",))[0]["validation"]
    targets = data.rows("validation").targets
    weights = positive_weights(data.rows("train").targets, recipe.loss)
    ways: dict[str, Callable[[Floats, Floats], Calibration]] = {
        "each label alone": alone,
        "drawn together": fit_calibration,
        "drawn together, weights taken off": lambda x, y: fit_calibration(
            x, y, positive_weights=weights
        ),
    }
    frequent = targets.sum(axis=0) >= MIN_POSITIVES
    found: dict[str, list[list[float]]] = {name: [] for name in ways}
    rng = np.random.default_rng(SEED)
    for _ in range(CUTS):
        cut = np.array_split(rng.permutation(len(targets)), 2)
        for fitting, judging in (cut, cut[::-1]):
            for name, way in ways.items():
                fitted = way(logits[fitting], targets[fitting])
                calibrated = logits[judging] * fitted.slope + fitted.intercept
                probabilities = sigmoid(calibrated).astype(np.float32)
                predictions = Predictions.of(data.labels, probabilities, targets[judging])
                loss = log_loss(calibrated, targets[judging])
                found[name].append([*count_calibrated(predictions, frequent).values(), loss.mean()])
    means = {name: np.mean(rows, axis=0).tolist() for name, rows in found.items()}
    save("pooling", {"machine": describe_machine(), "columns": COLUMNS, "means": means})
    show(
        f"Means over {2 * CUTS} halves of validation",
        ["", *COLUMNS],
        [[name, *(f"{value:.4g}" for value in row)] for name, row in means.items()],
    )


if __name__ == "__main__":
    main()
