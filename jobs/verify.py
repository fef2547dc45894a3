"""Score a random sample of a finished table again, and say whether it holds."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console

from psychescale.console.run import run_command
from psychescale.errors import ModelError, StorageError, UsageError
from psychescale.notice import NOTICE
from psychescale.results import VerifyResult
from psychescale.scoring.options import EXACT_TOLERANCE
from psychescale.scoring.scorer import Scorer
from psychescale.settings.verify import VerifyConfig
from psychescale.spark.corpus.content.dialect import Dialect
from psychescale.spark.corpus.source import open_corpus
from psychescale.spark.score.job import configured_columns, configured_model, meet_corpus
from psychescale.spark.score.verify import find_run, verify_sample
from psychescale.spark.session.session import open_session

"""Largest difference between two exact computations of one probability, whatever the machine."""


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(VerifyConfig, "verify", verify, argv)


def verify(config: VerifyConfig, console: Console) -> VerifyResult | None:
    """Find the run, load its model, and compare a sample of its table with the corpus."""
    scores, run_id = (config.scores, config.run) if config.scores else (config.run, None)
    spark = open_session(config.spark, verbose=config.verbose)
    run = find_run(spark, scores, run_id)
    changes = {"model": config.model, "input": config.input}
    scored = run.config.model_copy(update={k: v for k, v in changes.items() if v is not None})
    if scored.precision != "fp32" and config.tolerance is None:
        raise UsageError(
            f"The run was scored in {scored.precision}, whose numbers differ between machines.",
            remedy="Say with ‹tolerance› how much still holds.",
        )
    model = configured_model(scored)
    columns = configured_columns(scored)
    corpus = open_corpus(spark, scored.input, columns, dialect=scored.choices(Dialect))
    model = meet_corpus(model, corpus.mark, scored)
    if model.scoring_id != run.scoring_id:
        raise ModelError(
            f"{scored.model} is not the model of this run any more (another scoring id).",
            remedy="Name the model it was scored with: ‹model›.",
        )
    if config.dry_run:
        return None
    found = verify_sample(
        spark,
        run,
        corpus,
        Scorer.load(model.checkpoint.folder, model.spec, model.options),
        scores=scores,
        sample=config.sample,
        seed=config.seed,
        tolerance=EXACT_TOLERANCE if config.tolerance is None else config.tolerance,
    )
    result = VerifyResult(run_id=run.run_id, holds=found.holds, **asdict(found))
    _print(console, result, as_json=config.json_output)
    if not result.holds:
        raise StorageError(
            f"The table does not hold: {result.doubled:,} of {result.rows:,} rows are doubled; of "
            f"{result.sampled:,} scored again, {result.differing:,} differ and "
            f"{result.missing:,} are not in the corpus any more.",
            remedy="Restore the table (RESTORE TABLE), or score the corpus anew into another one.",
        )
    return result


def _print(console: Console, result: VerifyResult, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(result)))
    console.print(f"[bold]psychescale verify[/]  {NOTICE}")
    console.print(
        f"Run {result.run_id}: {result.rows:,} rows; {result.sampled:,} of them scored again, largest "
        f"difference of a probability {result.largest_difference:.1e}."
    )
    if result.holds:
        console.print("[bold]It holds.[/]")


if __name__ == "__main__":
    sys.exit(main())
