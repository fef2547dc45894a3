"""The figures of an evaluation report, each from the document of measures, each an SVG element."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from psychescale.report.drawing import (
    ACCENT,
    FAINT,
    INK,
    PANEL_COLUMNS,
    SECOND,
    THIRD,
    draw,
    shorten,
    small_multiples,
)

_ROW_INCHES = 0.215  # of a row in a figure with a row a label
_PANEL_INCHES = 1.32  # seven rows, 28 labels, on a printed page
_ALONE_INCHES = 3.2  # of the panel of a yes/no model
_MARGIN_INCHES = 0.9
_ROOT_TICKS = (0, 0.05, 0.2, 0.5, 1)
_NAME_LENGTH = 32

Labels = Mapping[str, Mapping[str, Any]]


def f1_by_label(per_label: Labels) -> str:
    """F1 of each label, highest first, with its interval; hollow: at 0.5."""
    shown = sorted(
        (name for name in per_label if _f1(per_label[name], "frozen")["value"] is not None),
        key=lambda name: _f1(per_label[name], "frozen")["value"],
    )

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for row, name in enumerate(shown):
            plain = _f1(per_label[name], "0.5")["value"]
            if plain is not None:
                axes.plot(plain, row, "o", mfc="none", mec=FAINT, ms=4.5, clip_on=False)
            _whisker(axes, _f1(per_label[name], "frozen"), row)
        _names(axes, shown)
        axes.set_xlim(0, 1)
        axes.set_xlabel("F1")
        axes.plot([], [], "o", color=ACCENT, ms=4.5, label="at the frozen threshold, 95 % interval")
        axes.plot([], [], "o", mfc="none", mec=FAINT, ms=4.5, label="at 0.5")
        figure.legend(loc="outside upper right", ncols=2)

    return _by_row("f1", "F1 of each label with its 95 % interval", len(shown), paint)


def confusion_by_label(per_label: Labels) -> str:
    """Of all documents that have or get a label: found, missed, wrongly given."""
    found = {
        name: part["confusion"]["frozen"]
        for name, part in per_label.items()
        if part["confusion"]["frozen"] is not None
    }
    totals = {name: cells["tp"] + cells["fp"] + cells["fn"] for name, cells in found.items()}
    shown = sorted(
        (name for name in found if totals[name]),
        key=lambda name: found[name]["tp"] / totals[name],
    )
    parts = (("tp", "found", ACCENT), ("fn", "missed", SECOND), ("fp", "wrongly given", THIRD))

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for row, name in enumerate(shown):
            left = 0.0
            for key, _, colour in parts:
                share = found[name][key] / totals[name]
                axes.barh(row, share, left=left, height=0.72, color=colour)
                left += share
        _names(axes, shown)
        axes.set_xlim(0, 1)
        axes.set_xlabel("share of the documents that have the label, get it, or both")
        keys = [Patch(color=colour, label=label) for _, label, colour in parts]
        figure.legend(handles=keys, loc="outside upper right", ncols=3)

    title = "Share found, missed and wrongly given, for each label"
    return _by_row("confusion", title, len(shown), paint)


def reliability_by_label(per_label: Labels) -> str:
    """Observed share by mean probability in equal-mass bins, one panel a label."""
    shown = {name: part for name, part in per_label.items() if part["calibration"]["bins"]}

    def panel(axes: Axes, part: Mapping[str, Any]) -> None:
        bins = part["calibration"]["bins"]
        x = [found["probability"] for found in bins]
        y = [found["share"] for found in bins]
        # A share of rounded counts can lie just beside the interval.
        low = [max(0.0, found["share"] - found["low"]) for found in bins]
        high = [max(0.0, found["high"] - found["share"]) for found in bins]
        axes.plot([0, 1], [0, 1], color=FAINT, lw=0.8, ls=(0, (3, 2)))
        axes.errorbar(x, y, [low, high], fmt="o", ms=2.6, lw=0.9, color=ACCENT)
        # The bins of a rare label lie close to 0: a root scale parts them, the same in every panel.
        axes.set_xscale("function", functions=(np.sqrt, np.square))
        axes.set_yscale("function", functions=(np.sqrt, np.square))
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_xticks(_ROOT_TICKS, [f"{tick:g}" for tick in _ROOT_TICKS])
        axes.set_yticks(_ROOT_TICKS, [f"{tick:g}" for tick in _ROOT_TICKS])

    return _panels(
        "reliability",
        "Reliability of each label's probabilities",
        shown,
        panel,
        ("mean probability", "observed share"),
    )


def roc_by_label(per_label: Labels) -> str:
    """ROC curve, one panel a label, with the area under it."""

    def panel(axes: Axes, part: Mapping[str, Any]) -> None:
        x, y = zip(*part["curves"]["roc"], strict=True)
        axes.plot([0, 1], [0, 1], color=FAINT, lw=0.8, ls=(0, (3, 2)))
        axes.plot(x, y, color=ACCENT, lw=1.2)
        _unit_square(axes)
        _note(axes, f"{part['probabilities']['roc_auc']['value']:.2f}", right=True)

    return _panels(
        "roc",
        "ROC curve of each label, with the area under it",
        _with_curves(per_label),
        panel,
        ("1 − specificity", "sensitivity"),
    )


def precision_recall_by_label(per_label: Labels) -> str:
    """Precision by recall, one panel a label, with average precision and the base rate as a line."""

    def panel(axes: Axes, part: Mapping[str, Any]) -> None:
        x, y = zip(*part["curves"]["precision_recall"], strict=True)
        base = part["probabilities"]["base_rate"]["value"]
        axes.plot([0, 1], [base, base], color=FAINT, lw=0.8, ls=(0, (3, 2)))
        axes.plot(x, y, color=ACCENT, lw=1.2)
        _unit_square(axes)
        value = f"{part['probabilities']['average_precision']['value']:.2f}"
        _note(axes, value, right=False, above=base)

    return _panels(
        "precision-recall",
        "Precision-recall curve of each label, with average precision",
        _with_curves(per_label),
        panel,
        ("recall", "precision"),
    )


def slice_differences(tables: Sequence[Mapping[str, Any]], *, averaged: bool = True) -> str:
    """Micro F1 of each group minus that of all other documents."""
    called = "micro F1" if averaged else "F1"
    rows = [
        (table["column"], group["group"], group["differences"]["f1_micro"])
        for table in tables
        for group in table["groups"]
        if group["differences"].get("f1_micro", {"value": None})["value"] is not None
    ][::-1]

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.axvline(0, color=FAINT, lw=0.8)
        for row, (_, _, estimate) in enumerate(rows):
            _whisker(axes, estimate, row)
        _names(axes, [f"{column} = {group}" for column, group, _ in rows])
        axes.set_xlabel(f"{called} of the group minus that of all other documents")

    return _by_row("slices", f"Difference in {called} of each group", len(rows), paint)


def contenders(entries: Sequence[Mapping[str, Any]], *, averaged: bool = True) -> str:
    """This model and others, by the first of the main measures that is shown of it."""
    own_values = entries[0]["values"]
    told = [m for m in _COMPARED_BY if own_values.get(m, _NOTHING)["value"] is not None]
    measure = next(iter(told), "f1_macro")
    called = _COMPARED_BY[measure] if averaged else _OF_ONE_LABEL[measure]
    values = {entry["name"]: entry["values"].get(measure, _NOTHING) for entry in entries}
    shown = [name for name, found in values.items() if found["value"] is not None][::-1]

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for row, name in enumerate(shown):
            own = row == len(shown) - 1
            _whisker(axes, values[name], row, ACCENT if own else SECOND)
        _names(axes, shown)
        axes.set_xlim(left=0)
        axes.set_xlabel(f"{called}, 95 % interval")

    title = f"{called} of models and baselines"
    return _by_row("contenders", title, len(shown), paint)


_COMPARED_BY = {
    "f1_macro": "Macro F1",
    "f1_macro_frequent": "Macro F1 of frequent labels",
    "average_precision_macro": "Average precision (macro)",
}
_OF_ONE_LABEL = {
    "f1_macro": "F1",
    "f1_macro_frequent": "F1",
    "average_precision_macro": "Average precision",
}
_NOTHING: Mapping[str, Any] = {"value": None}


def training_curve(steps: Sequence[Mapping[str, Any]]) -> str:
    """Loss on training and validation rows as training went."""

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        series = (("training_loss", SECOND, "training"), ("validation_loss", ACCENT, "validation"))
        for key, colour, label in series:
            points = [(step["epoch"], step[key]) for step in steps if key in step]
            if points:
                axes.plot(*zip(*points, strict=True), "o-", ms=3, lw=1.2, color=colour, label=label)
        for step in steps:
            if step.get("kept"):
                axes.axvline(step["epoch"], color=INK, lw=0.8, ls=(0, (3, 2)), label="weights kept")
                break
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss")
        figure.legend(loc="outside upper right", ncols=3)

    return draw("training", "Loss as training went", 2.6, paint)


def _with_curves(per_label: Labels) -> Labels:
    return {name: part for name, part in per_label.items() if part["curves"] is not None}


def _panels(
    name: str,
    title: str,
    shown: Labels,
    panel: Callable[[Axes, Mapping[str, Any]], None],
    axis_names: tuple[str, str],
) -> str:
    alone = len(shown) == 1

    def paint(figure: Figure) -> None:
        columns = 2 if alone else PANEL_COLUMNS
        grid = small_multiples(figure, list(shown), axis_names, columns=columns)
        for axes, part in zip(grid, shown.values(), strict=True):
            panel(axes, part)

    rows = -(-len(shown) // PANEL_COLUMNS)
    height = _ALONE_INCHES if alone else _PANEL_INCHES * rows + 0.4
    return draw(name, title, height, paint, layout=None) if shown else ""


def _whisker(axes: Axes, estimate: Mapping[str, Any], row: int, colour: str = ACCENT) -> None:
    if estimate["low"] is not None:
        ends = [estimate["low"], estimate["high"]]
        axes.plot(ends, [row, row], color=colour, lw=1.4, clip_on=False)
    marker = "o" if estimate["low"] is not None else "x"
    axes.plot(estimate["value"], row, marker, color=colour, ms=4.5, clip_on=False)


def _names(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), [shorten(name, _NAME_LENGTH) for name in names])
    axes.set_ylim(-0.7, len(names) - 0.3)
    axes.tick_params(axis="y", length=0, labelsize=8)
    axes.grid(axis="x", color=FAINT, lw=0.3, alpha=0.6)
    axes.set_axisbelow(True)


def _unit_square(axes: Axes) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    axes.set_yticks([0, 0.5, 1], ["0", ".5", "1"])


def _note(axes: Axes, text: str, *, right: bool, above: float = 0.0) -> None:
    """A number in the lower corner that the curve keeps free, above a line that crosses it."""
    x, side = (0.97, "right") if right else (0.06, "left")
    height = 0.1 if above < 0.05 else min(above + 0.04, 0.7)  # noqa: PLR2004 - beneath the number
    axes.text(x, height, text, ha=side, va="bottom", color=INK, transform=axes.transAxes)


def _f1(part: Mapping[str, Any], thresholds: str) -> Mapping[str, Any]:
    estimate: Mapping[str, Any] = part["decisions"][thresholds]["f1"]
    return estimate


def _by_row(name: str, title: str, n_rows: int, paint: Callable[[Figure], None]) -> str:
    """A figure with a row each; nothing where all are withheld."""
    return draw(name, title, _ROW_INCHES * n_rows + _MARGIN_INCHES, paint) if n_rows else ""
