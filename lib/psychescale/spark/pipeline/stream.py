"""Landed rows → rows of an output, exactly once, micro-batch by micro-batch; and their account."""

import contextlib
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from psychescale.disclosure import told
from psychescale.errors import FailureBudgetError, RowError, StorageError
from psychescale.spark.corpus.columns import ERROR, ID
from psychescale.spark.corpus.failures import explain_failure
from psychescale.spark.pipeline.land import Landed
from psychescale.spark.pipeline.runs import Run, Tally
from psychescale.spark.pipeline.state import Lease
from psychescale.spark.session.access import JAVA_ERRORS, LOST_ERRORS, change_setting, read_setting
from psychescale.spark.session.protocol import Access
from psychescale.spark.tables.delta import DeltaTable
from psychescale.steps import STEPS

_OBSERVATION = "psychescale"
_POLL_S = 0.5


def stream_rows(
    way: Access,
    landed: Landed,
    transform: Callable[[DataFrame], DataFrame],
    run: Run,
    *,
    sink: DeltaTable,
    checkpoint: str,
    most_tasks: int,
    max_failed_share: float,
    lease: Lease,
    on_progress: Callable[[int], None],
) -> None:
    """Transform all landed rows that the checkpoint does not hold as done, and append them.

    Args:
        way: To the Spark of the session.
        landed: The rows.
        transform: Landed rows → rows of the output, `observed` last but for what is dropped.
        run: Its tally counts the rows.
        sink: The table to append to, which exists.
        checkpoint: Folder of the stream's state.
        most_tasks: Of a micro-batch. At its end slots wait for the last task, half a task each on
            average; a crash loses it.
        max_failed_share: Share of all landed rows that may fail, 0 to 1.
        lease: The right to write to the output.
        on_progress: Told how many rows are done.

    Raises:
        FailureBudgetError: Too many rows failed; what was committed stays.
        StorageError: Another job took over the output.
        PsychescaleError: The stream failed; the message says of what, and never quotes a row.
    """
    transformed = transform(_read_stream(landed, most_tasks))
    writer = (
        transformed.writeStream.option("checkpointLocation", way.files.qualified(checkpoint))
        .trigger(availableNow=True)
        .queryName(f"psychescale-{run.run_id}")
    )
    started, is_full = time.monotonic(), False
    tally = run.tally
    query = sink.follow(writer)
    try:
        while query.isActive:
            _collect(query, tally)
            done = tally.rows + _running_rows(way, landed)
            on_progress(done)
            if done >= landed.n_rows and not is_full:
                STEPS.info("committing the last rows")
                is_full = True
            check_budget(tally.failed, landed.n_rows, max_failed_share)
            lease.require_held()
            query.awaitTermination(_POLL_S)  # type: ignore[arg-type]
        query.awaitTermination()
    except PySparkException as error:
        lease.require_held()  # a commit that another job's got ahead of
        raise explain_failure(error) from None
    except LOST_ERRORS:
        raise StorageError(
            "Spark's own process ended: killed, or out of memory.",
            remedy="Give it more with ‹spark.driver.memory›=…; run again: it goes on where it "
            "stopped.",
        ) from None
    finally:
        with contextlib.suppress(*JAVA_ERRORS, *LOST_ERRORS, PySparkException):  # it may be gone
            query.stop()
            _collect(query, tally)
        tally.seconds = time.monotonic() - started
    on_progress(tally.rows)


def _read_stream(landed: Landed, most_tasks: int) -> DataFrame:
    spark = landed.table.spark
    # One file, one task: the cost of opening a file counts as much as a full partition, so that
    # Spark does not put several files together.
    whole_partition = read_setting(spark, "spark.sql.files.maxPartitionBytes") or "128MB"
    change_setting(spark, "spark.sql.files.openCostInBytes", whole_partition)
    n_batches = math.ceil(landed.n_files / most_tasks)
    files_per_batch = math.ceil(landed.n_files / n_batches)  # none much smaller than the others
    reader = spark.readStream.format("delta").option("maxFilesPerTrigger", files_per_batch)
    return reader.load(landed.table.place.address)


def observed(rows: DataFrame, *sums: Column) -> DataFrame:
    """`rows`, counted on their way by the stream itself: all, by reason in `error`, and `sums`."""
    return rows.observe(
        _OBSERVATION,
        F.count(F.lit(1)).alias("rows"),
        *sums,
        *[
            F.count(F.when(F.col(ERROR) == reason.value, 1)).alias(reason.value)
            for reason in RowError
        ],
    )


def _collect(query: StreamingQuery, tally: Tally) -> None:
    """Take over what the stream has observed; Spark keeps the last hundred micro-batches."""
    for progress in query.recentProgress:
        observed = _observed(progress)
        if observed is not None:
            tally.add(int(_field(progress, "batchId")), observed)


def _observed(progress: Any) -> dict[str, int] | None:
    metrics = _field(progress, "observedMetrics") or {}
    row = metrics.get(_OBSERVATION)
    if row is None:
        return None
    values = dict(row) if isinstance(row, dict) else dict(row.asDict())
    if values.keys() == {"values", "schema"}:  # as a Connect server of 4.2 sends a row (tried)
        names = [field["name"] for field in values["schema"]["fields"]]
        return dict(zip(names, values["values"], strict=True))
    return values


def _field(progress: Any, name: str) -> Any:
    # pyspark 3.5 gives dictionaries here, 4.x objects.
    return progress[name] if isinstance(progress, dict) else getattr(progress, name)


def _running_rows(way: Access, landed: Landed) -> int:
    """About how many rows the finished tasks of the running micro-batch have scored."""
    finished = way.running_tasks_done()
    return round(finished * landed.n_rows / max(1, landed.n_files))


_USUAL_CAUSE = {
    RowError.NULL_TEXT: "Check that ‹text_column› is the right one.",
    RowError.INVALID_UNICODE: "Is the corpus in another encoding? Name it with ‹encoding›.",
    RowError.CORRUPT_ROW: "Check that the files are what their names say, and whole.",
    RowError.REDACTION_TIMEOUT: "Raise ‹timeout_s›.",
}


def check_output(landed: Landed, written: DataFrame, *, max_failed_share: float) -> None:
    """Check that every landed row is in the output once, and that enough of them have a score.

    Args:
        landed: The rows that were to be done, by this run or by one that it resumed.
        written: Columns `id` and `error` of the output.
        max_failed_share: Share of the landed rows that may fail, 0 to 1.

    Raises:
        StorageError: Rows are missing or doubled.
        FailureBudgetError: Too many rows failed.
    """
    found = (
        landed.table.rows().select(ID).join(written.withColumn("_found", F.lit(True)), ID, "left")
    )
    counts = found.agg(
        F.count(F.lit(1)).alias("rows"),
        F.count("_found").alias("found"),
        *[F.count(F.when(F.col(ERROR) == r.value, 1)).alias(r.value) for r in RowError],
    ).collect()[0]
    if counts["rows"] != landed.n_rows or counts["found"] != landed.n_rows:
        raise StorageError(
            f"The output does not hold each of the {landed.n_rows:,} rows exactly once.",
            remedy="Was it changed while the job ran? Restore it (RESTORE TABLE) to the version "
            "before, and run again.",
        )
    failed = {reason.value: counts[reason.value] for reason in RowError if counts[reason.value]}
    check_budget(failed, landed.n_rows, max_failed_share)


def check_budget(failed: Mapping[str, int], n_rows: int, max_failed_share: float) -> None:
    """Refuse to go on with too many failures.

    Args:
        failed: Rows without a score, by reason; those that a person refuses do not count.
        n_rows: Rows to score.
        max_failed_share: Share of them that may have none.

    Raises:
        FailureBudgetError: More have none; the message counts the reasons, masked or rounded.
    """
    n_failed = sum(n for reason, n in failed.items() if reason != RowError.PLACEHOLDER_TEXT)
    if n_failed <= max_failed_share * n_rows:
        return
    by_count = sorted(failed.items(), key=lambda item: -item[1])
    reasons = ", ".join(f"{told(count)} {reason}" for reason, count in by_count)
    cause = _USUAL_CAUSE.get(RowError(by_count[0][0]), "The texts hold nothing to read.")
    raise FailureBudgetError(
        f"{n_failed:,} of {n_rows:,} rows failed ({reasons}).",
        remedy=f"{cause} Or allow more with ‹max_failed_share›.",
    )
