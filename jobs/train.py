"""Fine-tune a backbone, or a bundle, on labelled texts and write a bundle."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from psychescale.console.progress import ProgressDisplay
from psychescale.console.run import run_command
from psychescale.model.bundle import require_free, seal_bundle
from psychescale.notice import NOTICE
from psychescale.settings.train import TrainConfig
from psychescale.spark.labelled.read import read_given
from psychescale.spark.session.session import open_session
from psychescale.spark.workers.distributed import DistributedFit
from psychescale.training.classifier.fit import Fitted, fit
from psychescale.workflows.train.fit import Outcome, fit_parts, starting_point
from psychescale.workflows.train.mlflow import require_mlflow, track
from psychescale.workflows.train.parts import Parts, divide, read_key
from psychescale.workflows.train.record import (
    card_text,
    keep_membership,
    restricted_folder,
    scoring_facts,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(TrainConfig, "train", train, argv)


def train(config: TrainConfig, console: Console) -> None:
    """Check start and rows, make the parts, fit, calibrate, choose thresholds, and seal the bundle."""
    bundle, restricted = Path(config.output), restricted_folder(config)
    require_free(bundle)
    require_mlflow(config)
    start = starting_point(config)
    if config.membership_key_file is not None:
        read_key(config.membership_key_file)
    spark = open_session(config.spark, verbose=config.verbose)
    given, corpus = read_given(spark, config)
    parts = divide(given, config)
    _print_plan(console, parts)
    if config.dry_run:
        return

    total = round(config.epochs * len(parts.index("train")))
    with ProgressDisplay(console, title="training", total=total) as progress:
        fitter: Callable[..., Fitted] = fit
        if config.processes > 1:
            fitter = DistributedFit(spark, config.processes, config.train_on, config.verbose)
        outcome = fit_parts(config, start, parts, on_progress=progress.update, fitter=fitter)
    facts = scoring_facts(config, start, parts, outcome, mark=corpus.mark)
    keep_membership(restricted, parts, outcome)
    seal_bundle(bundle, facts, card_text(facts, parts))
    tracked = track(config, facts)
    if config.json_output:
        told = {"bundle": str(bundle), "labels": facts["labels"], **facts["split"]}
        print(json.dumps({**told, "mlflow_run": tracked, **facts["training"]}))
    _print_outcome(console, config, outcome)


def _print_plan(console: Console, parts: Parts) -> None:
    counts = parts.split.counts()
    console.print(f"[bold]psychescale train[/]  {NOTICE}")
    console.print(f"  {len(parts.labels)} labels: {', '.join(parts.labels)}", markup=False)
    console.print(
        "  labelled texts: "
        + ", ".join(f"{n:,} {part.replace('_', ' ')}" for part, n in counts.items() if n)
    )
    if parts.rows.n_left_out:
        console.print(
            f"  {parts.rows.n_left_out:,} rows without a text or with a corrupt line left out"
        )
    for part, kinds in parts.dropped.items():
        told = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
        console.print(f"  dropped from {part}, because a later part knows them: {told}")
    uneven = max(parts.shares, key=lambda share: share.deviation)
    console.print(
        f"  least even label over the parts: {uneven.label}, by {uneven.deviation:.1%}",
        markup=False,
    )


def _print_outcome(console: Console, config: TrainConfig, outcome: Outcome) -> None:
    fitted = outcome.fitted
    if outcome.calibration is None:
        console.print("Not calibrated: probabilities are those of the loss.")
    if outcome.thresholds is not None:
        console.print(f"Thresholds chosen on validation for {outcome.thresholds.criterion}.")
    early = " (stopped early)" if fitted.stopped_early else ""
    console.print(
        f"The bundle: {config.output}    mean training loss {fitted.mean_training_loss:.3f}, "
        f"weights of step {fitted.best_step} of {fitted.steps}{early}"
    )


if __name__ == "__main__":
    sys.exit(main())
