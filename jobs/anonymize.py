"""Redact a corpus: texts without identifiers, pseudonyms for ids and authors, a mark on the table."""

import sys
from collections.abc import Sequence

from rich.console import Console

from psychescale.console.anonymizing import print_plan, print_report
from psychescale.console.looking import print_look, print_singled_out
from psychescale.console.progress import ProgressDisplay
from psychescale.console.run import run_command
from psychescale.results import AnonymizeResult
from psychescale.settings.anonymize import AnonymizeConfig
from psychescale.spark.anonymize.job import AnonymizingJob
from psychescale.spark.anonymize.plan import columns_of, make_plan
from psychescale.spark.anonymize.precheck import survey_corpus
from psychescale.spark.corpus.content.dialect import Dialect
from psychescale.spark.corpus.sample import look_at_corpus
from psychescale.spark.corpus.source import open_corpus, require_unmarked
from psychescale.spark.pipeline.job import discard_unfinished, run_job
from psychescale.spark.pipeline.state import state_folder
from psychescale.spark.session.session import open_session


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(AnonymizeConfig, "anonymize", anonymize, argv)


def anonymize(config: AnonymizeConfig, console: Console) -> AnonymizeResult | None:
    """Open the corpus, settle how it is redacted, bring every row through that, and tell of it."""
    state = state_folder(config.output, config.state)
    spark = open_session(config.spark, verbose=config.verbose)
    if config.discard:
        discard_unfinished(spark, state, console.print)
        return None
    corpus = open_corpus(spark, config.input, columns_of(config), dialect=config.choices(Dialect))
    require_unmarked(corpus)
    plan = make_plan(spark, config, corpus)
    print_plan(console, config, corpus, plan)
    survey = survey_corpus(spark, config, corpus, plan)
    if survey.singled_out is not None:
        print_singled_out(console, survey.singled_out)
    if config.dry_run:
        print_look(console, look_at_corpus(spark, corpus))
        return None
    job = AnonymizingJob.open(spark, config, corpus, plan, survey, state=state)
    with ProgressDisplay(console, title="redacting") as progress:
        run, report = run_job(
            spark, job, corpus, state=state, limits=config, on_progress=progress.update
        )
    if config.json_output:
        print(run.to_json(report=report))
    print_report(console, config, report)
    return job.result(run, report)


if __name__ == "__main__":
    sys.exit(main())
