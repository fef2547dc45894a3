"""What `anonymize` adds to the pipeline: redaction under pseudonyms, and two tables that come of it."""

import json
from dataclasses import dataclass
from typing import Any, Self

from pyspark.sql import DataFrame, SparkSession

from psychescale.model.checkpoint import Checkpoint
from psychescale.results import AnonymizeResult
from psychescale.settings.anonymize import AnonymizeConfig
from psychescale.settings.config import public_values
from psychescale.spark.anonymize.authors import send_authors
from psychescale.spark.anonymize.crosswalk import extend_crosswalk
from psychescale.spark.anonymize.keying import pseudonymized
from psychescale.spark.anonymize.outputs import Outputs
from psychescale.spark.anonymize.plan import RedactionPlan
from psychescale.spark.anonymize.precheck import Survey
from psychescale.spark.anonymize.report import measure_redaction, write_report
from psychescale.spark.anonymize.udf import RedactionTask, redacted_rows
from psychescale.spark.corpus.failures import explained
from psychescale.spark.corpus.read import reading
from psychescale.spark.corpus.source import Corpus, without_known
from psychescale.spark.corpus.times import coarsened
from psychescale.spark.pipeline.job import Sink
from psychescale.spark.pipeline.land import Landed
from psychescale.spark.pipeline.runs import Run
from psychescale.spark.pipeline.state import StateFolder
from psychescale.spark.session.places import concealed
from psychescale.spark.workers.transport import send_model


@dataclass(frozen=True)
class AnonymizingJob:
    """A corpus on its way through the redactor; a `CorpusJob`.

    Attributes:
        spark: The session.
        config: Of the run.
        corpus: The input.
        plan: What the configuration comes to.
        outputs: The table of redacted texts and the quarantine.
        survey: What the corpus holds beside its texts.
    """

    spark: SparkSession
    config: AnonymizeConfig
    corpus: Corpus
    plan: RedactionPlan
    outputs: Outputs
    survey: Survey

    @classmethod
    def open(
        cls,
        spark: SparkSession,
        config: AnonymizeConfig,
        corpus: Corpus,
        plan: RedactionPlan,
        survey: Survey,
        *,
        state: StateFolder,
    ) -> Self:
        """Make both tables, if they are not there.

        Raises:
            InputError: A table has other columns, or pseudonyms of another key or source.
        """
        outputs = Outputs.open(spark, config, plan, state)
        return cls(spark, config, corpus, plan, outputs, survey)

    @property
    def purpose(self) -> str:
        """What the texts are redacted with (a digest)."""
        return self.plan.redaction

    def begin(self) -> Run:
        """The run, with digests of redaction, authors, key and tagger."""
        plan, tagger = self.plan, self.plan.tagger
        model = {"tagger": tagger.content_digest} if isinstance(tagger, Checkpoint) else {}
        secret = plan.key.pseudonymizer().key.derived("file names")
        stated = public_values(self.config) | {"input": concealed(self.config.input, secret)}
        return Run(
            job="anonymize",
            config=json.dumps(stated),
            scoring_id=None,
            digests={
                "redaction": plan.redaction,
                "handles": self.survey.authors.digest,
                "key_id": plan.key.key_id,
                **model,
            },
            activation=None,
            accept_raw=False,
        )

    def select(self, rows: DataFrame) -> DataFrame:
        """Rows under pseudonyms, without those that both tables hold, unless all is redacted anew."""
        columns = self.corpus.columns
        told = coarsened(rows, columns.grains, columns.time_format)
        named = pseudonymized(told, self.plan.key, self.plan.columns)
        return named if self.outputs.is_stale else without_known(named, self.outputs.known_ids())

    def open_sink(self, landed: Landed) -> Sink:
        """A staging table: a stream evaluated for two outputs would redact everything twice.

        Raises:
            InputError: The output would be replaced by the redaction of a smaller corpus.
        """
        if self.outputs.is_stale:
            self.outputs.require_whole(landed.table.rows())
        table = self.outputs.open_staging(landed.source_id)
        return Sink(table, table.rows(), is_temporary=True)

    def transform(self, rows: DataFrame, run: Run) -> DataFrame:
        """Landed rows → redacted rows with `error`, counted by the stream."""
        keep = [column.name for column in self.plan.kept]
        return redacted_rows(rows, self._send(), run, keep=keep)

    def publish(self, landed: Landed, sink: Sink, run: Run) -> dict[str, Any]:
        """Pass on what was redacted, note what was not, and report both in counts.

        Returns:
            The report.
        """
        staged = sink.table.rows()
        report = measure_redaction(staged, compare=self.plan.compared)
        found = self.survey.singled_out
        report["singled_out"] = [] if found is None else found.shown()
        if self.config.crosswalk is not None:
            self._extend_crosswalk(self.config.crosswalk)
        self.outputs.publish(staged, transaction=landed.source_id)
        write_report(self.spark, self.outputs.state, run.run_id, report)
        return report

    def result(self, run: Run, report: dict[str, Any]) -> AnonymizeResult:
        """What the finished run gives back in Python."""
        row = run.row()
        return AnonymizeResult(
            run_id=run.run_id,
            table=self.config.output,
            quarantine=self.outputs.quarantine.place.given,
            rows_in=run.rows_in,
            rows_known=run.rows_known,
            rows_kept=row["rows_scored"],
            rows_quarantined=row["rows_failed"],
            failed_by_reason=row["failed_by_reason"],
            files=self.corpus.counted_files,
            report=report,
            run=row,
        )

    def _extend_crosswalk(self, place: str) -> None:
        with reading(self.spark, self.corpus) as rows, explained(self.corpus.files):
            extend_crosswalk(rows, self.plan.key, self.plan.columns, place=place)

    def _send(self) -> RedactionTask:
        """The model on its way to the executors, and what workers must know beside it."""
        plan, config = self.plan, self.config
        tagger = plan.tagger
        return RedactionTask(
            key=plan.key,
            operators=plan.operators,
            excluded=plan.excluded,
            authors=send_authors(self.spark, self.survey.authors, plan.key),
            date_order=config.date_order,
            timeout_s=config.timeout_s,
            tagger=send_model(self.spark, tagger) if isinstance(tagger, Checkpoint) else tagger,
            tagger_threshold=config.tagger_threshold,
            tagger_precision=config.tagger_precision,
            stall_timeout_s=config.stall_timeout_s,
        )
