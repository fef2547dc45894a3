"""Redact a corpus: texts without identifiers, pseudonyms for ids and authors, a mark on the table."""

import json
import sys
from collections.abc import Sequence

from rich.console import Console

from psychescale.console.progress import ProgressDisplay
from psychescale.console.run import run_command
from psychescale.settings.anonymize import AnonymizeConfig
from psychescale.spark.anonymize.outputs import (
    known_ids,
    publish,
    require_whole,
    was_redacted_otherwise,
)
from psychescale.spark.anonymize.plan import (
    collect_handles,
    columns_of,
    compared_columns,
    make_plan,
    new_run,
    open_tables,
    prepared,
    print_plan,
    task_of,
)
from psychescale.spark.anonymize.report import measure_redaction, print_report, write_report
from psychescale.spark.anonymize.staging import open_staging
from psychescale.spark.anonymize.udf import redacted_rows
from psychescale.spark.corpus.source import open_corpus, require_unmarked
from psychescale.spark.pipeline.account import check_output
from psychescale.spark.pipeline.land import forget_landed, land, require_checkpoint
from psychescale.spark.pipeline.lease import held_lease
from psychescale.spark.pipeline.runs import recorded_run
from psychescale.spark.pipeline.stream import stream_rows
from psychescale.spark.session.session import open_session
from psychescale.spark.session.storage import delete, join
from psychescale.spark.tables.create import state_folder


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(AnonymizeConfig, "anonymize", anonymize, argv)


def anonymize(config: AnonymizeConfig, console: Console) -> None:
    """Land what is new under pseudonyms, stream it through the redactor, pass on what succeeded."""
    state = state_folder(config.output, config.state)
    spark = open_session(config.spark, verbose=config.verbose)
    corpus = open_corpus(spark, config.input, columns_of(config), encoding=config.encoding)
    require_unmarked(corpus)
    plan = make_plan(spark, config, corpus)
    print_plan(console, config, corpus, plan)
    if config.dry_run:
        return

    table, quarantine, quarantined = open_tables(spark, config, plan, state)
    handles = collect_handles(spark, config, corpus)
    run = new_run(config, plan, handles)
    with held_lease(spark, state) as lease, recorded_run(spark, state, run):
        anew = was_redacted_otherwise(table, plan.redaction)
        known = None if anew else known_ids(table, quarantine)
        landed = land(
            spark,
            corpus,
            state=state,
            purpose=plan.redaction,
            prepare=prepared(config, plan, known),
            rows_per_task=config.rows_per_task,
        )
        run.rows_in, run.rows_known = landed.n_rows, landed.n_known
        if anew:
            require_whole(table, spark.read.format("delta").load(landed.path))
        staging = join(state, "redacted", landed.source_id)
        second_text = config.second_text_column is not None
        staged = open_staging(spark, staging, plan.kept, second_text=second_text)
        checkpoint = join(state, "checkpoints", f"{plan.redaction}-{landed.source_id}")
        require_checkpoint(spark, landed, checkpoint, staged.rows())
        if landed.n_rows:
            task = task_of(spark, config, plan, handles)
            with ProgressDisplay(console, title="redacting", total=landed.n_rows) as progress:
                stream_rows(
                    spark,
                    landed,
                    lambda rows: redacted_rows(rows, task, run, keep=[f.name for f in plan.kept]),
                    run,
                    output=staging,
                    checkpoint=checkpoint,
                    tasks_per_slot=config.tasks_per_slot,
                    max_failed_share=config.max_failed_share,
                    lease=lease,
                    on_progress=progress.update,
                )
            check_output(spark, landed, staged.rows(), max_failed_share=config.max_failed_share)
        report = measure_redaction(staged.rows(), compare=compared_columns(config))
        publish(
            spark,
            staged.rows(),
            output=config.output,
            quarantine=quarantined,
            redaction=plan.redaction,
            transaction=landed.source_id,
            replace=anew,
        )
        forget_landed(spark, landed, checkpoint=checkpoint)
        delete(spark, staging)
        write_report(spark, state, run.run_id, report)
    if config.json_output:
        print(json.dumps({**json.loads(run.to_json()), "report": report}))
    print_report(console, report, output=config.output)


if __name__ == "__main__":
    sys.exit(main())
