"""The same measures within groups of documents, each group against all the others.

Every group and its rest see the same bootstrap draws, so that an author with documents in both is
drawn for both, and the difference has an interval that knows of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from psychescale.errors import InputError
from psychescale.evaluation.measures.bootstrap import draw_weights
from psychescale.evaluation.measures.counts import count_cells
from psychescale.evaluation.measures.intervals import Estimate, difference_interval, interval
from psychescale.evaluation.measures.registry import (
    KINDS,
    Measure,
    base_name,
    measure_decisions,
    measure_probabilities,
)
from psychescale.evaluation.predictions import MIN_POSITIVES, Floats, Predictions, Undefined

UNKNOWN = "unknown"
POOLED = ("f1_micro", "precision_micro", "recall_micro", "specificity_micro")
"""Over all decisions together: comparable between groups whichever labels they have."""
BY_LABEL = ("f1_macro", "roc_auc_macro", "brier_macro")
"""Averages over the labels with at least 20 positives both in the group and outside it."""
# Slices are looked through, not quoted: fewer replicates than elsewhere, at a fifth of a second each.
SLICE_REPLICATES = 500
_MOST_NUMBERS = 10  # a numeric column with more values than this is cut at its quartiles


@dataclass(frozen=True)
class Slice:
    """One group of documents.

    Attributes:
        group: Its value in the column.
        n: Documents.
        positives: Cells of the truth that are 1, over all labels.
        n_labels: Labels that the averages over labels are made of.
        confusion: Decisions over all labels together: found, wrongly given, missed, rightly not given.
        confusion_of_others: The same of all other documents.
        values: measure → estimate within the group.
        differences: measure → estimate of "group minus all other documents".
    """

    group: str
    n: int
    positives: int
    n_labels: int
    confusion: tuple[int, int, int, int]
    confusion_of_others: tuple[int, int, int, int]
    values: Mapping[str, Estimate]
    differences: Mapping[str, Estimate]


@dataclass(frozen=True)
class SliceTable:
    """The groups of one column.

    Attributes:
        column: Its name.
        slices: Its groups, in order.
        gaps: measure → largest difference between two groups (what fairlearn calls its difference), of
            groups with at least 20 authors or documents.
    """

    column: str
    slices: tuple[Slice, ...]
    gaps: Mapping[str, float]


def slice_by(
    predictions: Predictions,
    thresholds: Floats,
    columns: Mapping[str, Sequence[object]],
    *,
    n_replicates: int = SLICE_REPLICATES,
    seed: int = 0,
) -> list[SliceTable]:
    """Measures by the groups of each column.

    Args:
        predictions: Probabilities and truth.
        thresholds: float64, shape (n_labels,).
        columns: name → a value a document; numbers of more than ten values are cut at their
            quartiles; missing ones are a group of their own.
        n_replicates: Of the bootstrap.
        seed: Of the bootstrap.

    Raises:
        InputError: A column has not one value a document.
    """
    return [
        _slice_column(
            predictions,
            thresholds,
            column=name,
            groups=_as_groups(name, values, len(predictions)),
            n_replicates=n_replicates,
            seed=seed,
        )
        for name, values in columns.items()
    ]


def count_groups(counts: ArrayLike, *, most: int = 3) -> list[str]:
    """Small whole numbers as groups, "3 or more" the last: for the number of labels."""
    return [f"{most} or more" if count >= most else str(int(count)) for count in np.asarray(counts)]


def quartile_groups(values: ArrayLike) -> list[str]:
    """Numbers cut at their quartiles, named by their range; NaN is "unknown"."""
    numbers = np.asarray(values, np.float64)
    known = numbers[~np.isnan(numbers)]
    if len(known) == 0:
        return [UNKNOWN] * len(numbers)
    edges = np.unique(np.quantile(known, [0.25, 0.5, 0.75, 1], method="inverted_cdf"))
    place = np.searchsorted(edges, numbers).clip(max=len(edges) - 1)
    names = [
        f"{number + 1}: {known[place[~np.isnan(numbers)] == number].min():g} to {edge:g}"
        for number, edge in enumerate(edges)
    ]
    return [
        UNKNOWN if np.isnan(number) else names[int(index)]
        for number, index in zip(numbers, place, strict=True)
    ]


def _as_groups(name: str, values: Sequence[object], n: int) -> NDArray[np.object_]:
    if len(values) != n:
        raise InputError(
            f"Column {name!r} has {len(values)} values for {n} documents.",
            remedy="Give one a document.",
        )
    column = pd.Series(list(values))
    if pd.api.types.is_bool_dtype(column):
        column = column.map({True: "yes", False: "no"})
    elif pd.api.types.is_numeric_dtype(column) and column.nunique() > _MOST_NUMBERS:
        column = pd.Series(quartile_groups(column.to_numpy()))
    named = [UNKNOWN if pd.isna(value) else str(value) for value in column]
    return np.array(named, dtype=object)


def _slice_column(
    predictions: Predictions,
    thresholds: Floats,
    *,
    column: str,
    groups: NDArray[np.object_],
    n_replicates: int,
    seed: int,
) -> SliceTable:
    names = sorted(set(groups))
    inside = [groups == name for name in names]
    estimable = [predictions.rows(chosen).n_units >= MIN_POSITIVES for chosen in inside]
    contrasts = [
        _Contrast.of(predictions, thresholds, chosen) if enough else None
        for chosen, enough in zip(inside, estimable, strict=True)
    ]
    drawn: list[list[list[Floats]]] = [[] for _ in names]
    for weights in draw_weights(predictions, n_replicates=n_replicates, seed=seed):
        for rows, contrast in zip(drawn, contrasts, strict=True):
            if contrast is not None:
                rows.append(contrast.measured(weights))
    slices = tuple(
        _make_slice(predictions, thresholds, (name, chosen), contrast, rows)
        for name, chosen, contrast, rows in zip(names, inside, contrasts, drawn, strict=True)
    )
    kept = np.isin(groups, [n for n, enough in zip(names, estimable, strict=True) if enough])
    return SliceTable(column, slices, _gaps(predictions, thresholds, groups, kept))


@dataclass(frozen=True)
class _Contrast:
    """A group and the rest, and what is measured on either."""

    inside: NDArray[np.bool_]
    sides: tuple[Predictions, ...]
    by_label: tuple[Predictions, ...]
    measures: tuple[Measure, ...]
    measures_by_label: tuple[tuple[Measure, ...], ...]

    @classmethod
    def of(
        cls, predictions: Predictions, thresholds: Floats, inside: NDArray[np.bool_]
    ) -> "_Contrast":
        group, rest = predictions.rows(inside), predictions.rows(~inside)
        sides = (group, rest) if rest.n_units >= MIN_POSITIVES else (group,)
        enough = np.all([side.positives >= MIN_POSITIVES for side in sides], axis=0)
        compared = tuple(side.columns(enough) for side in sides) if enough.any() else ()
        return cls(
            inside,
            sides,
            compared,
            (measure_decisions(thresholds),),
            tuple(
                (measure_decisions(thresholds[enough]), measure_probabilities(side))
                for side in compared
            ),
        )

    @property
    def names(self) -> tuple[str, ...]:
        return (*POOLED, *BY_LABEL) if self.by_label else POOLED

    def measured(self, weights: Floats) -> list[Floats]:
        """For the group and, if there is one, the rest: shape (n_measures, n_weightings)."""
        masks = (self.inside, ~self.inside)[: len(self.sides)]
        found: list[Floats] = []
        for number, mask in enumerate(masks):
            values: dict[str, Floats] = {}
            for measure in self.measures:
                values |= {n: measure(self.sides[number], weights[mask]).overall[n] for n in POOLED}
            if self.by_label:
                overall: dict[str, Floats] = {}
                for measure in self.measures_by_label[number]:
                    overall |= measure(self.by_label[number], weights[mask]).overall
                values |= {name: overall[name] for name in BY_LABEL}
            found.append(np.stack([values[name] for name in self.names]))
        return found


def _make_slice(
    predictions: Predictions,
    thresholds: Floats,
    group: tuple[str, NDArray[np.bool_]],
    contrast: _Contrast | None,
    drawn: Sequence[Sequence[Floats]],
) -> Slice:
    name, inside = group
    n, positives = int(inside.sum()), int(predictions.truth[inside].sum())
    tables = (
        _pooled(predictions.rows(inside), thresholds),
        _pooled(predictions.rows(~inside), thresholds),
    )
    if contrast is None:
        nothing = dict.fromkeys(POOLED, Estimate(np.nan, reason=Undefined.FEW_POSITIVES))
        return Slice(name, n, positives, 0, *tables, nothing, nothing)
    points = contrast.measured(predictions.weights[:, None])
    replicates = [np.concatenate(side, 1) for side in zip(*drawn, strict=True)]
    units = contrast.sides[0].n_units
    by_author = predictions.by_author
    values: dict[str, Estimate] = {}
    differences: dict[str, Estimate] = {}
    for row, measure in enumerate(contrast.names):
        value = float(points[0][row, 0])
        kind = KINDS[base_name(measure)]
        ends = interval(kind, value, replicates[0][row], units=units, by_author=by_author)
        values[measure] = _estimate(value, ends)
        if len(points) > 1:
            change = value - float(points[1][row, 0])
            gap = replicates[0][row] - replicates[1][row]
            differences[measure] = _estimate(change, difference_interval(change, gap, units=units))
    n_labels = len(contrast.by_label[0].labels) if contrast.by_label else 0
    return Slice(name, n, positives, n_labels, *tables, values, differences)


def _pooled(part: Predictions, thresholds: Floats) -> tuple[int, int, int, int]:
    tp, fp, fn, tn = count_cells(part, thresholds).sum(0).tolist()
    return tp, fp, fn, tn


def _estimate(value: float, ends: tuple[float, float]) -> Estimate:
    return Estimate(value, *ends, Undefined.FEW_POSITIVES if np.isnan(ends[0]) else None)


def _gaps(
    predictions: Predictions,
    thresholds: Floats,
    groups: NDArray[np.object_],
    kept: NDArray[np.bool_],
) -> dict[str, float]:
    """Largest minus smallest value of each pooled measure among the groups that are kept."""
    names = groups.astype(str)
    parts = [predictions.rows(np.flatnonzero(kept & (names == one))) for one in set(names[kept])]
    measure = measure_decisions(thresholds)
    found = [measure(part, part.weights[:, None]).overall for part in parts]
    values = {name: np.array([float(one[name][0]) for one in found]) for name in POOLED if found}
    return {name: float(np.fmax.reduce(v) - np.fmin.reduce(v)) for name, v in values.items()}
