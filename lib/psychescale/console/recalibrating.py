"""What a person is told before and after a recalibration: names of labels; no text, no id."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from psychescale.disclosure import rounded
from psychescale.labels import n_labels
from psychescale.notice import NOTICE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from psychescale.settings.recalibrate import RecalibrateConfig
    from psychescale.workflows.recalibrate import FormerBundle, Updated
    from psychescale.workflows.rows import LabelledRows


def print_plan(console: Console, former: FormerBundle, rows: LabelledRows) -> None:
    """Say what is about to happen."""
    console.print(f"[bold]psychescale recalibrate[/]  {NOTICE}")
    console.print(f"  {n_labels(former.spec.labels)}, {len(rows):,} labelled texts")
    if rows.n_left_out:
        console.print(
            f"  {rounded(rows.n_left_out)} rows left out: no text, or a line that cannot be read"
        )
    if rows.n_unannotated:
        console.print(f"  {rounded(rows.n_unannotated)} rows left out: not annotated")


def print_outcome(
    console: Console, config: RecalibrateConfig, updated: Updated, facts: Mapping[str, Any]
) -> None:
    """Say what has happened; with ``json`` as one line."""
    if config.json_output:
        print(json.dumps({"bundle": config.output, **facts["recalibration"]}))
    for sentence in updated.sentences([*facts["labels"]]):
        console.print(f"  {sentence}", markup=False)
    console.print(f"  Thresholds: {facts['recalibration']['thresholds']}.")
    console.print(
        f"The bundle: {config.output}    measures of the bundle before do not hold for it; judge it on "
        "other rows",
        markup=False,
    )
