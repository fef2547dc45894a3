"""Two models on the same documents: paired differences of every measure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import InputError
from psychescale.evaluation.measures.intervals import Estimate, counts, of_difference
from psychescale.evaluation.measures.linear import Linear, tail_of
from psychescale.evaluation.measures.registry import (
    LESS_IS_BETTER,
    Measured,
    base_name,
    measure_decisions,
    measure_probabilities,
)
from psychescale.evaluation.predictions import Floats, Predictions

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
    """Differences "new minus old", each with a paired 95 % interval, losses with a p-value.

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


def compare(predictions: Predictions, new: Scored, old: Scored) -> Comparison:
    """Paired differences of every measure that needs no bootstrap.

    Args:
        predictions: Documents and truth; its own probabilities are not read.
        new: One model.
        old: The other.
    """
    one, two = (_measured(predictions, model) for model in (new, old))
    pooled = counts(predictions)
    return Comparison(
        new=new.name,
        old=old.name,
        overall={
            name: _difference(name, found, two.overall[name], *pooled)
            for name, found in one.overall.items()
        },
        per_label={
            name: tuple(
                _difference(name, *pair, *counts(predictions, label))
                for label, pair in enumerate(zip(labels, two.per_label[name], strict=True))
            )
            for name, labels in one.per_label.items()
            if name != "base_rate"
        },
    )


def compare_by_group(
    predictions: Predictions,
    new: Scored,
    old: Scored,
    groups: Sequence[str],
) -> dict[str, Comparison]:
    """The same within each subgroup.

    Args:
        predictions: Documents and truth.
        new: One model.
        old: The other.
        groups: The subgroup of each document.

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
        group: compare(predictions.rows(inside), _rows(new, inside), _rows(old, inside))
        for group in sorted(set(names))
        for inside in [names == group]
    }


def _difference(name: str, one: Linear, two: Linear, positives: int, negatives: int) -> Estimate:
    """A difference; a loss with its p-value."""
    found = of_difference(name, one, two, positives, negatives)
    is_loss = found.low > 0 if base_name(name) in LESS_IS_BETTER else found.high < 0
    return replace(found, tail=tail_of(one, two)) if is_loss else found


def _rows(model: Scored, inside: NDArray[np.bool_]) -> Scored:
    return Scored(model.name, model.probabilities[inside], model.thresholds)


def _measured(predictions: Predictions, model: Scored) -> Measured:
    """All measures of one model."""
    scored = predictions.with_probabilities(model.probabilities)
    decided, judged = measure_decisions(scored, model.thresholds), measure_probabilities(scored)
    return Measured(
        {**decided.per_label, **judged.per_label}, {**decided.overall, **judged.overall}
    )
