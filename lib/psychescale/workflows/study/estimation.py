"""From sums of a corpus and an annotated sample to all figures of a study."""

import json
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from psychescale.errors import InputError
from psychescale.prevalence.design_based import (
    Change,
    Sample,
    SampledDomain,
    change,
    discoveries,
    share,
    tuned,
)
from psychescale.prevalence.domains import NONE, PERIOD, Cells, DomainSums, parts_of, pooled
from psychescale.prevalence.naive import DecisionCounts
from psychescale.prevalence.releasable import Findings

FALSE_DISCOVERIES = 0.05
_PLAIN_THRESHOLD = 0.5


def assess(
    labels: Sequence[str],
    cells: Cells,
    sample: tuple[Sample, list[tuple[str, ...]]] | None,
    confusion: Sequence[DecisionCounts | None],
) -> Findings:
    """Estimate every label in every domain, and what differs.

    Args:
        labels: Their names.
        cells: Sums of the corpus.
        sample: Annotated texts, and their period and groups.
        confusion: Of each label, from an evaluation.
    """
    drawn, keys = (None, []) if sample is None else sample
    cells, keys = pooled(cells, keys)
    parts, lines = parts_of(cells, keys)
    if drawn is None:
        return Findings(tuple(labels), parts, lines, None, (), confusion)
    estimates = np.full((len(parts), len(labels), 3), np.nan)
    compared: list[tuple[int, int, int, Change]] = []
    for label in range(len(labels)):
        reliance = tuned(drawn, label)
        shares = [
            share(drawn, SampledDomain(part.n, part.sums, part.inside), label, reliance)
            for part in parts
        ]
        estimates[:, label] = [(one.value, *one.interval) for one in shares]
        compared += [
            (one, other, label, change(shares[one], shares[other])) for one, other in _pairs(parts)
        ]
    differs = discoveries(np.array([one[3].p for one in compared])) < FALSE_DISCOVERIES
    changes = [(*one, bool(holds)) for one, holds in zip(compared, differs, strict=True)]
    return Findings(tuple(labels), parts, lines, estimates, changes, confusion)


def _pairs(parts: Sequence[DomainSums]) -> Iterator[tuple[int, int]]:
    """All pairs of a column's groups; the last period and the first."""
    alone = [
        (i, next(iter(part.values.items())))
        for i, part in enumerate(parts)
        if len(part.values) == 1
    ]
    for column in dict.fromkeys(name for _, (name, _) in alone):
        numbers = [i for i, (name, value) in alone if name == column and value != NONE]
        if column == PERIOD:
            yield from [(numbers[-1], numbers[0])] if len(numbers) > 1 else []
        else:
            yield from combinations(numbers, 2)


def read_evaluation(
    folder: Path, labels: Sequence[str]
) -> tuple[list[float], list[DecisionCounts | None]]:
    """Thresholds and confusion of labels, from what `evaluate` released.

    Raises:
        InputError: It is no evaluation, or one of other labels.
    """
    try:
        document: dict[str, Any] = json.loads((folder / "measures.json").read_text("utf-8"))
        found = [document["per_label"][label] for label in labels]
        cuts = [one["thresholds"]["frozen"] for one in found]
        cells = [one["confusion"]["frozen"] for one in found]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            "‹evaluation› is no folder of `psychescale evaluate` for the labels of ‹scores›.",
            remedy="Evaluate the model that scored, and name the ‹output› of that.",
        ) from None
    thresholds = [_PLAIN_THRESHOLD if cut is None else float(cut) for cut in cuts]
    return thresholds, [None if one is None else DecisionCounts(**one) for one in cells]


def plain_thresholds(labels: Sequence[str]) -> tuple[list[float], list[DecisionCounts | None]]:
    """0.5 for every label, and nothing known of decisions."""
    return [_PLAIN_THRESHOLD] * len(labels), [None] * len(labels)
