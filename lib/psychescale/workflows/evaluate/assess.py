"""An evaluation from scores to the full document of measures."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from psychescale import __version__
from psychescale.errors import UsageError
from psychescale.evaluation.challenge.identity import compare_identities
from psychescale.evaluation.challenge.outcome import challenge
from psychescale.evaluation.comparison.paired import Scored
from psychescale.evaluation.document.assemble import Context, to_document
from psychescale.evaluation.document.sections import Champion, Comparator, Extras
from psychescale.evaluation.measures.estimates import evaluate
from psychescale.evaluation.measures.slices import quartile_groups, slice_by
from psychescale.evaluation.predictions import Floats, Predictions
from psychescale.scoring.scorer import Scorer
from psychescale.settings.evaluate import EvaluateConfig
from psychescale.workflows.evaluate.attention import try_attention
from psychescale.workflows.evaluate.candidate import (
    Candidate,
    RowScores,
    evaluated_labels,
    make_predictions,
    truth_of,
)
from psychescale.workflows.evaluate.comparators import (
    advise,
    before_calibration,
    read_margins,
    score_baselines,
    score_champion,
    set_beside,
)
from psychescale.workflows.evaluate.describe import (
    MOST_GROUPS,
    describe_missing,
    describe_parts,
    measured_on,
)
from psychescale.workflows.evaluate.raters import assess_raters
from psychescale.workflows.evaluate.selection import EvaluationRows
from psychescale.workflows.rows import LabelledRows

RESTRICTED = "restricted/measures.json"
_OF_MANY = (
    "f1_macro", "f1_micro", "roc_auc_macro", "average_precision_macro", "log_loss_macro",
)  # fmt: skip
_OF_ONE_LABEL = ("recall", "specificity", "precision", "npv", "f1", "roc_auc", "log_loss")


def assess(
    config: EvaluateConfig,
    candidate: Candidate,
    selected: EvaluationRows,
    scores: RowScores,
    *,
    scorer: Scorer | None,
    champion: Candidate | None,
) -> dict[str, Any]:
    """Measure, compare, and gather the full document; it holds small counts.

    Args:
        config: Of the evaluation.
        candidate: The model that is judged.
        selected: The rows.
        scores: Its scores for them.
        scorer: The model, loaded, for the challenge suite; None leaves it out.
        champion: A model to compare with, or None.

    Raises:
        InputError: Rows, scores and labels do not fit each other.
        UsageError: A column to slice by has too many groups.
    """
    usable = scores.usable
    rows, scores = selected.rows.take(usable.nonzero()[0]), scores.take(usable)
    labels = evaluated_labels(config, candidate.spec)
    columns = [candidate.spec.labels.index(name) for name in labels]
    predictions = make_predictions(config, rows, labels, candidate.spec, scores.probabilities)
    own = Scored(candidate.name, predictions.probabilities, candidate.thresholds[columns])
    evaluation = evaluate(
        predictions,
        own.thresholds,
        n_replicates=config.replicates,
        seed=config.seed,
        specificity=config.specificity,
    )
    asked = slice_groups(config, rows)
    slices = slice_by(predictions, own.thresholds, {**_own_slices(scores), **asked})
    comparators: dict[str, Comparator] = {}
    uncalibrated = None
    if (
        candidate.applied.calibrated == "all"
        and scores.logits is not None
        and candidate.spec.calibration
    ):
        numbers = {name: np.array(v)[columns] for name, v in candidate.spec.calibration.items()}
        raw = before_calibration(own, scores.logits[:, columns], numbers)
        comparators[raw.name] = set_beside(predictions, own, raw, config)
        uncalibrated = comparators[raw.name].evaluation
    if selected.learning is not None:
        criterion = candidate.criterion
        for other in score_baselines(config, selected.learning, rows, labels, criterion=criterion):
            comparators[other.name] = set_beside(predictions, own, other, config)
    recommendation = replaced = None
    if champion is not None:
        other, common = score_champion(champion, rows, labels)
        shared, mine = _among(predictions, own, common)
        comparators[other.name] = set_beside(shared, mine, other, config)
        comparison = comparators[other.name].comparison
        recommendation, groups = advise(
            shared, mine, other, comparison, slices=asked, margins=read_margins(config)
        )
        replaced = Champion(common, comparison, groups)
    suite = identity = None
    if scorer is not None:

        def score(texts: Sequence[str]) -> Floats:
            return scorer(texts)[:, columns].astype(np.float64)

        suite, identity = challenge(score, labels), compare_identities(score, labels)
    context = Context(
        model={**candidate.facts(), **_texts(rows), **_when()},
        flow=(*selected.flow, ("scored", len(rows))),
        threshold_procedure=candidate.procedure,
        has_thresholds=candidate.has_thresholds,
        fitted_here=config.membership is not None and config.part == "validation",
        measured_on=measured_on(config, selected),
        known=selected.known,
        parts=describe_parts(config, selected, rows, labels),
        missing=describe_missing(config, selected, usable),
        banner=config.banner,
        training_curve=_curve(candidate.checkpoint.scoring),
        restricted_note=RESTRICTED,
    )
    extras = Extras(
        slices,
        comparators,
        suite,
        identity,
        assess_raters(config, rows, labels, own.probabilities >= own.thresholds),
        recommendation,
        replaced,
        uncalibrated,
        try_attention(config, candidate, selected.rows),
    )
    return to_document(evaluation, context, extras)


def require_fit(
    config: EvaluateConfig, candidate: Candidate, rows: LabelledRows
) -> tuple[str, ...]:
    """The labels to judge, once rows and model are known to fit each other.

    Raises:
        InputError: Labels of rows and model do not fit each other.
        UsageError: A column to slice by has too many groups.
    """
    labels = evaluated_labels(config, candidate.spec)
    truth_of(rows, labels, config)
    slice_groups(config, rows)
    return labels


def slice_groups(config: EvaluateConfig, rows: LabelledRows) -> dict[str, list[str]]:
    """The group of each row, for each column to slice by.

    Raises:
        UsageError: A column has too many groups.
    """
    return {name: _groups(rows.columns[name], name) for name in config.slice_columns}


def _texts(rows: LabelledRows) -> dict[str, str]:
    """What the judged texts went through."""
    if rows.mark is None:
        return {"judged_texts": "raw"}
    return {"judged_texts": f"normalizer {rows.mark[0]}, redactor {rows.mark[1]}"}


def _when() -> dict[str, str]:
    """When, and with which version, the evaluation was made."""
    return {"evaluated": datetime.now(UTC).date().isoformat(), "psychescale": __version__}


def _among(
    predictions: Predictions, own: Scored, labels: Sequence[str]
) -> tuple[Predictions, Scored]:
    """The same for some of the labels."""
    which = np.isin(predictions.labels, labels)
    shared = predictions.columns(which)
    return shared, Scored(own.name, shared.probabilities, own.thresholds[which])


def _own_slices(scores: RowScores) -> dict[str, list[str]]:
    return {
        "length in tokens": quartile_groups(scores.n_tokens),
        "truncated": ["yes" if one else "no" for one in scores.truncated],
    }


def _groups(values: Sequence[object], name: str) -> list[str]:
    try:
        numbers = [float(str(value)) for value in values if value is not None]
    except ValueError:
        numbers = []
    if numbers and len(set(numbers)) > MOST_GROUPS:
        return quartile_groups([float("nan") if v is None else float(str(v)) for v in values])
    groups = ["unknown" if value is None else str(value) for value in values]
    if len(set(groups)) > MOST_GROUPS:
        raise UsageError(
            f"‹slice› {name}: the column has {len(set(groups)):,} values.",
            remedy=f"Slice by a column of at most {MOST_GROUPS}, or of numbers (cut at quartiles).",
        )
    return groups


def _curve(scoring: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Losses as training went; ``kept`` marks the point whose weights the bundle holds."""
    names = {"training_loss": "training_loss", "validation_log_loss": "validation_loss"}
    best = (scoring.get("training") or {}).get("best_step")
    return [
        {"epoch": point["epoch"], "kept": point.get("step") == best}
        | {shown: point[key] for key, shown in names.items() if point.get(key) is not None}
        for point in scoring.get("curve") or ()
    ]


def headline(document: Mapping[str, Any]) -> dict[str, Any]:
    """The few estimates that a person is told at the end."""
    if len(document["labels"]) == 1:
        part = document["per_label"][document["labels"][0]]
        every = {**part["decisions"]["frozen"], **part["yes_no"], **part["probabilities"]}
        return {name: every[name] for name in _OF_ONE_LABEL}
    overall = document["overall"]
    every = {**overall["decisions"]["frozen"], **overall["probabilities"]}
    return {name: every[name] for name in _OF_MANY}
