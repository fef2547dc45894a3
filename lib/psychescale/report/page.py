"""An evaluation report as one HTML file that needs nothing else."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from psychescale.errors import PrivacyError
from psychescale.report import figures
from psychescale.report.methods import methods_paragraphs

_SCHEMA = 1
_NAMES = {
    "f1": "F1",
    "roc_auc": "ROC-AUC",
    "ece": "ECE",
    "brier": "Brier score",
    "log_loss": "log loss",
    "recall": "sensitivity",
    "predicted_rate": "share predicted",
    "sensitivity_at_specificity": "sensitivity at fixed specificity",
    "hamming_loss": "Hamming loss",
    "jaccard": "Jaccard (mean over documents)",
    "subset_accuracy": "every label right",
    "all_negative_subset_accuracy": "every label right, if none were ever given",
}
_AVERAGES = {
    "_macro_frequent": "macro, frequent labels",
    "_macro": "macro",
    "_micro": "micro",
    "_weighted": "weighted",
}


def render_report(document: Mapping[str, Any]) -> str:
    """HTML of an evaluation.

    Args:
        document: The masked document of measures; its schema is told in `evaluation.document`.

    Raises:
        PrivacyError: The document is not masked.
        ValueError: It has another schema.
    """
    if document["schema"] != _SCHEMA:
        raise ValueError(f"Schema {document['schema']} is not {_SCHEMA}.")
    return render(
        "evaluation.html.jinja",
        document,
        filters={
            "estimate": show_estimate,
            "signed": show_difference,
            "measure": measure_name,
            "named": name_measures,
        },
        figures=_figures(document),
        methods=methods_paragraphs(document),
        contender_measures=_contender_measures(document),
    )


def render(
    template: str,
    document: Mapping[str, Any],
    *,
    filters: Mapping[str, Callable[..., str]] | None = None,
    **more: object,
) -> str:
    """HTML of a masked document.

    Args:
        template: Its file in `templates/`; the document is `d` in it.
        document: What is shown.
        filters: Beside `count` and `number`.
        more: What else the template reads.

    Raises:
        PrivacyError: The document is not masked.
    """
    if not document["masked"]:
        raise PrivacyError(
            "A report is not made of unmasked measures: it would show small counts.",
            remedy="Mask the document first; the full one belongs under restricted/.",
        )
    environment = Environment(
        loader=PackageLoader("psychescale.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": show_count, "number": show_number, **(filters or {})}
    page: str = environment.get_template(template).render(d=document, **more)
    return page


def measure_name(name: str) -> str:
    """A measure as it is called in print."""
    for ending, average in _AVERAGES.items():
        if name.endswith(ending):
            return f"{measure_name(name.removesuffix(ending))} ({average})"
    return _NAMES.get(name, name.replace("_", " "))


def name_measures(sentence: str) -> str:
    """A sentence with its measures as they are called in print."""
    return re.sub(r"\b\w+_(?:macro|micro|weighted)(?:_frequent)?\b", _named, sentence)


def _named(found: re.Match[str]) -> str:
    return measure_name(found[0])


def show_number(value: float | None, digits: int = 3) -> str:
    """A number, or a dash."""
    return "–" if value is None else f"{value:.{digits}f}"


def show_count(count: float | str) -> str:
    """A count with separators, or what stands for a withheld one."""
    if isinstance(count, str):
        return count.replace("<=", "≤ ").replace(">=", "≥ ")
    return f"{count:,}"


def show_estimate(estimate: Mapping[str, Any], digits: int = 3) -> Markup:
    """Value and interval, or why there is none."""
    if estimate["value"] is None:
        return Markup('<span class="none">{}</span>').format(estimate["reason"] or "–")
    value = _digits(estimate["value"], f".{digits}f")
    if estimate["low"] is None:
        return Markup('{} <span class="none">{}</span>').format(value, estimate["reason"] or "")
    ends = " to ".join(_digits(estimate[end], f".{digits}f") for end in ("low", "high"))
    return Markup('{} <span class="ci">{}</span>').format(value, ends)


def show_difference(estimate: Mapping[str, Any]) -> Markup:
    """A difference with its sign; in bold where the interval leaves 0 out."""
    if estimate["value"] is None or estimate["low"] is None:
        return show_estimate(estimate)
    ends = " to ".join(_digits(estimate[end], "+.3f") for end in ("low", "high"))
    pattern = "<b>{}</b>" if estimate["low"] > 0 or estimate["high"] < 0 else "{}"
    return Markup(pattern + " <span class='ci'>{}</span>").format(  # noqa: S704 - constants
        _digits(estimate["value"], "+.3f"), ends
    )


def _digits(value: float, pattern: str) -> str:
    text = format(value, pattern)
    # What rounds to 0 has no sign.
    return text.lstrip("+-") if float(text) == 0 else text.replace("-", "−")


def _figures(document: Mapping[str, Any]) -> dict[str, Markup]:
    """Each figure as markup: drawn here from numbers, its texts escaped by the SVG writer."""
    per_label = document["per_label"]
    drawn = {
        "f1": figures.f1_by_label(per_label),
        "confusion": figures.confusion_by_label(per_label),
        "reliability": figures.reliability_by_label(per_label),
        "roc": figures.roc_by_label(per_label),
        "precision_recall": figures.precision_recall_by_label(per_label),
        "slices": figures.slice_differences(document["slices"]) if document["slices"] else "",
        "contenders": figures.contenders(document["contenders"])
        if len(document["contenders"]) > 1
        else "",
        "training": figures.training_curve(document["training_curve"])
        if document["training_curve"]
        else "",
    }
    return {name: Markup(svg) for name, svg in drawn.items()}  # noqa: S704


def _contender_measures(document: Mapping[str, Any]) -> list[str]:
    return list(document["contenders"][0]["values"])
