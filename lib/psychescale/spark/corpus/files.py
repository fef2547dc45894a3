"""Files of a corpus as Spark sees them: listed, cut into tasks, and named where reading fails."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from psychescale.errors import UsageError
from psychescale.spark.session.access import changed_settings
from psychescale.spark.session.places import find_place, hashed_name, is_concealed, join


@dataclass(frozen=True)
class FileInfo:
    """A file, without its content.

    Attributes:
        path: Its whole path, scheme included.
        n_bytes: Its size.
        modified_ms: Its modification time, in milliseconds since 1970.
    """

    path: str
    n_bytes: int
    modified_ms: int

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def is_compressed(self) -> bool:
        """Whether Spark unpacks it on the way."""
        return self.name.lower().endswith(".gz")


def list_files(spark: SparkSession, path: str) -> list[FileInfo]:
    """The file at `path`, or all files below it in the order of their paths, hidden ones left out.

    A file is hidden if a part of its path below `path` begins with ``_`` or ``.``, as for Spark.
    """
    reader = spark.read.format("binaryFile").option("recursiveFileLookup", value=True)
    with file_settings(spark, block_bytes=BLOCK_BYTES, cut_small=True):
        found = reader.load(literal(path)).select(
            "path", "length", F.unix_millis("modificationTime").alias("modified_ms")
        )
        files = [
            FileInfo(row["path"], row["length"], row["modified_ms"]) for row in found.collect()
        ]
    return sorted(files, key=lambda file: file.path)


def revealed(spark: SparkSession, given: str) -> str:
    """The place that `concealed` made `given` of; `given` itself if it is not of that form."""
    folder, _, name = given.rpartition("/")
    if not is_concealed(name):
        return given
    parent = find_place(spark, folder or ".").address
    for file in list_files(spark, parent):
        beside = file.path == join(parent, file.name)
        if beside and name.startswith(hashed_name(file.name)):
            return file.path
    return given


def literal(path: str) -> str:
    """`path` for Spark's readers, which take brackets, braces, stars and question marks as patterns."""
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", path)


BLOCK_BYTES = 128 * 2**20
"""Files are cut into tasks of this size, and smaller ones put together up to it."""

# What opening a file costs, in bytes of reading. Spark's own guess of 4 MiB makes a task of every 32
# small files: 20,000 of them were listed in 7 s, and in 0.7 s with a smaller one.
_OPEN_BYTES = 64 * 2**10


@contextlib.contextmanager
def file_settings(
    spark: SparkSession,
    *,
    block_bytes: int,
    cut_small: bool,
    by_case: bool = False,
    rows_per_batch: int | None = None,
) -> Iterator[None]:
    """How Spark cuts files into tasks, for as long as the block lasts.

    Args:
        spark: The session.
        block_bytes: Longer files are cut, if their form allows. Where the platform fixes how files are
            cut, no more than Spark's own default of `BLOCK_BYTES` can be asked for.
        cut_small: Cut shorter ones too where that gives every core something to do.
        by_case: Whether columns may differ by case only.
        rows_per_batch: Most rows of an Arrow batch; None leaves it.

    Raises:
        UsageError: The platform fixes how files are cut, and longer blocks are needed.
    """
    wanted = {
        _BLOCK_SETTING: str(block_bytes),
        "spark.sql.files.openCostInBytes": str(_OPEN_BYTES),
    }
    if not cut_small:
        wanted["spark.sql.files.minPartitionNum"] = "1"
    if by_case:
        wanted |= BY_CASE
    if rows_per_batch is not None:
        wanted["spark.sql.execution.arrow.maxRecordsPerBatch"] = str(rows_per_batch)
    with changed_settings(spark, wanted) as refused:
        if _BLOCK_SETTING in refused and block_bytes > BLOCK_BYTES:
            raise UsageError(
                "A CSV file of more than 128 MiB has to be read in one piece, and this platform "
                "(serverless) lets nobody set how Spark cuts files.",
                remedy="Split the file, convert it to a Delta table or Parquet, or use a cluster.",
            )
        yield


_BLOCK_SETTING = "spark.sql.files.maxPartitionBytes"

BY_CASE = {"spark.sql.caseSensitive": "true"}
"""Columns of files may differ by case only."""
