"""What a model is compared with: baselines thresholded as it was, and another model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import InputError, UsageError
from psychescale.evaluation.comparison.baselines import (
    always_positive,
    balanced_weights,
    base_rate,
    lexicon,
    tfidf,
)
from psychescale.evaluation.comparison.paired import (
    HEADLINE,
    Comparison,
    Scored,
    compare,
    compare_by_group,
)
from psychescale.evaluation.comparison.recommendation import Recommendation, recommend
from psychescale.evaluation.document.sections import Comparator, Subgroup
from psychescale.evaluation.measures.estimates import evaluate
from psychescale.evaluation.measures.registry import base_name
from psychescale.evaluation.predictions import MIN_POSITIVES, Floats, Predictions
from psychescale.settings.evaluate import EvaluateConfig
from psychescale.training.calibration import fit_calibration, sigmoid
from psychescale.training.thresholds import fit_thresholds, parse_criterion
from psychescale.workflows.evaluate.candidate import Candidate, score_rows, truth_of
from psychescale.workflows.rows import LabelledRows

MEASURES = tuple(dict.fromkeys(map(base_name, HEADLINE)))
BASELINES = ("base-rate", "always-positive", "lexicon", "tfidf")
# Probabilities of a logistic regression are kept this far off 0 and 1 before they become logits.
_EDGE = 1e-6
_FLATTEST = 1e-9  # a slope of 0 makes all documents alike, and no cut of the raw ones does that


@dataclass(frozen=True)
class Learning:
    """Rows that baselines learn from.

    Attributes:
        train: Rows to fit on.
        validation: Rows to choose thresholds on.
    """

    train: LabelledRows
    validation: LabelledRows


def require_baselines(names: Sequence[str]) -> None:
    """Refuse an unknown baseline.

    Raises:
        UsageError: Naming it.
    """
    unknown = [name for name in names if name not in BASELINES]
    if unknown:
        raise UsageError(
            f"‹baselines›: there is no {unknown[0]}.", remedy=f"There are {', '.join(BASELINES)}."
        )


def read_margins(config: EvaluateConfig) -> dict[str, float]:
    """By how much a model may be worse and still count as no worse, by measure.

    Raises:
        UsageError: A part has not the form MEASURE=MARGIN, or names no measure.
    """
    margins = {}
    for part in config.margins:
        name, _, margin = part.partition("=")
        try:
            margins[name] = float(margin)
        except ValueError:
            margins[name] = -1.0
        if name not in MEASURES or not 0 <= margins[name] <= 1:
            raise UsageError(
                f"‹margins› {part}: no margin.",
                remedy=f"Write MEASURE=MARGIN, as in f1=.02; measures are {', '.join(MEASURES)}.",
            )
    return margins


def score_baselines(
    config: EvaluateConfig,
    learning: Learning,
    rows: LabelledRows,
    labels: Sequence[str],
    *,
    criterion: str,
) -> list[Scored]:
    """Each baseline's probabilities for the judged rows, and its thresholds.

    Args:
        config: Of the evaluation.
        learning: What they learn from.
        rows: The rows that are judged.
        labels: The labels that are judged.
        criterion: What the model's own thresholds were chosen for.

    Raises:
        InputError: There is too little to learn from.
    """
    truth = truth_of(learning.train, labels, config)
    held = truth_of(learning.validation, labels, config)
    made: Mapping[str, Callable[[], Callable[[Sequence[str]], Floats]]] = {
        "base-rate": lambda: base_rate(truth),
        "always-positive": lambda: always_positive(len(labels)),
        "lexicon": lambda: lexicon(labels),
        "tfidf": lambda: tfidf(_both_texts(learning.train), truth.astype(np.uint8)),
    }
    found = []
    for name in config.baselines:
        score = made[name]()
        read = _both_texts if name == "tfidf" else _texts
        tuning, judged = score(read(learning.validation)), score(read(rows))
        if name == "tfidf":  # balanced classes shift its logits, as the loss shifts the model's
            weights = balanced_weights(truth.astype(np.uint8))
            tuning, judged = _calibrated(tuning, judged, held, weights)
        thresholds = fit_thresholds(
            tuning.astype(np.float32), held, criterion=parse_criterion(criterion), seed=config.seed
        )
        found.append(Scored(name, judged, thresholds.values))
    return found


def _texts(rows: LabelledRows) -> list[str]:
    """What a person wrote: the words of a question are not theirs."""
    return rows.texts


def _both_texts(rows: LabelledRows) -> list[str]:
    """What the model reads: each text with its second text, where there is one."""
    if rows.second_texts is None:
        return rows.texts
    return [f"{two or ''}\n{one}" for one, two in zip(rows.texts, rows.second_texts, strict=True)]


def score_champion(
    champion: Candidate, rows: LabelledRows, labels: Sequence[str]
) -> tuple[Scored, list[str]]:
    """Another model's probabilities for the judged rows, for the labels that both have.

    Raises:
        InputError: There is no such label, or it cannot score a row.
    """
    common = [name for name in labels if name in champion.spec.labels]
    if not common:
        raise InputError(
            "The model of ‹against› has none of the labels that are judged.",
            remedy="Compare models of the same labels.",
        )
    columns = [champion.spec.labels.index(name) for name in common]
    scores = score_rows(champion.load(), rows)
    if not scores.usable.all():
        raise InputError(
            "The model of ‹against› cannot score all rows that the other one can.",
            remedy="Leave those rows out of ‹input› (texts of which a tokenizer finds nothing).",
        )
    name = champion.name
    if len(common) < len(labels):
        name += f" ({len(common)} of {len(labels)} labels)"
    return Scored(name, scores.probabilities[:, columns], champion.thresholds[columns]), common


def set_beside(
    predictions: Predictions, own: Scored, other: Scored, config: EvaluateConfig
) -> Comparator:
    """Judge another on the same rows and labels, and compare."""
    judged = evaluate(
        predictions.with_probabilities(other.probabilities),
        other.thresholds,
        specificity=config.specificity,
        n_replicates=config.replicates,
        seed=config.seed,
    )
    return Comparator(judged, compare(predictions, own, other))


def advise(
    predictions: Predictions,
    own: Scored,
    other: Scored,
    comparison: Comparison,
    *,
    slices: Mapping[str, Sequence[str]],
    margins: Mapping[str, float],
) -> tuple[Recommendation, list[Subgroup]]:
    """Whether the model should take the other's place, and the subgroups that are large enough."""
    groups: list[Subgroup] = []
    for column, values in slices.items():
        names = np.asarray(values, dtype=object).astype(str)
        sizes = dict(zip(*np.unique(names, return_counts=True), strict=True))
        large = np.array([sizes[name] >= MIN_POSITIVES for name in names])
        if not large.any():
            continue
        found = compare_by_group(
            predictions.rows(large),
            Scored(own.name, own.probabilities[large], own.thresholds),
            Scored(other.name, other.probabilities[large], other.thresholds),
            names[large].tolist(),
        )
        groups += [
            Subgroup(
                column,
                str(name),
                int((names == name).sum()),
                int(predictions.truth[names == name].sum()),
                one,
            )
            for name, one in found.items()
        ]
    by_name = {f"{one.column} = {one.group}": one.comparison for one in groups}
    return recommend(comparison, by_name, labels=predictions.labels, margins=margins), groups


def before_calibration(own: Scored, logits: Floats, calibration: Mapping[str, Floats]) -> Scored:
    """The model without its calibration, making the same decisions.

    Args:
        own: The model as it is.
        logits: Raw, shape (n, n_labels).
        calibration: ``slope`` and ``intercept``, each of shape (n_labels,).
    """
    slope = np.maximum(calibration["slope"], _FLATTEST)
    cuts = (_logit(own.thresholds) - calibration["intercept"]) / slope
    return Scored("before calibration", sigmoid(logits), sigmoid(cuts))


def _calibrated(
    tuning: Floats, judged: Floats, held: NDArray[np.float32], weights: NDArray[np.float32]
) -> tuple[Floats, Floats]:
    logits = _logit(tuning).astype(np.float32)
    fitted = fit_calibration(logits, held, positive_weights=weights)
    one, other = (
        sigmoid(_logit(values) * fitted.slope + fitted.intercept) for values in (tuning, judged)
    )
    return one, other


def _logit(probabilities: Floats) -> Floats:
    clipped = np.clip(probabilities, _EDGE, 1 - _EDGE)
    logits: Floats = np.log(clipped / (1 - clipped))
    return logits
