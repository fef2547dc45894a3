"""Whether what came out is what went in: every row once, and enough of them with a score."""

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from psychescale.errors import FailureBudgetError, RowError, StorageError
from psychescale.spark.corpus.source import ERROR, ID
from psychescale.spark.pipeline.land import Landed

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
        failed: Rows without a score, by reason.
        n_rows: Rows to score.
        max_failed_share: Share of them that may have none.

    Raises:
        FailureBudgetError: More have none; the message counts the reasons.
    """
    n_failed = sum(failed.values())
    if n_failed <= max_failed_share * n_rows:
        return
    by_count = sorted(failed.items(), key=lambda item: -item[1])
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in by_count)
    cause = _USUAL_CAUSE.get(RowError(by_count[0][0]), "The texts hold nothing to read.")
    raise FailureBudgetError(
        f"{n_failed:,} of {n_rows:,} rows failed ({reasons}). What was done is committed.",
        remedy=f"{cause} Or allow more with ‹max_failed_share›.",
    )
