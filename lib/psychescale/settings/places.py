"""What a place given by a person can be, told from its spelling alone; and what keys say of theirs."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from psychescale.errors import PrivacyError, UsageError

FRAME = "dataframe:"
"""Before the name of a temporary view: a DataFrame that Python gave in the place of a corpus."""

_SUFFIXES = (
    "csv|tsv|tab|jsonl|json|ndjson|parquet|xlsx|xlsm|xlsb|xls|ods|sav|zsav|por|dta|sas7bdat|xpt|"
    "arrow|feather|orc|txt"
)
FILE_SUFFIX = re.compile(rf"\.({_SUFFIXES})(\.(gz|bz2|xz|zst))?$", re.IGNORECASE)
PATTERN = re.compile(r"[*?\[{]")
"""What stands for several paths, where no file has just that name."""
_PART = r"(?:`[^`]+`|[\w-]+)"
_CATALOG_NAME = re.compile(rf"{_PART}(?:\.{_PART}){{1,2}}")
_PATH = re.compile(r"[./~]|[^.]*$|.*[/\\:]")
"""Begins like a path, has no point in it, or what stands in paths only."""
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
        of: It is read (`there`; `texts`, where it is a corpus), a model or a key is read from it, it is
            made and must not exist (`new`), or it is written to (`written`).
    """

    of: Literal["there", "texts", "model", "key", "new", "written"]


There = Annotated[str, Role("there")]
Inputs = Annotated[str | tuple[str, ...], BeforeValidator(_one_or_more), Role("texts")]
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


def require_marked(*, marked: bool, accept_raw: bool) -> None:
    """Refuse a corpus that has not been through `anonymize`.

    Raises:
        PrivacyError: It has no mark, and that was not accepted.
    """
    if not marked and not accept_raw:
        raise PrivacyError(
            "The corpus is not marked as anonymized.",
            remedy="Give what `psychescale anonymize` writes, or, if you may process this corpus as "
            "it is, add ‹accept_raw› (it is recorded with the run).",
        )


def is_catalog_name(given: str) -> bool:
    """Whether `given` names a table of the catalog (`schema.table`) rather than a path.

    Names have two or three parts of letters, digits, ``_`` and ``-``, or anything in backticks.

    Raises:
        UsageError: It looks like neither.
    """
    if FILE_SUFFIX.search(given) or ("`" not in given and _PATH.match(given)):
        return False
    if _CATALOG_NAME.fullmatch(given):
        return True
    raise UsageError(
        f"{given} looks neither like a path nor like a name of the catalog.",
        remedy=f"Write ./{given} for a folder of this name; a table is schema.table or "
        "catalog.schema.table, with backticks around what is not letters, digits, _ and -.",
    )


def require_state(output: str, given: str | None) -> None:
    """Refuse an output without a place for checkpoints and run table.

    Raises:
        UsageError: The output is a catalog table, and no folder is given.
    """
    if given is None and is_catalog_name(output):
        raise UsageError(
            f"‹output› {output} is a catalog table, which has no folder of its own.",
            remedy="Add ‹state› with a folder for its checkpoints and run table.",
        )


def name_parts(name: str) -> list[str]:
    """The parts of a name of the catalog, without backticks."""
    return [part.strip("`") for part in re.findall(_PART, name)]


def is_plain_path(given: str) -> bool:
    """Whether `given` is a path without a scheme: of this machine, where nothing says otherwise."""
    return not (is_catalog_name(given) or _SCHEME.match(given))
