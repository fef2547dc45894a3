"""An evaluation report as one HTML file that needs nothing else."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from psychescale.disclosure import decimals
from psychescale.errors import PrivacyError
from psychescale.report import figures
from psychescale.report.adequacy import adequacy
from psychescale.report.exports import figure_files, table_files
from psychescale.report.methods import methods_paragraphs

Json = dict[str, Any]
_SCHEMA = 1
_LARGEST = 12  # changes of identity that the page shows first
_NAMES = {
    "f1": "F1",
    "roc_auc": "ROC-AUC",
    "ece": "ECE",
    "brier": "Brier score",
    "log_loss": "log loss",
    "recall": "sensitivity",
    "npv": "negative predictive value",
    "mcc": "Matthews correlation",
    "lr_positive": "likelihood ratio of a yes",
    "lr_negative": "likelihood ratio of a no",
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


def report_files(document: Mapping[str, Any]) -> dict[str, str]:
    """File name → content: the report, and its figures and tables as files of their own.

    Args:
        document: As `render_report` takes it.
    """
    drawn = _figures(document)
    page = render_report(document, drawn)
    return {"report.html": page, **figure_files(drawn), **table_files(page)}


def render_report(document: Mapping[str, Any], drawn: Mapping[str, Markup] | None = None) -> str:
    """HTML of an evaluation.

    Args:
        document: The masked document of measures; its schema is told in `evaluation.document`.
        drawn: Its figures, where they are drawn already.

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
            "decimals": decimals,
            "measure": partial(measure_name, averaged=len(document["labels"]) > 1),
            "named": name_measures,
        },
        figures=_figures(document) if drawn is None else drawn,
        methods=methods_paragraphs(document),
        contender_measures=contender_measures(document),
        predictive_values=predictive_values(document),
        adequacy=adequacy(document),
        identity=_identity(document),
        table_one=table_one(document),
    )


def render(
    template: str,
    document: Mapping[str, Any],
    *,
    filters: Mapping[str, Callable[..., str | int]] | None = None,
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


def measure_name(name: str, *, averaged: bool = True) -> str:
    """A measure as it is called in print; an average of one label by the measure alone."""
    for ending, average in _AVERAGES.items():
        if name.endswith(ending):
            base = measure_name(name.removesuffix(ending))
            return f"{base} ({average})" if averaged else base
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


def show_estimate(estimate: Mapping[str, Any], digits: int = 2) -> Markup:
    """Value and interval, or why there is none."""
    if estimate["value"] is None:
        return Markup('<span class="none">{}</span>').format(estimate["reason"] or "–")
    value = _digits(estimate["value"], f".{digits}f")
    if estimate["low"] is None:
        return Markup('{} <span class="none">{}</span>').format(value, estimate["reason"] or "")
    ends = " to ".join(_digits(estimate[end], f".{digits}f") for end in ("low", "high"))
    return Markup('{} <span class="ci">{}</span>').format(value, ends)


def show_difference(estimate: Mapping[str, Any], digits: int = 3) -> Markup:
    """A difference with its sign; in bold where the interval leaves 0 out."""
    if estimate["value"] is None or estimate["low"] is None:
        return show_estimate(estimate, digits)
    ends = " to ".join(_digits(estimate[end], f"+.{digits}f") for end in ("low", "high"))
    pattern = "<b>{}</b>" if estimate["low"] > 0 or estimate["high"] < 0 else "{}"
    return Markup(pattern + " <span class='ci'>{}</span>").format(  # noqa: S704 - constants
        _digits(estimate["value"], f"+.{digits}f"), ends
    )


def _digits(value: float, pattern: str) -> str:
    text = format(value, pattern)
    # What rounds to 0 has no sign.
    return text.lstrip("+-") if float(text) == 0 else text.replace("-", "−")


def _figures(document: Mapping[str, Any]) -> dict[str, Markup]:
    """Each figure as markup: drawn here from numbers, its texts escaped by the SVG writer."""
    per_label, averaged = document["per_label"], len(document["labels"]) > 1
    drawn = {
        "f1": figures.f1_by_label(per_label),
        "confusion": figures.confusion_by_label(per_label),
        "reliability": figures.reliability_by_label(per_label),
        "roc": figures.roc_by_label(per_label),
        "precision_recall": figures.precision_recall_by_label(per_label),
        "slices": figures.slice_differences(document["slices"], averaged=averaged)
        if document["slices"]
        else "",
        "contenders": figures.contenders(document["contenders"], averaged=averaged)
        if len(document["contenders"]) > 1
        else "",
        "training": figures.training_curve(document["training_curve"])
        if document["training_curve"]
        else "",
    }
    return {name: Markup(svg) for name, svg in drawn.items()}  # noqa: S704


def contender_measures(document: Mapping[str, Any]) -> list[str]:
    """What models are compared by; of one label each measure once."""
    names = list(document["contenders"][0]["values"])
    if len(document["labels"]) > 1:
        return names
    return [name for name in names if name.endswith("_macro")]


PREVALENCES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)


def predictive_values(document: Mapping[str, Any]) -> dict[str, list[Json]]:
    """What a yes and a no are worth at other base rates, by label: from the likelihood ratios.

    Odds after a decision are the odds before it times its likelihood ratio (Bayes), and so are the ends
    of the interval. It holds where sensitivity and specificity are those of this evaluation.
    """
    return {
        label: [
            {"prevalence": share, "ppv": (found := _after(ratio["lr_positive"], share)),
             "reads": _inverse(found), "npv": _opposite(_after(ratio["lr_negative"], share))}
            for share in PREVALENCES
        ]
        for label, ratio in ((name, part["yes_no"]) for name, part in document["per_label"].items())
        if ratio["lr_positive"]["value"] is not None and ratio["lr_negative"]["value"] is not None
    }  # fmt: skip


def _after(ratio: Json, share: float) -> Json:
    odds = share / (1 - share)

    def probability(end: str) -> float | None:
        return None if ratio[end] is None else odds * ratio[end] / (1 + odds * ratio[end])

    return {**{end: probability(end) for end in ("value", "low", "high")}, "reason": None}


def _inverse(found: Json) -> Json:
    """One in how many: texts that are given the label to be read for each that has it."""
    ends = {"value": "value", "low": "high", "high": "low"}
    return {**{e: 1 / found[o] if found[o] else None for e, o in ends.items()}, "reason": None}


def _opposite(found: Json) -> Json:
    ends = {"value": "value", "low": "high", "high": "low"}
    return {
        **{e: None if found[o] is None else 1 - found[o] for e, o in ends.items()}, "reason": None
    }  # fmt: skip


def _identity(document: Mapping[str, Any]) -> Json | None:
    """Mean changes by label and category, and the largest changes first."""
    changes = document["identity"]
    if not changes:
        return None
    return {
        "categories": list(dict.fromkeys(one["category"] for one in changes)),
        "by_label": {
            label: {one["category"]: one for one in changes if one["label"] == label}
            for label in document["labels"]
        },
        "largest": sorted(changes, key=lambda one: -abs(one["largest"]["value"]))[:_LARGEST],
    }


def table_one(document: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Rows of Table 1: a name, and what stands for each part."""
    parts = document["data"]["parts"]

    def row(name: str, show: Callable[[Json], str]) -> tuple[str, list[str]]:
        return name, [show(part) for part in parts]

    rows = [
        row("documents", lambda part: show_count(part["n"])),
        row("authors", lambda part: show_maybe(part["n_authors"])),
        row("words a document, median (quartiles)", _words),
        row("from (month)", lambda part: part["months"][0] if part["months"] else "–"),
        row("to (month)", lambda part: part["months"][1] if part["months"] else "–"),
    ]
    positives = [
        (f"has {label}", [show_maybe(part["positives"].get(label)) for part in parts])
        for label in document["labels"]
    ]
    named = dict.fromkeys(
        (column, group)
        for part in parts
        for column, counts in part["groups"].items()
        for group in counts
    )
    groups = [
        (
            f"{column} = {group}",
            [show_maybe(part["groups"].get(column, {}).get(group)) for part in parts],
        )
        for column, group in named
    ]
    return [*rows, *positives, *groups]


def show_maybe(count: float | str | None) -> str:
    """A count, or a dash where it is not known."""
    return "–" if count is None else show_count(count)


def _words(part: Json) -> str:
    words = part["words"]
    return f"{words['median']} ({words['q1']} to {words['q3']})" if words else "masked"
