"""Moments of time as columns hold them: one reader for every job.

Without a format only ISO 8601 is read, year first: ``03/04/2020`` is a day of March to one reader and
of April to another, and beside ``13/04/2020`` no rule can tell which.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from psychescale.errors import InputError

EPOCH = "epoch"
"""Instead of a format: seconds since 1970, as forums write them."""

REMEDY = (
    "Say how they are written: ‹time_format› %d/%m/%Y for 31/12/2020, or epoch for seconds since 1970; "
    "without it a time is ISO 8601, as in 2020-12-31."
)

_ISO = re.compile(
    r"(\d{4})(-\d\d)?(-\d\d)?([T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)? ?(Z|[+-]\d\d(?::?\d\d)?)?"
)
MISSING = ("", "nan", "nat")
"""What columns hold where there is no time, in small letters."""


def read_moment(value: object, time_format: str | None) -> datetime | None:
    """A moment; None where the value is missing or blank.

    Args:
        value: What a column holds: text, a number, a date or a datetime.
        time_format: Of `strptime`, ``epoch``, or None for ISO 8601.

    Raises:
        ValueError: It cannot be read; its message holds the value.
    """
    text = "" if value is None else str(value).strip()
    if text.lower() in MISSING:
        return None
    if isinstance(value, datetime) or time_format is None:
        return _read_iso(text)
    if time_format == EPOCH:
        return datetime.fromtimestamp(float(text), UTC)
    return datetime.strptime(text, time_format)  # noqa: DTZ007 - a zone where the format has one


def read_moments(
    values: Iterable[object], time_format: str | None
) -> tuple[list[datetime | None], int]:
    """Moments, None where there is none or it cannot be read, and how many cannot be read."""
    moments: list[datetime | None] = []
    unread = 0
    for value in values:
        try:
            moments.append(read_moment(value, time_format))
        except (ValueError, OverflowError, OSError):
            moments.append(None)
            unread += 1
    return moments, unread


def require_moments(values: Iterable[object], time_format: str | None) -> list[datetime | None]:
    """Moments of the key ``time_column``, None where there is none.

    Raises:
        InputError: Some cannot be read.
    """
    moments, unread = read_moments(values, time_format)
    if unread:
        raise InputError(f"‹time_column›: {unread:,} times cannot be read.", remedy=REMEDY)
    return moments


def _read_iso(text: str) -> datetime:
    found = _ISO.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, day, clock, zone = (part or "" for part in found.groups())
    if (clock and not day) or (zone and not clock):
        raise ValueError(text)
    return datetime.fromisoformat(f"{year}{month or '-01'}{day or '-01'}{clock}{zone}")
