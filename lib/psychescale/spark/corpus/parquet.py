"""Columns of Parquet files: those that are wanted, whatever else the files hold."""

import functools
import operator
from collections.abc import Sequence
from typing import Final, Literal
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.pandas.types import from_arrow_type

from psychescale.errors import InputError
from psychescale.spark.corpus.columns import path_of
from psychescale.spark.corpus.content.parsed import file_name_in_messages
from psychescale.spark.corpus.files import BY_CASE, FileInfo, literal, look_into
from psychescale.spark.session.access import changed_settings
from psychescale.spark.tables.delta import quoted

UUID_BYTES: Final = "uuid"
Columns = list[tuple[str, T.DataType | Literal["uuid"] | None]]
"""(name, type) in their order, a name said twice too; `UUID_BYTES` or None: Spark has no such type."""


def parquet_columns(spark: SparkSession, files: Sequence[FileInfo]) -> Columns:
    """Columns of the smallest of the files, in their order."""
    return _columns_of(spark, min(files, key=lambda file: file.n_bytes).path)


def require_in_every_file(
    rows: DataFrame, names: Sequence[str], place: str, files: Sequence[FileInfo]
) -> None:
    """Refuse a folder in which a file lacks a column: Spark would read nothing but nulls there.

    Args:
        rows: All rows, and where they come from under the name `place`.
        names: Columns that every file must have.
        place: Name of the column with a row's file.
        files: All files, in the order in which a message numbers them.

    Raises:
        InputError: Naming the file by its number, and the column.
    """
    counted = [F.count(F.col(quoted(name))).alias(str(i)) for i, name in enumerate(names)]
    nothing = [F.col(str(i)) == 0 for i in range(len(names))]
    by_file = rows.groupBy(place).agg(*counted).where(functools.reduce(operator.or_, nothing))
    for (encoded,) in by_file.select(place).collect():
        path = unquote(encoded)
        present = known_types(_columns_of(rows.sparkSession, path))
        missing = [name for name in names if path_of(present, name) is None]
        if missing:
            number = file_name_in_messages(path, [file.path for file in files])
            raise InputError(
                f"{number} has no column {missing[0]}.",
                remedy="Give all files of ‹input› the same columns.",
            )


def known_types(columns: Columns) -> T.StructType:
    """Columns as a schema; one of a type that Spark does not know has none."""
    return T.StructType(
        [
            T.StructField(name, kind if isinstance(kind, T.DataType) else T.NullType())
            for name, kind in columns
        ]
    )


def _columns_of(spark: SparkSession, path: str) -> Columns:
    with changed_settings(spark, BY_CASE):
        try:
            schema = spark.read.parquet(literal(path)).schema
        except AnalysisException:  # a type that Spark does not know; it need not be ours
            return _by_footer(spark, path)
    return [(field.name, field.dataType) for field in schema.fields]


def _by_footer(spark: SparkSession, path: str) -> Columns:
    """Read by pyarrow, which knows more types."""

    def look(content: bytes) -> pa.RecordBatch:
        file = pq.ParquetFile(pa.BufferReader(content))
        schema, uuids = file.schema_arrow, _uuids(file.schema)
        types = [UUID_BYTES if f.name in uuids else _type_of(f.type) for f in schema]
        return pa.RecordBatch.from_pydict(
            {"name": schema.names, "type": types},
            schema=pa.schema({"name": pa.string(), "type": pa.string()}),
        )

    rows = look_into(spark, path, look, "name string, type string")
    return [
        (name, kind if kind in (UUID_BYTES, None) else T._parse_datatype_json_string(kind))
        for name, kind in rows
    ]


def _uuids(schema: pq.ParquetSchema) -> set[str]:
    """Columns whose bytes are UUIDs, whoever wrote the file."""
    columns = [schema.column(i) for i in range(len(schema))]
    return {c.path for c in columns if c.logical_type.type == "UUID"}


_KNOWN = (
    (pa.types.is_string_view, T.StringType()),
    (pa.types.is_binary_view, T.BinaryType()),
    (pa.types.is_uint8, T.ShortType()),
    (pa.types.is_uint16, T.IntegerType()),
    (pa.types.is_uint32, T.LongType()),
    (pa.types.is_uint64, T.DecimalType(20, 0)),
)
"""Types that Spark reads from Parquet, but does not know by their names in Arrow."""


def _type_of(kind: pa.DataType) -> str | None:
    """A type in Spark's JSON; None where its Parquet reader has none."""
    if pa.types.is_dictionary(kind):
        return _type_of(kind.value_type)
    for is_kind, known in _KNOWN:
        if is_kind(kind):
            return known.json()
    unread = (
        pa.types.is_time(kind)
        or pa.types.is_duration(kind)
        or pa.types.is_float16(kind)
        or pa.types.is_fixed_size_binary(kind)
        or (pa.types.is_timestamp(kind) and kind.unit == "ns")
        or isinstance(kind, pa.BaseExtensionType)
    )
    if unread:
        return None
    try:
        return from_arrow_type(kind).json()
    except Exception:  # noqa: BLE001 - its class differs between versions of Spark
        return None
