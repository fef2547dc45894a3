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
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from corpora import data_folder, label_names
from harness import WORK, describe_machine, save, show
from numpy.typing import NDArray

from psychescale.evaluation.baselines import tfidf
from psychescale.evaluation.bootstrap import point
from psychescale.evaluation.comparison import HEADLINE, Scored, compare
from psychescale.evaluation.measures import measure_decisions, measure_probabilities
from psychescale.evaluation.predictions import Predictions
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
from psychescale.training.thresholds import Thresholds, fit_thresholds, parse_criterion

TFIDF = "TF-IDF + logistic regression"
ABLATION_SHARE = 0.2
ABLATION_SEED = 20260101


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


def read_data(limit: int | None) -> Data:
    """The three given parts; `limit` keeps the first rows of each, for a trial."""
    texts: list[str] = []
    numbers: list[list[int]] = []
    ends = [0]
    for name in ("train", "dev", "test"):
        path = data_folder() / "goemotions" / f"{name}.tsv"
        lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line][:limit]
        for line in lines:
            text, found = line.split("\t")[:2]
            texts.append(text)
            numbers.append([int(number) for number in found.split(",")])
        ends.append(len(texts))
    labels = tuple(label_names())
    targets = np.zeros((len(texts), len(labels)), np.float32)
    for row, positives in enumerate(numbers):
        targets[row, positives] = 1
    train, validation, test = (np.arange(ends[i], ends[i + 1]) for i in range(3))
    given = Split(train, validation, test, np.zeros(0, np.int64))
    leaks = find_leaks(texts, given)
    split = resolve_leaks(given, leaks, "drop-from-train")
    return Data(labels, texts, targets, split, count_dropped(leaks))


def fixed_fifth(data: Data) -> Data:
    """A fifth of the training rows, the same for every run, stratified."""
    train = data.split.train
    shares = (ABLATION_SHARE, 1 - ABLATION_SHARE)
    part = deal_out(data.targets[train], np.arange(len(train)), shares, seed=ABLATION_SEED)
    return data.take_train(train[part == 0])


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
    started = time.monotonic()
    data = _present(data)
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
        logits = {part: predict(folder, data.rows(part).texts) for part in {"validation", judged}}
    facts = {
        "seed": seed,
        "seconds": time.monotonic() - started,
        "seconds_fit": fit_s,
        "train_rows": fitted.n_rows,
        "best_step": fitted.best_step,
        "steps": fitted.steps,
        "curve": [asdict(point) for point in fitted.curve],
    }
    return _settle(data, logits, judged=judged, criterion=recipe.criterion, facts=facts)


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
        **point(predictions, measure_decisions(thresholds.values)).overall,
        **point(predictions, measure_probabilities(predictions)).overall,
    }
    found = {name: float(overall[name][0]) for name in (*HEADLINE, "subset_accuracy")}
    if held_out:
        given = Predictions.of(labels, thresholds.held_out.astype(np.float64), truth)
        decided = point(given, measure_decisions(np.full(len(labels), 0.5))).overall
        found |= {name: float(decided[name][0]) for name in found if name.startswith("f1")}
    return found


def run_baseline(data: Data, judged: str) -> Judged:
    """TF-IDF and logistic regression, on the same rows, calibrated and thresholded the same way."""
    started = time.monotonic()
    data = _present(data)
    train = data.rows("train")
    model = tfidf(train.texts, train.targets.astype(np.uint8))
    logits = {
        part: _logit(model(data.rows(part).texts)).astype(np.float32)
        for part in ("validation", judged)
    }
    facts = {"seconds": time.monotonic() - started}
    return _settle(data, logits, judged=judged, criterion="f1", facts=facts)


def _settle(
    data: Data,
    logits: Mapping[str, NDArray[np.float32]],
    *,
    judged: str,
    criterion: str,
    facts: Mapping[str, Any],
) -> Judged:
    """Calibrate and choose thresholds on validation, judge on `judged`."""
    truth = {part: data.rows(part).targets for part in logits}
    calibration = fit_calibration(logits["validation"], truth["validation"])
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
    raw = float(log_loss(logits[judged].astype(np.float64), truth[judged]).mean())
    outcome = {**facts, "log_loss_uncalibrated": raw, **found}
    return Judged(outcome, data.labels, probabilities[judged], truth[judged], thresholds.values)


def _present(data: Data) -> Data:
    """The data with those labels alone that occur in train; a trial may lack some."""
    present = np.flatnonzero(data.targets[data.split.train].any(axis=0))
    labels = tuple(data.labels[column] for column in present)
    return replace(data, labels=labels, targets=data.targets[:, present])


def _logit(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(probabilities, 1e-7, 1 - 1e-7)
    logits: NDArray[np.float64] = np.log(clipped / (1 - clipped))
    return logits


def compare_with(baseline: Judged, run: Judged) -> dict[str, list[float]]:
    """Measure → difference "run minus baseline", and its paired 95 % interval."""
    predictions = Predictions.of(run.labels, run.probabilities, run.truth)
    new, old = (
        Scored(name, judged.probabilities.astype(np.float64), judged.thresholds)
        for name, judged in (("recipe", run), ("TF-IDF", baseline))
    )
    differences = compare(predictions, new, old).overall
    return {
        name: [differences[name].value, differences[name].low, differences[name].high]
        for name in HEADLINE
    }


SHOWN = ("f1_macro", "f1_macro_frequent", "f1_micro", "average_precision_macro", "roc_auc_macro",
         "log_loss_macro", "seconds")  # fmt: skip


def main() -> None:
    """Run what was asked for, print a table, and write `results/goemotions….json`."""
    options = _parse()
    judged = "test" if options.test else "validation"
    data = read_data(options.rows)
    recipe = Recipe()
    recipe = replace(recipe, fit=replace(recipe.fit, precision=options.precision))
    if options.epochs:
        recipe = replace(recipe, fit=replace(recipe.fit, epochs=options.epochs))
    contenders = {"recipe": recipe}
    if options.ablation:
        data, contenders = fixed_fifth(data), ablations(recipe)
    contenders = {name: one for name, one in contenders.items() if (options.only or "") in name}
    kind = "ablation" if options.ablation else judged
    file = f"goemotions-{kind}{'-trial' if options.rows else ''}"
    outcome: dict[str, Any] = {
        "machine": describe_machine(),
        "judged_on": judged,
        "rows": data.split.counts(),
        "dropped": data.dropped,
        "recipe": asdict(recipe),
        "runs": {},
        "differences": {},
    }
    runs, differences = outcome["runs"], outcome["differences"]
    baseline = run_baseline(data, judged) if options.baseline else None
    if baseline:
        runs[TFIDF] = [baseline.figures]
    for name, variant in contenders.items():
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            run = run_recipe(data, variant, seed, judged)
            runs.setdefault(name, []).append(run.figures)
            if baseline and judged == "test":
                differences.setdefault(name, []).append(compare_with(baseline, run))
            save(file, outcome)  # a study takes hours: what is done is kept
            report(outcome)


def report(outcome: Mapping[str, Any]) -> None:
    """Print means and standard deviations over seeds, and the lowest of the lower bounds."""
    rows = [
        [f"{name} ({len(found)})", *(_spread(found, key) for key in SHOWN)]
        for name, found in outcome["runs"].items()
    ]
    title = f"GoEmotions, {outcome['judged_on']}: mean ± standard deviation over (n) seeds"
    show(title, ["", *SHOWN], rows)
    for name, found in outcome["differences"].items():
        bounds = [
            [
                key,
                *(f"{one[key][0]:+.3f} [{one[key][1]:+.3f}, {one[key][2]:+.3f}]" for one in found),
            ]
            for key in HEADLINE
        ]
        seeds = [f"seed {run['seed']}" for run in outcome["runs"][name]]
        show(f"{name} minus {TFIDF}, paired 95 % intervals", ["", *seeds], bounds)


def _spread(runs: Sequence[dict[str, Any]], measure: str) -> str:
    values = [run[measure] for run in runs]
    digits = 0 if measure == "seconds" else 3 if measure != "log_loss_macro" else 4
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
    parser.add_argument(
        "--precision",
        choices=("auto", "fp32", "bf16"),
        default="auto",
        help="bf16 is several times faster on processors with AMX",
    )
    parser.add_argument("--rows", type=int, help="first rows of each part, for a trial")
    options = parser.parse_args()
    if options.test and options.ablation:
        parser.error("an ablation is judged on validation")
    return options


if __name__ == "__main__":
    main()
