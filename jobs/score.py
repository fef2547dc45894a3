"""Score a corpus into a Delta table of label probabilities."""

import sys
from collections.abc import Sequence

from rich.console import Console

from psychescale.console.looking import print_look, print_singled_out
from psychescale.console.progress import ProgressDisplay
from psychescale.console.run import run_command
from psychescale.console.scoring import print_outcome, print_plan
from psychescale.model.encoding import exceeding
from psychescale.results import ScoreResult
from psychescale.settings.score import ScoreConfig
from psychescale.spark.corpus.content.dialect import Dialect
from psychescale.spark.corpus.sample import look_at_corpus
from psychescale.spark.corpus.source import open_corpus
from psychescale.spark.pipeline.job import discard_unfinished, run_job
from psychescale.spark.pipeline.state import state_folder
from psychescale.spark.score.job import ScoringJob, configured_columns, configured_model
from psychescale.spark.session.session import open_session


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(ScoreConfig, "score", score, argv)


def score(config: ScoreConfig, console: Console) -> ScoreResult | None:
    """Settle the model, open the corpus, bring every new row of it through, and tell of it."""
    state = state_folder(config.output, config.state)
    if config.discard:
        spark = open_session(config.spark, verbose=config.verbose)
        discard_unfinished(spark, state, console.print)
        return None
    model = configured_model(config)
    spark = open_session(config.spark, verbose=config.verbose)
    corpus = open_corpus(
        spark, config.input, configured_columns(config), dialect=config.choices(Dialect)
    )
    job = ScoringJob.of(spark, config, model, corpus)
    print_plan(console, job.model, corpus, output=config.output)
    singled_out = job.count_singled_out()
    if singled_out is not None:
        print_singled_out(console, singled_out)
    if config.dry_run:
        exceeds = exceeding(model.checkpoint.folder, model.spec.max_length)
        print_look(console, look_at_corpus(spark, corpus, exceeds))
        return None
    with ProgressDisplay(console, title="scoring") as progress:
        run, _ = run_job(
            spark, job, corpus, state=state, limits=config, on_progress=progress.update
        )
    print_outcome(console, run, output=config.output, as_json=config.json_output)
    return job.result(run)


if __name__ == "__main__":
    sys.exit(main())
