"""What `score` adds to the pipeline: the score table, and the way of landed rows through the model."""

import json
from dataclasses import dataclass, replace
from typing import Self

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from psychescale.errors import ModelError
from psychescale.results import ScoreResult
from psychescale.scoring.options import ModelRequest, of_texts
from psychescale.scoring.preflight import ChosenModel
from psychescale.settings.config import public_values
from psychescale.settings.score import ScoreConfig
from psychescale.spark.corpus.columns import AUTHOR, ERROR, ID, SECOND, TEXT, Columns
from psychescale.spark.corpus.failures import explained
from psychescale.spark.corpus.read import is_placeholder, reading
from psychescale.spark.corpus.singled_out import SingledOut, count_singled_out
from psychescale.spark.corpus.source import (
    Corpus,
    kept_fields,
    require_ids_of_rows,
    require_mark,
    without_known,
)
from psychescale.spark.corpus.times import coarse_values, coarsened, require_read
from psychescale.spark.pipeline.job import Sink
from psychescale.spark.pipeline.land import Landed
from psychescale.spark.pipeline.runs import Run
from psychescale.spark.pipeline.state import state_folder
from psychescale.spark.pipeline.stream import observed
from psychescale.spark.score.table import open_score_table, written_rows
from psychescale.spark.score.udf import ScoringTask, build_udf, is_gpu_promised
from psychescale.spark.session.access import access
from psychescale.spark.session.places import concealed
from psychescale.spark.tables.delta import DeltaTable, find_table, quoted
from psychescale.spark.workers.transport import send_model
from psychescale.steps import STEPS


@dataclass(frozen=True)
class ScoringJob:
    """A corpus on its way through a model; a `CorpusJob`.

    Attributes:
        spark: The session.
        config: Of the run.
        model: As it reads this corpus.
        corpus: The input.
        kept: Columns passed through.
    """

    spark: SparkSession
    config: ScoreConfig
    model: ChosenModel
    corpus: Corpus
    kept: list[T.StructField]

    @classmethod
    def of(
        cls, spark: SparkSession, config: ScoreConfig, model: ChosenModel, corpus: Corpus
    ) -> Self:
        """Settle what can be refused before anything is written.

        A model that the table has rows of was tried when they were written, and is tried again only
        if there is something new for it.

        Raises:
            PrivacyError: The corpus is raw and may not be, the text is to be kept, or names of files
                would become ids.
            ModelError: The model learned from texts of another redaction, or cannot be used.
        """
        require_mark(corpus, accept_raw=config.accept_raw)
        require_ids_of_rows(corpus, id_from_path=config.id_from_path)
        met = meet_corpus(model, corpus.mark, config)
        table = find_table(spark, config.output)
        if table is None or written_rows(table, met.scoring_id).isEmpty():
            met = met.tried()
        return cls(spark, config, met, corpus, kept_fields(spark, corpus))

    @property
    def purpose(self) -> str:
        """The scoring id."""
        return self.model.scoring_id

    def count_singled_out(self) -> SingledOut | None:
        """Who could be singled out by what the score table will hold; None where nothing is kept.

        `n_tokens` is counted as words, and probabilities as texts: equal texts have equal ones.

        Raises:
            InputError: More values than `max_failed_share` cannot be read to make them coarser.
        """
        columns = self.corpus.columns
        if not columns.keep:
            return None
        STEPS.info("counting who could be singled out")
        with reading(self.spark, self.corpus) as rows, explained(self.corpus.files):
            read = coarse_values(rows.schema, columns.grains, columns.time_format)
            options = dict.fromkeys(read, "coarsen")
            require_read(rows, read, options=options, max_share=self.config.max_failed_share)
            kept = {name: F.col(quoted(name)) for name in columns.keep}
            person = kept.pop(AUTHOR, None) if self.corpus.mark is not None else None
            texts = [F.col(name) for name in (TEXT, SECOND) if name in rows.columns]
            return count_singled_out(
                coarsened(rows, columns.grains, columns.time_format),
                kept,
                {
                    "n_tokens (counted as words)": F.size(F.split(texts[0], r"\s+")),
                    "p_<label> (counted as texts)": F.xxhash64(*texts),
                },
                person=person if person is None else F.coalesce(person, F.col(ID)),
                coarse=list(columns.grains),
            )

    def begin(self) -> Run:
        """Make the score table, if it is not there."""
        config, spec = self.config, self.model.spec
        open_score_table(
            self.spark, config.output, spec, self.kept, logits=config.logits, state=config.state
        )
        secret = state_folder(config.output, config.state).secret(access(self.spark).files)
        return Run(
            job="score",
            config=json.dumps(public_values(config) | {"input": concealed(config.input, secret)}),
            scoring_id=self.model.scoring_id,
            digests={
                "weights": spec.weights_digest,
                "tokenizer": spec.tokenizer_digest,
                "config": spec.config_digest,
            },
            activation=spec.activation,
            accept_raw=config.accept_raw,
            long_text=self.model.applied.long_text,
            calibrated=self.model.applied.calibrated,
        )

    def select(self, rows: DataFrame) -> DataFrame:
        """Rows that the table lacks under this scoring id."""
        columns = self.corpus.columns
        return without_known(
            coarsened(rows, columns.grains, columns.time_format), self._sink().done
        )

    def open_sink(self, landed: Landed) -> Sink:
        """The score table itself."""
        del landed
        return self._sink()

    def transform(self, rows: DataFrame, run: Run) -> DataFrame:
        """Landed rows → rows of the score table, counted by the stream."""
        task = self._send()
        texts = [F.col(TEXT), F.col(SECOND)] if SECOND in rows.columns else [F.col(TEXT)]
        scored = rows.withColumn("_scores", build_udf(task, SECOND in rows.columns)(*texts))
        fields = [name for name in task.result_type.names if name != ERROR]
        flat = scored.select(
            F.col(ID),
            *[F.col(quoted(name)) for name in self.config.keep],
            *[F.col(f"_scores.{name}") for name in fields],
            F.coalesce(F.col(ERROR), F.col(f"_scores.{ERROR}")).alias(ERROR),
            F.lit(run.scoring_id).alias("scoring_id"),
            F.lit(run.run_id).alias("run_id"),
            F.current_timestamp().alias("scored_at"),
            is_placeholder(F.col(TEXT)).cast("int").alias("_placeholder"),
        )
        return observed(
            flat,
            F.coalesce(F.sum("n_tokens"), F.lit(0)).alias("tokens"),
            F.coalesce(F.sum("computed_tokens"), F.lit(0)).alias("computed_tokens"),
            F.coalesce(F.sum("_placeholder"), F.lit(0)).alias("placeholders"),
        ).drop("computed_tokens", "_placeholder")

    def publish(self, landed: Landed, sink: Sink, run: Run) -> None:
        """Nothing: the stream wrote to the table that people read."""

    def result(self, run: Run) -> ScoreResult:
        """What the finished run gives back in Python."""
        row = run.row()
        return ScoreResult(
            run_id=run.run_id,
            table=self.config.output,
            scoring_id=self.purpose,
            rows_in=run.rows_in,
            rows_known=run.rows_known,
            rows_scored=row["rows_scored"],
            rows_failed=row["rows_failed"],
            failed_by_reason=row["failed_by_reason"],
            placeholders=run.tally.placeholders,
            files=self.corpus.counted_files,
            run=row,
        )

    def _sink(self) -> Sink:
        table = DeltaTable.at(self.spark, self.config.output)
        return Sink(table, written_rows(table, self.purpose))

    def _send(self) -> ScoringTask:
        """The model on its way to the executors, and what workers must know beside it."""
        model = self.model.tried()
        return ScoringTask(
            send_model(self.spark, model.checkpoint, at=self.config.model_on_executors),
            model.spec,
            model.options,
            self.config.logits,
            computed_tokens=True,
            stall_timeout_s=self.config.stall_timeout_s,
            gpu_promised=is_gpu_promised(self.spark),
        )


def configured_model(config: ScoreConfig) -> ChosenModel:
    """The model, with everything about it settled that its small files tell.

    Raises:
        ModelError: It cannot be used as it is; the message says what to add.
        UsageError: An option is out of its range.
    """
    resolved = config.choices(ModelRequest).resolve()
    return ChosenModel(*resolved, second_text=config.second_text_column is not None)


def meet_corpus(
    model: ChosenModel, mark: tuple[str, str] | None, config: ScoreConfig
) -> ChosenModel:
    """The model as it will read this corpus: the scoring id names the versions of its texts.

    Args:
        model: The model, with the id that it has by itself.
        mark: Normalizer and redactor versions of the corpus; None for a raw one, which
            ``accept_raw`` has let in.
        config: Of the run.

    Raises:
        ModelError: The model learned from texts of another normalizer or redactor, and that was not
            accepted.
    """
    learned = (model.spec.normalizer, model.spec.redactor)
    if mark and None not in learned and learned != mark and not config.accept_other_redaction:
        raise ModelError(
            f"The model learned from texts of normalizer {learned[0]} and redactor {learned[1]}; the "
            f"corpus went through {mark[0]} and {mark[1]}.",
            remedy="Anonymize the corpus with the version the model was trained under, train the "
            "model anew, or, if the difference is known to be harmless, add "
            "‹accept_other_redaction› (it is recorded with the run).",
        )
    return replace(model, spec=of_texts(model.spec, mark))


def configured_columns(config: ScoreConfig) -> Columns:
    """Which columns of the corpus mean what."""
    return Columns(
        config.id_column,
        config.text_column,
        config.second_text_column,
        config.keep,
        config.grains(),
        config.time_format,
    )
