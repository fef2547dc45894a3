"""Score a corpus into a Delta table of label probabilities."""

import sys
from collections.abc import Sequence

from rich.console import Console

from psychescale.console.progress import ProgressDisplay
from psychescale.console.run import run_command
from psychescale.settings.score import ScoreConfig
from psychescale.spark.corpus.source import kept_fields, open_corpus, require_mark, without_known
from psychescale.spark.pipeline.account import check_output
from psychescale.spark.pipeline.land import forget_landed, land, require_checkpoint
from psychescale.spark.pipeline.lease import held_lease
from psychescale.spark.pipeline.runs import recorded_run
from psychescale.spark.pipeline.stream import stream_rows
from psychescale.spark.score.model import configured_columns, configured_model, meet_corpus
from psychescale.spark.score.outcome import print_outcome, print_plan, start_run
from psychescale.spark.score.rows import scored_rows
from psychescale.spark.score.table import open_score_table, written_rows
from psychescale.spark.score.udf import ScoringTask, is_gpu_promised
from psychescale.spark.session.session import open_session
from psychescale.spark.session.storage import join
from psychescale.spark.tables.create import state_folder
from psychescale.spark.workers.transport import send_model


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(ScoreConfig, "score", score, argv)


def score(config: ScoreConfig, console: Console) -> None:
    """Check the model, land what is new of the corpus, stream it through the model, account for it."""
    state = state_folder(config.output, config.state)
    model = configured_model(config)
    spark = open_session(config.spark, verbose=config.verbose)
    columns = configured_columns(config)
    corpus = open_corpus(spark, config.input, columns, encoding=config.encoding)
    require_mark(corpus, accept_raw=config.accept_raw)
    model = meet_corpus(model, corpus.mark, config)
    kept = kept_fields(spark, corpus)
    print_plan(console, model, corpus, output=config.output)
    if config.dry_run:
        return

    table = open_score_table(
        spark, config.output, model.spec, kept, logits=config.logits, state=config.state
    )
    written = written_rows(table, model.scoring_id)
    run = start_run("score", config, model)
    with held_lease(spark, state) as lease, recorded_run(spark, state, run):
        landed = land(
            spark,
            corpus,
            state=state,
            purpose=model.scoring_id,
            prepare=lambda rows: without_known(rows, written),
            rows_per_task=config.rows_per_task,
        )
        run.rows_in, run.rows_known = landed.n_rows, landed.n_known
        checkpoint = join(state, "checkpoints", f"{model.scoring_id}-{landed.source_id}")
        require_checkpoint(spark, landed, checkpoint, written)
        if landed.n_rows:
            task = ScoringTask(
                send_model(spark, model.checkpoint, at=config.model_on_executors),
                model.spec,
                model.options,
                config.logits,
                stall_timeout_s=config.stall_timeout_s,
                gpu_promised=is_gpu_promised(spark),
            )
            with ProgressDisplay(console, title="scoring", total=landed.n_rows) as progress:
                stream_rows(
                    spark,
                    landed,
                    lambda rows: scored_rows(rows, task, run, keep=config.keep),
                    run,
                    output=config.output,
                    checkpoint=checkpoint,
                    tasks_per_slot=config.tasks_per_slot,
                    max_failed_share=config.max_failed_share,
                    lease=lease,
                    on_progress=progress.update,
                )
            check_output(spark, landed, written, max_failed_share=config.max_failed_share)
        forget_landed(spark, landed, checkpoint=checkpoint)
    print_outcome(console, run, output=config.output, as_json=config.json_output)


if __name__ == "__main__":
    sys.exit(main())
