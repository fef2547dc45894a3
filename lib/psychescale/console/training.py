"""What a person is told before and after a training run: counts and names of labels; no text, no id."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from psychescale.console.next import after_train, print_next
from psychescale.disclosure import is_table, nearest, rounded
from psychescale.labels import n_labels
from psychescale.notice import NOTICE
from psychescale.text.quality.placeholders import EXAMPLES
from psychescale.training.split.strategies import PARTS, prolific_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rich.console import Console

    from psychescale.settings.train import TrainConfig
    from psychescale.workflows.train.fit import Outcome
    from psychescale.workflows.train.parts import Parts


def print_plan(console: Console, parts: Parts) -> None:
    """Say what is about to happen."""
    counts = parts.split.counts()
    console.print(f"[bold]psychescale train[/]  {NOTICE}")
    console.print(f"  {n_labels(parts.labels)}: {', '.join(parts.labels)}", markup=False)
    console.print(
        "  labelled texts: "
        + ", ".join(f"{n:,} {part.replace('_', ' ')}" for part, n in counts.items() if n)
    )
    if parts.rows.n_left_out:
        console.print(
            f"  {rounded(parts.rows.n_left_out)} rows left out: no text, or a line that cannot be read"
        )
    if parts.rows.n_placeholders:
        console.print(
            f"  {rounded(parts.rows.n_placeholders)} stand for a text ({EXAMPLES})",
            markup=False,
        )
    if parts.rows.n_unannotated:
        console.print(f"  {rounded(parts.rows.n_unannotated)} rows left out: not annotated")
    for part, kinds in parts.dropped.items():
        kinds_dropped = ", ".join(f"{rounded(count)} {kind}" for kind, count in kinds.items())
        console.print(f"  dropped from {part}, because a later part knows them: {kinds_dropped}")
    uneven = max(parts.shares, key=lambda share: share.deviation)
    console.print(
        f"  least even label over the parts: {uneven.label}, by {uneven.deviation:.1%}",
        markup=False,
    )
    prolific = _prolific(parts)
    if prolific:
        console.print(f"  the most prolific twentieth of authors wrote {prolific}")


def _prolific(parts: Parts) -> str:
    """Their share of each part, of rounded counts; empty where one is small or nobody wrote twice."""
    rows = prolific_rows(parts.groups, parts.split)
    sizes = [len(parts.index(part)) for part in PARTS]
    if rows is None or not is_table([*rows, *sizes]):
        return ""
    return ", ".join(
        f"{nearest(n) / nearest(size):.0%} of {part}"
        for part, n, size in zip(PARTS, rows, sizes, strict=True)
        if size
    )


def print_outcome(
    console: Console,
    config: TrainConfig,
    outcome: Outcome,
    facts: Mapping[str, Any],
    mlflow: str | None,
    *,
    membership: Path,
) -> None:
    """Say what has happened; with ``json`` as one line.

    Args:
        console: Where to.
        config: Of the run.
        outcome: What was fitted.
        facts: Content of `scoring.json`.
        mlflow: The run's id in MLflow, or None.
        membership: Where the part of every row stands.
    """
    if config.json_output:
        line = {"bundle": config.output, "labels": facts["labels"], **facts["split"]}
        print(json.dumps({**line, "mlflow_run": mlflow, **facts["training"]}))
    fitted = outcome.fitted
    if outcome.calibration is None:
        console.print("Not calibrated: probabilities are those of the loss.")
    if outcome.thresholds is not None:
        console.print(f"Thresholds chosen on validation for {outcome.thresholds.criterion}.")
    for sentence in outcome.told:
        console.print(f"  {sentence}", markup=False)
    early = " (stopped early)" if fitted.stopped_early else ""
    console.print(
        f"The bundle: {config.output}    mean training loss {fitted.mean_training_loss:.3f}, "
        f"weights of step {fitted.best_step} of {fitted.steps}{early}"
    )
    if facts["split"]["test"]:
        print_next(console, after_train(config, membership))
