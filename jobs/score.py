"""Score a corpus into a Delta table of label probabilities."""

import sys
from collections.abc import Sequence

from rich.console import Console

from psychescale.command import run_command
from psychescale.model.spec import read_model
from psychescale.scoring.options import ScoringOptions
from psychescale.scoring.preflight import CheckedModel, check_model
from psychescale.settings import ScoreConfig
from psychescale.spark.corpus import Columns, kept_fields, open_corpus, require_mark
from psychescale.spark.landing import check_output, forget_landed, land, require_checkpoint
from psychescale.spark.outcome import print_outcome, print_plan, start_run
from psychescale.spark.progress import ProgressDisplay
from psychescale.spark.runs import recorded_run
from psychescale.spark.session import open_session
from psychescale.spark.storage import join
from psychescale.spark.stream import stream_scores
from psychescale.spark.tables import open_score_table, state_folder, written_rows
from psychescale.spark.transport import broadcast_model
from psychescale.spark.udf import ScoringTask


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(ScoreConfig, "score", score, argv)


def score(config: ScoreConfig, console: Console) -> None:
    """Check the model, land what is new of the corpus, stream it through the model, account for it."""
    state = state_folder(config.output, config.state)
    model = _check_model(config)
    spark = open_session(config.spark, verbose=config.verbose)
    columns = Columns(config.id_column, config.text_column, config.second_text_column, config.keep)
    corpus = open_corpus(spark, config.input, columns)
    require_mark(corpus, accept_raw=config.accept_raw)
    kept = kept_fields(spark, corpus)
    print_plan(console, model, corpus, output=config.output)
    if config.dry_run:
        return

    table = open_score_table(spark, config.output, model.spec, kept, logits=config.logits)
    written = written_rows(table, model.scoring_id)
    with recorded_run(spark, state, start_run("score", config, model)) as run:
        landed = land(
            spark,
            corpus,
            state=state,
            scoring_id=model.scoring_id,
            scored_ids=written.select("id"),
            rows_per_task=config.rows_per_task,
        )
        run.rows_in, run.rows_known = landed.n_rows, landed.n_known
        checkpoint = join(state, "checkpoints", f"{model.scoring_id}-{landed.source_id}")
        require_checkpoint(spark, landed, checkpoint, written)
        if landed.n_rows:
            files = broadcast_model(spark.sparkContext, model.checkpoint)
            task = ScoringTask(files, model.spec, model.options, config.logits)
            with ProgressDisplay(console, title="scoring", total=landed.n_rows) as progress:
                stream_scores(
                    spark,
                    landed,
                    task,
                    run,
                    output=config.output,
                    checkpoint=checkpoint,
                    keep=config.keep,
                    max_failed_share=config.max_failed_share,
                    progress=progress,
                )
            check_output(spark, landed, written, max_failed_share=config.max_failed_share)
        forget_landed(spark, landed, checkpoint=checkpoint)
    print_outcome(console, run, output=config.output, as_json=config.json_output)


def _check_model(config: ScoreConfig) -> CheckedModel:
    """Everything about the model that can be refused is refused here, before Spark starts."""
    checkpoint, spec = read_model(
        config.model,
        revision=config.revision,
        labels=config.labels,
        allow_generic_labels=config.allow_generic_labels,
        activation=config.activation,
        max_length=config.max_length,
    )
    options = ScoringOptions(
        long_text=config.long_text,
        stride=config.stride,
        max_windows=config.max_windows,
        precision=config.precision,
        max_batch_tokens=config.max_batch_tokens,
    )
    second_text = config.second_text_column is not None
    return check_model(checkpoint, spec, options, second_text=second_text)


if __name__ == "__main__":
    sys.exit(main())
