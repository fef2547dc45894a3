"""What a place given by a person can be, told from its spelling alone; and what keys say of theirs."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

FRAME = "dataframe:"
"""Before the name of a temporary view: a DataFrame that Python gave in the place of a corpus."""

_SUFFIXES = (
    "csv|tsv|tab|jsonl|json|ndjson|parquet|xlsx|xlsm|xlsb|xls|ods|sav|zsav|por|dta|sas7bdat|xpt|"
    "arrow|feather|orc|txt"
)
FILE_SUFFIX = re.compile(rf"\.({_SUFFIXES})(\.(gz|bz2|xz|zst))?$", re.IGNORECASE)
PATTERN = re.compile(r"[*?\[{]")
"""What stands for several paths, where no file has just that name."""
_CATALOG_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*){1,2}")
_SCHEME = re.compile(r"[A-Za-z][\w+.-]*:")


def _one_or_more(value: object) -> object:
    if not isinstance(value, list | tuple):
        return value
    return value[0] if len(value) == 1 else tuple(value)


def each(given: str | tuple[str, ...]) -> tuple[str, ...]:
    """The places of a key that takes one or several."""
    return (given,) if isinstance(given, str) else given


@dataclass(frozen=True)
class Role:
    """What a job does with a place.

    Attributes:
        of: It is read (`there`), a model or a key is read from it, it is made and must not exist
            (`new`), or it is written to (`written`).
    """

    of: Literal["there", "model", "key", "new", "written"]


There = Annotated[str, Role("there")]
Inputs = Annotated[str | tuple[str, ...], BeforeValidator(_one_or_more), Role("there")]
"""A place to read, or several: the flag once for each, since a path may hold a comma."""
Model = Annotated[str, Role("model")]
Key = Annotated[str, Role("key")]
New = Annotated[str, Role("new")]
Written = Annotated[str, Role("written")]


def role_of(field: FieldInfo) -> str | None:
    """What a job does with the place that a key names; None where it names none."""
    said: list[Any] = [*field.metadata]
    for one in get_args(field.annotation):
        said += getattr(one, "__metadata__", ())
    return next((role.of for role in said if isinstance(role, Role)), None)


def is_catalog_name(given: str) -> bool:
    """Whether `given` names a table of the catalog (`schema.table`) rather than a path."""
    return bool(_CATALOG_NAME.fullmatch(given)) and not FILE_SUFFIX.search(given)


def is_plain_path(given: str) -> bool:
    """Whether `given` is a path without a scheme: of this machine, where nothing says otherwise."""
    return not (is_catalog_name(given) or _SCHEME.match(given))
