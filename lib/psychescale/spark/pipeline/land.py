"""Any corpus → a Delta table cut into tasks of even size, which a stream can read and resume."""

import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from psychescale.errors import InputError, StorageError
from psychescale.spark.corpus.columns import ERROR, ID, TEXT
from psychescale.spark.corpus.failures import explained
from psychescale.spark.corpus.read import reading
from psychescale.spark.corpus.source import Corpus, require_unchanged
from psychescale.spark.pipeline.state import Lease, StateFolder
from psychescale.spark.session.places import join
from psychescale.spark.session.protocol import Access, Files
from psychescale.spark.tables.delta import DeltaTable, table_properties

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
        table: Where it is.
        source_id: The landing's own id; checkpoints are named after it.
        n_rows: Rows to do.
        n_files: Files, each of which becomes one task.
        n_known: Rows of the corpus that were left out, because the output holds them already.
        is_new: Whether this run wrote it: then no row of it has been done.
    """

    table: DeltaTable
    source_id: str
    n_rows: int
    n_files: int
    n_known: int
    is_new: bool


def land(
    way: Access,
    corpus: Corpus,
    *,
    state: StateFolder,
    purpose: str,
    select: Callable[[DataFrame], DataFrame],
    slots: int,
    rows_per_task: int,
    lease: Lease,
) -> Landed:
    """Write the rows that are still to be done as evenly sized files, or find them written.

    Rows are distributed by a hash of their text, which makes tasks of even size and brings equal
    texts together. Call it only as the one job that holds the output's lease.

    Args:
        way: To the Spark of the session.
        corpus: The input.
        state: The state folder.
        purpose: Scoring id, or another digest of what the rows are landed for: another model lacks
            other rows.
        select: All rows, each with an id of its own → those to land.
        slots: Tasks that can run at the same time.
        rows_per_task: Most rows of a file.
        lease: The right to write to the output, looked at before each pass over the corpus.

    Raises:
        InputError: The corpus has ids that are null or not unique, or changed meanwhile.
        StorageError: It cannot be written, or another state of the corpus is landed and unfinished.
    """
    name = f"{purpose[:16]}-{corpus.fingerprint[:16]}"
    way.files.make_private_folder(state.landed)
    _require_none_unfinished(way, state.landed, name)
    table = DeltaTable.at(way.spark, join(state.landed, name))
    is_new = not table.exists()
    if is_new:
        with explained(corpus.files):
            _write(
                way, table, corpus, select, slots=slots, rows_per_task=rows_per_task, lease=lease
            )
    if not table.exists():
        raise StorageError(
            f"The corpus could not be landed at {table.place.given}.", remedy="Check ‹state›."
        )
    # Its one commit says all of it; to count rows and files again would cost several queries.
    (commit,) = table.history(1)
    n_all, _, source_id = commit["userMetadata"].partition(" ")
    written = commit["operationMetrics"]
    n_rows = int(written["numOutputRows"])
    return Landed(table, source_id, n_rows, int(written["numFiles"]), int(n_all) - n_rows, is_new)


def require_checkpoint(files: Files, landed: Landed, checkpoint: str, done: DataFrame) -> None:
    """Refuse to start over on a landed corpus of which rows have been scored.

    Raises:
        StorageError: The output holds rows of it, but its checkpoint is gone.
    """
    if landed.is_new or files.exists(checkpoint):
        return
    if landed.table.rows().join(done, ID, "left_semi").limit(1).count():
        raise StorageError(
            f"Rows of this corpus have been scored, but the checkpoint {checkpoint} is gone.",
            remedy=f"Delete {landed.table.place.given}; the next run lands the rows that are missing, "
            "and only those.",
        )


def forget_landed(files: Files, landed: Landed, checkpoint: str, staged: DeltaTable | None) -> None:
    """Remove a landed corpus whose rows are all done, then its checkpoint, and what was staged of it.

    In this order, because a checkpoint without its landed table is harmless: the next landing has
    another id.
    """
    files.delete(landed.table.place.address)
    files.delete(checkpoint)
    if staged is not None:
        files.delete(staged.place.address)


def _require_none_unfinished(way: Access, folder: str, name: str) -> None:
    """At most one landed corpus for a purpose: two could hold the same ids, and double them."""
    for other in way.files.folders(folder):
        path = join(folder, other)
        if other == name or not other.startswith(name.partition("-")[0]):
            continue
        if not DeltaTable.at(way.spark, path).exists():  # it did not get as far as its commit
            way.files.delete(path)
            continue
        raise StorageError(
            "An unfinished run has landed a corpus that is not this one: another ‹input›, or the "
            "same one before it changed.",
            remedy="Finish that run with the input as it was; or give it up: delete "
            f"{path}, and the next run does what its own input has and the output lacks.",
        )


def _write(
    way: Access,
    table: DeltaTable,
    corpus: Corpus,
    select: Callable[[DataFrame], DataFrame],
    *,
    slots: int,
    rows_per_task: int,
    lease: Lease,
) -> None:
    way.files.delete(table.place.address)  # of a landing that did not get as far as its commit
    with reading(way.spark, corpus) as rows:
        n_rows = _require_ids(rows, ", ".join(corpus.columns.id))
        lease.require_held()
        fresh = select(rows)
        n_files = file_count(*_size(fresh), slots=slots, rows_per_task=rows_per_task)
        lease.require_held()
        # One commit makes the table: whoever finds it finds it whole.
        table.append(
            fresh.repartition(n_files, TEXT),
            maxRecordsPerFile=2 * rows_per_task,
            userMetadata=f"{n_rows} {uuid.uuid4().hex}",
            **table_properties([ERROR]),
        )
    lease.require_held()
    try:
        require_unchanged(way.spark, corpus)
    except InputError:
        way.files.delete(table.place.address)
        raise


def _require_ids(rows: DataFrame, column: str) -> int:
    """The number of rows, each of which has an id of its own."""
    counts = rows.agg(
        F.count(F.lit(1)).alias("rows"),
        F.count(ID).alias("ids"),
        F.count_distinct(ID).alias("distinct"),
    ).collect()[0]
    if counts["ids"] < counts["rows"]:
        raise InputError(
            f"‹input›: {counts['rows'] - counts['ids']:,} rows have no {column}.",
            remedy="Every row needs an id of its own; add one, or leave these rows out.",
        )
    if counts["distinct"] < counts["ids"]:
        raise InputError(
            f"‹input›: {counts['ids'] - counts['distinct']:,} rows repeat the {column} of another "
            "row.",
            remedy=f"Ids must be unique over the corpus; GROUP BY {column} HAVING count(*) > 1 "
            "finds them.",
        )
    return int(counts["rows"])


def _size(rows: DataFrame) -> tuple[int, int]:
    """Rows, and bytes of their texts."""
    size = rows.agg(
        F.count(F.lit(1)).alias("rows"),
        F.coalesce(F.sum(F.octet_length(TEXT)), F.lit(0)).alias("bytes"),
    ).collect()[0]
    return int(size["rows"]), int(size["bytes"])


def file_count(n_rows: int, n_bytes: int, *, slots: int, rows_per_task: int) -> int:
    """How many files, one a task, so many rows with so many bytes of text are cut into."""
    rows_per_file = min(
        rows_per_task, max(MIN_ROWS_PER_FILE, math.ceil(n_rows / (slots * TASKS_PER_SLOT)))
    )
    return max(1, math.ceil(n_rows / rows_per_file), math.ceil(n_bytes / MAX_TEXT_BYTES_PER_FILE))
