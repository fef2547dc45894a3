"""What a person is told of a watch over periods: periods, alerts, what to do; no text, no id."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from psychescale.disclosure import rounded
from psychescale.errors import AlertError
from psychescale.notice import NOTICE
from psychescale.workflows.monitor.reference import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from psychescale.settings.monitor import MonitorConfig

_MOST_NAMED = 5


def print_plan(console: Console, config: MonitorConfig, texts: Mapping[str, int], now: str) -> None:
    """Say what is about to happen."""
    console.print(f"[bold]psychescale monitor[/]  {NOTICE}")
    for period in sorted(texts):
        left = period >= now and period != REFERENCE and not config.unfinished
        remark = "  not over yet: not measured" if left else ""
        console.print(f"  {rounded(texts[period]):>10}  {period}{remark}", markup=False)


def print_outcome(
    console: Console, config: MonitorConfig, new: Sequence[str], document: Mapping[str, Any]
) -> None:
    """Say what came out; with ``json`` the document of alerts as one line."""
    if config.json_output:
        print(json.dumps(document))
    told = ", ".join(new) if new else "none: every period that is over has been measured"
    console.print(f"Measured now: {told}.", markup=False)
    for period in _alarmed(new, document):
        console.print(f"  {period['period']}: {_named(period)}", markup=False)
    console.print(f"The report: {config.output}/report.html    measures: {config.output}/measures")


def require_no_alert(new: Sequence[str], document: Mapping[str, Any]) -> None:
    """End with the exit code of an alert, where a new period has one.

    Raises:
        AlertError: With what changed most and what to do.
    """
    alarmed = _alarmed(new, document)
    if alarmed:
        last = alarmed[-1]
        others = f" (and {len(alarmed) - 1} more)" if len(alarmed) > 1 else ""
        raise AlertError(
            f"{last['period']}{others} differs from the reference: {_named(last)}.",
            remedy=" ".join(last["advice"]),
        )


def _alarmed(new: Sequence[str], document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in document["periods"] if one["period"] in new and one["alerts"]]


def _named(period: Mapping[str, Any]) -> str:
    """The alerts of a period by name, the first few."""
    names = [
        alert["measure"] if alert["label"] is None else f"{alert['measure']} of {alert['label']}"
        for alert in period["alerts"]
    ]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
