"""Moments of rows as periods: names that sort by time."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from psychescale.settings.shared import Period
from psychescale.spark.corpus.times import moment_of
from psychescale.spark.scored.scores import ScoreTable


def period_of(table: ScoreTable, time: str, time_format: str | None, period: Period) -> Column:
    """The period of a row, as text; null where it has no time, or none that can be read.

    Days are ``2026-03-01``, weeks those of ISO 8601 (``2026-W09``), months ``2026-03``, quarters
    ``2026-Q1``, years ``2026``.

    Args:
        table: Where the column is.
        time: Its name.
        time_format: As `read_moment` takes it.
        period: How long a period is.
    """
    return named_period(moment_of(time, table.type_of(time), time_format), period)


def named_period(moment: Column, period: Period) -> Column:
    """The period of a timestamp, as text, as `period_of` names it."""
    return _NAMED[period](moment)


def _iso_week(moment: Column) -> Column:
    year = F.extract(F.lit("YEAROFWEEK"), moment)
    return F.format_string("%04d-W%02d", year, F.weekofyear(moment))


_NAMED = {
    "day": lambda moment: F.date_format(moment, "yyyy-MM-dd"),
    "week": lambda moment: F.when(moment.isNotNull(), _iso_week(moment)),
    "month": lambda moment: F.date_format(moment, "yyyy-MM"),
    "quarter": lambda moment: F.date_format(moment, "yyyy-'Q'Q"),
    "year": lambda moment: F.date_format(moment, "yyyy"),
}
