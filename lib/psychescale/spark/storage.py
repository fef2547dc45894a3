"""Folders and files wherever Spark can reach them: local, HDFS, S3, ABFS, DBFS."""

import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

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
    system, hadoop_path = _resolve(spark, path)
    return bool(system.exists(hadoop_path))


def qualified(spark: SparkSession, path: str) -> str:
    """`path` with its scheme, absolute."""
    system, hadoop_path = _resolve(spark, path)
    return str(system.makeQualified(hadoop_path).toString())


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
        block_bytes: Longer files are cut, if their form allows.
        cut_small: Cut shorter ones too where that gives every core something to do.
        rows_per_batch: Most rows of an Arrow batch; None leaves it.
    """
    wanted = {
        "spark.sql.files.maxPartitionBytes": str(block_bytes),
        "spark.sql.files.openCostInBytes": str(_OPEN_BYTES),
    }
    if not cut_small:
        wanted["spark.sql.files.minPartitionNum"] = "1"
    if rows_per_batch is not None:
        wanted["spark.sql.execution.arrow.maxRecordsPerBatch"] = str(rows_per_batch)
    before = {key: spark.conf.get(key, None) for key in wanted}
    try:
        for key, value in wanted.items():
            spark.conf.set(key, value)
        yield
    finally:
        for key, old in before.items():
            if old is None:
                spark.conf.unset(key)
            else:
                spark.conf.set(key, old)


def make_private_folder(spark: SparkSession, path: str) -> None:
    """Make `path` a folder that only its owner can enter (mode 0700), where the system has modes."""
    system, hadoop_path = _resolve(spark, path)
    jvm: Any = spark._jvm
    permission = jvm.org.apache.hadoop.fs.permission.FsPermission("700")
    system.mkdirs(hadoop_path, permission)
    system.setPermission(hadoop_path, permission)


def mode(spark: SparkSession, path: str) -> str:
    """Permissions of a file or folder, as in ``rwx------``."""
    system, hadoop_path = _resolve(spark, path)
    return str(system.getFileStatus(hadoop_path).getPermission().toString())


def folders(spark: SparkSession, path: str) -> list[str]:
    """Names of the folders directly below `path`; none where there is no such folder."""
    system, hadoop_path = _resolve(spark, path)
    if not system.exists(hadoop_path):
        return []
    found = system.listStatus(hadoop_path)
    return sorted(str(status.getPath().getName()) for status in found if status.isDirectory())


def create_file(spark: SparkSession, path: str, content: str) -> bool:
    """Write a file that must not be there yet.

    Returns:
        Whether it was written: False where there is one already.
    """
    system, hadoop_path = _resolve(spark, path)
    try:
        stream = system.create(hadoop_path, False)
    except Py4JJavaError:
        if system.exists(hadoop_path):
            return False
        raise
    try:
        stream.write(bytearray(content.encode()))
    finally:
        stream.close()
    return True


def read_file(spark: SparkSession, path: str) -> str | None:
    """The content of a small file; None where there is none."""
    system, hadoop_path = _resolve(spark, path)
    jvm: Any = spark._jvm
    try:
        stream = system.open(hadoop_path)
    except Py4JJavaError:
        if system.exists(hadoop_path):
            raise
        return None
    try:
        return str(jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))
    finally:
        stream.close()


def replace_file(spark: SparkSession, path: str, content: str) -> None:
    """Write a file over the one that is there."""
    system, hadoop_path = _resolve(spark, path)
    stream = system.create(hadoop_path, True)
    try:
        stream.write(bytearray(content.encode()))
    finally:
        stream.close()


def delete(spark: SparkSession, path: str) -> None:
    """Delete a file, or a folder with all in it; nothing happens where there is none."""
    system, hadoop_path = _resolve(spark, path)
    system.delete(hadoop_path, True)


def _resolve(spark: SparkSession, path: str) -> tuple[Any, Any]:
    jvm: Any = spark._jvm
    hadoop_path = jvm.org.apache.hadoop.fs.Path(path)
    return hadoop_path.getFileSystem(spark._jsc.hadoopConfiguration()), hadoop_path
