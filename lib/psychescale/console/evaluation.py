"""What a person is told before and after an evaluation: masked measures; no text, no id."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from psychescale.disclosure import decimals, rounded
from psychescale.labels import n_labels
from psychescale.notice import NOTICE
from psychescale.text.quality.placeholders import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from psychescale.settings.evaluate import EvaluateConfig
    from psychescale.workflows.evaluate.candidate import Candidate
    from psychescale.workflows.evaluate.selection import EvaluationRows


def print_plan(
    console: Console, candidate: Candidate, selected: EvaluationRows, labels: Sequence[str]
) -> None:
    """Say what is about to happen."""
    console.print(f"[bold]psychescale evaluate[/]  {NOTICE}")
    console.print(f"  {candidate.name}: {n_labels(labels)}. {candidate.procedure}", markup=False)
    for step, count in selected.flow:
        console.print(f"  {rounded(count):>10}  {step}")
    if selected.rows.n_placeholders:
        told = rounded(selected.rows.n_placeholders)
        console.print(f"  {told:>10}  of these stand for a text ({EXAMPLES})", markup=False)
    if selected.learning is None:
        console.print("  No baselines: there are no rows to learn from (--train, or --membership).")


def print_outcome(
    console: Console,
    config: EvaluateConfig,
    found: Mapping[str, Any],
    advice: Mapping[str, Any] | None,
) -> None:
    """Say what came out; with ``json`` as one line.

    Args:
        console: Where to.
        config: Of the evaluation.
        found: Main measures by name: value, low, high, reason.
        advice: Of the comparison, if there was one: the shown recommendation.
    """
    if config.json_output:
        print(json.dumps({"output": config.output, **found}))
    for name, one in found.items():
        digits = decimals(name)
        ends = (
            "" if one["low"] is None else f"  ({one['low']:.{digits}f} to {one['high']:.{digits}f})"
        )
        value = one["reason"] if one["value"] is None else f"{one['value']:.{digits}f}"
        console.print(f"  {name:<24} {value}{ends}")
    if advice is not None:
        console.print(f"Compared with {config.against}: {advice['verdict']}.")
        for reason in advice["reasons"]:
            console.print(f"  {reason}", markup=False)
        shown = advice["detectable"]["overall"]
        told = ", ".join(f"{name} {value:.3f}" for name, value in shown.items())
        if told:
            console.print(f"  Four in five such samples would have shown: {told}.")
    console.print(f"The report: {config.output}/report.html    full measures: restricted/")


def print_identifiers(console: Console, config: EvaluateConfig, found: Mapping[str, Any]) -> None:
    """Say how well identifiers are found; with ``json`` all measures as one line."""
    if config.json_output:
        print(json.dumps({"output": config.output, "measures": found}))
    lines = {
        "characters, precision": found["characters"]["precision"],
        "characters, recall": found["characters"]["recall"],
        "characters, F2": found["characters"]["f2"],
        "spans found to 75 %": found["overall"]["found_rate"],
        "documents without a leak": found["documents_without_leak_rate"],
        "negatives touched": found["over_redaction_rate"],
        "terms kept": found["meaning"]["kept_rate"],
    }
    for name, value in lines.items():
        console.print(f"  {name:<24} {'–' if value is None else f'{value:.3f}'}")
    console.print(f"The report: {config.output}/report.html    full measures: restricted/")
