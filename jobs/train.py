"""Fine-tune a backbone, or a bundle, on labelled texts and write a bundle."""

import sys
from collections.abc import Sequence

from rich.console import Console

from psychescale.console.looking import print_look
from psychescale.console.progress import ProgressDisplay
from psychescale.console.run import run_command
from psychescale.console.training import print_outcome, print_plan
from psychescale.model.encoding import exceeding
from psychescale.results import TrainResult
from psychescale.settings.train import TrainConfig
from psychescale.spark.labelled.read import read_given
from psychescale.spark.session.session import open_session
from psychescale.spark.workers.distributed import choose_fitter
from psychescale.steps import STEPS
from psychescale.text.sample.look import look_at
from psychescale.workflows.train.fit import fit_parts, require_ready
from psychescale.workflows.train.parts import divide
from psychescale.workflows.train.record import MEMBERSHIP_FILE, restricted_folder, write_bundle


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(TrainConfig, "train", train, argv)


def train(config: TrainConfig, console: Console) -> TrainResult | None:
    """Check start and rows, make the parts, fit and calibrate, and seal the bundle."""
    start = require_ready(config)
    spark = open_session(config.spark, verbose=config.verbose)
    STEPS.info("reading the labelled texts")
    given, mark = read_given(spark, config)
    STEPS.info("making the parts")
    parts = divide(given, config)
    print_plan(console, parts)
    if config.dry_run:
        exceeds = exceeding(start.folder, config.max_length)
        print_look(console, look_at(parts.rows.sample(), exceeds))
        return None
    fitter = choose_fitter(spark, config.processes, config.train_on, verbose=config.verbose)
    total = round(config.epochs * len(parts.index("train")))
    with ProgressDisplay(console, title="training", total=total) as progress:
        outcome = fit_parts(config, start, parts, on_progress=progress.update, fitter=fitter)
    STEPS.info("writing the bundle")
    facts, mlflow_run = write_bundle(config, start, parts, outcome, mark=mark)
    membership = restricted_folder(config) / MEMBERSHIP_FILE
    print_outcome(console, config, outcome, facts, mlflow_run, membership=membership)
    return TrainResult(
        config.output, parts.labels, parts.split.counts(), facts["training"], mlflow_run
    )


if __name__ == "__main__":
    sys.exit(main())
