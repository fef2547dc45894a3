"""Fine-tuning on GoEmotions: the recipe, several seeds, and what each of its parts is worth.

    goemotions.py                                     one seed, judged on validation
    goemotions.py --seeds 5 --test                    the study: test, once the recipe is frozen
    goemotions.py --seeds 5 --test --also "loss: bce" and beside an unweighted loss, for calibration
    goemotions.py --ablation                          one factor at a time, on a fixed fifth of train

The parts are made independent first: rows of train and validation that a later part repeats are
dropped. The numbers are GoEmotions' own; they say nothing about mental health.
"""

import argparse
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from corpora import data_folder, label_names
from finetuning import TFIDF, Data, Judged, Recipe, compare_with, run_baseline, run_recipe
from finetuning_report import report
from harness import describe_machine, save

from psychescale.training.classifier.augment import AugmentOptions
from psychescale.training.classifier.losses import LossOptions
from psychescale.training.split.leaks import count_dropped, find_leaks, resolve_leaks
from psychescale.training.split.strategies import Split
from psychescale.training.split.stratify import deal_out

ABLATION_SHARE = 0.2
ABLATION_SEED = 20260101


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


def main() -> None:
    """Run what was asked for, print tables, and write `results/goemotions….json`."""
    options = _parse()
    judged = "test" if options.test else "validation"
    data = read_data(options.rows)
    recipe = Recipe()
    recipe = replace(recipe, fit=replace(recipe.fit, precision=options.precision))
    variants = ablations(recipe)
    seeds = dict.fromkeys(("recipe", *options.also), 1) | {"recipe": options.seeds}
    if options.ablation:
        data, seeds = fixed_fifth(data), dict.fromkeys(variants, options.seeds)
    kind = "ablation" if options.ablation else judged
    outcome: dict[str, Any] = {
        "machine": describe_machine(),
        "judged_on": judged,
        "rows": data.split.counts(),
        "dropped": data.dropped,
        "recipe": asdict(recipe),
        "runs": {},
        "differences": {},
    }
    baseline = run_baseline(data, judged)
    outcome["runs"][TFIDF] = [baseline.figures]
    champions = {
        TFIDF: baseline
    }  # variants, which have the first seed alone, also meet the recipe's
    first: dict[str, Judged] = {}
    for name, n_seeds in seeds.items():
        for seed in range(n_seeds):
            run = run_recipe(data, variants[name], seed, judged)
            outcome["runs"].setdefault(name, []).append(run.figures)
            for title, champion in champions.items() if options.test else ():
                found = outcome["differences"].setdefault(f"{name} minus {title}", [])
                found.append(compare_with(champion, run))
            save(f"goemotions-{kind}{'-trial' if options.rows else ''}", outcome)
            report(f"GoEmotions, {judged}", outcome)
            first.setdefault(name, run)
        champions["recipe"] = first["recipe"]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=1, help="runs of each recipe")
    parser.add_argument("--test", action="store_true", help="judge on test; only a frozen recipe")
    parser.add_argument("--ablation", action="store_true", help="one factor at a time")
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        choices=list(ablations(Recipe())),
        help="a variant of the ablation to run beside the recipe, with all rows and one seed",
    )
    parser.add_argument(
        "--precision",
        choices=("auto", "fp32", "bf16"),
        default="auto",
        help="bf16 is several times faster on processors with AMX",
    )
    parser.add_argument("--rows", type=int, help="first rows of each part, for a trial")
    options = parser.parse_args()
    if options.ablation and (options.test or options.also):
        parser.error("an ablation is judged on validation, and has all variants")
    return options


if __name__ == "__main__":
    main()
