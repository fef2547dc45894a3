"""Every measure of a set of predictions as an estimate: value, interval, or why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychescale.evaluation.measures.bootstrap import REPLICATES, point, replicate
from psychescale.evaluation.measures.counts import count_cells
from psychescale.evaluation.measures.intervals import Estimate, interval
from psychescale.evaluation.measures.registry import (
    GAP,
    KINDS,
    NOISE,
    SPECIFICITY,
    Measure,
    Table,
    base_name,
    bearing_units,
    measure_decisions,
    measure_probabilities,
)
from psychescale.evaluation.predictions import MIN_POSITIVES, Floats, Predictions, Undefined

PLAIN_THRESHOLD = 0.5

# They have an interval however rare the label is: their denominator is every document.
_NEED_NO_POSITIVES = frozenset({"base_rate", "predicted_rate"})


@dataclass(frozen=True)
class Estimates:
    """Estimates by measure.

    Attributes:
        per_label: measure → one estimate a label, in label order.
        overall: measure → estimate.
    """

    per_label: Mapping[str, tuple[Estimate, ...]]
    overall: Mapping[str, Estimate]


@dataclass(frozen=True)
class Decisions:
    """What comes of a set of thresholds.

    Attributes:
        thresholds: float64, shape (n_labels,).
        estimates: Decision measures.
        confusion: int64, shape (n_labels, 4): documents that are true positives, false positives,
            false negatives, true negatives; unweighted.
    """

    thresholds: Floats
    estimates: Estimates
    confusion: NDArray[np.int64]


@dataclass(frozen=True)
class Evaluation:
    """One model on one set of documents.

    Attributes:
        predictions: What was judged.
        probabilities: Measures that need no threshold.
        decisions: By name of the thresholds: ``frozen`` and ``0.5``.
        n_replicates: Of the bootstrap.
        seed: Of the bootstrap.
        specificity: At which the sensitivity is read.
    """

    predictions: Predictions
    probabilities: Estimates
    decisions: Mapping[str, Decisions]
    n_replicates: int
    seed: int
    specificity: float


def evaluate(
    predictions: Predictions,
    thresholds: Floats,
    *,
    n_replicates: int = REPLICATES,
    seed: int = 0,
    specificity: float = SPECIFICITY,
) -> Evaluation:
    """Judge one model: at its frozen thresholds, at 0.5, and without any.

    Args:
        predictions: Probabilities and truth.
        thresholds: float64, shape (n_labels,): frozen before these documents were looked at.
        n_replicates: Of the bootstrap.
        seed: Of the bootstrap.
        specificity: At which the sensitivity is read.
    """
    named = {"frozen": thresholds, "0.5": np.full(len(predictions.labels), PLAIN_THRESHOLD)}
    measures: list[Measure] = [measure_decisions(cuts) for cuts in named.values()]
    measures.append(measure_probabilities(predictions, specificity=specificity))
    draws = replicate(predictions, measures, n_replicates=n_replicates, seed=seed)
    units = [bearing_units(predictions, cuts) for cuts in named.values()]
    estimates = [
        estimate(predictions, point(predictions, measure), drawn, units=borne)
        for measure, drawn, borne in zip(measures, draws, [*units, units[0]], strict=True)
    ]
    decided = {
        name: Decisions(cuts, estimated, count_cells(predictions, cuts))
        for (name, cuts), estimated in zip(named.items(), estimates[:-1], strict=True)
    }
    return Evaluation(predictions, estimates[-1], decided, n_replicates, seed, specificity)


def estimate(
    predictions: Predictions,
    values: Table,
    replicates: Table,
    *,
    units: Mapping[str, NDArray[np.int64]],
) -> Estimates:
    """Put values and replicates together.

    Args:
        predictions: Where they come from.
        values: The measures, one weighting.
        replicates: Their replicates.
        units: Authors, or documents, that each per-label measure rests on.
    """
    per_label = {
        name: tuple(
            _estimate_label(predictions, label, name, float(row[0]), drawn=drawn, units=int(borne))
            for label, (row, drawn, borne) in enumerate(
                zip(rows, _draws(name, replicates.per_label), units[name], strict=True)
            )
        )
        for name, rows in values.per_label.items()
        if base_name(name) != NOISE
    }
    overall = {
        name: _estimate_overall(
            predictions, name, float(value[0]), _draws(name, replicates.overall)
        )
        for name, value in values.overall.items()
        if base_name(name) != NOISE
    }
    return Estimates(per_label, overall)


def _draws(name: str, replicates: Mapping[str, Floats]) -> Floats:
    """Replicates of a measure and, for the calibration error, their noise in a second row.

    Shape (..., 1 or 2, n_replicates).
    """
    rows = [replicates[name]]
    if base_name(name) == GAP:
        rows.append(replicates[name.replace(GAP, NOISE)])
    return np.stack(rows, -2)


def why_undefined(predictions: Predictions, label: int, name: str) -> Undefined:
    """Why a per-label measure has no value."""
    positives = int(predictions.positives[label])
    if name == "precision":
        return Undefined.NONE_PREDICTED
    if positives == 0 and name != "specificity":
        return Undefined.NO_POSITIVES
    return Undefined.NO_NEGATIVES


def too_few(predictions: Predictions, label: int, name: str) -> bool:
    """Whether there are fewer documents of a class than an interval needs."""
    positives = int(predictions.positives[label])
    fewest = min(positives, len(predictions) - positives)
    if name == "specificity":
        return len(predictions) - positives < MIN_POSITIVES
    return name not in _NEED_NO_POSITIVES and fewest < MIN_POSITIVES


def _estimate_label(
    predictions: Predictions, label: int, name: str, value: float, *, drawn: Floats, units: int
) -> Estimate:
    if np.isnan(value):
        return Estimate(value, reason=why_undefined(predictions, label, name))
    if too_few(predictions, label, name):
        return Estimate(value, reason=Undefined.FEW_POSITIVES)
    return _with_interval(name, value, drawn, units, by_author=predictions.by_author)


def _estimate_overall(predictions: Predictions, name: str, value: float, drawn: Floats) -> Estimate:
    if np.isnan(value):
        return Estimate(value, reason=Undefined.NO_POSITIVES)
    if predictions.positives.sum() < MIN_POSITIVES:
        return Estimate(value, reason=Undefined.FEW_POSITIVES)
    return _with_interval(name, value, drawn, predictions.n_units, by_author=predictions.by_author)


def _with_interval(
    name: str, value: float, drawn: Floats, units: int, *, by_author: bool
) -> Estimate:
    low, high = interval(
        KINDS[base_name(name)],
        value,
        drawn[0],
        units=units,
        by_author=by_author,
        noise=drawn[-1],
    )
    return Estimate(value, low, high, Undefined.FEW_POSITIVES if np.isnan(low) else None)
