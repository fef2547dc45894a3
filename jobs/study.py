"""Say how common labels are in a scored corpus, by group and period, with intervals that hold."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from psychescale.console.run import run_command
from psychescale.console.study import print_studied
from psychescale.model.bundle import require_free
from psychescale.notice import NOTICE
from psychescale.prevalence.releasable import release
from psychescale.results import StudyResult
from psychescale.settings.config import public_values
from psychescale.settings.study import StudyConfig
from psychescale.spark.pipeline.runs import Run, recorded_run
from psychescale.spark.scored.scores import open_scores, state_of
from psychescale.spark.session.session import open_session
from psychescale.spark.study.draw import require_shares
from psychescale.spark.study.inputs import open_inputs
from psychescale.spark.study.releases import log_release
from psychescale.spark.study.sums import parted, sample_of, sums_of
from psychescale.steps import STEPS
from psychescale.workflows.study.about import about
from psychescale.workflows.study.estimation import assess
from psychescale.workflows.study.written import write_study


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(StudyConfig, "study", study, argv)


def study(config: StudyConfig, console: Console) -> StudyResult | None:
    """Sum the table by domain, estimate, and write what may be shown and what not."""
    require_free(Path(config.output))
    spark = open_session(config.spark, verbose=config.verbose)
    table = open_scores(spark, config)
    require_shares(table)
    given = open_inputs(spark, config, table)
    rows, columns = parted(given.table, config)
    console.print(f"[bold]psychescale study[/]  {NOTICE}")
    if config.dry_run:
        return None
    run = Run(
        job="study",
        config=json.dumps(public_values(config)),
        scoring_id=table.scoring_id,
        digests={"sample": given.design.digest} if given.design else {},
        activation=table.activation,
        accept_raw=False,
    )
    with recorded_run(spark, state_of(table.table), run):
        STEPS.info("summing scores by domain")
        cells = sums_of(given, rows, columns)
        sample = sample_of(spark, given, rows, columns)
        STEPS.info("estimating")
        found = assess(given.labels, cells, sample, given.confusion)
        shown = release(found)
        facts = about(config, table.scoring_id, shown, given.design, given.annotated)
        files = write_study(Path(config.output), found, shown, facts)
        log_release(spark, given.table, run, files)
    if config.json_output:
        print(json.dumps({"output": config.output, "estimates": shown}))
    print_studied(console, config.output, shown)
    return StudyResult(config.output, f"{config.output}/report.html", shown, run.run_id)


if __name__ == "__main__":
    sys.exit(main())
