"""Parts of the document of measures: estimates, slices, contenders, the suite, the raters."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from psychescale.evaluation.challenge.identity import IdentityChange
from psychescale.evaluation.challenge.outcome import Challenge
from psychescale.evaluation.comparison.paired import HEADLINE, Comparison
from psychescale.evaluation.comparison.recommendation import Recommendation, detectable
from psychescale.evaluation.measures.agreement import Agreement
from psychescale.evaluation.measures.estimates import Evaluation
from psychescale.evaluation.measures.intervals import Estimate
from psychescale.evaluation.measures.slices import SliceTable

Json: TypeAlias = dict[str, Any]


WITHOUT_THRESHOLD = ("roc_auc", "average_precision", "log_loss", "brier")
"""Main measures of a label that need no threshold."""


@dataclass(frozen=True)
class Comparator:
    """Another model, or a baseline, on the same rows.

    Attributes:
        evaluation: Of its own.
        comparison: "This model minus it".
    """

    evaluation: Evaluation
    comparison: Comparison


@dataclass(frozen=True)
class Subgroup:
    """Documents of one group, as two models label them.

    Attributes:
        column: What groups them.
        group: Its value.
        n: Documents.
        positives: Cells of the truth that are 1, over all labels.
        comparison: Within the group.
    """

    column: str
    group: str
    n: int
    positives: int
    comparison: Comparison


@dataclass(frozen=True)
class Champion:
    """A model that this one may replace, in detail.

    Attributes:
        labels: Those that both have.
        comparison: "This model minus it", on all documents.
        subgroups: Within each subgroup that is large enough.
    """

    labels: Sequence[str]
    comparison: Comparison
    subgroups: Sequence[Subgroup]


@dataclass(frozen=True)
class Extras:
    """Parts that an evaluation may or may not have."""

    slices: Sequence[SliceTable] = ()
    comparators: Mapping[str, Comparator] = field(default_factory=dict)
    challenge: Challenge | None = None
    identity: Sequence[IdentityChange] | None = None
    agreement: Sequence[Agreement] | None = None
    recommendation: Recommendation | None = None
    champion: Champion | None = None
    uncalibrated: Evaluation | None = None
    faithfulness: Sequence[Mapping[str, Any]] | None = None


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


def estimates_json(estimates: Mapping[str, Estimate]) -> Json:
    """Estimates by measure."""
    return {name: as_json(estimate) for name, estimate in estimates.items()}


def slices_json(table: SliceTable) -> Json:
    """A column's groups."""
    return {
        "column": table.column,
        "gaps": {name: _number(value) for name, value in table.gaps.items()},
        "groups": [
            {
                "group": found.group,
                "n": found.n,
                "positives": found.positives,
                "n_labels": found.n_labels,
                "confusion": _cells(found.confusion),
                "confusion_of_others": _cells(found.confusion_of_others),
                "values": estimates_json(found.values),
                "differences": estimates_json(found.differences),
            }
            for found in table.slices
        ],
    }


def _cells(counts: Sequence[int]) -> Json:
    return dict(zip(("tp", "fp", "fn", "tn"), map(int, counts), strict=True))


def _by_label(evaluation: Evaluation) -> Json:
    """What a contender's averages are made of."""
    frozen, measures = evaluation.decisions["frozen"], evaluation.probabilities.per_label
    return {
        label: {"confusion": _cells(frozen.confusion[index])}
        | {name: as_json(measures[name][index]) for name in WITHOUT_THRESHOLD}
        for index, label in enumerate(evaluation.predictions.labels)
    }


def _headline(evaluation: Evaluation) -> dict[str, Estimate]:
    found = {
        **evaluation.decisions["frozen"].estimates.overall,
        **evaluation.probabilities.overall,
    }
    return {name: found[name] for name in HEADLINE if name in found}


def comparators_json(
    evaluation: Evaluation, name: str, others: Mapping[str, Comparator]
) -> list[Json]:
    """This model, then all others, on the same rows."""
    own = {
        "name": name,
        "values": estimates_json(_headline(evaluation)),
        "differences": {},
    }
    return [
        own,
        *(
            {
                "name": name,
                "values": estimates_json(_headline(other.evaluation)),
                "differences": estimates_json(
                    {m: e for m, e in other.comparison.overall.items() if m in HEADLINE}
                ),
                "per_label": _by_label(other.evaluation),
            }
            for name, other in others.items()
        ),
    ]


def champion_json(found: Champion | None) -> Json | None:
    """Paired differences from a model, label by label and group by group."""
    if found is None:
        return None
    shown = ("f1_macro", "f1_micro", "brier_macro")
    return {
        "name": found.comparison.old,
        "per_label": {
            label: {"f1": as_json(f1), "roc_auc": as_json(auc), "brier": as_json(brier)}
            for label, f1, auc, brier in zip(
                found.labels,
                *(found.comparison.per_label[name] for name in ("f1", "roc_auc", "brier")),
                strict=True,
            )
        },
        "subgroups": [
            {
                "column": one.column,
                "group": one.group,
                "n": one.n,
                "positives": one.positives,
                "differences": estimates_json(
                    {name: one.comparison.overall[name] for name in shown}
                ),
                "values": {},
            }
            for one in found.subgroups
        ],
    }


def detectable_json(document: Mapping[str, Any]) -> Json:
    """What four in five such samples would have shown of a model, from the intervals of a document.

    Returns:
        ``overall`` (measure → difference) and ``labels`` (label → difference in F1), where there are
        intervals.
    """
    rival = document["rival"]
    if rival is None:
        return {"overall": {}, "labels": {}}
    differences = next(
        one["differences"] for one in document["contenders"] if one["name"] == rival["name"]
    )
    labels = {label: found["f1"] for label, found in rival["per_label"].items()}
    return {"overall": _detectable(differences), "labels": _detectable(labels)}


def _detectable(found: Mapping[str, Json]) -> Json:
    return {
        name: round(detectable(one["low"], one["high"]), 3)
        for name, one in found.items()
        if one["low"] is not None
    }


def challenge_json(found: Challenge) -> Json:
    """Pass rates, and the pairs of the suite that were not passed."""
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


def agreement_json(labels: Sequence[str], found: Sequence[Agreement] | None) -> Json | None:
    """Agreement of the raters by label."""
    if found is None:
        return None
    return {
        label: {
            "alpha": _number(one.alpha),
            "kappa": _number(one.kappa),
            "pairwise_f1": _number(one.pairwise_f1),
            "model_f1": _number(one.model_f1),
            "n_documents": one.n_documents,
        }
        for label, one in zip(labels, found, strict=True)
    }


def identity_json(changes: Sequence[IdentityChange]) -> list[Json]:
    """How far words for an identity move each label."""
    return [
        {
            "label": one.label,
            "category": one.category,
            "mean": as_json(one.mean),
            "largest": as_json(one.largest),
            "terms": one.terms,
            "n": one.n,
        }
        for one in changes
    ]
