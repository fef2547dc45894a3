"""What a place given by a person is: resolved once, into an object that knows it."""

import hashlib
from dataclasses import dataclass
from typing import Literal

from pyspark.sql import SparkSession

from psychescale.settings.places import FILE_SUFFIX, FRAME, PATTERN, each, is_catalog_name
from psychescale.spark.session.access import access

_HASHED = "sha256-"


@dataclass(frozen=True)
class Place:
    """Where a corpus or a table is.

    Attributes:
        given: As the person wrote it.
        kind: A path, a name of the catalog, or a DataFrame of this session.
        address: The path with its scheme, absolute; the name; the view's name.
    """

    given: str
    kind: Literal["path", "catalog", "frame"]
    address: str

    @property
    def is_path(self) -> bool:
        """Whether it is a file or a folder."""
        return self.kind == "path"


def find_place(spark: SparkSession, given: str) -> Place:
    """What `given` is: ``schema.table`` and ``catalog.schema.table`` name a table of the catalog."""
    if given.startswith(FRAME):
        return Place(given, "frame", given.removeprefix(FRAME))
    if is_catalog_name(given):
        return Place(given, "catalog", given)
    return Place(given, "path", access(spark).files.qualified(given))


def join(folder: str, *names: str) -> str:
    """A path inside `folder`."""
    return "/".join([folder.rstrip("/"), *names])


def concealed(given: str | tuple[str, ...]) -> str | list[str]:
    """`given` for the run table: the names of single files, which may be a person's, are hashed."""
    hashed = [_concealed(one) for one in each(given)]
    return hashed[0] if isinstance(given, str) else hashed


def _concealed(given: str) -> str:
    folder, slash, name = given.rpartition("/")
    suffix = FILE_SUFFIX.search(name)
    if suffix is None or PATTERN.search(name):  # a pattern names no single file
        return given
    return f"{folder}{slash}{hashed_name(name)}{suffix.group(0)}"


def is_concealed(name: str) -> bool:
    """Whether a file's name is one that `concealed` made."""
    return name.startswith(_HASHED)


def hashed_name(name: str) -> str:
    """What stands for a file's name, but for its suffix."""
    return _HASHED + hashlib.sha256(name.encode()).hexdigest()[:16]
