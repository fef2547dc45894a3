"""The report of a study as one HTML file, from what was released and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from psychescale.report.drawing import (
    ACCENT,
    FAINT,
    SECOND,
    columns_for,
    draw,
    shorten,
    small_multiples,
)
from psychescale.report.page import render, show_difference, show_estimate

Json = dict[str, Any]
_PANEL_INCHES = 1.5
_MARGIN_INCHES = 0.9
_MOST_TICKS = 12  # in a row of panels
_SHOWN_LENGTH = 8  # of a group's name under a panel; the tables have all of it


def study_page(rows: Sequence[Json], about: Mapping[str, Any]) -> str:
    """HTML of a study.

    Args:
        rows: Of the release.
        about: What was done.
    """
    shares = [row for row in rows if row["measure"] == "share"]
    whole = [row for row in shares if row["column"] is None and row["period"] is None]
    over_time = [row for row in shares if row["column"] is None and row["period"] is not None]
    grouped = [row for row in shares if row["column"] is not None and row["period"] is None]
    columns = list(dict.fromkeys(row["column"] for row in grouped))
    by_column = {name: [row for row in grouped if row["column"] == name] for name in columns}
    first = about["headline"] or about["estimators"][0]
    return render(
        "study.html.jinja",
        {**about, "masked": True},
        filters={"estimate": show_estimate, "signed": show_difference},
        first=first,
        overall=_table(whole, "label", about["estimators"]),
        flow=whole[0] if whole else None,
        time=Markup(_panels("time", "Estimates by period", over_time, "period", first)),  # noqa: S704
        time_tables=_by_label(over_time, "period", about["estimators"]),
        groups=[
            {
                "column": name,
                "figure": Markup(  # noqa: S704 - drawn here from numbers, texts escaped by the writer
                    _panels(f"group{i}", f"Estimates by {name}", rows_of, "group", first)
                ),
                "tables": _by_label(rows_of, "group", about["estimators"]),
            }
            for i, (name, rows_of) in enumerate(by_column.items())
        ],
        differences=[_shown(row) | row for row in rows if row["measure"] == "difference"],
    )


def _shown(row: Json | None) -> Json:
    """An estimate as filters take it."""
    if row is None:
        return {"value": None, "low": None, "high": None, "reason": None}
    note = row["note"]
    if row["value"] is None and row["high"] is not None:
        note = f"at most {row['high']:.3f}"
    elif note and note.startswith("withheld"):
        note = "withheld"
    return {"value": row["value"], "low": row["low"], "high": row["high"], "reason": note}


def _table(rows: Sequence[Json], key: str, estimators: Sequence[str]) -> list[Json]:
    """One line a value of `key`: its counts, and what each estimator says."""
    names = list(dict.fromkeys(row[key] for row in rows))
    found = {(row[key], row["estimator"]): row for row in rows}
    first = {row[key]: row for row in reversed(rows)}
    return [
        {
            "name": name,
            "texts": first[name]["texts"],
            "missing": first[name]["missing"],
            "annotated": first[name]["annotated"],
            "estimates": [_shown(found.get((name, estimator))) for estimator in estimators],
        }
        for name in names
    ]


def _by_label(rows: Sequence[Json], key: str, estimators: Sequence[str]) -> dict[str, list[Json]]:
    labels = dict.fromkeys(row["label"] for row in rows)
    return {
        label: _table([row for row in rows if row["label"] == label], key, estimators)
        for label in labels
    }


def _panels(name: str, title: str, rows: Sequence[Json], key: str, first: str) -> str:
    """A panel a label: the first estimator with its intervals, the naive count beside it."""
    labels = list(dict.fromkeys(row["label"] for row in rows if row["value"] is not None))
    if not labels:
        return ""
    places = {value: i for i, value in enumerate(dict.fromkeys(row[key] for row in rows))}
    columns = columns_for(len(labels), len(places))

    def paint(figure: Figure) -> None:
        axis = "period" if key == "period" else "group"
        panels = small_multiples(figure, labels, (axis, "share"), columns=columns)
        for axes, label in zip(panels, labels, strict=True):
            own = [row for row in rows if row["label"] == label and row["value"] is not None]
            _points(
                axes, [r for r in own if r["estimator"].startswith("naive")], places, key, SECOND
            )
            _points(axes, [r for r in own if r["estimator"] == first], places, key, ACCENT)
            axes.set_ylim(bottom=0)
            step = -(-len(places) * columns // _MOST_TICKS)
            ticks = list(places.items())[::step]
            axes.set_xticks([i for _, i in ticks], [shorten(v, _SHOWN_LENGTH) for v, _ in ticks])
            axes.grid(axis="y", color=FAINT, lw=0.3, alpha=0.6)

    height = _PANEL_INCHES * -(-len(labels) // columns) + _MARGIN_INCHES
    return draw(name, title, height, paint, layout=None)


def _points(
    axes: Axes, rows: Sequence[Json], places: Mapping[str, int], key: str, colour: str
) -> None:
    is_naive = colour == SECOND
    shift = 0.15 if is_naive else -0.15
    for row in rows:
        x = places[row[key]] + shift
        if row["low"] is not None:
            axes.plot([x, x], [row["low"], row["high"]], color=colour, lw=1.0)
        fill = "none" if is_naive else colour
        axes.plot(x, row["value"], "o", mfc=fill, mec=colour, ms=3, clip_on=False)
