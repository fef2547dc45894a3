"""An evaluation as a document: what `measures.json` holds, in full or fit to be shown.

Schema (version 1). An *estimate* is ``{"value", "low", "high", "reason"}``: numbers or null, and why a
number is missing or null. Counts are of documents, unweighted; in the shown document a count from 1 to
7 is the text ``"<=7"``.

========================  ==================================================================
``schema``                1
``masked``                whether small counts are withheld
``notice``, ``banner``    what the reader must know; the banner may be null
``model``                 ``name`` and whatever the caller knows of it
``data``                  ``n_documents``, ``n_units``, ``unit`` (author or document),
                          ``weighted``, ``flow``: list of ``{"step", "n"}``
``method``                ``replicates``, ``seed``, ``level``, ``specificity``,
                          ``min_positives``, ``frequent_positives``, ``threshold_procedure``
``labels``                names, in order
``per_label``             label → ``positives``, ``thresholds`` (by threshold set),
                          ``confusion`` (by threshold set: ``tp fp fn tn``, or null),
                          ``decisions`` (by threshold set: measure → estimate),
                          ``probabilities`` (measure → estimate), ``calibration``
                          (``slope``, ``intercept``: estimates; ``bins``), ``curves``
                          (``roc``, ``precision_recall``: lists of points, or null)
``overall``               ``decisions`` (by threshold set) and ``probabilities``
``slices``                ``column``, ``gaps``, ``groups`` (``group n n_labels values
                          differences``)
``contenders``            models and baselines on the same rows: ``name``, ``values``
                          (measure → estimate), ``differences`` ("this model minus it")
``challenge``             ``categories`` (``category passed n rate``), ``failed``,
                          ``untested``; or null
``agreement``             label → ``alpha kappa pairwise_f1 n_documents``; or null
``training_curve``        list of ``epoch training_loss validation_loss``; may be empty
``recommendation``        ``verdict reasons sign_off``; or null
========================  ==================================================================

A rate beside a count can give a small count back. So the shown document keeps a confusion only
where each of its cells is 0 or above 7, withholds all measures of a label with 1 to 7 positives, and
gives the measures of a label without a confusion to two decimals. Reliability bins, ten of equal
expected positives, are merged until each has 8 positives and 8 negatives.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

import numpy as np

from psychescale.evaluation.agreement import Agreement
from psychescale.evaluation.calibration import ReliabilityBin, recalibrate, reliability
from psychescale.evaluation.challenge import Challenge
from psychescale.evaluation.comparison import HEADLINE, Comparison, Recommendation
from psychescale.evaluation.curves import draw_curves
from psychescale.evaluation.estimates import Estimates, Evaluation
from psychescale.evaluation.intervals import LEVEL, Estimate
from psychescale.evaluation.predictions import FREQUENT_POSITIVES, MIN_POSITIVES, Predictions
from psychescale.evaluation.slices import SliceTable
from psychescale.notice import NOTICE

Json: TypeAlias = dict[str, Any]

SCHEMA = 1
_BIN_FEWEST = 8  # the smallest count that may be shown


@dataclass(frozen=True)
class Contender:
    """Another model, or a baseline, on the same rows.

    Attributes:
        evaluation: Of its own.
        comparison: "This model minus it".
    """

    evaluation: Evaluation
    comparison: Comparison


@dataclass(frozen=True)
class Context:
    """What the figures do not say.

    Attributes:
        model: ``name``, and facts such as digest, precision, long-text policy.
        flow: Steps of the data's way with how many documents were left after each.
        threshold_procedure: How thresholds were found, a sentence.
        banner: A warning at the top, if there must be one.
        training_curve: ``epoch``, ``training_loss`` and ``validation_loss`` as training went.
        restricted_note: Where the unmasked measures are, for those who may read them.
    """

    model: Mapping[str, Any]
    flow: Sequence[tuple[str, int]] = ()
    threshold_procedure: str = ""
    banner: str | None = None
    training_curve: Sequence[Mapping[str, float]] = ()
    restricted_note: str = ""


@dataclass(frozen=True)
class Extras:
    """Parts that an evaluation may or may not have."""

    slices: Sequence[SliceTable] = ()
    contenders: Mapping[str, Contender] = field(default_factory=dict)
    challenge: Challenge | None = None
    agreement: Sequence[Agreement] | None = None
    recommendation: Recommendation | None = None


def to_document(evaluation: Evaluation, context: Context, extras: Extras | None = None) -> Json:
    """The full document: JSON-serialisable, with every count. For those who may see small counts."""
    parts = extras or Extras()
    predictions = evaluation.predictions
    return {
        "schema": SCHEMA,
        "masked": False,
        "notice": NOTICE,
        "banner": context.banner,
        "model": dict(context.model),
        "data": _data(predictions, context),
        "method": _method(evaluation, context),
        "labels": list(predictions.labels),
        "per_label": {
            name: _label(evaluation, index) for index, name in enumerate(predictions.labels)
        },
        "overall": {
            "decisions": {
                name: _estimates(made.estimates.overall)
                for name, made in evaluation.decisions.items()
            },
            "probabilities": _estimates(evaluation.probabilities.overall),
        },
        "slices": [_slices(table) for table in parts.slices],
        "contenders": _contenders(evaluation, context, parts.contenders),
        "challenge": None if parts.challenge is None else _challenge(parts.challenge),
        "agreement": _agreement(predictions.labels, parts.agreement),
        "training_curve": [dict(step) for step in context.training_curve],
        "recommendation": None if parts.recommendation is None else asdict(parts.recommendation),
        "restricted_note": context.restricted_note,
    }


def as_json(estimate: Estimate) -> Json:
    """An estimate with null where there is no number."""
    return {
        "value": _number(estimate.value),
        "low": _number(estimate.low),
        "high": _number(estimate.high),
        "reason": None if estimate.reason is None else str(estimate.reason),
    }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _estimates(estimates: Mapping[str, Estimate]) -> Json:
    return {name: as_json(estimate) for name, estimate in estimates.items()}


def _data(predictions: Predictions, context: Context) -> Json:
    return {
        "n_documents": len(predictions),
        "n_units": predictions.n_units,
        "unit": "author" if predictions.by_author else "document",
        "weighted": bool(np.ptp(predictions.weights) > 0),
        "flow": [{"step": step, "n": n} for step, n in context.flow],
    }


def _method(evaluation: Evaluation, context: Context) -> Json:
    return {
        "replicates": evaluation.n_replicates,
        "seed": evaluation.seed,
        "level": LEVEL,
        "specificity": evaluation.specificity,
        "min_positives": MIN_POSITIVES,
        "frequent_positives": FREQUENT_POSITIVES,
        "threshold_procedure": context.threshold_procedure,
    }


def _label(evaluation: Evaluation, label: int) -> Json:
    predictions = evaluation.predictions
    fitted = recalibrate(predictions, label)
    curves = draw_curves(predictions, label)
    positives = int(predictions.positives[label])
    few = min(positives, len(predictions) - positives) < MIN_POSITIVES
    return {
        "positives": positives,
        "thresholds": {
            name: float(made.thresholds[label]) for name, made in evaluation.decisions.items()
        },
        "confusion": {
            name: dict(zip(("tp", "fp", "fn", "tn"), made.confusion[label].tolist(), strict=True))
            for name, made in evaluation.decisions.items()
        },
        "decisions": {
            name: _one_label(made.estimates, label) for name, made in evaluation.decisions.items()
        },
        "probabilities": _one_label(evaluation.probabilities, label),
        "calibration": {
            "slope": as_json(fitted.slope),
            "intercept": as_json(fitted.intercept),
            "bins": [] if few else [asdict(found) for found in _bins(predictions, label)],
        },
        "curves": None
        if curves is None
        else {
            "roc": curves.roc.round(4).tolist(),
            "precision_recall": curves.precision_recall.round(4).tolist(),
        },
    }


def _bins(predictions: Predictions, label: int) -> list[ReliabilityBin]:
    return reliability(predictions, label, expected=True, fewest=_BIN_FEWEST)


def _one_label(estimates: Estimates, label: int) -> Json:
    return {name: as_json(found[label]) for name, found in estimates.per_label.items()}


def _slices(table: SliceTable) -> Json:
    return {
        "column": table.column,
        "gaps": {name: _number(value) for name, value in table.gaps.items()},
        "groups": [
            {
                "group": found.group,
                "n": found.n,
                "positives": found.positives,
                "n_labels": found.n_labels,
                "values": _estimates(found.values),
                "differences": _estimates(found.differences),
            }
            for found in table.slices
        ],
    }


def _headline(evaluation: Evaluation) -> dict[str, Estimate]:
    found = {
        **evaluation.decisions["frozen"].estimates.overall,
        **evaluation.probabilities.overall,
    }
    return {name: found[name] for name in HEADLINE if name in found}


def _contenders(
    evaluation: Evaluation, context: Context, others: Mapping[str, Contender]
) -> list[Json]:
    own = {
        "name": str(context.model.get("name", "this model")),
        "values": _estimates(_headline(evaluation)),
        "differences": {},
    }
    return [
        own,
        *(
            {
                "name": name,
                "values": _estimates(_headline(other.evaluation)),
                "differences": _estimates(
                    {m: e for m, e in other.comparison.overall.items() if m in HEADLINE}
                ),
            }
            for name, other in others.items()
        ),
    ]


def _challenge(found: Challenge) -> Json:
    return {
        "categories": [
            {
                "category": str(category),
                "passed": tally.passed,
                "n": tally.n,
                "rate": as_json(tally.rate),
            }
            for category, tally in found.by_category.items()
        ],
        "failed": [
            {"label": label, "category": str(pair.category), "lower": pair.lower,
             "higher": pair.higher}
            for label, pair in found.failed
        ],
        "untested": list(found.untested),
    }  # fmt: skip


def _agreement(labels: Sequence[str], found: Sequence[Agreement] | None) -> Json | None:
    if found is None:
        return None
    return {
        label: {
            "alpha": _number(one.alpha),
            "kappa": _number(one.kappa),
            "pairwise_f1": _number(one.pairwise_f1),
            "n_documents": one.n_documents,
        }
        for label, one in zip(labels, found, strict=True)
    }
