"""How often a 95 % interval holds the truth: positives × prevalence × strength × authors × weights.

Each cell draws data sets of three labels (the rarest has the stated positives, the others two and four
times as many), two models on the same documents, and a group of documents that the models read worse.
The truth of a measure is its value on 200,000 documents of the population. Rules were chosen on
population ``plain`` (normal scores, logistic authors); what is reported is of population ``odd``:
heavy-tailed skewed scores, one positive in five that looks like a negative, authors with beta
distributed shares.
"""

import argparse
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from harness import describe_machine, in_fresh_process, save, show
from numpy.typing import NDArray
from scipy.special import expit, logit

from psychescale.evaluation.measures.estimates import evaluate
from psychescale.evaluation.measures.intervals import Estimate, counts, of_difference, of_linear
from psychescale.evaluation.measures.registry import (
    Measured,
    measure_decisions,
    measure_probabilities,
)
from psychescale.evaluation.measures.reliability import recalibrate
from psychescale.evaluation.measures.slices import slice_by
from psychescale.evaluation.predictions import Predictions

LABELS = ("rare", "middling", "frequent")
TIMES = np.array([1, 2, 4])
POPULATION = 200_000
REPLICATES = 200
CUTS = np.full(3, 0.5)
INVISIBLE = 0.2
GROUP = 0.3
CORPUS = 20_000
ICC = 0.2

LABEL_MEASURES = ("recall", "precision", "specificity", "f1", "base_rate", "roc_auc",
                  "average_precision", "brier")  # fmt: skip
OVERALL = ("recall_macro", "f1_macro", "f1_micro", "f1_weighted", "roc_auc_macro", "hamming_loss")
GROUPED = ("recall_micro", "f1_micro", "f1_macro", "roc_auc_macro")
RESAMPLED = ("sensitivity_at_specificity", "ece")


@dataclass(frozen=True)
class Cell:
    """What data sets of a cell have in common.

    Attributes:
        name: Of the cell.
        positives: Expected, of the rarest label.
        prevalence: Of the rarest label.
        strength: Distance of positives from negatives, in standard deviations.
        authors: ``none``, ``geometric``, ``zipf`` or ``big`` (15 of them).
        sample: ``all``, ``strata`` (250 that the first label is given to and 250 others of 20,000) or
            ``chances`` (500 of 20,000, chances by how uncertain the model is).
        grouped: Groups are looked at too, which takes four times as long.
    """

    name: str
    positives: int
    prevalence: float
    strength: float
    authors: str = "none"
    sample: str = "all"
    grouped: bool = False


CELLS = (
    Cell("20 positives, 1 %", 20, 0.01, 2.0),
    Cell("20 positives, 1 %, strong", 20, 0.01, 3.5),
    Cell("20 positives, 10 %", 20, 0.1, 2.0, grouped=True),
    Cell("20 positives, 10 %, strong", 20, 0.1, 3.5),
    Cell("100 positives, 10 %", 100, 0.1, 2.0, grouped=True),
    Cell("100 positives, 10 %, strong", 100, 0.1, 3.5),
    Cell("100 positives, 10 %, weak", 100, 0.1, 1.0),
    Cell("30 positives, geometric authors", 30, 0.1, 2.0, "geometric"),
    Cell("100 positives, geometric authors", 100, 0.1, 2.0, "geometric", grouped=True),
    Cell("100 positives, Zipf authors", 100, 0.1, 2.0, "zipf"),
    Cell("100 positives, 15 authors", 100, 0.1, 2.0, "big"),
    Cell("250 given + 250 others", 0, 0.03, 2.0, sample="strata"),
    Cell("250 given + 250 others, strong", 0, 0.03, 3.5, sample="strata"),
    Cell("unequal chances", 0, 0.03, 2.0, sample="chances"),
)


@dataclass(frozen=True)
class Drawn:
    """One data set, scored by two models."""

    predictions: Predictions
    second: NDArray[np.float64]
    group: NDArray[np.bool_]


def draw(rng: np.random.Generator, n: int, cell: Cell, family: str) -> Drawn:
    """Draw `n` documents."""
    author = np.arange(n) if cell.authors == "none" else np.repeat(*_sizes(rng, n, cell.authors))
    share = np.minimum(cell.prevalence * TIMES, 0.5)
    group = (rng.random(n) < GROUP)[author]
    shares, reading = _authors(rng, n, share, family)
    truth = rng.random((n, 3)) < shares[author]
    visible = truth & (rng.random((n, 3)) > (INVISIBLE if family == "odd" else 0))
    common = _noise(rng, (n, 3), family) * 0.8
    scores = [
        cell.strength * way * visible * np.where(group, 0.7, 1)[:, None]
        + reading[author]
        + common
        + 0.6 * _noise(rng, (n, 3), family)
        for way in (1.0, 0.8)
    ]
    first, second = (_calibrated(one, share, cell.strength) for one in scores)
    names = None if cell.authors == "none" else author.tolist()
    weights, kept = _sample(rng, first, cell.sample)
    made = Predictions.of(
        LABELS, first[kept], truth[kept], weights=weights[kept],
        authors=None if names is None else [names[row] for row in kept],
    )  # fmt: skip
    return Drawn(made, second[kept], group[kept])


def _sizes(
    rng: np.random.Generator, n: int, kind: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if kind == "big":
        sizes = np.full(15, n // 15)
    elif kind == "geometric":
        sizes = rng.geometric(1 / 5, n)
    else:
        n_authors = n // 8
        sizes = np.maximum(n / np.arange(1, n_authors + 1) / np.log(n_authors), 1).astype(int)
    sizes = sizes[: np.searchsorted(sizes.cumsum(), n) + 1]
    sizes[-1] += n - sizes.sum()
    sizes = sizes[sizes > 0]
    return np.arange(len(sizes)), sizes


def _authors(
    rng: np.random.Generator, n: int, share: NDArray[np.float64], family: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How often each author has each label, and how the models read them."""
    if family == "odd":
        size = 1 / ICC - 1
        return rng.beta(share * size, (1 - share) * size, (n, 3)), rng.normal(0, 0.4, (n, 1))
    return expit(logit(share) - 0.3 + rng.normal(0, 1, (n, 3))), rng.normal(0, 0.5, (n, 1))


def _noise(rng: np.random.Generator, shape: tuple[int, int], family: str) -> NDArray[np.float64]:
    if family == "plain":
        return rng.normal(0, 1, shape)
    return rng.gamma(4, 0.5, shape) - 2 + 0.3 * rng.standard_t(4, shape)


def _calibrated(
    scores: NDArray[np.float64], share: NDArray[np.float64], strength: float
) -> NDArray[np.float64]:
    """A rough and overconfident reading of the scores, the same for every data set."""
    slope = 1.3 * strength
    return expit(slope * (scores - strength / 2) + 0.5 * logit(share))


def _sample(
    rng: np.random.Generator, scores: NDArray[np.float64], kind: str
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Weight of each document, and the documents that were annotated."""
    n = len(scores)
    if kind == "all":
        return np.ones(n), np.arange(n)
    if kind == "strata":
        given = scores[:, 0] >= CUTS[0]
        weights = np.where(given, max(given.sum() / 250, 1), (~given).sum() / 250)
        parts = [rng.permutation(np.flatnonzero(side))[:250] for side in (given, ~given)]
        return weights, np.sort(np.concatenate(parts))
    doubt = np.sqrt(scores * (1 - scores)).sum(1) + 0.1
    chance = np.minimum(500 * doubt / doubt.sum(), 1)
    return 1 / chance, np.flatnonzero(rng.random(n) < chance)


def estimates(drawn: Drawn, cell: Cell, *, replicates: int) -> dict[str, Estimate]:
    """Every estimate that is looked at, by name."""
    predictions = drawn.predictions
    if replicates < 0:  # quick
        alone = _measured(predictions.columns(np.array([True, False, False])), CUTS[:1])
        sizes = counts(predictions, 0)
        return {n: of_linear(n, alone.per_label[n][0], *sizes) for n in LABEL_MEASURES}
    first, second = (_measured(predictions.with_probabilities(p))
                     for p in (predictions.probabilities, drawn.second))  # fmt: skip
    sizes, pooled = counts(predictions, 0), counts(predictions)
    found = {name: of_linear(name, first.per_label[name][0], *sizes) for name in LABEL_MEASURES}
    found |= {name: of_linear(name, first.overall[name], *pooled) for name in OVERALL}
    fitted = recalibrate(predictions, 0)
    found |= {"calibration slope": fitted.slope, "calibration intercept": fitted.intercept}
    if replicates:
        judged = evaluate(predictions, CUTS, n_replicates=replicates)
        found |= {name: judged.probabilities.per_label[name][0] for name in RESAMPLED}
    if cell.grouped:
        (table,) = slice_by(predictions, CUTS, {"group": drawn.group.tolist()})
        group = next(one for one in table.slices if one.group == "yes")
        for kind, part in (("group", group.values), ("group − others", group.differences)):
            found |= {f"{name}, {kind}": part[name] for name in GROUPED if name in part}
    for name in ("recall", "f1", "roc_auc", "brier"):
        pair = first.per_label[name][0], second.per_label[name][0]
        found[f"{name}, model − model"] = of_difference(name, *pair, *sizes)
    for name in ("f1_macro", "f1_micro"):
        pair = first.overall[name], second.overall[name]
        found[f"{name}, model − model"] = of_difference(name, *pair, *pooled)
    return found


def _measured(predictions: Predictions, cuts: NDArray[np.float64] = CUTS) -> Measured:
    decided, judged = measure_decisions(predictions, cuts), measure_probabilities(predictions)
    return Measured({**decided.per_label, **judged.per_label},
                    {**decided.overall, **judged.overall})  # fmt: skip


def true_values(cell: Cell, family: str, replicates: int) -> dict[str, float]:
    """Every measure's value in the population."""
    whole = Cell("", 0, cell.prevalence, cell.strength)
    drawn = draw(np.random.default_rng(0), POPULATION, whole, family)
    return {
        name: one.value
        for name, one in estimates(drawn, cell, replicates=min(replicates, 2)).items()
    }


def simulate(number: int, family: str, n_datasets: int, replicates: int) -> dict[str, Any]:
    """Coverage, tails and mean width of every interval in one cell."""
    cell = CELLS[number]
    truth = true_values(cell, family, replicates)
    n = CORPUS if cell.sample != "all" else round(cell.positives / cell.prevalence)
    rng = np.random.default_rng(number)
    held: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    start = time.perf_counter()
    for _ in range(n_datasets):
        drawn = draw(rng, n, cell, family)
        for name, one in estimates(drawn, cell, replicates=replicates).items():
            given = (one.low > truth[name], one.high < truth[name], one.high - one.low)
            held[name].append(given if one.low == one.low else (np.nan,) * 3)
    found = {name: np.array(rows, np.float64) for name, rows in held.items()}
    return {
        "cell": cell.name,
        "documents": n,
        "seconds": round(time.perf_counter() - start, 1),
        "measures": {
            name: {
                "truth": round(truth[name], 4),
                "above": round(float(np.nanmean(rows[:, 0])), 4),
                "below": round(float(np.nanmean(rows[:, 1])), 4),
                "width": round(float(np.nanmean(rows[:, 2])), 4),
                "without": round(float(np.isnan(rows[:, 2]).mean()), 3),
            }
            for name, rows in found.items()
            if not np.isnan(rows[:, 2]).all()
        },
    }


def main() -> None:
    """Simulate every cell and print the coverage of every measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=int, default=2000)
    parser.add_argument("--population", choices=("odd", "plain"), default="odd")
    parser.add_argument("--replicates", type=int, default=0, help="200 for the resampled measures")
    parser.add_argument("--quick", action="store_true", help="the rarest label's measures alone")
    parser.add_argument("--cells", type=int, nargs="*", default=list(range(len(CELLS))))
    options = parser.parse_args()
    tasks = [
        (n, options.population, options.datasets, -1 if options.quick else options.replicates)
        for n in options.cells
    ]
    with ThreadPoolExecutor(2) as pool:  # each cell in a process of its own, two at a time
        cells = list(pool.map(lambda task: in_fresh_process(simulate, *task), tasks))
    names = list(dict.fromkeys(name for cell in cells for name in cell["measures"]))
    show(
        f"Coverage of 95 % intervals in % (truth below + truth above), {options.datasets} data sets",
        ["measure", *(cell["cell"] for cell in cells)],
        [[name, *(_shown(cell["measures"].get(name)) for cell in cells)] for name in names],
    )
    machine = describe_machine()
    save(f"coverage-{options.population}", {"machine": machine, "cells": cells})


def _shown(found: dict[str, float] | None) -> str:
    if found is None:
        return "–"
    low, high = 100 * found["above"], 100 * found["below"]
    return f"{100 - low - high:.1f} ({low:.1f} + {high:.1f})"


if __name__ == "__main__":
    main()
