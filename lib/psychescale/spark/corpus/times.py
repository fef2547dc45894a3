"""The time column of a corpus: read as every job reads it."""

import pandas as pd
from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.pandas.functions import pandas_udf

from psychescale.moments import MISSING, read_moments
from psychescale.spark.tables.delta import quoted

_MOMENTS = (T.TimestampType, T.TimestampNTZType, T.DateType)


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


def is_unread(time: str, kind: T.DataType, time_format: str | None) -> Column:
    """Whether a row has a time that cannot be read; the arguments are `moment_of`'s."""
    given = F.lower(F.trim(F.col(quoted(time)).cast("string")))
    lost = ~given.isin(*MISSING) & moment_of(time, kind, time_format).isNull()
    return F.coalesce(lost, F.lit(False))
