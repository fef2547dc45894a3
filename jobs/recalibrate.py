"""Fit a bundle's calibration anew to labelled texts of another place or time."""

import sys
from collections.abc import Sequence

from rich.console import Console

from psychescale.console.looking import print_look
from psychescale.console.recalibrating import print_outcome, print_plan
from psychescale.console.run import run_command
from psychescale.model.encoding import exceeding
from psychescale.results import RecalibrateResult
from psychescale.settings.recalibrate import RecalibrateConfig
from psychescale.spark.labelled.read import open_labelled, read_rows
from psychescale.spark.session.session import open_session
from psychescale.steps import STEPS
from psychescale.text.quality.look import look_at
from psychescale.workflows.recalibrate import open_former, update, write_updated


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(RecalibrateConfig, "recalibrate", recalibrate, argv)


def recalibrate(config: RecalibrateConfig, console: Console) -> RecalibrateResult | None:
    """Check bundle and rows, choose what is fitted anew, and seal the new bundle."""
    former = open_former(config)
    spark = open_session(config.spark, verbose=config.verbose)
    STEPS.info("reading the labelled texts")
    corpus = open_labelled(spark, config.validation, config, option="validation")
    rows = read_rows(spark, corpus, config, option="validation")
    print_plan(console, former, rows)
    if config.dry_run:
        exceeds = exceeding(former.checkpoint.folder, former.spec.max_length)
        print_look(console, look_at(rows.sample(), exceeds))
        return None
    STEPS.info("scoring, and choosing what is fitted anew")
    updated = update(config, former, rows)
    STEPS.info("writing the bundle")
    facts = write_updated(config, former, rows, updated)
    print_outcome(console, config, updated, facts)
    labels = {name: one["chosen"] for name, one in facts["recalibration"]["labels"].items()}
    return RecalibrateResult(config.output, labels, facts["recalibration"])


if __name__ == "__main__":
    sys.exit(main())
