"""Every measure of an evaluation by name, under any number of weightings of the documents at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from psychescale.evaluation.measures import counts as decisions
from psychescale.evaluation.measures.proper_scores import (
    calibration_error,
    equal_mass_bins,
    log_losses,
    squared_errors,
    weighted_means,
)
from psychescale.evaluation.measures.ranking import rank
from psychescale.evaluation.predictions import FREQUENT_POSITIVES, Floats, Predictions

SPECIFICITY = 0.95
"""At which the sensitivity is read, unless another is asked for."""


class Kind(Enum):
    """What a measure is made of: it decides how its interval is made."""

    SHARE = "share"
    """A share of documents, or a mean or quotient of such shares, in [0, 1]."""
    ORDER = "order"
    """A measure of order in [0, 1]."""
    CUT = "cut"
    """A share above a cut that the data themselves choose."""
    LOSS = "loss"
    """A mean of what is never negative and has no upper bound."""
    GAP = "gap"
    """A sum of absolute differences, biased upwards."""


GAP = "ece"
KINDS = {
    **dict.fromkeys((*decisions.PER_LABEL, "predicted_rate", "base_rate"), Kind.SHARE),
    **dict.fromkeys(("subset_accuracy", "all_negative_subset_accuracy"), Kind.SHARE),
    **dict.fromkeys(("hamming_loss", "jaccard"), Kind.SHARE),
    **dict.fromkeys(("roc_auc", "average_precision"), Kind.ORDER),
    "sensitivity_at_specificity": Kind.CUT,
    **dict.fromkeys(("log_loss", "brier"), Kind.LOSS),
    GAP: Kind.GAP,
}
NOISE = "ece_noise"
"""No measure of its own: how far the bins of a replicate are from those of the documents as they are,
which the interval of the calibration error needs."""
AVERAGES = ("_micro", "_macro", "_weighted", "_macro_frequent")
LESS_IS_BETTER = frozenset({"hamming_loss", "log_loss", "brier", "ece"})


def base_name(name: str) -> str:
    """The measure that an average is of: ``f1_macro`` → ``f1``."""
    for ending in sorted(AVERAGES, key=len, reverse=True):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name


@dataclass(frozen=True)
class Table:
    """Measures by name.

    Attributes:
        per_label: Each of shape (n_labels, n_weightings), NaN where not defined.
        overall: Each of shape (n_weightings,).
    """

    per_label: Mapping[str, Floats]
    overall: Mapping[str, Floats]


Measure = Callable[[Predictions, Floats], Table]
"""From predictions and weights of shape (n, n_weightings) to a table."""


def measure_decisions(thresholds: Floats) -> Measure:
    """Measures of the decisions ``probability >= threshold``, one threshold a label.

    Averages end in ``_micro``, ``_macro``, ``_weighted`` and ``_macro_frequent`` (over the labels with
    at least 50 positives; absent without such a label).
    """

    def measure(predictions: Predictions, weights: Floats) -> Table:
        predicted = predictions.probabilities >= thresholds
        counts = decisions.confusion(predictions.truth, predicted, weights)
        per_label = {name: of(counts) for name, of in decisions.PER_LABEL.items()}
        frequent = frequent_labels(predictions)
        overall: dict[str, Floats] = {}
        for name, values in per_label.items():
            for average, value in decisions.averages(name, counts).items():
                overall[f"{name}_{average}"] = value
            if frequent.any():
                overall[f"{name}_macro_frequent"] = np.nan_to_num(values[frequent]).mean(0)
        overall |= decisions.by_document(predictions.truth, predicted, weights)
        per_label["predicted_rate"] = weighted_means(predicted.astype(np.float64), weights)
        return Table(per_label, overall)

    return measure


def measure_probabilities(predictions: Predictions, *, specificity: float = SPECIFICITY) -> Measure:
    """Measures that need no threshold.

    Macro averages of order measures leave out labels without both classes; `Table.per_label` has NaN
    there. Log loss and Brier score average over all labels.

    Args:
        predictions: The bins of the calibration error are those of these probabilities, so that they
            stay put from replicate to replicate.
        specificity: At which the sensitivity is read.
    """
    bins = np.stack([
        equal_mass_bins(column, predictions.weights) for column in predictions.probabilities.T
    ])  # fmt: skip
    origin = predictions.weights[:, None]

    def measure(predictions: Predictions, weights: Floats) -> Table:
        probabilities, truth = predictions.probabilities, predictions.truth
        ranks = [
            rank(column, held, weights, specificity=specificity)
            for column, held in zip(probabilities.T, truth.T, strict=True)
        ]
        per_label = {
            "base_rate": weighted_means(truth.astype(np.float64), weights),
            "roc_auc": np.stack([label.roc_auc for label in ranks]),
            "average_precision": np.stack([label.average_precision for label in ranks]),
            "sensitivity_at_specificity": np.stack([label.sensitivity for label in ranks]),
            "log_loss": weighted_means(log_losses(probabilities, truth), weights),
            "brier": weighted_means(squared_errors(probabilities, truth), weights),
        }
        errors = [
            calibration_error(*columns, weights, origin=origin)
            for columns in zip(probabilities.T, truth.T, bins, strict=True)
        ]
        per_label[GAP], per_label[NOISE] = (np.stack(part) for part in zip(*errors, strict=True))
        frequent = frequent_labels(predictions)
        overall: dict[str, Floats] = {}
        for name, values in per_label.items():
            if name == "base_rate":
                continue
            overall[f"{name}_macro"] = _mean_of_defined(values)
            if frequent.any():
                overall[f"{name}_macro_frequent"] = _mean_of_defined(values[frequent])
        return Table(per_label, overall)

    return measure


def frequent_labels(predictions: Predictions) -> NDArray[np.bool_]:
    """Labels with at least 50 positives, shape (n_labels,)."""
    frequent: NDArray[np.bool_] = predictions.positives >= FREQUENT_POSITIVES
    return frequent


def bearing_units(predictions: Predictions, thresholds: Floats) -> dict[str, NDArray[np.int64]]:
    """How many authors, or documents, each per-label measure rests on, shape (n_labels,)."""
    predicted = predictions.probabilities >= thresholds
    truth = predictions.truth == 1
    found = {"precision": predicted, "recall": truth, "f1": predicted | truth}
    rest = {"specificity": ~truth}
    order = dict.fromkeys(("roc_auc", "average_precision", "sensitivity_at_specificity"), truth)
    units = {
        name: np.array([len(np.unique(predictions.units[column])) for column in cells.T])
        for name, cells in {**found, **rest, **order}.items()
    }
    everyone = np.full(len(predictions.labels), predictions.n_units)
    return {name: units.get(name, everyone) for name in KINDS}


def _mean_of_defined(values: Floats) -> Floats:
    """Mean over labels, shape (n_weightings,), NaN where no label has a value."""
    defined = ~np.isnan(values)
    return decisions.ratio(np.where(defined, values, 0).sum(0), defined.sum(0).astype(np.float64))
