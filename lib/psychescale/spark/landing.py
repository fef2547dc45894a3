"""Any corpus → a Delta table cut into tasks of even size, which a stream can read and resume."""

import math
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from psychescale.errors import FailureBudgetError, InputError, StorageError
from psychescale.spark.corpus import ERROR, ID, TEXT, Corpus, read_corpus
from psychescale.spark.faults import explained
from psychescale.spark.session import total_slots
from psychescale.spark.storage import delete, exists, join, make_private_folder
from psychescale.spark.tables import find_table, table_properties

# A file is one task. Small corpora are cut finer, so that every core has several tasks and the
# progress bar moves; below this many rows sorting by length has little left to sort.
MIN_ROWS_PER_FILE = 200
TASKS_PER_SLOT = 8
# A file of very long texts ends earlier: about a minute of work for MiniLM on one core.
MAX_TEXT_BYTES_PER_FILE = 8 * 2**20


@dataclass(frozen=True)
class Landed:
    """A corpus in the state folder, ready to be streamed.

    Attributes:
        path: Where it is.
        source_id: The landed table's own id; checkpoints are named after it.
        n_rows: Rows to score.
        n_files: Files, each of which becomes one task.
        n_known: Rows of the corpus that were left out, because the output holds them already.
    """

    path: str
    source_id: str
    n_rows: int
    n_files: int
    n_known: int


def land(
    spark: SparkSession,
    corpus: Corpus,
    *,
    state: str,
    scoring_id: str,
    scored_ids: DataFrame,
    rows_per_task: int,
) -> Landed:
    """Write the rows that are still to be scored as evenly sized files, or find them written.

    Rows are distributed by a hash of their text, which makes tasks of even size and brings equal
    texts together.

    Args:
        spark: The session.
        corpus: The input.
        state: The state folder.
        scoring_id: What the rows are landed for: another model lacks other rows.
        scored_ids: One column `id`: rows that the output holds already under this scoring id.
        rows_per_task: Most rows of a file.

    Raises:
        InputError: The corpus has no rows, or ids that are null or not unique.
        StorageError: It cannot be written.
    """
    path = join(state, "landed", f"{scoring_id[:16]}-{corpus.fingerprint[:16]}")
    if find_table(spark, path) is None:
        with explained():
            _write(spark, corpus, scored_ids, path=path, state=state, rows_per_task=rows_per_task)
    table = find_table(spark, path)
    detail = table.detail().select("id", "numFiles").first() if table is not None else None
    commit = table.history(1).select("userMetadata").first() if table is not None else None
    if table is None or detail is None or commit is None:
        raise StorageError(f"The corpus could not be landed at {path}.", remedy="Check --state.")
    n_rows = table.toDF().count()
    n_known = int(commit["userMetadata"]) - n_rows
    return Landed(path, detail["id"], n_rows, int(detail["numFiles"]), n_known)


def require_checkpoint(
    spark: SparkSession, landed: Landed, checkpoint: str, written: DataFrame
) -> None:
    """Refuse to start over on a landed corpus of which rows have been scored.

    Raises:
        StorageError: The output holds rows of it, but its checkpoint is gone.
    """
    if exists(spark, checkpoint):
        return
    rows = spark.read.format("delta").load(landed.path)
    if rows.join(written, ID, "left_semi").limit(1).count():
        raise StorageError(
            f"Rows of this corpus have been scored, but the checkpoint {checkpoint} is gone.",
            remedy=f"Delete {landed.path}; the next run lands the rows that are missing, and only "
            "those.",
        )


def check_output(
    spark: SparkSession, landed: Landed, written: DataFrame, *, max_failed_share: float
) -> None:
    """Check that every landed row is in the output once, and that enough of them have a score.

    Args:
        spark: The session.
        landed: The rows that were to be scored, by this run or by one that it resumed.
        written: Columns `id` and `error` of the output under this scoring id.
        max_failed_share: Share of the landed rows that may be without a score, 0 to 1.

    Raises:
        StorageError: Rows are missing or doubled.
        FailureBudgetError: Too many rows have no score.
    """
    ids = spark.read.format("delta").load(landed.path).select(ID)
    found = ids.join(written.withColumn("_found", F.lit(True)), ID, "left")
    counts = found.agg(
        F.count(F.lit(1)).alias("rows"),
        F.count("_found").alias("found"),
        F.count(ERROR).alias("failed"),
    ).collect()[0]
    if counts["rows"] != landed.n_rows or counts["found"] != landed.n_rows:
        raise StorageError(
            f"The output does not hold each of the {landed.n_rows:,} rows exactly once.",
            remedy="Was it changed while the job ran? Restore it (RESTORE TABLE) to the version "
            "before, and run again.",
        )
    check_budget(counts["failed"], landed.n_rows, max_failed_share)


def check_budget(n_failed: int, n_rows: int, max_failed_share: float) -> None:
    """Refuse to go on with too many failures.

    Raises:
        FailureBudgetError: More than `max_failed_share` of `n_rows` have no score.
    """
    if n_failed > max_failed_share * n_rows:
        raise FailureBudgetError(
            f"{n_failed:,} of {n_rows:,} rows have no score; the column `error` of the output says "
            "why. What was scored is committed.",
            remedy="Check that --text-column is the right one, or allow more with "
            "--max-failed-share.",
        )


def forget_landed(spark: SparkSession, landed: Landed, *, checkpoint: str) -> None:
    """Remove a landed corpus whose rows have all been scored, and then its checkpoint.

    In this order, because a checkpoint without its landed table is harmless: the next landing has
    another id.
    """
    delete(spark, landed.path)
    delete(spark, checkpoint)


def _write(
    spark: SparkSession,
    corpus: Corpus,
    scored_ids: DataFrame,
    *,
    path: str,
    state: str,
    rows_per_task: int,
) -> None:
    make_private_folder(spark, state)
    make_private_folder(spark, join(state, "landed"))
    rows = read_corpus(spark, corpus)
    n_rows, n_bytes = _measure(rows, corpus)
    n_files = _file_count(n_rows, n_bytes, slots=total_slots(spark), rows_per_task=rows_per_task)
    fresh = rows.join(scored_ids, ID, "left_anti").select(rows.columns)
    delete(spark, path)  # files of a landing that did not get as far as its commit
    # One commit makes the table: whoever finds it finds it whole.
    (
        fresh.repartition(n_files, TEXT)
        .write.format("delta")
        .option("maxRecordsPerFile", 2 * rows_per_task)
        .option("userMetadata", str(n_rows))
        .options(**table_properties([ERROR]))
        .save(path)
    )


def _measure(rows: DataFrame, corpus: Corpus) -> tuple[int, int]:
    """Rows and bytes of text, after checking the ids."""
    counts = rows.agg(
        F.count(F.lit(1)).alias("rows"),
        F.coalesce(F.sum(F.octet_length(TEXT)), F.lit(0)).alias("bytes"),
        F.count(ID).alias("ids"),
        F.count_distinct(ID).alias("distinct"),
    ).first()
    if counts is None or counts["rows"] == 0:
        raise InputError(f"{corpus.place} has no rows.", remedy="Check --input.")
    column = corpus.columns.id
    if counts["ids"] < counts["rows"]:
        raise InputError(
            f"{corpus.place}: {counts['rows'] - counts['ids']} rows have no {column}.",
            remedy="Every row needs an id of its own; add one, or leave these rows out.",
        )
    if counts["distinct"] < counts["ids"]:
        raise InputError(
            f"{corpus.place}: {counts['ids'] - counts['distinct']} rows repeat the {column} of "
            "another row.",
            remedy=f"Ids must be unique over the corpus; GROUP BY {column} HAVING count(*) > 1 "
            "finds them.",
        )
    return int(counts["rows"]), int(counts["bytes"])


def _file_count(n_rows: int, n_bytes: int, *, slots: int, rows_per_task: int) -> int:
    rows_per_file = min(
        rows_per_task, max(MIN_ROWS_PER_FILE, math.ceil(n_rows / (slots * TASKS_PER_SLOT)))
    )
    return max(math.ceil(n_rows / rows_per_file), math.ceil(n_bytes / MAX_TEXT_BYTES_PER_FILE))
