"""How often a 95 % interval holds the truth: positives {20, 100, 1,000} × author clustering.

Documents come from a made population in which authors differ in how often they have the label and in
how the model reads them. Two models of different strength score them; the first is somewhat
overconfident. The truth of every measure is its value on two million documents.
"""

import argparse
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from harness import describe_machine, in_fresh_process, save, show
from numpy.typing import NDArray
from scipy.special import expit

from psychescale.evaluation.measures.bootstrap import point, replicate
from psychescale.evaluation.measures.intervals import difference_interval, interval
from psychescale.evaluation.measures.registry import (
    KINDS,
    NOISE,
    Measure,
    Table,
    bearing_units,
    measure_decisions,
    measure_probabilities,
)
from psychescale.evaluation.measures.reliability import recalibrate
from psychescale.evaluation.predictions import Predictions

POPULATION = 2_000_000
BASE_LOGIT = -2.6  # about one document in nine
DOCUMENTS_PER_AUTHOR = 5
THRESHOLDS = np.array([0.3])
FEWEST_POSITIVES = 5  # a data set with fewer of an expected 20 is drawn again
REPLICATES = 500
DATASETS = {20: 2000, 100: 1000, 1000: 750}
"""Data sets a cell: a coverage of 95 % is known to a standard error of 0.5, 0.7 and 0.8 points."""


@dataclass(frozen=True)
class Drawn:
    """One data set, scored by two models."""

    first: Predictions
    second: Predictions


def draw(rng: np.random.Generator, n: int, *, by_author: bool) -> Drawn:
    """Draw `n` documents; without authors each document has one of its own."""
    size = DOCUMENTS_PER_AUTHOR if by_author else 1
    sizes = rng.geometric(1 / size, n)
    author = np.repeat(np.arange(n), sizes)[:n]
    tendency = rng.normal(0, 1.2, n)[author]
    reading = rng.normal(0, 0.5, n)[author]
    truth = rng.random(n) < expit(BASE_LOGIT + tendency)
    noise = rng.normal(0, 0.87, (3, n))
    strong = 1.6 * truth + reading + 0.8 * noise[0] + 0.6 * noise[1]
    weak = 1.2 * truth + reading + 0.8 * noise[0] + 0.6 * noise[2]
    authors = author.tolist() if by_author else None
    make = partial(Predictions.of, ("label",), truth=truth[:, None], authors=authors)
    return Drawn(
        make(probabilities=expit(2.2 * strong - 3.7)[:, None]),
        make(probabilities=expit(1.6 * weak - 3.2)[:, None]),
    )


def values(table: Table) -> dict[str, NDArray[np.float64]]:
    """The only label's measures, each of shape (n_weightings,)."""
    return {name: value[0] for name, value in table.per_label.items()}


def both(predictions: Predictions) -> list[Measure]:
    """Decision measures and probability measures."""
    return [measure_decisions(THRESHOLDS), measure_probabilities(predictions)]


def true_values(by_author: bool) -> dict[str, float]:
    """Every measure's value in the population."""
    drawn = draw(np.random.default_rng(0), POPULATION, by_author=by_author)
    found: dict[str, float] = {}
    tables = [
        {name: float(value[0]) for m in both(p) for name, value in values(point(p, m)).items()}
        for p in (drawn.first, drawn.second)
    ]
    found |= tables[0]
    found |= {f"difference of {name}": tables[0][name] - tables[1][name] for name in tables[0]}
    fitted = recalibrate(drawn.first, 0)
    return {
        **found,
        "calibration slope": fitted.slope.value,
        "calibration intercept": fitted.intercept.value,
    }


def intervals(drawn: Drawn, seed: int) -> dict[str, tuple[float, float]]:
    """The interval of every measure on one data set."""
    first, second = drawn.first, drawn.second
    both_units = [bearing_units(p, THRESHOLDS) for p in (first, second)]
    units = both_units[0]
    larger = {name: np.maximum(units[name], both_units[1][name]) for name in units}
    draws = [replicate(p, both(p), n_replicates=REPLICATES, seed=seed) for p in (first, second)]
    found: dict[str, tuple[float, float]] = {}
    for index, (one, two) in enumerate(zip(both(first), both(second), strict=True)):
        points = values(point(first, one)), values(point(second, two))
        samples = values(draws[0][index]), values(draws[1][index])
        for name, value in points[0].items():
            if name == NOISE:
                continue
            unit = int(units[name][0])
            found[name] = interval(
                KINDS[name],
                float(value[0]),
                samples[0][name],
                units=unit,
                by_author=first.by_author,
                noise=samples[0].get(NOISE),
            )
            if name == "base_rate":  # the same for both models
                continue
            found[f"difference of {name}"] = difference_interval(
                float((value - points[1][name])[0]),
                samples[0][name] - samples[1][name],
                units=int(larger[name][0]),
                kind=KINDS[name],
            )
    fitted = recalibrate(first, 0)
    found["calibration slope"] = (fitted.slope.low, fitted.slope.high)
    found["calibration intercept"] = (fitted.intercept.low, fitted.intercept.high)
    return found


def simulate(positives: int, by_author: bool, n_datasets: int) -> dict[str, Any]:
    """Coverage and mean width of every interval in one cell."""
    truth = true_values(by_author)
    n = round(positives / truth["base_rate"])
    rng = np.random.default_rng(positives + by_author)
    held: dict[str, list[tuple[bool, bool, float]]] = defaultdict(list)
    start = time.perf_counter()
    done = 0
    while done < n_datasets:
        drawn = draw(rng, n, by_author=by_author)
        if drawn.first.positives[0] < FEWEST_POSITIVES:
            continue
        done += 1
        for name, (low, high) in intervals(drawn, seed=done).items():
            held[name].append((low > truth[name], high < truth[name], high - low))
    found = {name: np.array(rows, np.float64) for name, rows in held.items()}
    given = {name: rows[~np.isnan(rows[:, 2])] for name, rows in found.items()}
    return {
        "positives": positives,
        "by_author": by_author,
        "documents": n,
        "datasets": n_datasets,
        "seconds": round(time.perf_counter() - start, 1),
        "measures": {
            name: {
                "truth": round(truth[name], 4),
                "coverage": round(1 - float(rows[:, :2].sum(1).mean()), 4),
                "above": round(float(rows[:, 0].mean()), 4),
                "below": round(float(rows[:, 1].mean()), 4),
                "width": round(float(rows[:, 2].mean()), 4),
                "without_interval": len(found[name]) - len(rows),
            }
            for name, rows in given.items()
        },
    }


def main() -> None:
    """Simulate every cell and print the coverage of every measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--positives", type=int, nargs="*", default=list(DATASETS), choices=DATASETS
    )
    parser.add_argument("--datasets", type=int, help=f"data sets a cell (default: {DATASETS})")
    options = parser.parse_args()
    machine = describe_machine()
    tasks = [
        (positives, by_author, options.datasets or DATASETS[positives])
        for positives in options.positives
        for by_author in (False, True)
    ]
    with ThreadPoolExecutor(2) as pool:  # each cell in a process of its own, two at a time
        cells = list(pool.map(lambda task: in_fresh_process(simulate, *task), tasks))
    columns = [f"{c['positives']}{' authors' if c['by_author'] else ''}" for c in cells]
    sets = ", ".join(f"{p}: {options.datasets or DATASETS[p]}" for p in options.positives)
    show(
        f"Coverage of 95 % intervals in %, by positives (data sets a cell: {sets})",
        ["measure", *columns],
        [
            [name, *(f"{100 * cell['measures'][name]['coverage']:.1f}" for cell in cells)]
            for name in cells[0]["measures"]
        ],
    )
    which = "" if len(options.positives) == len(DATASETS) else f"-{options.positives[0]}"
    save(f"coverage{which}", {"machine": machine, "replicates": REPLICATES, "cells": cells})


if __name__ == "__main__":
    main()
