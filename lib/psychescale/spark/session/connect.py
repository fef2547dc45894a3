"""Spark behind Connect: no JVM here, no SparkContext; files lie in folders that both sides share."""

import contextlib
import glob
import json
import os
import re
import shutil
import stat
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from psychescale.errors import StorageError, UsageError
from psychescale.model.checkpoint import Checkpoint
from psychescale.spark.session.folders import put_whole, write_once

# Where Databricks mounts volumes; Spark knows the same folders under this scheme.
_VOLUMES = "/Volumes/"


@dataclass(frozen=True)
class ConnectAccess:
    """A session on a Connect server.

    Attributes:
        spark: The session.
    """

    spark: SparkSession

    @property
    def files(self) -> "SharedFiles":
        """Folders that this machine and the cluster share under one path."""
        return SharedFiles(self.spark)

    def slots(self) -> int:
        """Partitions that Spark cuts a range into, which is a partition a core."""
        parts = self.spark.range(1_024).select(F.spark_partition_id().alias("part"))
        return parts.distinct().count()

    def running_tasks_done(self) -> int:
        """Nobody tells a client of tasks; progress moves micro-batch by micro-batch."""
        return 0

    def has_class(self, name: str) -> bool:  # noqa: ARG002
        """A client is not told."""
        return True

    def on_slots(self, look: Callable[[int], dict[str, Any]], slots: int) -> list[dict[str, Any]]:
        """By `mapInArrow`, for which executors need pyarrow."""

        def tell(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            import json  # noqa: PLC0415 - sent by value

            import pyarrow  # noqa: PLC0415, ICN001

            for batch in batches:
                told = [json.dumps(look(slot)) for slot in batch.column(0).to_pylist()]
                yield pyarrow.RecordBatch.from_pydict({"told": told})

        rows = self.spark.range(0, slots, numPartitions=slots).mapInArrow(tell, "told string")
        return [json.loads(row["told"]) for row in rows.collect()]

    def send(self, checkpoint: Checkpoint) -> "ArtifactModel":
        """Add the files as artifacts of the session."""
        model = ArtifactModel(checkpoint.content_digest, dict(checkpoint.digests))
        with tempfile.TemporaryDirectory(prefix="psychescale-artifacts-") as folder:
            links = [Path(folder) / model.artifact(name) for name in model.digests]
            for link, name in zip(links, model.digests, strict=True):
                link.symlink_to((checkpoint.folder / name).resolve())
            session: Any = self.spark
            session.addArtifacts(*map(str, links), file=True)
        return model


@dataclass(frozen=True)
class ArtifactModel:
    """A model that lies among the artifacts of the session on every executor.

    Attributes:
        name: What its content hashes to.
        digests: SHA-256 (hex) of every file, by name.
    """

    name: str
    digests: Mapping[str, str]

    def artifact(self, name: str) -> str:
        """The artifact's name of a file: artifacts of all models lie in one folder."""
        return f"psychescale-{self.name[:16]}-{name}"

    def open(self) -> Path:
        """The folder on this executor, linked together by whichever worker comes first."""
        return write_once(self._root() / f"psychescale-{self.name}", self.digests, self._link)

    def release(self) -> None:
        """A worker holds nothing beside the folder."""

    def _link(self, folder: Path) -> None:
        for name in self.digests:
            source = self._root() / self.artifact(name)
            try:
                os.link(source, folder / name)
            except OSError:
                shutil.copyfile(source, folder / name)

    @staticmethod
    def _root() -> Path:
        from pyspark import SparkFiles  # noqa: PLC0415 - the client may lack it, a worker does not

        return Path(SparkFiles.getRootDirectory())


@dataclass(frozen=True)
class SharedFiles:
    """Folders and files through this machine's own file system, which the cluster has to share.

    Attributes:
        spark: The session.
    """

    spark: SparkSession

    def qualified(self, path: str) -> str:
        """`path` with the scheme that Spark knows it by, absolute."""
        local = str(self._local(path))
        return ("dbfs:" if local.startswith(_VOLUMES) else "file:") + local

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder."""
        return self._local(path).exists()

    def count(self, pattern: str) -> int:
        """How many files and folders have a path of this pattern."""
        local = re.sub(r"\\(.)", r"[\1]", str(self._local(pattern)))  # as `glob` quotes
        return len(glob.glob(local, include_hidden=True))  # noqa: PTH207 - pathlib takes no whole path

    def make_private_folder(self, path: str) -> None:
        """Make a folder of mode 0700, where the mount knows modes."""
        local = self._local(path)
        local.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(PermissionError, NotImplementedError):
            local.chmod(0o700)

    def mode(self, path: str) -> str:
        """Permissions, as in ``rwx------``."""
        return stat.filemode(self._local(path).stat().st_mode)[1:]

    def folders(self, path: str) -> list[str]:
        """Names of the folders directly below."""
        local = self._local(path)
        return sorted(p.name for p in local.iterdir() if p.is_dir()) if local.is_dir() else []

    def create(self, path: str, content: str) -> bool:
        """Write a file that must not be there yet, whole."""
        return put_whole(self._local(path), content, over=False)

    def read(self, path: str) -> str | None:
        """The content of a small file."""
        try:
            return self._local(path).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def replace(self, path: str, content: str) -> None:
        """Write a file over the one that is there, at once."""
        put_whole(self._local(path), content, over=True)

    def delete(self, path: str) -> None:
        """Delete a file, or a folder with all in it."""
        local = self._local(path)
        if local.is_dir():
            shutil.rmtree(local)
        else:
            local.unlink(missing_ok=True)
            local.with_name(f".{local.name}.crc").unlink(
                missing_ok=True
            )  # Hadoop's, if it wrote it

    def require_shared(self, folder: str) -> None:
        """Let Spark read what this process wrote there, and this process find what Spark wrote."""
        name = f".psychescale-probe-{uuid.uuid4().hex[:12]}"
        with _probe(self._local(folder) / name) as probe:
            (probe / "told").write_text(name, encoding="utf-8")
            try:
                seen = self.spark.read.text(self.qualified(str(probe / "told"))).collect()
                self.spark.range(1).write.parquet(self.qualified(str(probe / "answer")))
            except PySparkException:
                seen = []
            if [row[0] for row in seen] != [name] or not any((probe / "answer").glob("part-*")):
                raise StorageError(
                    f"Spark, which is reached through Connect, cannot read and write {folder} as this "
                    "machine does.",
                    remedy="Name a folder with ‹state› (and ‹output›) that this machine and the "
                    "cluster share under the same path and user, such as a volume or a network "
                    "drive.",
                )

    def _local(self, path: str) -> Path:
        scheme, colon, rest = path.partition(":")
        if colon and scheme == "dbfs" and rest.startswith(_VOLUMES):
            return Path(rest)
        if colon and scheme == "file":
            return Path("/" + rest.lstrip("/"))
        if "://" in path or (colon and "/" not in scheme and scheme in {"dbfs", "hdfs"}):
            raise UsageError(
                f"{path}: through Spark Connect there is no way to this file system.",
                remedy="Name a table of the catalog, or a folder that this machine and the cluster "
                "share under one path (a volume, a network drive); or use spark-submit.",
            )
        return Path(path).absolute()


@contextlib.contextmanager
def _probe(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
