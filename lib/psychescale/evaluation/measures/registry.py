"""The measures by name: what each is made of, when it is estimable, and averages over labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychescale.evaluation.measures import order
from psychescale.evaluation.measures.linear import (
    Design,
    Linear,
    average,
    loss,
    stretched,
    undefined,
)
from psychescale.evaluation.measures.proper_scores import log_losses, squared_errors
from psychescale.evaluation.measures.shares import Unseen, share
from psychescale.evaluation.predictions import (
    FREQUENT_POSITIVES,
    MIN_POSITIVES,
    Floats,
    Predictions,
)

SPECIFICITY = 0.95
"""At which the sensitivity is read, unless another is asked for."""


GAP, CUT = "ece", "sensitivity_at_specificity"
LOSSES = frozenset({"log_loss", "brier"})
"""Means of what is never negative and has no upper bound."""
AVERAGES = ("_micro", "_macro", "_weighted", "_macro_frequent")
LESS_IS_BETTER = LOSSES | {"hamming_loss", GAP}
# They have an interval however rare the label is: their denominator is every document.
_NEED_NO_POSITIVES = frozenset({"base_rate", "predicted_rate"})


def base_name(name: str) -> str:
    """The measure that an average is of: ``f1_macro`` → ``f1``."""
    for ending in sorted(AVERAGES, key=len, reverse=True):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name


def is_estimable(name: str, positives: int, negatives: int) -> bool:
    """Whether there are enough documents for an interval: the one rule, for labels, groups and pairs.

    Args:
        name: The measure, or an average of it over all decisions.
        positives: Documents, or decisions, that hold.
        negatives: Those that do not.
    """
    measure = base_name(name)
    if measure == "specificity":
        return negatives >= MIN_POSITIVES
    return measure in _NEED_NO_POSITIVES or min(positives, negatives) >= MIN_POSITIVES


@dataclass(frozen=True)
class Measured:
    """Measures by name.

    Attributes:
        per_label: One a label, undefined where it has no value.
        overall: Averages over labels, and measures of whole rows.
    """

    per_label: Mapping[str, Sequence[Linear]]
    overall: Mapping[str, Linear]


def measure_decisions(predictions: Predictions, thresholds: Floats) -> Measured:
    """Measures of the decisions ``probability >= threshold``, one threshold a label.

    Averages end in ``_micro``, ``_macro``, ``_weighted`` and ``_macro_frequent`` (over the labels with
    at least 50 positives; absent without such a label). As in scikit-learn with ``zero_division=0``,
    a label whose value is not defined counts as 0 in them, and labels are weighted by their positives
    (negatives for specificity).
    """
    design = Design.of(predictions)
    held, given = predictions.truth == 1, predictions.probabilities >= thresholds
    cells = _cells(held, given)
    frequent = frequent_labels(predictions)
    per_label: dict[str, list[Linear]] = {}
    overall: dict[str, Linear] = {}
    for name, (hits, mass, unseen) in cells.items():
        labels = [
            _of_cells(design, name, hits[:, one], mass[:, one], _column(unseen, one))
            for one in range(held.shape[1])
        ]
        per_label[name] = labels
        if name == "predicted_rate":
            continue
        support = ~held if name == "specificity" else held
        pooled = Unseen(
            *(np.any(side, axis=1, keepdims=False) for side in (unseen.hit, unseen.miss))
        )
        overall[f"{name}_micro"] = _of_cells(design, name, hits.sum(1), mass.sum(1), pooled)
        overall[f"{name}_macro"] = average(labels, design)
        overall[f"{name}_weighted"] = _weighted(design, labels, support)
        if frequent.any():
            overall[f"{name}_macro_frequent"] = average(_chosen(labels, frequent), design)
    return Measured(per_label, overall | _of_rows(design, held, given))


def _cells(
    held: NDArray[np.bool_], given: NDArray[np.bool_]
) -> dict[str, tuple[NDArray[np.bool_], NDArray[np.bool_], Unseen]]:
    """Hits, what they are a share of, and where one more of either could have been; by measure."""
    every = np.ones_like(held)
    return {
        "precision": (held & given, given, Unseen(given, given)),
        "recall": (held & given, held, Unseen(given, ~given)),
        "specificity": (~held & ~given, ~held, Unseen(~given, given)),
        "f1": (held & given, held | given, Unseen(given, every)),
        "predicted_rate": (given, every, Unseen(given, ~given)),
    }


def _column(unseen: Unseen, one: int) -> Unseen:
    return Unseen(unseen.hit[:, one], unseen.miss[:, one])


def _of_cells(
    design: Design, name: str, hits: NDArray[np.generic], mass: NDArray[np.generic], unseen: Unseen
) -> Linear:
    found = share(design, hits.astype(np.float64), mass.astype(np.float64), unseen)
    # F1 is a function of the share of hits among all that is given or should be.
    return stretched(found, _f1, 2 / (1 + found.value) ** 2) if name == "f1" else found


def _f1(jaccard: float) -> float:
    return 2 * jaccard / (1 + jaccard)


def _weighted(design: Design, labels: Sequence[Linear], support: NDArray[np.bool_]) -> Linear:
    sums = design.weights @ support
    if not sums.any():
        return average(labels, design, shares=np.zeros(len(labels)))
    shares = sums / sums.sum()
    values = np.nan_to_num([one.value for one in labels])
    drift = design.weights * (support @ (values - shares @ values)) / sums.sum()
    return average(labels, design, shares=shares, drift=design.spread(drift))


def _chosen(labels: Sequence[Linear], which: NDArray[np.bool_]) -> list[Linear]:
    return [one for one, kept in zip(labels, which, strict=True) if kept]


def _of_rows(
    design: Design, held: NDArray[np.bool_], given: NDArray[np.bool_]
) -> dict[str, Linear]:
    """Measures over whole rows of labels.

    ``subset_accuracy``: every label right; ``all_negative_subset_accuracy``: the same for a model that
    never predicts anything; ``hamming_loss``: share of cells that are wrong; ``jaccard``: mean over
    documents of common over all labels, 1 where there is none on either side (scikit-learn's
    ``average="samples", zero_division=1``).
    """
    wrong = held != given
    either, both = (held | given).sum(1), (held & given).sum(1)
    every = np.ones(len(held))
    anywhere = Unseen(every > 0, every > 0)
    found = {
        "subset_accuracy": (~wrong.any(1), every),
        "all_negative_subset_accuracy": (~held.any(1), every),
        "hamming_loss": (wrong.sum(1), every * held.shape[1]),
        "jaccard": (np.where(either > 0, both / np.maximum(either, 1), 1.0), every),
    }
    return {
        name: share(design, hits.astype(np.float64), mass, anywhere)
        for name, (hits, mass) in found.items()
    }


def measure_probabilities(predictions: Predictions) -> Measured:
    """Measures that need no threshold and no bootstrap.

    Macro averages of order measures leave out labels without both classes. Log loss and Brier score
    average over all labels.
    """
    design = Design.of(predictions)
    probabilities, truth = predictions.probabilities, predictions.truth
    every = np.ones(len(predictions))
    anywhere = Unseen(every > 0, every > 0)
    columns = list(zip(probabilities.T, truth.T, strict=True))
    per_label = {
        "base_rate": [share(design, t.astype(np.float64), every, anywhere) for _, t in columns],
        "roc_auc": [order.roc_auc(design, p, t) for p, t in columns],
        "average_precision": [order.average_precision(design, p, t) for p, t in columns],
        "log_loss": _losses(design, log_losses(probabilities, truth)),
        "brier": _losses(design, squared_errors(probabilities, truth)),
    }
    every_label = np.ones(len(columns), np.bool_)
    averages = {"macro": every_label}
    if frequent_labels(predictions).any():
        averages["macro_frequent"] = frequent_labels(predictions)
    overall = {
        f"{name}_{kind}": _of_defined(_chosen(labels, which), design)
        for name, labels in per_label.items()
        if name != "base_rate"
        for kind, which in averages.items()
    }
    return Measured(per_label, overall)


def _of_defined(labels: Sequence[Linear], design: Design) -> Linear:
    defined = [one for one in labels if not np.isnan(one.value)]
    return average(defined, design) if defined else undefined(design.n_units)


def _losses(design: Design, values: Floats) -> list[Linear]:
    weights, total = design.weights, design.weights.sum()
    means = weights @ values / total
    units = design.bearing(weights)
    return [
        loss(
            float(mean),
            design.spread(weights * (column - mean) / total, weights),
            units,
            unseen=design.unseen * float(column.max() - mean) / total,
        )
        for column, mean in zip(values.T, means, strict=True)
    ]


def frequent_labels(predictions: Predictions) -> NDArray[np.bool_]:
    """Labels with at least 50 positives, shape (n_labels,)."""
    frequent: NDArray[np.bool_] = predictions.positives >= FREQUENT_POSITIVES
    return frequent
