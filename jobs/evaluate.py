"""Judge a model on labelled texts, or the redaction of identifiers: measures, a report, a table."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from psychescale.console.evaluation import print_identifiers, print_outcome, print_plan
from psychescale.console.looking import print_look
from psychescale.console.progress import ProgressDisplay
from psychescale.console.run import run_command
from psychescale.model.bundle import require_free
from psychescale.notice import NOTICE
from psychescale.results import EvaluateResult
from psychescale.settings.evaluate import EvaluateConfig
from psychescale.spark.labelled.evaluation import (
    open_scored,
    read_evaluated,
    release_evaluation,
    score_or_read,
)
from psychescale.spark.session.session import open_session
from psychescale.steps import STEPS
from psychescale.text.quality.look import look_at
from psychescale.workflows.evaluate.assess import assess, headline, require_fit
from psychescale.workflows.evaluate.candidate import exceeds_of, open_models
from psychescale.workflows.evaluate.selection import require_consistent, select_rows


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(EvaluateConfig, "evaluate", evaluate, argv)


def evaluate(config: EvaluateConfig, console: Console) -> EvaluateResult | None:
    """Judge a classifier, or the redaction of identifiers."""
    return (evaluate_identifiers if config.task == "pii" else evaluate_labels)(config, console)


def evaluate_labels(config: EvaluateConfig, console: Console) -> EvaluateResult | None:
    """Check models and rows, score, measure and compare, and write what may be shown and what not."""
    require_consistent(config)
    candidate, champion = open_models(config)
    spark = open_session(config.spark, verbose=config.verbose)
    candidate = candidate or open_scored(spark, config)
    selected = select_rows(read_evaluated(spark, config), config)
    print_plan(console, candidate, selected, require_fit(config, candidate, selected.rows))
    if config.dry_run:
        print_look(console, look_at(selected.rows.sample(), exceeds_of(candidate)))
        return None
    with ProgressDisplay(console, title="scoring") as progress:
        on_progress = partial(progress.update, total=len(selected.rows))
        scorer, scores = score_or_read(
            spark, config, candidate, selected.rows, on_progress=on_progress
        )
    STEPS.info("measuring and comparing")
    document = assess(config, candidate, selected, scores, scorer=scorer, champion=champion)
    STEPS.info("writing the report")
    shown = release_evaluation(spark, config, candidate, document)
    found, advice = headline(shown), shown["recommendation"]
    print_outcome(console, config, found, advice)
    verdict = advice and advice["verdict"]
    return EvaluateResult(config.output, f"{config.output}/report.html", found, verdict)


def evaluate_identifiers(config: EvaluateConfig, console: Console) -> EvaluateResult | None:
    """Read texts with spans, redact them as `anonymize` would, compare, and write measures."""
    from psychescale.workflows.evaluate import pii  # noqa: PLC0415 - needs what `anonymize` needs

    require_free(Path(config.output))
    bars = pii.read_bars(config)
    rows = pii.read_gold_texts(config)
    console.print(f"[bold]psychescale evaluate[/]  {NOTICE}")
    console.print(f"  {len(rows):,} texts, {sum(len(row.spans) for row in rows):,} spans")
    if config.dry_run:
        return None
    with ProgressDisplay(console, title="redacting", total=len(rows)) as progress:
        document = pii.assess_identifiers(config, rows, on_progress=progress.update)
    found = pii.release_identifiers(Path(config.output), document)["measures"]
    print_identifiers(console, config, found)
    pii.require_bars(document, found, bars)
    return EvaluateResult(config.output, f"{config.output}/report.html", found, None)


if __name__ == "__main__":
    sys.exit(main())
