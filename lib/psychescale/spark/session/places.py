"""What a place given by a person is: resolved once, into an object that knows it."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Literal

from pyspark.sql import SparkSession

from psychescale.settings.places import (
    FILE_SUFFIX,
    FRAME,
    PATTERN,
    each,
    is_catalog_name,
    name_parts,
)
from psychescale.spark.session.access import access

_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_KEYED = "sha256-"


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
        return Place(given, "catalog", ".".join(map(_in_statements, name_parts(given))))
    return Place(given, "path", access(spark).files.qualified(given))


def _in_statements(part: str) -> str:
    return part if _PLAIN.fullmatch(part) else f"`{part}`"


def join(folder: str, *names: str) -> str:
    """A path inside `folder`."""
    return "/".join([folder.rstrip("/"), *names])


def concealed(given: str | tuple[str, ...], secret: bytes) -> str | list[str]:
    """`given` for the run table: keyed digests for names of single files, which may be persons'."""
    hidden = [_concealed(one, secret) for one in each(given)]
    return hidden[0] if isinstance(given, str) else hidden


def _concealed(given: str, secret: bytes) -> str:
    folder, slash, name = given.rpartition("/")
    suffix = FILE_SUFFIX.search(name)
    if suffix is None or PATTERN.search(name):  # a pattern names no single file
        return given
    return f"{folder}{slash}{keyed_name(name, secret)}{suffix.group(0)}"


def is_concealed(name: str) -> bool:
    """Whether a file's name is one that `concealed` made."""
    return name.startswith(_KEYED)


def keyed_name(name: str, secret: bytes) -> str:
    """What stands for a file's name, but for its suffix; names cannot be tried out on it."""
    return _KEYED + hmac.new(secret, name.encode(), hashlib.sha256).hexdigest()[:16]
