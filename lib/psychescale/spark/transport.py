"""How a model gets to the executors: broadcast once, written out once per executor, mapped by all."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from pyspark import Broadcast, SparkContext, SparkFiles

from psychescale.errors import ModelError
from psychescale.model.checkpoint import Checkpoint, file_digest


@dataclass(frozen=True)
class ModelOnExecutors:
    """A model folder that any task can open.

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
        return write_once(target, self.digests, self._take_files)

    def _take_files(self) -> dict[str, bytes]:
        """The bytes, without leaving a copy in this worker.

        A broadcast keeps its value for the life of the worker (tried with 430 MB), and Spark has no
        way to let go of it on an executor but to forget the attribute.
        """
        files = self.files.value
        self.release()
        return files

    def release(self) -> None:
        """Forget the bytes, also where another worker wrote them: encrypted ones arrive loaded."""
        self.files.__dict__.pop("_value", None)


def broadcast_model(context: SparkContext, checkpoint: Checkpoint) -> ModelOnExecutors:
    """Send the files of a checkpoint that count, and nothing else of its folder."""
    files = {name: (checkpoint.folder / name).read_bytes() for name in checkpoint.digests}
    broadcast = context.broadcast(files)
    # The driver needs its copy only until Spark has written the value out, which it has by now.
    broadcast.__dict__.pop("_value", None)
    return ModelOnExecutors(checkpoint.content_digest, dict(checkpoint.digests), broadcast)


def write_once(
    target: Path, digests: Mapping[str, str], read: Callable[[], Mapping[str, bytes]]
) -> Path:
    """Make the folder `target` exist with the given files, whoever else tries at the same time.

    Args:
        target: The folder; its name stands for its content, so an existing one is right.
        digests: SHA-256 (hex) that each written file must have.
        read: Gives the files' bytes; called by one process only.

    Raises:
        ModelError: A file did not arrive whole.
    """
    if target.is_dir():
        return target
    with FileLock(target.with_name(target.name + ".lock")):
        if target.is_dir():
            return target
        unfinished = Path(tempfile.mkdtemp(prefix=target.name + ".", dir=target.parent))
        try:
            for name, content in read().items():
                (unfinished / name).write_bytes(content)
            _require_whole(unfinished, digests)
            unfinished.rename(target)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    return target


def _require_whole(folder: Path, digests: Mapping[str, str]) -> None:
    for name, digest in digests.items():
        if file_digest(folder / name) != digest:
            raise ModelError(
                f"{name} of the model did not arrive whole on this executor.",
                remedy="Check the executor's disk; Spark tries the task again.",
            )
