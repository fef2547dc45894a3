"""How a model gets to the executors: sent once, laid out once per executor, mapped by all."""

import functools
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from psychescale.errors import ModelError
from psychescale.model.checkpoint import Checkpoint, file_digest
from psychescale.spark.session.access import access
from psychescale.spark.session.protocol import ModelOnExecutors


def send_model(
    spark: SparkSession, checkpoint: Checkpoint, *, at: str | None = None
) -> ModelOnExecutors:
    """Make the files of a checkpoint that count reach every executor, and nothing else of its folder.

    Args:
        spark: The session.
        checkpoint: The model on the driver.
        at: A folder that executors have the same files in already; None to send them.
    """
    if at is None:
        return access(spark).send(checkpoint)
    return ModelAtPath(checkpoint.content_digest, dict(checkpoint.digests), at)


@dataclass(frozen=True)
class ModelAtPath:
    """A model that executors have: on a volume, a network drive, or in their image.

    Attributes:
        name: What its content hashes to.
        digests: SHA-256 (hex) of every file, by name.
        folder: Where it is on every executor.
    """

    name: str
    digests: Mapping[str, str]
    folder: str

    def open(self) -> Path:
        """The folder, after a look at whether it is the driver's model; a worker looks once.

        Raises:
            ModelError: A file is missing there, or another one.
        """
        return _looked_at(self.folder, tuple(self.digests.items()))

    def release(self) -> None:
        """A worker holds nothing beside the folder."""


@functools.cache
def _looked_at(folder: str, digests: tuple[tuple[str, str], ...]) -> Path:
    place = Path(folder)
    for name, digest in digests:
        if not (place / name).is_file() or file_digest(place / name) != digest:
            raise ModelError(
                f"{name} in {folder} on {platform.node()} is missing, or not the driver's.",
                remedy="Copy the model there as it is on the driver, or leave out "
                "‹model_on_executors›: it is sent then.",
            )
    return place
