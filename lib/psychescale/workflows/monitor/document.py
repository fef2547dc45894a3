"""``alerts.json``: every period that was measured, its alerts, and what to do about them."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from psychescale.disclosure import masked, nearest
from psychescale.monitoring.advice import advise
from psychescale.monitoring.changes import Drift
from psychescale.monitoring.profile import Profile
from psychescale.notice import NOTICE
from psychescale.report.drift import render_drift
from psychescale.settings.monitor import MonitorConfig
from psychescale.workflows.monitor.told import TEXTS, MeasureRow

Json = dict[str, Any]
SCHEMA = 1
_OF_TEXTS = ("value", "low", "high", "reference", "current", "p")


def drift_document(
    config: MonitorConfig, profile: Profile, rows: Sequence[MeasureRow], *, timeless: int
) -> Json:
    """What may be shown of all periods of an output.

    Args:
        config: Of the run.
        profile: The reference.
        rows: Of the table of measures.
        timeless: Rows of the score table without a time.
    """
    by_period: Mapping[str, list[MeasureRow]] = defaultdict(list)
    for row in rows:
        by_period[row.period].append(row)
    return {
        "schema": SCHEMA,
        "masked": True,
        "notice": NOTICE,
        "scoring_id": profile.scoring_id,
        "labels": list(profile.labels),
        "reference": {"periods": list(profile.periods), "texts": nearest(profile.texts)},
        "false_alarms": config.false_alarms,
        "chance_over": "authors" if config.author_column else "texts",
        "without_time": masked(timeless),
        "periods": [
            _period(name, by_period[name], labels=len(profile.labels)) for name in sorted(by_period)
        ],
    }


def drift_files(document: Json, rows: Sequence[MeasureRow]) -> dict[str, str]:
    """File name → content: ``alerts.json`` and ``report.html``."""
    return {
        "alerts.json": json.dumps(document, indent=2, allow_nan=False) + "\n",
        "report.html": render_drift(document, [row._asdict() for row in rows]),
    }


def _period(name: str, rows: Sequence[MeasureRow], *, labels: int) -> Json:
    texts = next(row for row in rows if row.measure == TEXTS)
    alerts = [row for row in rows if row.alert]
    return {
        "period": name,
        "texts": None if texts.value is None else int(texts.value),
        "reason": texts.reason,
        "alerts": [
            {"measure": row.measure, "label": row.label, "reason": row.reason}
            | {number: getattr(row, number) for number in _OF_TEXTS}
            for row in alerts
        ],
        "advice": advise(name, [_drift(row) for row in alerts], labels=labels),
    }


def _drift(row: MeasureRow) -> Drift:
    """A told row as what advice is given on: a withheld number counts as none."""
    value = 0.0 if row.value is None else row.value
    return Drift(row.measure, row.label, value, current=row.current, alert=True)
