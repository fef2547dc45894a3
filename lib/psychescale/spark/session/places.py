"""What a place given by a person is: resolved once, into an object that knows it."""

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

from pyspark.sql import SparkSession

from psychescale.settings.shared import FRAME
from psychescale.spark.session.access import access

_CATALOG_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*){1,2}")
_FILE_SUFFIX = re.compile(r"\.(csv|tsv|jsonl|json|ndjson|parquet)(\.gz)?$", re.IGNORECASE)
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


def is_catalog_name(given: str) -> bool:
    """Whether `given` names a table of the catalog (`schema.table`) rather than a path."""
    return bool(_CATALOG_NAME.fullmatch(given)) and not _FILE_SUFFIX.search(given)


def join(folder: str, *names: str) -> str:
    """A path inside `folder`."""
    return "/".join([folder.rstrip("/"), *names])


def concealed(given: str) -> str:
    """`given` for the run table: the name of a single file, which may be a person's, is hashed."""
    folder, slash, name = given.rpartition("/")
    suffix = _FILE_SUFFIX.search(name)
    return f"{folder}{slash}{hashed_name(name)}{suffix.group(0)}" if suffix else given


def is_concealed(name: str) -> bool:
    """Whether a file's name is one that `concealed` made."""
    return name.startswith(_HASHED)


def hashed_name(name: str) -> str:
    """What stands for a file's name, but for its suffix."""
    return _HASHED + hashlib.sha256(name.encode()).hexdigest()[:16]
