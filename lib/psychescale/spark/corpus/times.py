"""Times read as every job reads them; kept columns made coarser: times to grains, numbers to bands."""

from collections.abc import Mapping
from typing import TypeAlias

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.pandas.functions import pandas_udf

from psychescale.disclosure import told
from psychescale.errors import InputError, UsageError
from psychescale.moments import MISSING, REMEDY, read_moments
from psychescale.spark.tables.delta import quoted

Grain: TypeAlias = str | float
"""``day``, ``week``, ``month`` or ``year`` of a time, or the width of a number's bands."""

_MOMENTS = (T.TimestampType, T.TimestampNTZType, T.DateType)
_DIGITS = 10  # of bands such as .1, which binary fractions miss


def moment_of(time: str, kind: T.DataType, time_format: str | None) -> Column:
    """A column as timestamps; null where there is no time, or none that can be read.

    Args:
        time: Its name.
        kind: Its type.
        time_format: As `read_moment` takes it.
    """
    column = F.col(quoted(time))
    if isinstance(kind, _MOMENTS):
        return column.cast("timestamp")

    def read(values: pd.Series) -> pd.Series:
        moments, _ = read_moments(values, time_format)
        return pd.Series([None if m is None else m.isoformat() for m in moments], dtype=object)

    return F.try_to_timestamp(pandas_udf(read, "string")(column.cast("string")))  # type: ignore[call-overload]


def require_read(
    rows: DataFrame, read: Mapping[str, Column], *, options: Mapping[str, str], max_share: float
) -> None:
    """Refuse columns of which more values cannot be read than may.

    Args:
        rows: Of the corpus.
        read: Column → what was read of it, null where nothing could be.
        options: Column → the key that named it.
        max_share: Of the rows.

    Raises:
        InputError: Naming the column.
    """
    if not read:
        return
    lost = [F.count_if(_is_unread(name, value)).alias(f"_{n}") for n, (name, value) in
            enumerate(read.items())]  # fmt: skip
    total, *counts = rows.agg(F.count(F.lit(1)), *lost).collect()[0]
    for name, count in zip(read, counts, strict=True):
        if count > max_share * total:
            raise InputError(
                f"‹{options[name]}› {name}: {told(count)} values cannot be read.",
                remedy=f"{REMEDY} Or allow more with ‹max_failed_share›: they become null.",
            )


def _is_unread(column: str, read: Column) -> Column:
    given = F.lower(F.trim(F.col(quoted(column)).cast("string")))
    return F.coalesce(~given.isin(*MISSING) & read.isNull(), F.lit(False))


def coarse_field(field: T.StructField, grain: Grain) -> T.StructField:
    """The column as it comes out: a date, or a number.

    Raises:
        UsageError: It has no times, or no numbers.
    """
    kind = field.dataType
    of_numbers = isinstance(kind, T.NumericType | T.StringType)
    if not (of_numbers or (isinstance(grain, str) and isinstance(kind, _MOMENTS))):
        wanted = "times" if isinstance(grain, str) else "numbers"
        raise UsageError(
            f"‹coarsen› {field.name}: the column is of type {kind.simpleString()}, no {wanted}.",
            remedy="Times have grains (day, week, month, year), numbers have bands, as in age=10.",
        )
    if isinstance(grain, str):
        return T.StructField(field.name, T.DateType())
    is_whole = isinstance(kind, T.IntegralType) and float(grain).is_integer()
    return T.StructField(field.name, T.LongType() if is_whole else T.DoubleType())


def coarse_values(
    schema: T.StructType, grains: Mapping[str, Grain], time_format: str | None
) -> dict[str, Column]:
    """The columns that are made coarser; null where a value is missing or cannot be read.

    A time is the first day of its week, month or year; a number the lower end of its band.

    Args:
        schema: Of the rows.
        grains: Column → grain.
        time_format: As `read_moment` takes it; numbers are seconds since 1970 in any case.
    """
    return {
        name: _coarse(schema[name], grain, time_format).cast(
            coarse_field(schema[name], grain).dataType
        )
        for name, grain in grains.items()
    }


def coarsened(
    rows: DataFrame, grains: Mapping[str, Grain], time_format: str | None = None
) -> DataFrame:
    """The rows with these columns made coarser; arguments as for `coarse_values`."""
    return rows.withColumns(coarse_values(rows.schema, grains, time_format)) if grains else rows


def _coarse(field: T.StructField, grain: Grain, time_format: str | None) -> Column:
    if isinstance(grain, str):
        if isinstance(field.dataType, T.NumericType):
            moment = F.timestamp_seconds(F.col(quoted(field.name)))
        else:
            moment = moment_of(field.name, field.dataType, time_format)
        return F.date_trunc(grain, moment)
    number = F.expr(f"try_cast({quoted(field.name)} AS double)")
    band = F.round(F.floor(number / grain) * F.lit(float(grain)), _DIGITS)
    return F.when(~F.isnan(number), band)
