"""The report of a watch as one HTML file that needs nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from psychescale.report.drawing import ACCENT, FAINT, SECOND, columns_for, draw, small_multiples
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
_PANEL_INCHES = 1.5
_MARGIN_INCHES = 0.9
_MOST_TICKS = 12  # in a row of panels
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
        figure=Markup(_prevalences(document, rows)),  # noqa: S704 - drawn here, texts escaped by the writer
        of_texts=[row for one in _OF_TEXTS for row in table(one, [None])],
    )


def name_of(measure: str) -> str:
    """A measure as it is called in print."""
    return _NAMES.get(measure, measure)


def _prevalences(document: Json, rows: Sequence[Json]) -> str:
    """A panel a label: mean probability in each period, with intervals, and in the reference."""
    shown = [r for r in rows if r["measure"] == "prevalence" and r["current"] is not None]
    labels = [name for name in document["labels"] if any(row["label"] == name for row in shown)]
    periods = [period["period"] for period in document["periods"]]
    if not labels:
        return ""

    columns = columns_for(len(labels), len(periods))

    def paint(figure: Figure) -> None:
        names = ("period", "mean probability")
        panels = small_multiples(figure, labels, names, columns=columns)
        for axes, label in zip(panels, labels, strict=True):
            _prevalence(axes, [row for row in shown if row["label"] == label], periods)
            step = -(-len(periods) * columns // _MOST_TICKS)
            axes.set_xticks(range(0, len(periods), step), periods[::step])

    height = _PANEL_INCHES * -(-len(labels) // columns) + _MARGIN_INCHES
    title = "Mean probability of each label by period, and in the reference"
    return draw("prevalence", title, height, paint, layout=None)


def _prevalence(axes: Axes, rows: Sequence[Json], periods: Sequence[str]) -> None:
    axes.axhline(rows[0]["reference"], color=FAINT, lw=0.8)
    for row in rows:
        x, colour = periods.index(row["period"]), SECOND if row["alert"] else ACCENT
        if row["low"] is not None:
            ends = [row["reference"] + row["low"], row["reference"] + row["high"]]
            axes.plot([x, x], ends, color=colour, lw=1.0)
        marker = "s" if row["alert"] else "o"
        axes.plot(x, row["current"], marker, color=colour, ms=3.5, clip_on=False)
    axes.set_ylim(bottom=0)
    axes.set_xlim(-0.5, len(periods) - 0.5)
