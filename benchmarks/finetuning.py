"""A study of fine-tuning: data in three parts, a recipe, and runs judged with psychescale's measures.

Nothing is fitted on the judged part: early stopping, calibration and thresholds see validation only.
The logits of a run are kept in `work/runs`, under a name that stands for all they depend on: a study
that is cut off, or judged once more in another way, trains nothing twice.
"""

import hashlib
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from harness import WORK
from numpy.typing import NDArray
from scipy.special import logit

from psychescale.evaluation.comparison.baselines import balanced_weights, tfidf
from psychescale.evaluation.comparison.paired import HEADLINE, Scored, compare
from psychescale.evaluation.measures.estimates import evaluate
from psychescale.evaluation.measures.intervals import Estimate
from psychescale.evaluation.measures.registry import (
    frequent_labels,
    measure_decisions,
    measure_probabilities,
)
from psychescale.evaluation.measures.reliability import recalibrate
from psychescale.evaluation.predictions import Predictions
from psychescale.model.spec import read_model
from psychescale.scoring.options import ScoringOptions
from psychescale.scoring.scorer import Scorer
from psychescale.training.backbone import unpack_minilm
from psychescale.training.calibration import fit_calibration, sigmoid
from psychescale.training.classifier.augment import AugmentOptions
from psychescale.training.classifier.dataset import Rows
from psychescale.training.classifier.fit import FitOptions, fit
from psychescale.training.classifier.losses import LossOptions, positive_weights
from psychescale.training.split.strategies import Split
from psychescale.training.thresholds import Thresholds, fit_thresholds, parse_criterion

TFIDF = "TF-IDF + logistic regression"


@dataclass(frozen=True)
class Recipe:
    """All that a run depends on but its seed; frozen on validation before test is touched."""

    fit: FitOptions = field(
        default_factory=lambda: FitOptions(
            epochs=3,
            learning_rate=1e-4,
            head_learning_rate=1e-3,
            batch_size=32,
            max_length=64,
            seed=0,
        )
    )
    loss: LossOptions = field(default_factory=LossOptions)
    augmentation: AugmentOptions = field(default_factory=AugmentOptions)
    criterion: str = "f1"


@dataclass(frozen=True)
class Data:
    """Texts and targets of every row, and the parts after leaks were dropped.

    Attributes:
        labels: Columns of `targets`.
        texts: Of all rows.
        targets: 0 or 1, float32, shape (n_rows, n_labels).
        split: Positions in `texts`.
        dropped: How many rows left a part because of which other.
    """

    labels: tuple[str, ...]
    texts: list[str]
    targets: NDArray[np.float32]
    split: Split
    dropped: dict[str, dict[str, int]]

    def rows(self, part: str) -> Rows:
        """The rows of a part."""
        chosen = getattr(self.split, part)
        return Rows([self.texts[row] for row in chosen], self.targets[chosen])

    def take_train(self, rows: NDArray[np.int64]) -> "Data":
        """The same with fewer training rows."""
        return replace(self, split=replace(self.split, train=rows))


@dataclass(frozen=True)
class Judged:
    """A run, judged: its figures, and what a paired comparison needs.

    Attributes:
        figures: Measures and facts of the run.
        labels: Columns of the arrays.
        probabilities: float32, shape (n_rows, n_labels), calibrated, of the judged part.
        truth: 0 or 1, the same shape.
        thresholds: float64, shape (n_labels,).
    """

    figures: dict[str, Any]
    labels: Sequence[str]
    probabilities: NDArray[np.float32]
    truth: NDArray[np.float32]
    thresholds: NDArray[np.float64]


def run_recipe(data: Data, recipe: Recipe, seed: int, judged: str) -> Judged:
    """Train with one seed, calibrate and choose thresholds on validation, judge on `judged`."""
    data = present(data)
    logits, facts = kept_run(data, recipe, seed, ("validation", judged))
    weights = positive_weights(data.rows("train").targets, recipe.loss)
    return _settle(data, logits, weights, judged=judged, criterion=recipe.criterion, facts=facts)


def kept_run(
    data: Data, recipe: Recipe, seed: int, parts: Sequence[str]
) -> tuple[dict[str, NDArray[np.float32]], dict[str, Any]]:
    """Raw logits of `parts`, each of shape (n_rows, n_labels), and facts; trains what is not kept."""
    kept = WORK / "runs" / f"{_fingerprint(data, recipe, seed)}.npz"
    if not kept.exists():
        logits, facts = _train(data, recipe, seed)
        kept.parent.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(".unfinished.npz")
        np.savez(unfinished, facts=json.dumps(facts), **logits)  # type: ignore[arg-type]
        unfinished.rename(kept)
    with np.load(kept) as found:
        return {part: found[part] for part in parts}, json.loads(str(found["facts"]))


def _train(
    data: Data, recipe: Recipe, seed: int
) -> tuple[dict[str, NDArray[np.float32]], dict[str, Any]]:
    """Logits of validation and test, and facts of the run; who asks for test, sees test."""
    started = time.monotonic()
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as scratch:
        folder = Path(scratch) / "model"
        fitted = fit(
            unpack_minilm(WORK / "models" / "minilm-backbone"),
            data.rows("train"),
            data.labels,
            replace(recipe.fit, seed=seed),
            output=folder,
            validation=data.rows("validation"),
            loss=recipe.loss,
            augmentation=replace(recipe.augmentation, seed=seed),
        )
        fit_s = time.monotonic() - started
        logits = {part: predict(folder, data.rows(part).texts) for part in ("validation", "test")}
    return logits, {
        "seed": seed,
        "seconds": time.monotonic() - started,
        "seconds_fit": fit_s,
        "train_rows": fitted.n_rows,
        "best_step": fitted.best_step,
        "steps": fitted.steps,
        "curve": [asdict(point) for point in fitted.curve],
    }


def _fingerprint(data: Data, recipe: Recipe, seed: int) -> str:
    """Of all that the logits of a run depend on, psychescale's own code left aside."""
    digest = hashlib.sha256(json.dumps([asdict(recipe), seed, data.labels]).encode())
    for part in ("train", "validation", "test"):
        rows = data.rows(part)
        digest.update(json.dumps(rows.texts).encode())
        digest.update(np.ascontiguousarray(rows.targets).tobytes())
    return digest.hexdigest()[:16]


def predict(folder: Path, texts: Sequence[str]) -> NDArray[np.float32]:
    """Raw logits, as `psychescale score` computes them; float32, shape (n_texts, n_labels)."""
    checkpoint, spec = read_model(str(folder))
    scorer = Scorer.load(checkpoint.folder, spec, ScoringOptions())
    logits: NDArray[np.float32] = scorer.score(list(texts)).logits
    return logits


def judge(
    labels: Sequence[str],
    probabilities: NDArray[np.float32],
    truth: NDArray[np.float32],
    thresholds: Thresholds,
    *,
    held_out: bool,
) -> dict[str, float]:
    """The library's own measures; on validation, F1 comes of thresholds chosen without the row."""
    predictions = Predictions.of(labels, probabilities, truth)
    overall = {
        **measure_decisions(predictions, thresholds.values).overall,
        **measure_probabilities(predictions).overall,
    }
    found = {name: overall[name].value for name in (*HEADLINE, "subset_accuracy")}
    if held_out:
        given = Predictions.of(labels, thresholds.held_out.astype(np.float64), truth)
        decided = measure_decisions(given, np.full(len(labels), 0.5)).overall
        found |= {name: decided[name].value for name in found if name.startswith("f1")}
    return found


def run_baseline(data: Data, judged: str) -> Judged:
    """TF-IDF and logistic regression, on the same rows, calibrated and thresholded the same way."""
    started = time.monotonic()
    data = present(data)
    train = data.rows("train")
    model = tfidf(train.texts, train.targets.astype(np.uint8))
    logits = {
        part: logit(np.clip(model(data.rows(part).texts), 1e-7, 1 - 1e-7)).astype(np.float32)
        for part in ("validation", judged)
    }
    facts = {"seconds": time.monotonic() - started}
    weights = balanced_weights(train.targets.astype(np.uint8))
    return _settle(data, logits, weights, judged=judged, criterion="f1", facts=facts)


def _settle(
    data: Data,
    logits: Mapping[str, NDArray[np.float32]],
    weights: NDArray[np.float32] | None,
    *,
    judged: str,
    criterion: str,
    facts: Mapping[str, Any],
) -> Judged:
    """Calibrate and choose thresholds on validation, judge on `judged`."""
    truth = {part: data.rows(part).targets for part in logits}
    calibration = fit_calibration(
        logits["validation"], truth["validation"], positive_weights=weights
    )
    probabilities = {
        part: sigmoid(values * calibration.slope + calibration.intercept).astype(np.float32)
        for part, values in logits.items()
    }
    thresholds = fit_thresholds(
        probabilities["validation"], truth["validation"], criterion=parse_criterion(criterion)
    )
    found = judge(
        data.labels,
        probabilities[judged],
        truth[judged],
        thresholds,
        held_out=judged == "validation",
    )
    outcome = {**facts, **found}
    if judged == "test":
        raw = sigmoid(logits[judged]).astype(np.float32)
        predictions = Predictions.of(data.labels, probabilities[judged], truth[judged])
        outcome["calibration"] = _calibration(predictions, raw, thresholds)
    return Judged(outcome, data.labels, probabilities[judged], truth[judged], thresholds.values)


def _calibration(
    predictions: Predictions, raw: NDArray[np.float32], thresholds: Thresholds
) -> dict[str, Any]:
    """Of the frequent labels: whose slope and intercept may be 1 and 0; errors before and after."""
    outcome: dict[str, Any] = count_calibrated(predictions, frequent_labels(predictions))
    for name, probabilities in (("before", raw), ("after", predictions.probabilities)):
        judged = evaluate(predictions.with_probabilities(probabilities), thresholds.values)
        overall = judged.probabilities.overall
        for measure in ("ece_macro_frequent", "log_loss_macro", "brier_macro"):
            one = overall[measure]
            outcome[f"{measure}_{name}"] = [one.value, one.low, one.high]
    return outcome


def count_calibrated(predictions: Predictions, judged: NDArray[np.bool_]) -> dict[str, int]:
    """Of some labels: how many have intervals that hold a slope of 1, an intercept of 0, both."""
    found = [recalibrate(predictions, int(label)) for label in np.flatnonzero(judged)]
    slopes = [_within(one.slope, 1.0) for one in found]
    intercepts = [_within(one.intercept, 0.0) for one in found]
    return {
        "frequent_labels": len(found),
        "slope_may_be_1": sum(slopes),
        "intercept_may_be_0": sum(intercepts),
        "both": sum(map(all, zip(slopes, intercepts, strict=True))),
    }


def _within(estimate: Estimate, value: float) -> bool:
    return bool(estimate.low <= value <= estimate.high)


def present(data: Data) -> Data:
    """The data with those labels alone that occur in train; a trial may lack some."""
    columns = np.flatnonzero(data.targets[data.split.train].any(axis=0))
    labels = tuple(data.labels[column] for column in columns)
    return replace(data, labels=labels, targets=data.targets[:, columns])


def compare_with(other: Judged, run: Judged) -> dict[str, list[float]]:
    """Measure → difference "run minus other", and its paired 95 % interval."""
    predictions = Predictions.of(run.labels, run.probabilities, run.truth)
    new, old = (
        Scored(name, judged.probabilities.astype(np.float64), judged.thresholds)
        for name, judged in (("run", run), ("other", other))
    )
    differences = compare(predictions, new, old).overall
    return {
        name: [differences[name].value, differences[name].low, differences[name].high]
        for name in HEADLINE
    }
