"""Dates made coarse, or shifted by a constant of their author."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from psychescale.text.replacement.pseudonyms import Domain, Pseudonymizer

DateOrder = Literal["day-first", "month-first"]
"""How 03/04/2021 is read: the third of April, or the fourth of March."""

MAX_SHIFT_DAYS: Final = 364
"""A shift of whole weeks up to a year to either side: weekdays stay, seasons and years blur."""

_WEEK: Final = 7
_YEAR: Final = re.compile(r"(?<!\d)(?:1[89]|20|21)\d{2}(?!\d)")
_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?![\d.])")
_NUMERIC: Final = re.compile(r"(\d{1,2})\ ?([-/.])\ ?(\d{1,2})\ ?[-/.]\ ?(\d{4}|\d{2})(?!\d)")
_NAMED: Final = re.compile(
    r"(?:(?P<d1>\d{1,2})(?:st|nd|rd|th|\.)?\ (?:of\ )?)?(?P<month>[a-z]{3,9})\.?"
    r"(?:\ ?(?P<d2>\d{1,2})(?:st|nd|rd|th)?(?!\d))?,?\ ?(?:of\ )?(?P<year>\d{4}|'\d{2})?"
)
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_CENTURY_TURN: Final = 70
"""Two digits below mean 20xx, as POSIX strptime does at 69."""


def year_of(text: str) -> str | None:
    """The four-digit year in a date, which may stay; None if there is none."""
    match = _YEAR.search(text)
    return match[0] if match else None


@dataclass(frozen=True, slots=True)
class DateShift:
    """Moves every date of an author by one constant, in text and in a `time` column alike.

    Attributes:
        days: Whole weeks, never 0.
    """

    days: int

    @classmethod
    def of_author(cls, pseudonymizer: Pseudonymizer, author: str) -> "DateShift":
        """The constant of `author` under the key, between one week and `MAX_SHIFT_DAYS`."""
        weeks = MAX_SHIFT_DAYS // _WEEK
        draw = pseudonymizer.number(Domain.DATE_SHIFT, author) % (2 * weeks)
        return cls(_WEEK * (draw - weeks if draw < weeks else draw - weeks + 1))

    def time(self, moment: datetime) -> datetime:
        """`moment` shifted; one at the calendar's edge stays inside the calendar."""
        try:
            return moment + timedelta(days=self.days)
        except OverflowError:
            return moment - timedelta(days=self.days)

    def text(self, date: str, order: DateOrder | None = None) -> str | None:
        """A date as found in a text, shifted, as ``2023-07-31``.

        Args:
            date: What stands in the text.
            order: Of day and month in dates that could be read either way.

        Returns:
            None if it has no full date, or one that could be two and `order` does not say which.
        """
        moment = _read(date.lower(), order)
        return None if moment is None else self.time(moment).strftime("%Y-%m-%d")


def proven_order(dates: Iterable[str]) -> DateOrder | None:
    """The order that the dates of a text can only have; None where they prove none, or both."""
    proven: set[DateOrder] = set()
    for date in dates:
        match = _NUMERIC.search(date)
        readings = _readings(match) if match and not _ISO.search(date) else {}
        if len(readings) == 1:
            proven.update(readings)
    return proven.pop() if len(proven) == 1 else None


def _read(date: str, order: DateOrder | None) -> datetime | None:
    if match := _ISO.search(date):
        return _make(int(match[1]), int(match[2]), int(match[3]))
    if match := _NUMERIC.search(date):
        readings = _readings(match)
        if len(set(readings.values())) == 1:
            return next(iter(readings.values()))
        # With points between them days come first, unless the corpus says otherwise.
        order = order or ("day-first" if match[2] == "." else None)
        return None if order is None else readings.get(order)
    for match in _NAMED.finditer(date):
        month, day = _MONTHS.get(match["month"][:3]), match["d1"] or match["d2"]
        if month and day and match["year"]:
            return _make(_full_year(match["year"].strip("'")), month, int(day))
    return None


def _readings(match: re.Match[str]) -> dict[DateOrder, datetime]:
    """What a numeric date is in either order, as far as the calendar has such a day."""
    first, second, year = int(match[1]), int(match[3]), _full_year(match[4])
    orders: dict[DateOrder, datetime | None] = {
        "day-first": _make(year, second, first),
        "month-first": _make(year, first, second),
    }
    return {order: moment for order, moment in orders.items() if moment is not None}


def _full_year(digits: str) -> int:
    if len(digits) == 4:  # noqa: PLR2004
        return int(digits)
    return int(digits) + (2000 if int(digits) < _CENTURY_TURN else 1900)


def _make(year: int, month: int, day: int) -> datetime | None:
    try:
        return datetime(year, month, day)  # noqa: DTZ001 - a day of the calendar, no moment
    except ValueError:
        return None
