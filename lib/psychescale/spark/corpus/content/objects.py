"""Rows as objects, name → value, whatever holds them: values by name, nested ones too, as strings."""

import datetime as dt
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from psychescale.errors import InputError
from psychescale.spark.corpus.content.parsed import Layout, ParsedRow, settled

_DOT = re.compile(r"\.")


def value_of(row: Mapping[str, Any], name: str) -> Any:
    """The value of a column, or of ``column.field``; a column with the dot in its name comes first."""
    if name in row:
        return row[name]
    for dot in _DOT.finditer(name):
        inner = row.get(name[: dot.start()])
        if isinstance(inner, Mapping):
            found = value_of(inner, name[dot.end() :])
            if found is not None:
                return found
    return None


def names_of(row: Mapping[str, Any]) -> Iterator[str]:
    """Names of an object, and of those within it behind a dot."""
    for name, value in row.items():
        yield name
        if isinstance(value, Mapping):
            yield from (f"{name}.{inner}" for inner in names_of(value))


def tops_of(names: Iterable[str], present: Sequence[str]) -> list[str]:
    """Columns among `present` that hold `names`, or fields of these names."""
    starts = {name[: dot.start()] for name in names for dot in _DOT.finditer(name)} | set(names)
    return [name for name in present if name in starts]


def require_columns(names: Sequence[str], present: Iterable[str], place: str) -> None:
    """Refuse a file that lacks a column.

    Raises:
        InputError: Naming the column, and the file by its number.
    """
    there = set(present)
    missing = [name for name in names if name not in there]
    if missing:
        raise InputError(
            f"{place} has no column {missing[0]}.",
            remedy="Give all files of ‹input› the same columns.",
        )


def row_of(number: int, row: Mapping[str, Any], layout: Layout) -> ParsedRow:
    """The row of a table whose values have types."""
    return settled(number, [plain(value_of(row, name)) for name in layout.columns], layout)


def plain(value: Any) -> str | None:  # noqa: PLR0911 - a kind of value a line
    """A value as text: whole numbers without a point, dates as ISO 8601; None for nothing."""
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
    if str(value) in _NO_TIME:
        return None
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if hasattr(value, "tolist"):  # of numpy
        return plain(value.tolist())
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=plain)
    return str(value)


# Every whole number below this is a float.
_EXACT = 2**53
_NO_TIME = ("NaT", "<NA>")
