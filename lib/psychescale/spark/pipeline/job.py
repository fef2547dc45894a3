"""The way of every corpus: lease, run row, land, checkpoint, stream, account, publish, forget."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pyspark.sql import DataFrame, SparkSession

from psychescale.errors import FailureBudgetError
from psychescale.spark.corpus.source import Corpus
from psychescale.spark.pipeline.land import Landed, forget_landed, land, require_checkpoint
from psychescale.spark.pipeline.runs import Run, recorded_run
from psychescale.spark.pipeline.state import StateFolder, held_lease
from psychescale.spark.pipeline.stream import check_output, stream_rows
from psychescale.spark.session.access import access
from psychescale.spark.session.session import total_slots
from psychescale.spark.tables.delta import DeltaTable
from psychescale.steps import STEPS

Outcome = TypeVar("Outcome", covariant=True)  # noqa: PLC0105 - the word is plain without a suffix


@dataclass(frozen=True)
class Sink:
    """Where a job's stream appends to.

    Attributes:
        table: The table.
        done: `id` and `error` of its rows of this purpose, read anew at each use.
        is_temporary: Whether it is deleted with the landed corpus.
    """

    table: DeltaTable
    done: DataFrame
    is_temporary: bool = False


class Limits(Protocol):
    """Keys of a job's configuration."""

    @property
    def rows_per_task(self) -> int: ...  # noqa: D102
    @property
    def tasks_per_slot(self) -> int: ...  # noqa: D102
    @property
    def max_failed_share(self) -> float: ...  # noqa: D102


class CorpusJob(Protocol[Outcome]):
    """What a job adds: which rows it lands, what it makes of them, and where that goes."""

    @property
    def purpose(self) -> str:
        """Digest of what determines its rows: checkpoints and landed corpora are named after it."""

    def begin(self) -> Run:
        """Make the outputs ready, or refuse; the run's row as far as it is known by then."""

    def select(self, rows: DataFrame) -> DataFrame:
        """All rows of the corpus, each with an id of its own → those to land. Writes nothing."""

    def open_sink(self, landed: Landed) -> Sink:
        """The table that the stream appends to."""

    def transform(self, rows: DataFrame, run: Run) -> DataFrame:
        """Landed rows → rows of the sink, `observed` last."""

    def publish(self, landed: Landed, sink: Sink, run: Run) -> Outcome:
        """Pass on what the sink holds, once all of it is there; doing it again adds nothing."""


def run_job(
    spark: SparkSession,
    job: CorpusJob[Outcome],
    corpus: Corpus,
    *,
    state: StateFolder,
    limits: Limits,
    on_progress: Callable[[int, int], None],
) -> tuple[Run, Outcome]:
    """Bring a corpus through a job, every row once; a killed run is resumed by the same call.

    Args:
        spark: The session.
        job: What is done to the rows.
        corpus: The input.
        state: Of the output.
        limits: Sizes of tasks and micro-batches, and how many rows may fail.
        on_progress: Told how many rows are done, of how many.

    Returns:
        The finished run, and what the job's `publish` returned.

    Raises:
        PsychescaleError: Of the class that tells what is wrong; the run table has a row of it.
    """
    STEPS.info("opening the output")
    run, way, slots = job.begin(), access(spark), total_slots(spark)
    with held_lease(way.files, state) as lease, recorded_run(spark, state, run):
        STEPS.info("landing the corpus")
        landed = land(
            way,
            corpus,
            state=state,
            purpose=job.purpose,
            select=job.select,
            slots=slots,
            rows_per_task=limits.rows_per_task,
            lease=lease,
        )
        run.rows_in, run.rows_known = landed.n_rows, landed.n_known
        sink = job.open_sink(landed)
        checkpoint = state.checkpoint(job.purpose, landed.source_id)
        require_checkpoint(way.files, landed, checkpoint, sink.done)
        with _left(state, sink):
            if landed.n_rows:
                on_progress(0, landed.n_rows)
                stream_rows(
                    way,
                    landed,
                    lambda rows: job.transform(rows, run),
                    run,
                    sink=sink.table,
                    checkpoint=checkpoint,
                    most_tasks=limits.tasks_per_slot * slots,
                    max_failed_share=limits.max_failed_share,
                    lease=lease,
                    on_progress=lambda done: on_progress(done, landed.n_rows),
                )
                STEPS.info("checking that every row is there once")
                check_output(landed, sink.done, max_failed_share=limits.max_failed_share)
        lease.require_held()
        STEPS.info("publishing")
        outcome = job.publish(landed, sink, run)
        lease.require_held()
        forget_landed(way.files, landed, checkpoint, sink.table if sink.is_temporary else None)
    return run, outcome


@contextlib.contextmanager
def _left(state: StateFolder, sink: Sink) -> Iterator[None]:
    """Let a run that too many rows ended say what of it is left, and where."""
    try:
        yield
    except FailureBudgetError as error:
        problem, remedy = error.template
        done = "Nothing was passed on." if sink.is_temporary else "What was done is committed."
        raise FailureBudgetError(
            f"{problem} {done} The landed texts wait in {state.path}, as they were in ‹input›, for the "
            "next run.",
            remedy=f"{remedy} The same command with ‹discard› deletes them.",
        ) from None


def discard_unfinished(
    spark: SparkSession, state: StateFolder, tell: Callable[[str], object]
) -> None:
    """Delete what an unfinished run left: landed texts, rows on their way, checkpoints.

    What it has committed to the output stays; the next run lands the rows that are missing.

    Args:
        spark: The session.
        state: Of the output.
        tell: Told what was done.

    Raises:
        StorageError: Another job is writing to the output.
    """
    files = access(spark).files
    folders = [f for f in (state.landed, state.staged, state.checkpoints) if files.exists(f)]
    if folders:
        with held_lease(files, state):
            for folder in folders:
                files.delete(folder)
    tell("The landed texts are deleted." if folders else f"Nothing is landed in {state.path}.")
