"""Folders and files where driver and executors both reach them, and how places are named."""

import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from psychescale.errors import UsageError
from psychescale.spark.session.access import access
from psychescale.spark.session.settings import changed_settings

_CATALOG_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*){1,2}")
_FILE_SUFFIX = re.compile(r"\.(csv|tsv|jsonl|json|ndjson|parquet)(\.gz)?$", re.IGNORECASE)


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


def is_catalog_name(place: str) -> bool:
    """Whether `place` names a table of the catalog (`schema.table`) rather than a path."""
    return bool(_CATALOG_NAME.fullmatch(place)) and not _FILE_SUFFIX.search(place)


def concealed(place: str) -> str:
    """`place` for the run table: the name of a single file, which may be a person's, is hashed."""
    folder, slash, name = place.rpartition("/")
    suffix = _FILE_SUFFIX.search(name)
    return f"{folder}{slash}{_hashed(name)}{suffix.group(0)}" if suffix else place


def revealed(spark: SparkSession, place: str) -> str:
    """The place that `concealed` made `place` of; `place` itself if it is not of that form."""
    folder, _, name = place.rpartition("/")
    if not name.startswith(_HASHED):
        return place
    parent = qualified(spark, folder or ".")
    for file in list_files(spark, folder or "."):
        beside = file.path == join(parent, file.name)
        if beside and _hashed(file.name) == name[: len(_hashed(""))]:
            return file.path
    return place


_HASHED = "sha256-"


def _hashed(name: str) -> str:
    return _HASHED + hashlib.sha256(name.encode()).hexdigest()[:16]


def join(folder: str, *names: str) -> str:
    """A path inside `folder`."""
    return "/".join([folder.rstrip("/"), *names])


def exists(spark: SparkSession, path: str) -> bool:
    """Whether there is a file or folder at `path`."""
    return access(spark).files.exists(path)


def qualified(spark: SparkSession, path: str) -> str:
    """`path` with its scheme, absolute."""
    return access(spark).files.qualified(path)


def list_files(spark: SparkSession, path: str) -> list[FileInfo]:
    """The file at `path`, or all files below it in the order of their paths, hidden ones left out.

    A file is hidden if a part of its path below `path` begins with ``_`` or ``.``, as for Spark.
    """
    reader = spark.read.format("binaryFile").option("recursiveFileLookup", value=True)
    with file_settings(spark, block_bytes=BLOCK_BYTES, cut_small=True):
        found = reader.load(literal(qualified(spark, path))).select(
            "path", "length", F.unix_millis("modificationTime").alias("modified_ms")
        )
        files = [
            FileInfo(row["path"], row["length"], row["modified_ms"]) for row in found.collect()
        ]
    return sorted(files, key=lambda file: file.path)


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
    spark: SparkSession, *, block_bytes: int, cut_small: bool, rows_per_batch: int | None = None
) -> Iterator[None]:
    """How Spark cuts files into tasks, for as long as the block lasts.

    Args:
        spark: The session.
        block_bytes: Longer files are cut, if their form allows. Where the platform fixes how files are
            cut, no more than Spark's own default of `BLOCK_BYTES` can be asked for.
        cut_small: Cut shorter ones too where that gives every core something to do.
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


def make_private_folder(spark: SparkSession, path: str) -> None:
    """Make `path` a folder that only its owner can enter (mode 0700), where the system has modes."""
    access(spark).files.make_private_folder(path)


def mode(spark: SparkSession, path: str) -> str:
    """Permissions of a file or folder, as in ``rwx------``."""
    return access(spark).files.mode(path)


def folders(spark: SparkSession, path: str) -> list[str]:
    """Names of the folders directly below `path`; none where there is no such folder."""
    return access(spark).files.folders(path)


def create_file(spark: SparkSession, path: str, content: str) -> bool:
    """Write a file that must not be there yet.

    Returns:
        Whether it was written: False where there is one already.
    """
    return access(spark).files.create(path, content)


def read_file(spark: SparkSession, path: str) -> str | None:
    """The content of a small file; None where there is none."""
    return access(spark).files.read(path)


def replace_file(spark: SparkSession, path: str, content: str) -> None:
    """Write a file over the one that is there."""
    access(spark).files.replace(path, content)


def delete(spark: SparkSession, path: str) -> None:
    """Delete a file, or a folder with all in it; nothing happens where there is none."""
    access(spark).files.delete(path)


def require_shared(spark: SparkSession, folder: str) -> None:
    """Make sure that this process and Spark see one and the same folder.

    Raises:
        StorageError: They do not; only behind Spark Connect can that be.
    """
    access(spark).files.require_shared(folder)
