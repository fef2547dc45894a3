"""Files of a corpus as Spark sees them: found, told apart, cut into tasks, looked into."""

import contextlib
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, DataFrameReader, Row, SparkSession
from pyspark.sql import functions as F

from psychescale.errors import InputError, UsageError
from psychescale.settings.places import PATTERN, each
from psychescale.spark.session.access import access, changed_settings
from psychescale.spark.session.places import find_place, is_concealed, join, keyed_name
from psychescale.spark.workers.process import contained


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


@dataclass(frozen=True)
class Listing:
    """Files of an input, told apart.

    Attributes:
        paths: What Spark loads: paths, as it takes them, or patterns.
        root: The folder that all files are below, or the one file.
        files: Those that are read, in the order of their paths.
        skipped: How many are not, by reason.
        name_filter: A pattern for the names of those that are read, where others lie beside them.
    """

    paths: tuple[str, ...]
    root: str
    files: tuple[FileInfo, ...]
    skipped: Mapping[str, int] = field(default_factory=dict)
    name_filter: str | None = None

    def lines(self, spark: SparkSession) -> DataFrame:
        """One column `value` (string of raw bytes): every line of every file, without its line feed."""
        return self.reader(spark).option("lineSep", "\n").text(list(self.paths))

    def whole(self, spark: SparkSession) -> DataFrame:
        """One column `value` (bytes): every file, whole."""
        files = self.reader(spark).format("binaryFile").load(list(self.paths))
        return files.withColumnRenamed("content", "value")

    def reader(self, spark: SparkSession) -> DataFrameReader:
        """For the files, all folders below included."""
        reader = spark.read.option("recursiveFileLookup", value=True)
        return (
            reader
            if self.name_filter is None
            else reader.option("pathGlobFilter", self.name_filter)
        )


def find_files(spark: SparkSession, given: Sequence[str]) -> Listing:
    """All files of some places: files, folders with all below, patterns such as ``posts/*.csv``.

    Args:
        spark: The session.
        given: The places; one that exists is no pattern.

    Raises:
        InputError: There is nothing at one of them.
    """
    known = access(spark).files
    paths = []
    for one in given:
        address = known.qualified(one)
        if known.exists(address):
            paths.append(literal(address))
        elif PATTERN.search(one):
            paths.append(address)
        else:
            raise InputError(f"There is nothing at {one}.", remedy="Check ‹input›.")
    try:
        found = list_files(spark, paths)
    except AnalysisException:
        raise InputError(
            f"There is nothing at {', '.join(given)}.", remedy="Check the pattern of ‹input›."
        ) from None
    files = files_of(found)
    skipped = {
        _EMPTY: _n_listed(spark, paths) - len(found),
        _HIDDEN: _n_hidden(spark, paths, found),
        _DESCRIPTION: len(found) - len(files),
    }
    is_one = len(given) == 1 and paths == [literal(known.qualified(given[0]))]
    return Listing(
        tuple(paths),
        known.qualified(given[0]) if is_one else _common_folder(files),
        files,
        {reason: count for reason, count in skipped.items() if count},
        "*.arrow" if len(files) < len(found) else None,
    )


_EMPTY = "empty"
_HIDDEN = "with names that begin with _ or ."
_DESCRIPTION = "that describe a dataset of Hugging Face"
# Beside the data files of a dataset that was saved to disk.
_DESCRIPTIONS = ("dataset_info.json", "state.json", "dataset_dict.json")


def files_of(files: Sequence[FileInfo]) -> tuple[FileInfo, ...]:
    """Those that hold rows: without the descriptions in a dataset of Hugging Face."""
    if not any(file.name.endswith(".arrow") for file in files):
        return tuple(files)
    return tuple(file for file in files if file.name not in _DESCRIPTIONS)


def _common_folder(files: Sequence[FileInfo]) -> str:
    return posixpath.commonprefix([file.path for file in files]).rpartition("/")[0]


def _n_listed(spark: SparkSession, paths: Sequence[str]) -> int:
    """Files that Spark sees, empty ones too."""
    reader = spark.read.format("binaryFile").option("recursiveFileLookup", value=True)
    return len(reader.load(list(paths)).inputFiles())


def _n_hidden(spark: SparkSession, paths: Sequence[str], files: Sequence[FileInfo]) -> int:
    """Files and folders that Spark leaves out for their names, down to where files were found."""
    depth = max((file.path.count("/") for file in files), default=0)
    return sum(
        access(spark).files.count("/".join([path, *["*"] * below, "[_.]*"]))
        for path in paths
        for below in range(max(0, depth - path.count("/")))
    )


def list_files(spark: SparkSession, paths: Sequence[str]) -> list[FileInfo]:
    """All files at or below some paths or patterns, in the order of their paths, hidden ones left out.

    A file is hidden if a part of its path below begins with ``_`` or ``.``, as for Spark.
    """
    reader = spark.read.format("binaryFile").option("recursiveFileLookup", value=True)
    with file_settings(spark, block_bytes=BLOCK_BYTES, cut_small=True):
        found = reader.load(list(paths)).select(
            "path", "length", F.unix_millis("modificationTime").alias("modified_ms")
        )
        files = [
            FileInfo(row["path"], row["length"], row["modified_ms"]) for row in found.collect()
        ]
    return sorted(files, key=lambda file: file.path)


def look_into(
    spark: SparkSession, path: str, look: Callable[[bytes], pa.RecordBatch], schema: str
) -> list[Row]:
    """What a function finds in a whole file, where the file is: the executors can reach it."""

    def looked(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for content in batch.column("content").to_pylist():
                yield look(content)

    def contain(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return contained(looked(batches), doing="reading")

    content = spark.read.format("binaryFile").load(literal(path)).select("content")
    return content.mapInArrow(contain, schema).collect()


def revealed(spark: SparkSession, given: str | tuple[str, ...], secret: bytes) -> tuple[str, ...]:
    """The places that `concealed` made `given` of; those that are not of that form stay."""
    return tuple(_revealed(spark, one, secret) for one in each(given))


def _revealed(spark: SparkSession, given: str, secret: bytes) -> str:
    folder, _, name = given.rpartition("/")
    if not is_concealed(name):
        return given
    parent = find_place(spark, folder or ".").address
    for file in list_files(spark, [literal(parent)]):
        beside = file.path == join(parent, file.name)
        if beside and name.startswith(keyed_name(file.name, secret)):
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
