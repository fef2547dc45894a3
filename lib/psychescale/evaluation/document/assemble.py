"""An evaluation as a document: what `measures.json` holds, in full or fit to be shown.

Schema (version 1). An *estimate* is ``{"value", "low", "high", "reason"}``: numbers or null, and why a
number is missing or null. Counts are of documents, unweighted; in the shown document they are
rounded to 5, and a count from 1 to 7 is the text ``"<=7"``.

========================  ==================================================================
``schema``                1
``masked``                whether small counts are withheld
``notice``, ``banner``    what the reader must know; the banner may be null
``model``                 ``name`` and whatever the caller knows of it
``data``                  ``n_documents``, ``n_units``, ``unit`` (author or document),
                          ``weighted``, ``flow``: list of ``{"step", "n"}``; ``measured_on``:
                          what the documents are to the model; ``known``: kind → documents that
                          training knew, or null where nobody searched; ``parts``: Table 1, by
                          part ``part n n_authors words months positives groups``; ``missing``:
                          ``truth`` and ``scores``: column → group → documents without
``method``                ``replicates``, ``seed``, ``level``, ``specificity``,
                          ``min_positives``, ``frequent_positives``, ``threshold_procedure``,
                          ``thresholds``: ``frozen`` or ``0.5``; ``fitted_here``: whether thresholds
                          and calibration were fitted on these very documents
``labels``                names, in order
``per_label``             label → ``positives``, ``thresholds`` (by threshold set),
                          ``confusion`` (by threshold set: ``tp fp fn tn``, or null),
                          ``decisions`` (by threshold set: measure → estimate),
                          ``probabilities`` (measure → estimate), ``yes_no`` (at frozen
                          thresholds: accuracy, likelihood ratios, …), ``calibration``
                          (``slope``, ``intercept``, ``ici``, ``e90``: estimates; ``bins``; ``before``:
                          ``slope intercept ece`` of the raw probabilities, or null), ``curves``
                          (``roc``, ``precision_recall``: lists of points, or null)
``overall``               ``decisions`` (by threshold set) and ``probabilities``
``slices``                ``column``, ``gaps``, ``groups`` (``group n n_labels values
                          differences``; in the full document ``confusion`` of all labels
                          together, and ``confusion_of_others``)
``contenders``            models and baselines on the same rows: ``name``, ``values``
                          (measure → estimate), ``differences`` ("this model minus it"),
                          ``per_label`` (``confusion``, and what needs no threshold)
``challenge``             ``categories`` (``category passed n rate``), ``failed``,
                          ``untested``; or null
``identity``              list of ``label category mean largest terms n``: how far words for an
                          identity alone move a probability; or null
``agreement``             label → ``alpha kappa pairwise_f1 model_f1 n_documents``; or null
``rival``                 the model compared with: ``name``, ``per_label`` (label → measure →
                          difference), ``subgroups`` (``column group n positives
                          differences``); or null
``faithfulness``          list of ``ranking comprehensiveness sufficiency n_texts``; or null
``training_curve``        list of ``epoch training_loss validation_loss``; may be empty
``recommendation``        ``verdict reasons sign_off margins``; ``detectable``: the difference that
                          four in five such samples would show, ``overall`` (by measure) and
                          ``labels`` (of F1); or null
========================  ==================================================================

A rate beside a count can give a small count back. So the shown document follows the four rules of
`disclosure`; what is made of it stands in `masking` and `shown`. Reliability bins, ten of equal
expected positives, are merged until each has 8 positives and 8 negatives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from psychescale.evaluation.document.sections import (
    Extras,
    Json,
    agreement_json,
    as_json,
    challenge_json,
    champion_json,
    comparators_json,
    detectable_json,
    estimates_json,
    identity_json,
    slices_json,
)
from psychescale.evaluation.document.table_one import Part, part_json
from psychescale.evaluation.document.yes_no import yes_no_json
from psychescale.evaluation.measures.curves import draw_curves
from psychescale.evaluation.measures.estimates import Estimates, Evaluation
from psychescale.evaluation.measures.linear import LEVEL
from psychescale.evaluation.measures.reliability import (
    ReliabilityBin,
    recalibrate,
    reliability,
    smooth_calibration,
)
from psychescale.evaluation.predictions import FREQUENT_POSITIVES, MIN_POSITIVES, Predictions
from psychescale.notice import NOTICE

SCHEMA = 1
_BIN_FEWEST = 8  # the smallest count that may be shown


@dataclass(frozen=True)
class Context:
    """What the figures do not say.

    Attributes:
        model: ``name``, and facts such as digest, precision, long-text policy.
        flow: Steps of the data's way with how many documents were left after each.
        threshold_procedure: How thresholds were found, a sentence.
        has_thresholds: There are frozen ones, and they are applied.
        fitted_here: Thresholds and calibration were fitted on these very documents.
        measured_on: What the documents are to the model, in a few words.
        known: Documents that training knew, by kind; None: nobody searched for them.
        parts: Development and evaluation parts.
        missing: ``truth`` and ``scores`` → column → group → documents that lack them.
        banner: A warning at the top, if there must be one.
        training_curve: ``epoch``, ``training_loss`` and ``validation_loss`` as training went.
        restricted_note: Where the unmasked measures are, for those who may read them.
    """

    model: Mapping[str, Any]
    flow: Sequence[tuple[str, int]] = ()
    threshold_procedure: str = ""
    has_thresholds: bool = True
    fitted_here: bool = False
    measured_on: str = ""
    known: Mapping[str, int] | None = None
    parts: Sequence[Part] = ()
    missing: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    banner: str | None = None
    training_curve: Sequence[Mapping[str, float]] = ()
    restricted_note: str = ""


def to_document(evaluation: Evaluation, context: Context, extras: Extras | None = None) -> Json:
    """The full document: JSON-serialisable, with every count. For those who may see small counts."""
    parts = extras or Extras()
    predictions = evaluation.predictions
    document: Json = {
        "schema": SCHEMA,
        "masked": False,
        "notice": NOTICE,
        "banner": context.banner,
        "model": dict(context.model),
        "data": _data(predictions, context),
        "method": _method(evaluation, context),
        "labels": list(predictions.labels),
        "per_label": {
            name: _label(evaluation, index, parts.uncalibrated)
            for index, name in enumerate(predictions.labels)
        },
        "overall": {
            "decisions": {
                name: estimates_json(made.estimates.overall)
                for name, made in evaluation.decisions.items()
            },
            "probabilities": estimates_json(evaluation.probabilities.overall),
        },
        "slices": [slices_json(table) for table in parts.slices],
        "contenders": comparators_json(
            evaluation, str(context.model.get("name", "this model")), parts.comparators
        ),
        "challenge": None if parts.challenge is None else challenge_json(parts.challenge),
        "identity": None if parts.identity is None else identity_json(parts.identity),
        "agreement": agreement_json(predictions.labels, parts.agreement),
        "rival": champion_json(parts.champion),
        "faithfulness": None
        if parts.faithfulness is None
        else [dict(ranking) for ranking in parts.faithfulness],
        "training_curve": [dict(step) for step in context.training_curve],
        "recommendation": None if parts.recommendation is None else asdict(parts.recommendation),
        "restricted_note": context.restricted_note,
    }
    if document["recommendation"] is not None:
        document["recommendation"]["detectable"] = detectable_json(document)
    return document


def _data(predictions: Predictions, context: Context) -> Json:
    return {
        "n_documents": len(predictions),
        "n_units": predictions.n_units,
        "unit": "author" if predictions.by_author else "document",
        "weighted": bool(np.ptp(predictions.weights) > 0),
        "flow": [{"step": step, "n": n} for step, n in context.flow],
        "measured_on": context.measured_on,
        "known": None if context.known is None else dict(context.known),
        "parts": [part_json(part) for part in context.parts],
        "missing": {
            what: {column: dict(counts) for column, counts in columns.items()}
            for what, columns in context.missing.items()
        },
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
        "thresholds": "frozen" if context.has_thresholds else "0.5",
        "fitted_here": context.fitted_here,
    }


def _label(evaluation: Evaluation, label: int, raw: Evaluation | None) -> Json:
    predictions = evaluation.predictions
    fitted = recalibrate(predictions, label)
    smooth = smooth_calibration(predictions, label)
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
        "yes_no": yes_no_json(
            predictions, label, float(evaluation.decisions["frozen"].thresholds[label])
        ),
        "calibration": {
            "slope": as_json(fitted.slope),
            "intercept": as_json(fitted.intercept),
            "ici": as_json(smooth.ici),
            "e90": as_json(smooth.e90),
            "bins": [] if few else [asdict(found) for found in _bins(predictions, label)],
            "before": None if raw is None else _before(raw, label),
        },
        "curves": None
        if curves is None
        else {
            "roc": curves.roc.round(4).tolist(),
            "precision_recall": curves.precision_recall.round(4).tolist(),
        },
    }


def _before(raw: Evaluation, label: int) -> Json:
    """Calibration of the raw probabilities."""
    fitted = recalibrate(raw.predictions, label)
    return {
        "slope": as_json(fitted.slope),
        "intercept": as_json(fitted.intercept),
        "ece": as_json(raw.probabilities.per_label["ece"][label]),
    }


def _bins(predictions: Predictions, label: int) -> list[ReliabilityBin]:
    return reliability(predictions, label, expected=True, fewest=_BIN_FEWEST)


def _one_label(estimates: Estimates, label: int) -> Json:
    return {name: as_json(found[label]) for name, found in estimates.per_label.items()}
