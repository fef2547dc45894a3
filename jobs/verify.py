"""Score a random sample of a finished table again, and say whether it holds."""

import dataclasses
import json
import sys
from collections.abc import Sequence

from rich.console import Console

from psychescale.console.run import run_command
from psychescale.errors import ModelError, StorageError, UsageError
from psychescale.notice import NOTICE
from psychescale.scoring.scorer import Scorer
from psychescale.settings.verify import VerifyConfig
from psychescale.spark.corpus.source import open_corpus
from psychescale.spark.score.model import configured_columns, configured_model, meet_corpus
from psychescale.spark.score.verify import Verification, find_run, verify_sample
from psychescale.spark.session.session import open_session

EXACT_TOLERANCE = 1e-5
"""Largest difference between two exact computations of one probability, whatever the machine."""


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(VerifyConfig, "verify", verify, argv)


def verify(config: VerifyConfig, console: Console) -> None:
    """Find the run, load its model, and compare a sample of its table with the corpus."""
    scores, run_id = (config.scores, config.run) if config.scores else (config.run, None)
    spark = open_session(config.spark, verbose=config.verbose)
    run = find_run(spark, scores, run_id)
    changes = {"model": config.model, "input": config.input}
    scored = run.config.model_copy(update={k: v for k, v in changes.items() if v is not None})
    if scored.precision != "fp32" and config.tolerance is None:
        raise UsageError(
            f"The run was scored in {scored.precision}, whose numbers differ between machines.",
            remedy="Say with --tolerance how much still holds.",
        )
    model = configured_model(scored)
    columns = configured_columns(scored)
    corpus = open_corpus(spark, scored.input, columns, encoding=scored.encoding)
    model = meet_corpus(model, corpus.mark, scored)
    if model.scoring_id != run.scoring_id:
        raise ModelError(
            f"{scored.model} is not the model of this run any more (another scoring id).",
            remedy="Name the model it was scored with: --model.",
        )
    if config.dry_run:
        return
    verdict = verify_sample(
        spark,
        run,
        corpus,
        Scorer.load(model.checkpoint.folder, model.spec, model.options),
        scores=scores,
        sample=config.sample,
        seed=config.seed,
        tolerance=EXACT_TOLERANCE if config.tolerance is None else config.tolerance,
    )
    _print(console, run.run_id, verdict, as_json=config.json_output)
    if not verdict.holds:
        raise StorageError(
            f"The table does not hold: {verdict.doubled:,} of {verdict.rows:,} rows are doubled; of "
            f"{verdict.sampled:,} scored again, {verdict.differing:,} differ and "
            f"{verdict.missing:,} are not in the corpus any more.",
            remedy="Restore the table (RESTORE TABLE), or score the corpus anew into another one.",
        )


def _print(console: Console, run_id: str, verdict: Verification, *, as_json: bool) -> None:
    if as_json:
        told = {"run_id": run_id, "holds": verdict.holds, **dataclasses.asdict(verdict)}
        print(json.dumps(told))
    console.print(f"[bold]psychescale verify[/]  {NOTICE}")
    console.print(
        f"Run {run_id}: {verdict.rows:,} rows; {verdict.sampled:,} of them scored again, largest "
        f"difference of a probability {verdict.largest_difference:.1e}."
    )
    if verdict.holds:
        console.print("[bold]It holds.[/]")


if __name__ == "__main__":
    sys.exit(main())
