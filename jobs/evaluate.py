"""Judge a model on labelled texts: measures, a report, a table."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from psychescale.console.progress import ProgressDisplay
from psychescale.console.run import run_command
from psychescale.errors import InputError
from psychescale.model.bundle import require_free
from psychescale.notice import NOTICE
from psychescale.scoring.scorer import Scorer
from psychescale.settings.evaluate import EvaluateConfig
from psychescale.spark.labelled.evaluation import (
    open_scored,
    read_evaluated,
    read_scores,
    write_measures,
)
from psychescale.spark.session.session import open_session
from psychescale.workflows.evaluate.assess import assess, headline, require_slices, slice_groups
from psychescale.workflows.evaluate.attention import try_attention
from psychescale.workflows.evaluate.candidate import (
    Candidate,
    RowScores,
    evaluated_labels,
    open_candidate,
    open_champion,
    score_rows,
    truth_of,
)
from psychescale.workflows.evaluate.comparators import require_baselines
from psychescale.workflows.evaluate.pii import (
    assess_identifiers,
    read_gold_texts,
    release_identifiers,
)
from psychescale.workflows.evaluate.release import measure_rows, release, write_card
from psychescale.workflows.evaluate.selection import EvaluationRows, require_one_source, select_rows


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(EvaluateConfig, "evaluate", evaluate, argv)


def evaluate(config: EvaluateConfig, console: Console) -> None:
    """Judge a classifier, or the redaction of identifiers."""
    (evaluate_identifiers if config.task == "pii" else evaluate_labels)(config, console)


def evaluate_identifiers(config: EvaluateConfig, console: Console) -> None:
    """Read texts with spans, redact them as `anonymize` would, compare, and write measures."""
    output = Path(config.output)
    require_free(output)
    rows = read_gold_texts(config)
    console.print(f"[bold]psychescale evaluate[/]  {NOTICE}")
    console.print(f"  {len(rows):,} texts, {sum(len(row.spans) for row in rows):,} spans")
    if config.dry_run:
        return
    with ProgressDisplay(console, title="redacting", total=len(rows)) as progress:
        document = assess_identifiers(config, rows, on_progress=progress.update)
    shown = release_identifiers(output, document)
    if config.json_output:
        print(json.dumps({"output": config.output, "measures": shown["measures"]}))
    _print_identifiers(console, config, shown["measures"])


def _print_identifiers(console: Console, config: EvaluateConfig, found: Mapping[str, Any]) -> None:
    lines = {
        "characters, precision": found["characters"]["precision"],
        "characters, recall": found["characters"]["recall"],
        "characters, F2": found["characters"]["f2"],
        "spans found to 75 %": found["overall"]["found_rate"],
        "documents without a leak": found["documents_without_leak_rate"],
        "negatives touched": found["over_redaction_rate"],
    }
    for name, value in lines.items():
        console.print(f"  {name:<24} {'–' if value is None else f'{value:.3f}'}")
    console.print(f"The report: {config.output}/report.html    full measures: restricted/")


def evaluate_labels(config: EvaluateConfig, console: Console) -> None:
    """Check model and rows, score, measure and compare, and write what may be shown and what not."""
    output = Path(config.output)
    require_free(output)
    require_one_source(config)
    require_baselines(config.baselines)
    require_slices(config)
    alone = config.model is None and config.scores is not None
    named = None if alone else open_candidate(config)
    champion = open_champion(config)
    spark = open_session(config.spark, verbose=config.verbose)
    candidate = named or open_scored(spark, config)
    selected = select_rows(read_evaluated(spark, config), config)
    labels = evaluated_labels(config, candidate.spec)
    truth_of(selected.rows, labels, config)
    slice_groups(config, selected.rows)
    _print_plan(console, candidate, selected, labels)
    if config.dry_run:
        return

    wanted = not alone and (config.challenge or config.scores is None)
    scorer = candidate.load() if wanted else None
    scores = _scores(config, console, candidate, scorer, selected)
    if not scores.usable.any():
        raise InputError("No row has a score.", remedy="Check --text-column and the model.")
    suite = scorer if config.challenge else None
    faithfulness = try_attention(config, candidate, selected.rows)
    document = assess(
        config,
        candidate,
        selected,
        scores,
        scorer=suite,
        champion=champion,
        faithfulness=faithfulness,
    )
    shown = release(output, document)
    if config.write_card:
        write_card(candidate, shown, part=config.part if config.membership else None)
    write_measures(spark, config.output, list(measure_rows(shown)))
    _print_outcome(console, config, shown)


def _scores(
    config: EvaluateConfig,
    console: Console,
    candidate: Candidate,
    scorer: Scorer | None,
    selected: EvaluationRows,
) -> RowScores:
    if config.scores is not None or scorer is None:
        spark = open_session(config.spark, verbose=config.verbose)
        return read_scores(spark, config, candidate, selected.rows)
    with ProgressDisplay(console, title="scoring", total=len(selected.rows)) as progress:
        return score_rows(scorer, selected.rows, on_progress=progress.update)


def _print_plan(
    console: Console, candidate: Candidate, selected: EvaluationRows, labels: Sequence[str]
) -> None:
    console.print(f"[bold]psychescale evaluate[/]  {NOTICE}")
    console.print(f"  {candidate.name}: {len(labels)} labels. {candidate.procedure}", markup=False)
    for step, count in selected.flow:
        console.print(f"  {count:>10,}  {step}")
    if selected.learning is None:
        console.print("  No baselines: there are no rows to learn from (--train, or --membership).")


def _print_outcome(console: Console, config: EvaluateConfig, shown: Mapping[str, Any]) -> None:
    found = headline(shown)
    if config.json_output:
        print(json.dumps({"output": config.output, **found}))
    for name, one in found.items():
        ends = "" if one["low"] is None else f"  ({one['low']:.3f} to {one['high']:.3f})"
        value = one["reason"] if one["value"] is None else f"{one['value']:.3f}"
        console.print(f"  {name:<24} {value}{ends}")
    if shown["recommendation"]:
        console.print(f"Compared with {config.against}: {shown['recommendation']['verdict']}.")
    console.print(f"The report: {config.output}/report.html    full measures: restricted/")


if __name__ == "__main__":
    sys.exit(main())
