"""Ids in columns of types: which types they may have, and the text that a value is read as."""

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from psychescale.spark.tables.delta import quoted

ID_TYPES = (
    T.StringType,
    T.BinaryType,
    T.ByteType,
    T.ShortType,
    T.IntegerType,
    T.LongType,
    T.DecimalType,
    T.DateType,
)
OTHER_IDS = (
    "Ids must be strings, whole numbers, decimals, dates or UUIDs: write the column as strings. "
    "(pandas makes floats of whole numbers where one is missing: .astype('Int64').)"
)
"""Of another type 1 and 1.0, or one moment in two time zones, would be two ids."""

UUID = {"psychescale": "uuid"}
"""Metadata of a column whose bytes are UUIDs."""


def id_of_columns(schema: T.StructType, names: Sequence[str]) -> Column:
    """The id of a row as a string: its value, or those of several columns as `joined_id` joins them.

    Decimals come without zeros behind the last digit that counts (12 is 12.00), dates as 2024-12-31,
    UUIDs as 8-4-4-4-12 hex digits.
    """
    parts = [_text(schema[name]) for name in names]
    if len(parts) == 1:
        return parts[0]
    found = [F.when(part != "", F.regexp_replace(part, r"[\\|]", r"\\$0")) for part in parts]
    joined = F.concat_ws("|", *[F.coalesce(part, F.lit("")) for part in found])
    return F.when(F.coalesce(*found).isNotNull(), joined)


def _text(field: T.StructField) -> Column:
    value = F.col(quoted(field.name))
    if field.metadata == UUID:
        groups = r"^(.{8})(.{4})(.{4})(.{4})(.{12})$"
        return F.regexp_replace(F.lower(F.hex(value)), groups, "$1-$2-$3-$4-$5")
    if isinstance(field.dataType, T.DecimalType):
        # A number of more than seven digits behind the point would come as 1E-7.
        plain = F.format_number(value, field.dataType.scale)
        plain = F.replace(plain, F.lit(","), F.lit(""))
        return F.regexp_replace(plain, r"\.0+$|(\..*?)0+$", "$1") if field.dataType.scale else plain
    return value.cast("string")
