"""Draw texts of a score table for people to annotate, each with a known chance."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from psychescale.console.next import after_sample, print_next
from psychescale.console.run import run_command
from psychescale.console.study import print_checked, print_planned
from psychescale.errors import UsageError
from psychescale.results import SampleResult
from psychescale.settings.config import public_values
from psychescale.settings.sample import SampleConfig
from psychescale.spark.pipeline.runs import Run, recorded_run
from psychescale.spark.scored.scores import open_scores, state_of
from psychescale.spark.session.session import open_session
from psychescale.spark.study.draw import draw, plan_draw, require_shares
from psychescale.spark.study.sheet import read_sheet, texts_of, write_sheet
from psychescale.workflows.study.design import design_beside, read_design


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(SampleConfig, "sample", sample, argv)


def sample(config: SampleConfig, console: Console) -> SampleResult | None:
    """Settle strata and sizes, draw, and write sheet and design; or look through a filled-in sheet."""
    if config.check:
        return check(config, console)
    if None in {config.scores, config.output, config.size}:
        raise UsageError(
            "A draw needs ‹scores›, ‹output› and ‹size›.", remedy="Or name a sheet to ‹check›."
        )
    spark = open_session(config.spark, verbose=config.verbose)
    table = open_scores(spark, config)
    require_shares(table)
    plan = plan_draw(table, config)
    print_planned(console, plan.labels, plan.strata, plan.drawn)
    if config.dry_run:
        return None
    run = Run(
        job="sample",
        config=json.dumps(public_values(config)),
        scoring_id=table.scoring_id,
        digests={},
        activation=table.activation,
        accept_raw=config.accept_raw,
    )
    raters = [f"rater {n + 1}" for n in range(config.raters)] if config.raters > 1 else []
    with recorded_run(spark, state_of(table.table), run):
        design = draw(spark, plan, config, raters)
        run.digests = {"sample": design.digest}
        texts = texts_of(spark, config, list(design.stratum_of)) if config.input else None
        sheet = write_sheet(Path(config.output or ""), design, overlap=config.overlap, texts=texts)
    beside = str(design_beside(sheet))
    if config.json_output:
        print(json.dumps({"sheet": str(sheet), "design": beside, "digest": design.digest}))
    console.print(f"The sheet: {sheet}    its design, not for raters: {beside}", markup=False)
    console.print("Fill in 0 or 1 for every label.")
    print_next(console, *after_sample(config, str(sheet)))
    return SampleResult(str(sheet), beside, len(design.stratum_of), design.digest, run.run_id)


def check(config: SampleConfig, console: Console) -> SampleResult:
    """Look through a filled-in sheet, and say what is wrong or how much of it is done."""
    sheet = Path(config.check or "")
    beside = Path(config.design) if config.design else design_beside(sheet)
    design = read_design(beside)
    spark = open_session(config.spark, verbose=config.verbose)
    annotated = read_sheet(spark, str(sheet), design, config)
    print_checked(console, design, annotated)
    return SampleResult(str(sheet), str(beside), len(annotated.ids), design.digest, None)


if __name__ == "__main__":
    sys.exit(main())
