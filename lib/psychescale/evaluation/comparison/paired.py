"""Two models on the same documents: paired differences of every measure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import InputError
from psychescale.evaluation.measures.bootstrap import REPLICATES, point, replicate
from psychescale.evaluation.measures.estimates import too_few, why_undefined
from psychescale.evaluation.measures.intervals import Estimate, difference_interval
from psychescale.evaluation.measures.registry import (
    KINDS,
    NOISE,
    Table,
    base_name,
    bearing_units,
    measure_decisions,
    measure_probabilities,
)
from psychescale.evaluation.predictions import Floats, Predictions, Undefined

HEADLINE = (
    "f1_macro",
    "f1_micro",
    "f1_macro_frequent",
    "average_precision_macro",
    "average_precision_macro_frequent",
    "roc_auc_macro",
    "roc_auc_macro_frequent",
    "log_loss_macro",
    "brier_macro",
)
"""What models are compared by."""


@dataclass(frozen=True)
class Scored:
    """A model's probabilities for the documents, and its thresholds.

    Attributes:
        name: Of the model.
        probabilities: float64, shape (n, n_labels).
        thresholds: float64, shape (n_labels,).
    """

    name: str
    probabilities: Floats
    thresholds: Floats


@dataclass(frozen=True)
class Comparison:
    """Differences "new minus old", each with a paired 95 % interval.

    Attributes:
        new: Name of the new model.
        old: Name of the old one, or of the baseline.
        overall: measure → difference.
        per_label: measure → one difference a label.
    """

    new: str
    old: str
    overall: Mapping[str, Estimate]
    per_label: Mapping[str, tuple[Estimate, ...]]


def compare(
    predictions: Predictions,
    new: Scored,
    old: Scored,
    *,
    n_replicates: int = REPLICATES,
    seed: int = 0,
) -> Comparison:
    """Paired differences of every measure.

    Args:
        predictions: Documents and truth; its own probabilities are not read.
        new: One model.
        old: The other.
        n_replicates: Of the bootstrap; both models see the same draws.
        seed: Of the bootstrap.
    """
    points, draws = zip(
        *(_measured(predictions, model, n_replicates, seed) for model in (new, old)), strict=True
    )
    by_new = bearing_units(predictions.with_probabilities(new.probabilities), new.thresholds)
    by_old = bearing_units(predictions.with_probabilities(old.probabilities), old.thresholds)
    units = {name: np.maximum(by_new[name], by_old[name]) for name in by_new}
    return Comparison(
        new=new.name,
        old=old.name,
        overall={
            name: _overall(predictions, name, float(value[0]), drawn)
            for name, value, drawn in _differences(points, draws)
            if base_name(name) != NOISE
        },
        per_label={
            name: _per_label(predictions, name, points, draws, units[name])
            for name in points[0].per_label
            if name not in {"base_rate", NOISE}
        },
    )


def compare_by_group(
    predictions: Predictions,
    new: Scored,
    old: Scored,
    groups: Sequence[str],
    *,
    n_replicates: int = REPLICATES,
    seed: int = 0,
) -> dict[str, Comparison]:
    """The same within each subgroup.

    Args:
        predictions: Documents and truth.
        new: One model.
        old: The other.
        groups: The subgroup of each document.
        n_replicates: Of the bootstrap.
        seed: Of the bootstrap.

    Raises:
        InputError: There is not one group a document.
    """
    if len(groups) != len(predictions):
        raise InputError(
            f"There are {len(groups)} subgroups for {len(predictions)} documents.",
            remedy="Give one a document.",
        )
    names = np.asarray(groups, dtype=object).astype(str)
    return {
        group: compare(
            predictions.rows(inside),
            _rows(new, inside),
            _rows(old, inside),
            n_replicates=n_replicates,
            seed=seed,
        )
        for group in sorted(set(names))
        for inside in [names == group]
    }


def _rows(model: Scored, inside: NDArray[np.bool_]) -> Scored:
    return Scored(model.name, model.probabilities[inside], model.thresholds)


def _measured(
    predictions: Predictions, model: Scored, n_replicates: int, seed: int
) -> tuple[Table, Table]:
    """All measures of one model as one table each: values and replicates."""
    scored = predictions.with_probabilities(model.probabilities)
    measures = [measure_decisions(model.thresholds), measure_probabilities(scored)]
    drawn = replicate(scored, measures, n_replicates=n_replicates, seed=seed)
    return _merged([point(scored, measure) for measure in measures]), _merged(drawn)


def _merged(tables: Sequence[Table]) -> Table:
    one, two = tables
    return Table({**one.per_label, **two.per_label}, {**one.overall, **two.overall})


def _differences(
    points: Sequence[Table], draws: Sequence[Table]
) -> list[tuple[str, Floats, Floats]]:
    return [
        (name, points[0].overall[name] - points[1].overall[name], drawn - draws[1].overall[name])
        for name, drawn in draws[0].overall.items()
    ]


def _overall(predictions: Predictions, name: str, value: float, drawn: Floats) -> Estimate:
    if np.isnan(value):
        return Estimate(value, reason=Undefined.NO_POSITIVES)
    low, high = difference_interval(
        value, drawn, units=predictions.n_units, kind=KINDS[base_name(name)]
    )
    return Estimate(value, low, high, Undefined.FEW_POSITIVES if np.isnan(low) else None)


def _per_label(
    predictions: Predictions,
    name: str,
    points: Sequence[Table],
    draws: Sequence[Table],
    units: NDArray[np.int64],
) -> tuple[Estimate, ...]:
    values = points[0].per_label[name][:, 0] - points[1].per_label[name][:, 0]
    drawn = draws[0].per_label[name] - draws[1].per_label[name]
    found: list[Estimate] = []
    for label, value in enumerate(values):
        if np.isnan(value):
            found.append(Estimate(value, reason=why_undefined(predictions, label, name)))
        elif too_few(predictions, label, name):
            found.append(Estimate(float(value), reason=Undefined.FEW_POSITIVES))
        else:
            low, high = difference_interval(
                float(value), drawn[label], units=int(units[label]), kind=KINDS[name]
            )
            found.append(Estimate(float(value), low, high))
    return tuple(found)
