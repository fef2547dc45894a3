"""The same measures within groups of documents, each group against all the others.

A group and its rest are measured over the same units, so that the interval of their difference knows
of an author with documents in both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from psychescale.errors import InputError
from psychescale.evaluation.measures.counts import count_cells
from psychescale.evaluation.measures.intervals import Estimate, counts, of_difference, of_linear
from psychescale.evaluation.measures.linear import Linear
from psychescale.evaluation.measures.registry import measure_decisions, measure_probabilities
from psychescale.evaluation.measures.reliability import observed_expected, recalibrate
from psychescale.evaluation.predictions import MIN_POSITIVES, Floats, Predictions, Undefined

UNKNOWN = "unknown"
POOLED = ("f1_micro", "precision_micro", "recall_micro", "specificity_micro")
"""Over all decisions together: comparable between groups whichever labels they have."""
BY_LABEL = ("f1_macro", "roc_auc_macro", "brier_macro")
"""Averages over the labels with at least 20 positives both in the group and outside it."""
CALIBRATION = ("observed_expected", "calibration_slope")
"""Of all decisions together: positives over the sum of probabilities, and the slope of a logistic
recalibration; both 1 if right."""
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
) -> list[SliceTable]:
    """Measures by the groups of each column.

    Args:
        predictions: Probabilities and truth.
        thresholds: float64, shape (n_labels,).
        columns: name → a value a document; numbers of more than ten values are cut at their
            quartiles; missing ones are a group of their own.

    Raises:
        InputError: A column has not one value a document.
    """
    return [
        _slice_column(
            predictions,
            thresholds,
            column=name,
            groups=_as_groups(name, values, len(predictions)),
        )
        for name, values in columns.items()
    ]


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
    predictions: Predictions, thresholds: Floats, *, column: str, groups: NDArray[np.object_]
) -> SliceTable:
    slices = tuple(
        _slice(predictions, thresholds, name, groups == name) for name in sorted(set(groups))
    )
    return SliceTable(column, slices, _gaps(slices))


def _slice(
    predictions: Predictions,
    thresholds: Floats,
    name: str,
    inside: NDArray[np.bool_],
) -> Slice:
    group, rest = predictions.rows(inside), predictions.rows(~inside)
    tables = _pooled(group, thresholds), _pooled(rest, thresholds)
    head = (name, len(group), int(group.truth.sum()))
    if group.n_units < MIN_POSITIVES:
        nothing = dict.fromkeys(POOLED, Estimate(np.nan, reason=Undefined.FEW_POSITIVES))
        return Slice(*head, 0, *tables, nothing, nothing)
    sides = (group, rest) if rest.n_units >= MIN_POSITIVES else (group,)
    common = np.all([_frequent_enough(side) for side in sides], axis=0)
    masks = (inside, ~inside)
    found = [
        _measured(predictions, side, thresholds, mask, common)
        for side, mask in zip(sides, masks, strict=False)
    ]
    size = counts(group)
    values = {name: of_linear(name, one, *size) for name, one in found[0].items()}
    values["observed_expected"] = of_linear("observed_expected", observed_expected(group), *size)
    values["calibration_slope"] = recalibrate(group).slope
    differences = {}
    if len(found) > 1:
        fewest = [min(pair) for pair in zip(size, counts(rest), strict=True)]
        differences = {
            name: of_difference(name, one, found[1][name], *fewest)
            for name, one in found[0].items()
        }
    return Slice(*head, int(common.sum()), *tables, values, differences)


def _frequent_enough(side: Predictions) -> NDArray[np.bool_]:
    enough: NDArray[np.bool_] = side.positives >= MIN_POSITIVES
    return enough


def _measured(
    predictions: Predictions,
    side: Predictions,
    thresholds: Floats,
    inside: NDArray[np.bool_],
    common: NDArray[np.bool_],
) -> dict[str, Linear]:
    """What is measured of one side, over the units of all documents."""
    overall = measure_decisions(side, thresholds).overall
    found = {name: overall[name] for name in POOLED}
    if common.any():
        chosen = side.columns(common)
        averages = {
            **measure_decisions(chosen, thresholds[common]).overall,
            **measure_probabilities(chosen).overall,
        }
        found |= {name: averages[name] for name in BY_LABEL}
    units = np.unique(predictions.units[inside])
    return {name: one.among(units, int(predictions.units.max()) + 1) for name, one in found.items()}


def _pooled(part: Predictions, thresholds: Floats) -> tuple[int, int, int, int]:
    tp, fp, fn, tn = count_cells(part, thresholds).sum(0).tolist()
    return tp, fp, fn, tn


def _gaps(slices: Sequence[Slice]) -> dict[str, float]:
    """Largest minus smallest value of each pooled measure among the groups that are measured."""
    measured = [found for found in (of.values for of in slices) if CALIBRATION[0] in found]  # noqa: PD011
    gaps = {name: np.array([of[name].value for of in measured]) for name in POOLED if measured}
    return {name: float(np.fmax.reduce(v) - np.fmin.reduce(v)) for name, v in gaps.items()}
