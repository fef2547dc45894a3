"""Spark in this process: its JVM, Hadoop's file systems, broadcasts; nobody else uses these."""

import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark import Broadcast, SparkFiles
from pyspark.sql import SparkSession

from psychescale.model.checkpoint import Checkpoint
from psychescale.spark.session.folders import put_whole, write_once
from psychescale.spark.session.protocol import FilesError, unreachable

_WHOLE_OBJECTS = ("s3", "s3a", "s3n", "gs", "oss", "cosn")
"""Stores where an object appears when its writing ends, and where moving is copying."""


@dataclass(frozen=True)
class ClassicAccess:
    """A session whose driver is this process.

    Attributes:
        spark: The session.
    """

    spark: SparkSession

    @property
    def files(self) -> "HadoopFiles":
        """Wherever Hadoop's file systems reach: local, HDFS, S3, ABFS, DBFS."""
        return HadoopFiles(self.spark)

    def slots(self) -> int:
        """As the scheduler counts them."""
        return int(self.spark.sparkContext.defaultParallelism)

    def running_tasks_done(self) -> int:
        """As the status tracker counts them."""
        tracker = self.spark.sparkContext.statusTracker()
        stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        return sum(stage.numCompletedTasks for stage in stages if stage is not None)

    def has_class(self, name: str) -> bool:
        """As its class loader says."""
        thread = HadoopFiles(self.spark)._jvm.java.lang.Thread.currentThread()
        try:
            thread.getContextClassLoader().loadClass(name)
        except Py4JJavaError:
            return False
        return True

    def on_slots(self, look: Callable[[int], dict[str, Any]], slots: int) -> list[dict[str, Any]]:
        """By an RDD, which needs no package on executors but pyspark."""
        return self.spark.sparkContext.parallelize(range(slots), slots).map(look).collect()

    def send(self, checkpoint: Checkpoint) -> "BroadcastModel":
        """Broadcast the files."""
        files = {name: (checkpoint.folder / name).read_bytes() for name in checkpoint.digests}
        broadcast = self.spark.sparkContext.broadcast(files)
        # The driver needs its copy only until Spark has written the value out, which it has by now.
        broadcast.__dict__.pop("_value", None)
        return BroadcastModel(checkpoint.content_digest, dict(checkpoint.digests), broadcast)


@dataclass(frozen=True)
class BroadcastModel:
    """A model that every executor writes out once, from a broadcast.

    Attributes:
        name: What its content hashes to; the folder's name on every executor.
        digests: SHA-256 (hex) of every file, by name.
        files: The files' bytes, by name.
    """

    name: str
    digests: Mapping[str, str]
    files: Broadcast[dict[str, bytes]]

    def open(self) -> Path:
        """The folder on this executor, written by whichever worker comes first."""
        target = Path(SparkFiles.getRootDirectory()) / f"psychescale-{self.name}"
        return write_once(target, self.digests, self._write)

    def release(self) -> None:
        """Forget the bytes, also where another worker wrote them: encrypted ones arrive loaded."""
        self.files.__dict__.pop("_value", None)

    def _write(self, folder: Path) -> None:
        """Write the bytes without leaving a copy in this worker.

        A broadcast keeps its value for the life of the worker (tried with 430 MB), and Spark has no
        way to let go of it on an executor but to forget the attribute.
        """
        files = self.files.value
        self.release()
        for name, content in files.items():
            (folder / name).write_bytes(content)


@dataclass(frozen=True)
class HadoopFiles:
    """Folders and files through Hadoop's `FileSystem`. Its exceptions leave as `FilesError`.

    Attributes:
        spark: The session.
    """

    spark: SparkSession

    def qualified(self, path: str) -> str:
        """`path` with its scheme, absolute."""
        with _java(path):
            system, hadoop_path = self._resolve(path)
            return str(system.makeQualified(hadoop_path).toString())

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder."""
        with _java(path):
            system, hadoop_path = self._resolve(path)
            return bool(system.exists(hadoop_path))

    def count(self, pattern: str) -> int:
        """How many files and folders have a path of this pattern."""
        with _java(pattern):
            system, hadoop_path = self._resolve(pattern)
            return len(system.globStatus(hadoop_path) or ())

    def make_private_folder(self, path: str) -> None:
        """Make a folder of mode 0700."""
        with _java(path):
            system, hadoop_path = self._resolve(path)
            permission = self._jvm.org.apache.hadoop.fs.permission.FsPermission("700")
            system.mkdirs(hadoop_path, permission)
            system.setPermission(hadoop_path, permission)

    def mode(self, path: str) -> str:
        """Permissions, as in ``rwx------``."""
        with _java(path):
            system, hadoop_path = self._resolve(path)
            return str(system.getFileStatus(hadoop_path).getPermission().toString())

    def folders(self, path: str) -> list[str]:
        """Names of the folders directly below."""
        with _java(path):
            system, hadoop_path = self._resolve(path)
            if not system.exists(hadoop_path):
                return []
            found = system.listStatus(hadoop_path)
            return sorted(
                str(status.getPath().getName()) for status in found if status.isDirectory()
            )

    def create(self, path: str, content: str) -> bool:
        """Write a file that must not be there yet, whole."""
        with _java(path):
            system, hadoop_path = self._resolve(path)
            if system.exists(hadoop_path):
                return False
            return self._put(system, hadoop_path, content, over=False)

    def read(self, path: str) -> str | None:
        """The content of a small file."""
        with _java(path):
            system, hadoop_path = self._resolve(path)
            try:
                stream = system.open(hadoop_path)
            except Py4JJavaError:
                if system.exists(hadoop_path):
                    raise
                return None
            try:
                return str(self._jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))
            finally:
                stream.close()

    def replace(self, path: str, content: str) -> None:
        """Write a file over the one that is there, at once."""
        with _java(path):
            self._put(*self._resolve(path), content, over=True)

    def _put(self, system: Any, target: Any, content: str, *, over: bool) -> bool:
        """Write under another name and move it, where moving is one step; else in one request."""
        scheme = str(system.getUri().getScheme())
        if scheme == "file":
            local = Path(str(system.makeQualified(target).toUri().getPath()))
            return put_whole(local, content, over=over)
        if scheme in _WHOLE_OBJECTS:
            _write_and_close(system.create(target, over), content)
            return True
        beside = self._jvm.org.apache.hadoop.fs.Path(
            target.getParent(), f".{target.getName()}.{uuid.uuid4().hex}"
        )
        _write_and_close(system.create(beside, False), content)
        rename = self._jvm.org.apache.hadoop.fs.Options.Rename
        context = self._jvm.org.apache.hadoop.fs.FileContext.getFileContext(
            system.getUri(), self.spark._jsc.hadoopConfiguration()
        )
        gateway: Any = self.spark.sparkContext._gateway
        options = gateway.new_array(rename, 1)
        options[0] = rename.OVERWRITE if over else rename.NONE
        try:
            context.rename(beside, target, options)
        except Py4JJavaError:
            system.delete(beside, False)
            if over or not system.exists(target):
                raise
            return False
        return True

    def delete(self, path: str) -> None:
        """Delete a file, or a folder with all in it."""
        with _java(path):
            system, hadoop_path = self._resolve(path)
            system.delete(hadoop_path, True)

    def require_shared(self, folder: str) -> None:
        """The driver writes by the same file systems as the executors; `doctor` asks them."""

    @property
    def _jvm(self) -> Any:
        return self.spark._jvm

    def _resolve(self, path: str) -> tuple[Any, Any]:
        settings = self.spark._jsc.hadoopConfiguration()
        try:
            hadoop_path = self._jvm.org.apache.hadoop.fs.Path(path)
            return hadoop_path.getFileSystem(settings), hadoop_path
        except Py4JJavaError as error:
            hadoop = str(self._jvm.org.apache.hadoop.util.VersionInfo.getVersion())
            raise unreachable(path, _class_of(error), hadoop) from None


def _write_and_close(stream: Any, content: str) -> None:
    try:
        stream.write(bytearray(content.encode()))
    finally:
        stream.close()


@contextlib.contextmanager
def _java(path: str) -> Iterator[None]:
    """Java's exceptions as `FilesError`, by their class alone: a path can hold a person's name."""
    try:
        yield
    except Py4JJavaError as error:
        scheme, colon, _ = path.partition(":")
        raise FilesError(_class_of(error), scheme=scheme if colon else "file") from error


def _class_of(error: Py4JJavaError) -> str:
    return str(error.java_exception.getClass().getSimpleName())
