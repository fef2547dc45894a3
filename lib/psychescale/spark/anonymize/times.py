"""The time column of a corpus: read as every job reads it, or refused before anything is written."""

import pandas as pd
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.pandas.functions import pandas_udf

from psychescale.errors import InputError
from psychescale.moments import REMEDY, read_moments
from psychescale.spark.corpus.failures import explained
from psychescale.spark.corpus.read import reading
from psychescale.spark.corpus.source import Corpus
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


def require_times(
    spark: SparkSession, corpus: Corpus, time: str, kind: T.DataType, time_format: str | None
) -> None:
    """Refuse a corpus with times that cannot be read: they would be lost.

    Raises:
        InputError: With their number.
    """
    if isinstance(kind, _MOMENTS):
        return
    given = F.trim(F.col(quoted(time)).cast("string")) != ""
    lost = given & moment_of(time, kind, time_format).isNull()
    with reading(spark, corpus) as rows, explained(corpus.files):
        unread = rows.where(lost).count()
    if unread:
        raise InputError(f"‹time_column›: {unread:,} times cannot be read.", remedy=REMEDY)
