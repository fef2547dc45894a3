"""The report of a watch as one HTML file that needs nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from psychescale.report.page import render

Json = Mapping[str, Any]
_NAMES = {
    "psi": "distribution of the probability (PSI)",
    "jensen_shannon": "distribution of the probability (Jensen–Shannon)",
    "ks": "distribution of the probability (Kolmogorov–Smirnov)",
    "prevalence": "mean probability",
    "length_psi": "length of texts (PSI)",
    "domain_auc": "told from the reference by a classifier (AUC)",
    "failed": "share without a score",
    "truncated": "share cut",
    "several_windows": "share of several windows",
    "repeated": "share of repeated texts",
    "expected_f1_macro": "F1 to be expected (macro)",
    "expected_f1_micro": "F1 to be expected (micro)",
}
_OF_LABELS = ("psi", "prevalence")
_OF_TEXTS = (
    "length_psi", "failed", "truncated", "several_windows", "repeated", "domain_auc",
    "expected_f1_macro", "expected_f1_micro",
)  # fmt: skip


def render_drift(document: Json, rows: Sequence[Json]) -> str:
    """HTML of a watch.

    Args:
        document: As ``alerts.json`` has it.
        rows: Of the table of measures.

    Raises:
        PrivacyError: The document is not masked.
    """
    by_place = {(row["period"], row["measure"], row["label"]): row for row in rows}

    def table(measure: str, labels: Sequence[str | None]) -> list[tuple[str, list[Json | None]]]:
        periods = [period["period"] for period in document["periods"]]
        return [
            (
                name_of(measure) if label is None else label,
                [by_place.get((period, measure, label)) for period in periods],
            )
            for label in labels
        ]

    return render(
        "drift.html.jinja",
        document,
        filters={"measure": name_of},
        by_label=[(name_of(one), table(one, document["labels"])) for one in _OF_LABELS],
        of_texts=[row for one in _OF_TEXTS for row in table(one, [None])],
    )


def name_of(measure: str) -> str:
    """A measure as it is called in print."""
    return _NAMES.get(measure, measure)
