"""Fine-tuning on SAD, short sentences about everyday stress: the table of GoEmotions, on other data.

    sad.py                     one seed, judged on validation
    sad.py --seeds 5 --test    the study: test, once the recipe is frozen

Raters chose one of nine categories each; the file has the share of their votes. A label holds where at
least two voted for it: round(weight × Votes) ≥ 2. The file has no split, so one is made: stratified,
near-duplicates together, the same for every seed. Sentences that crowd workers made up on request
(`mTurk_synthetic`) are a third of the rows and easier than what people wrote unasked, so every table is
there twice: with them, and with them left out of every part. The numbers are SAD's own; they say
nothing about mental health.
"""

import argparse
import csv
import random
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from corpora import data_folder
from finetuning import TFIDF, Data, Recipe, compare_with, run_baseline, run_recipe
from finetuning_report import report
from harness import describe_machine, save
from numpy.typing import NDArray

from psychescale.training.split.near_duplicates import find_near_duplicates
from psychescale.training.split.strategies import Split, group_rows, split_stratified

LABELS = (
    "Financial Problem",
    "Other",
    "Everyday Decision Making",
    "Emotional Turmoil",
    "School",
    "Family Issues",
    "Social Relationships",
    "Work",
    "Health, Fatigue, or Physical Pain",
)
SYNTHETIC = "mTurk_synthetic"
VOTES = 2
SHARE = 0.15  # of the rows, for validation and for test: 850 each
SPLIT_SEED = 20260101
EPOCHS = 8  # a tenth of GoEmotions' rows; early stopping ends it sooner


def read_data(limit: int | None) -> tuple[Data, NDArray[np.bool_]]:
    """All rows with their parts, and which rows were made up; `limit` draws so many, for a trial."""
    path = data_folder() / "sad" / "sad.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if limit is not None:
        rows = random.Random(SPLIT_SEED).sample(rows, limit)
    targets = np.array([votes(row) for row in rows]) >= VOTES
    texts = [row["sentence"] for row in rows]
    split = split_stratified(
        targets.astype(np.float32),
        group_rows(find_near_duplicates(texts)),
        validation_share=SHARE,
        test_share=SHARE,
        seed=SPLIT_SEED,
    )
    made_up = np.array([row["Source"] == SYNTHETIC for row in rows])
    return Data(LABELS, texts, targets.astype(np.float32), split, {}), made_up


def votes(row: Mapping[str, str]) -> list[int]:
    """How many raters chose each label: weights are shares, rounded to tenths."""
    return [round(float(row[label]) * int(row["Votes"])) for label in LABELS]


def without(data: Data, dropped: NDArray[np.bool_]) -> Data:
    """The same parts without some of their rows."""
    train, validation, test = (
        part[~dropped[part]] for part in (data.split.train, data.split.validation, data.split.test)
    )
    return replace(data, split=Split(train, validation, test, np.flatnonzero(dropped)))


def main() -> None:
    """Run both tables and write `results/sad….json`."""
    options = _parse()
    judged = "test" if options.test else "validation"
    every, made_up = read_data(options.rows)
    recipe = Recipe()
    recipe = replace(
        recipe, fit=replace(recipe.fit, epochs=options.epochs, precision=options.precision)
    )
    outcome: dict[str, Any] = {
        "machine": describe_machine(),
        "judged_on": judged,
        "recipe": asdict(recipe),
        "tables": {},
    }
    for name, data in (("all rows", every), (f"without {SYNTHETIC}", without(every, made_up))):
        table: dict[str, Any] = {"rows": data.split.counts(), "runs": {}, "differences": {}}
        outcome["tables"][name] = table
        baseline = run_baseline(data, judged)
        table["runs"][TFIDF] = [baseline.figures]
        for seed in range(options.seeds):
            run = run_recipe(data, recipe, seed, judged)
            table["runs"].setdefault("recipe", []).append(run.figures)
            differences = table["differences"].setdefault(f"recipe minus {TFIDF}", [])
            differences.append(compare_with(baseline, run))
            save(f"sad-{judged}{'-trial' if options.rows else ''}", outcome)
        report(f"SAD, {judged}, {name}", table)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=1, help="runs of the recipe")
    parser.add_argument("--test", action="store_true", help="judge on test; only a frozen recipe")
    parser.add_argument("--epochs", type=float, default=EPOCHS)
    parser.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="auto")
    parser.add_argument(
        "--rows",
        type=int,
        help="random rows, for a trial: 3,000 or more, so that frequent labels remain",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
