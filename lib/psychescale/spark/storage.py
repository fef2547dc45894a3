"""Folders and files wherever Spark can reach them: local, HDFS, S3, ABFS, DBFS."""

import re
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession

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


def is_catalog_name(place: str) -> bool:
    """Whether `place` names a table of the catalog (`schema.table`) rather than a path."""
    return bool(_CATALOG_NAME.fullmatch(place)) and not _FILE_SUFFIX.search(place)


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
    system, hadoop_path = _resolve(spark, path)
    root = str(system.makeQualified(hadoop_path).toString())
    found = system.listFiles(hadoop_path, True)
    files = []
    while found.hasNext():
        status = found.next()
        full = str(status.getPath().toString())
        if not any(part.startswith(("_", ".")) for part in full.removeprefix(root).split("/")):
            files.append(FileInfo(full, int(status.getLen()), int(status.getModificationTime())))
    return sorted(files, key=lambda file: file.path)


def make_private_folder(spark: SparkSession, path: str) -> None:
    """Make `path` a folder that only its owner can enter (mode 0700), where the system has modes."""
    system, hadoop_path = _resolve(spark, path)
    jvm: Any = spark._jvm
    permission = jvm.org.apache.hadoop.fs.permission.FsPermission("700")
    system.mkdirs(hadoop_path, permission)
    system.setPermission(hadoop_path, permission)


def delete(spark: SparkSession, path: str) -> None:
    """Delete a file, or a folder with all in it; nothing happens where there is none."""
    system, hadoop_path = _resolve(spark, path)
    system.delete(hadoop_path, True)


def _resolve(spark: SparkSession, path: str) -> tuple[Any, Any]:
    jvm: Any = spark._jvm
    hadoop_path = jvm.org.apache.hadoop.fs.Path(path)
    return hadoop_path.getFileSystem(spark._jsc.hadoopConfiguration()), hadoop_path
