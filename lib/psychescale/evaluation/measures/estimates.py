"""Every measure of a set of predictions as an estimate: value, interval, or why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychescale.evaluation.measures.bootstrap import NOISE, REPLICATES, Resampled, resample
from psychescale.evaluation.measures.counts import count_cells
from psychescale.evaluation.measures.intervals import (
    Estimate,
    counts,
    cut_ends,
    estimate,
    gap_ends,
    of_linear,
)
from psychescale.evaluation.measures.registry import (
    CUT,
    GAP,
    SPECIFICITY,
    Measured,
    base_name,
    measure_decisions,
    measure_probabilities,
)
from psychescale.evaluation.predictions import Floats, Predictions

PLAIN_THRESHOLD = 0.5


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
    decided = {
        name: Decisions(
            cuts,
            as_estimates(predictions, measure_decisions(predictions, cuts)),
            count_cells(predictions, cuts),
        )
        for name, cuts in named.items()
    }
    smooth = as_estimates(predictions, measure_probabilities(predictions))
    drawn = _of_resampled(
        predictions,
        *resample(predictions, specificity=specificity, n_replicates=n_replicates, seed=seed),
    )
    probabilities = Estimates(
        {**smooth.per_label, **drawn.per_label}, {**smooth.overall, **drawn.overall}
    )
    return Evaluation(predictions, probabilities, decided, n_replicates, seed, specificity)


def as_estimates(predictions: Predictions, measured: Measured) -> Estimates:
    """Measures as estimates.

    Args:
        predictions: Where they come from.
        measured: The measures.
    """
    pooled = counts(predictions)
    return Estimates(
        {
            name: tuple(
                of_linear(name, one, *counts(predictions, label))
                for label, one in enumerate(labels)
            )
            for name, labels in measured.per_label.items()
        },
        {name: of_linear(name, one, *pooled) for name, one in measured.overall.items()},
    )


def _of_resampled(predictions: Predictions, point: Resampled, drawn: Resampled) -> Estimates:
    pooled = counts(predictions)
    units = [len(np.unique(predictions.units[column == 1])) for column in predictions.truth.T]
    bearing = int(np.unique(predictions.units[predictions.truth.any(1)]).size)
    per_label = {
        name: tuple(
            estimate(
                name,
                float(point.per_label[name][label, 0]),
                _ends(name, point.per_label, drawn.per_label, label, units[label]),
                *counts(predictions, label),
            )
            for label in range(len(predictions.labels))
        )
        for name in (CUT, GAP)
    }
    overall = {
        name: estimate(
            name,
            float(value[0]),
            _ends(name, point.overall, drawn.overall, slice(None), bearing),
            *pooled,
        )
        for name, value in point.overall.items()
        if base_name(name) != NOISE
    }
    return Estimates(per_label, overall)


def _ends(
    name: str,
    point: Mapping[str, Floats],
    drawn: Mapping[str, Floats],
    label: int | slice,
    units: int,
) -> tuple[float, float]:
    value = float(point[name][label].ravel()[0])
    if base_name(name) == CUT:
        return cut_ends(value, drawn[name][label], units=units)
    return gap_ends(value, drawn[name][label], drawn[name.replace(GAP, NOISE)][label])
