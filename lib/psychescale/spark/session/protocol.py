"""What `access` gives: the ways to files, tasks and executors that every kind of session has."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from pyspark.sql import SparkSession

from psychescale.errors import StorageError, UsageError
from psychescale.model.checkpoint import Checkpoint


class ModelOnExecutors(Protocol):
    """A model folder that any task can open.

    Attributes:
        name: What its content hashes to.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    def open(self) -> Path:
        """The folder on this executor.

        Raises:
            ModelError: The model did not arrive whole.
        """

    def release(self) -> None:
        """Let go of what this worker holds beside the folder."""


class Files(Protocol):
    """Folders and small files, where driver and executors both reach them."""

    def qualified(self, path: str) -> str:
        """`path` with its scheme, absolute."""

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder."""

    def count(self, pattern: str) -> int:
        """How many files and folders have a path of this pattern, hidden ones too."""

    def make_private_folder(self, path: str) -> None:
        """Make a folder that only its owner can enter (mode 0700), where the system has modes."""

    def mode(self, path: str) -> str:
        """Permissions, as in ``rwx------``."""

    def folders(self, path: str) -> list[str]:
        """Names of the folders directly below; none where there is no such folder."""

    def create(self, path: str, content: str) -> bool:
        """Write a file that must not be there yet, whole; False where there is one already."""

    def read(self, path: str) -> str | None:
        """The content of a small file; None where there is none."""

    def replace(self, path: str, content: str) -> None:
        """Write a file over the one that is there: who reads finds the old one or the new one."""

    def delete(self, path: str) -> None:
        """Delete a file, or a folder with all in it; nothing happens where there is none."""

    def require_shared(self, folder: str) -> None:
        """Make sure that Spark sees the same folder, and may write to it.

        Raises:
            StorageError: It does not.
        """


class FilesError(StorageError):
    """What a file system raised; its text names the kind of fault and no place.

    Args:
        kind: Class of what was raised.
        scheme: Of the place, as in ``s3a``.

    Attributes:
        kind: As given.
    """

    def __init__(self, kind: str, *, scheme: str = "file") -> None:
        checked = "its permissions and free space"
        if scheme != "file":
            checked = f"its address, and the credentials among ‹spark.hadoop.fs.{scheme}.*›"
        super().__init__(
            f"The file system of {scheme}: failed ({kind}).", remedy=f"Check {checked}."
        )
        self.kind = kind

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.kind,)


_PACKAGES = {
    **dict.fromkeys(["s3a", "s3", "s3n"], "org.apache.hadoop:hadoop-aws:HADOOP"),
    **dict.fromkeys(["abfss", "abfs", "wasbs", "wasb"], "org.apache.hadoop:hadoop-azure:HADOOP"),
    "gs": "com.google.cloud.bigdataoss:gcs-connector:VERSION",
}


def unreachable(path: str, kind: str, hadoop: str) -> UsageError:
    """What to say where Hadoop has no file system for a path, or finds no server behind it.

    Args:
        path: As given; only its scheme is told.
        kind: Class of what was raised.
        hadoop: Version of Hadoop in Spark, which a package must have too.
    """
    scheme = path.partition(":")[0]
    package = _PACKAGES.get(scheme, "").replace("HADOOP", hadoop)
    remedy = (
        f"Check the address behind {scheme}://, and Hadoop's own configuration (HADOOP_CONF_DIR)."
    )
    if package:
        remedy = (
            f"Add ‹spark.jars.packages›={package}, and the credentials, ‹spark.hadoop.fs.{scheme}.*›, "
            "in the file of ‹config›."
        )
    elif scheme not in ("hdfs", "viewfs", "file"):
        remedy = "Spark reads file:, hdfs:, and with their packages s3a:, abfss: and gs:."
    return UsageError(f"Spark has no way to {scheme}: here ({kind}).", remedy=remedy)


class Access(Protocol):
    """One way to reach Spark."""

    @property
    def spark(self) -> SparkSession:
        """The session."""

    @property
    def files(self) -> Files:
        """Folders and small files."""

    def slots(self) -> int:
        """Tasks that can run at the same time, before `spark.task.cpus`."""

    def running_tasks_done(self) -> int:
        """Finished tasks of the stages that run; 0 where nobody can tell."""

    def has_class(self, name: str) -> bool:
        """Whether Spark has a Java class; True where nobody can tell."""

    def on_slots(self, look: Callable[[int], dict[str, Any]], slots: int) -> list[dict[str, Any]]:
        """What `look` finds in a task for each slot. It is sent by value, its result as JSON."""

    def send(self, checkpoint: Checkpoint) -> ModelOnExecutors:
        """Send the files of a checkpoint that count, and nothing else of its folder."""
