"""Delta tables through SQL alone: the same statements in a session of this process and behind Connect.

delta-spark's own `DeltaTable` needs this process's JVM, or a plug-in on the Connect server that managed
runtimes do not let one choose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from pyspark.sql import DataFrame, DataFrameWriter, Row, SparkSession
from pyspark.sql import types as T
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.readwriter import DataStreamWriter

from psychescale.errors import InputError, StorageError
from psychescale.spark.session.access import access
from psychescale.spark.session.places import Place, find_place, join


@dataclass(frozen=True)
class DeltaTable:
    """A Delta table, which may not be there.

    Attributes:
        spark: The session.
        place: Where it is.
    """

    spark: SparkSession
    place: Place

    @classmethod
    def at(cls, spark: SparkSession, place: str) -> Self:
        """The table at a path or a catalog name, as a person gave it."""
        return cls(spark, find_place(spark, place))

    @property
    def name(self) -> str:
        """The table in a statement."""
        address = self.place.address
        return f"delta.{quoted(address)}" if self.place.is_path else address

    def exists(self) -> bool:
        """Whether it is there."""
        if not self.place.is_path:
            return self.spark.catalog.tableExists(self.place.address)
        # Delta itself says yes to every folder below a table, where the state folder is.
        return access(self.spark).files.exists(join(self.place.address, "_delta_log"))

    def rows(self, *, version: int | None = None) -> DataFrame:
        """Its rows, read anew at each use; at a version where one is given."""
        reader = self.spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        address = self.place.address
        return reader.load(address) if self.place.is_path else reader.table(address)

    def append(self, rows: DataFrame, **options: object) -> None:
        """Add rows in one commit, with options of Delta's writer."""
        self._save(rows.write.mode("append"), options)

    def replace(self, rows: DataFrame, **options: object) -> None:
        """Put rows in the place of all that it holds, in one commit."""
        self._save(rows.write.mode("overwrite"), options)

    def follow(self, writer: DataStreamWriter) -> StreamingQuery:
        """Start a stream that appends to it."""
        writer = writer.format("delta")
        address = self.place.address
        return writer.start(address) if self.place.is_path else writer.toTable(address)

    def _save(self, writer: DataFrameWriter, options: Mapping[str, object]) -> None:
        writer = writer.format("delta").options(**options)  # type: ignore[arg-type]
        address = self.place.address
        if self.place.is_path:
            writer.save(address)
        else:
            writer.saveAsTable(address)

    def detail(self) -> Row:
        """What Delta knows of it: `id`, `properties`, `numFiles` and more.

        Raises:
            AnalysisException: There is no such Delta table.
        """
        return self.spark.sql(f"DESCRIBE DETAIL {self.name}").collect()[0]

    def properties(self) -> dict[str, str]:
        """Its properties."""
        # DESCRIBE DETAIL would count all files first.
        found = self.spark.sql(f"SHOW TBLPROPERTIES {self.name}").collect()
        return {row["key"]: row["value"] for row in found}

    def history(self, limit: int | None = None) -> list[Row]:
        """Its commits, newest first.

        Args:
            limit: How many; all by default.
        """
        latest = "" if limit is None else f" LIMIT {limit}"
        return self.spark.sql(f"DESCRIBE HISTORY {self.name}{latest}").collect()

    def create(self, schema: T.StructType, *, comment: str, properties: Mapping[str, str]) -> None:
        """Make it, unless it is there."""
        columns = ", ".join(_column(field) for field in schema.fields)
        self.spark.sql(
            f"CREATE TABLE IF NOT EXISTS {self.name} ({columns}) USING DELTA "
            f"COMMENT {literal(comment)} TBLPROPERTIES ({_pairs(properties)})"
        )

    def set_properties(self, properties: Mapping[str, str]) -> None:
        """Set properties of the table that is there."""
        self.spark.sql(f"ALTER TABLE {self.name} SET TBLPROPERTIES ({_pairs(properties)})")

    def add_columns(self, fields: Sequence[T.StructField]) -> None:
        """Add columns at its end; rows that are there have null in them."""
        columns = ", ".join(_column(field) for field in fields)
        self.spark.sql(f"ALTER TABLE {self.name} ADD COLUMNS ({columns})")

    def vacuum(self, *, retain_hours: int) -> None:
        """Delete the files that no version of the last hours has."""
        self.spark.sql(f"VACUUM {self.name} RETAIN {retain_hours} HOURS")


def quoted(name: str) -> str:
    """A name for a statement."""
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    """A string for a statement."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _pairs(properties: Mapping[str, str]) -> str:
    return ", ".join(f"{literal(key)} = {literal(value)}" for key, value in properties.items())


def _column(field: T.StructField) -> str:
    comment = (field.metadata or {}).get("comment")
    said = "" if comment is None else f" COMMENT {literal(comment)}"
    return f"{quoted(field.name)} {_type(field.dataType)}{said}"


def _type(kind: T.DataType) -> str:
    """A type for a statement; `simpleString` does not quote the names inside."""
    match kind:
        case T.StructType():
            return f"STRUCT<{', '.join(f'{quoted(f.name)}: {_type(f.dataType)}' for f in kind)}>"
        case T.ArrayType():
            return f"ARRAY<{_type(kind.elementType)}>"
        case T.MapType():
            return f"MAP<{_type(kind.keyType)}, {_type(kind.valueType)}>"
        case _:
            return kind.simpleString()


# Readable by every Delta reader; and the first 32 characters of a string column would stand in the
# log as statistics, so only `error` and the ids that psychescale makes have any.
_PROPERTIES = {
    "delta.enableDeletionVectors": "false",
    "delta.columnMapping.mode": "none",
}

# Every task leaves a file in every micro-batch; without this a long run leaves tens of thousands.
# Not for landed tables: their files are the tasks.
_COMPACTED = {"delta.autoOptimize.autoCompact": "true"}

STATE_PROPERTY = "psychescale.state"
"""Property of a score table whose state folder is not inside it."""


def table_properties(statistics: Sequence[str]) -> dict[str, str]:
    """Properties of every table here; only the columns `statistics` may have any in the Delta log."""
    return _PROPERTIES | {"delta.dataSkippingStatsColumns": ",".join(statistics)}


def ensure_table(
    spark: SparkSession,
    place: str,
    schema: T.StructType,
    *,
    description: str,
    statistics: Sequence[str],
    properties: Mapping[str, str] | None = None,
    may_gain: bool = False,
) -> DeltaTable:
    """Create the table, or check that the one there has the same columns.

    Args:
        spark: The session.
        place: Path or catalog name.
        schema: Its columns.
        description: Its comment.
        statistics: The only columns that may have statistics in the Delta log.
        properties: More table properties.
        may_gain: Whether one that an earlier version made is given columns that it lacks at its end.

    Raises:
        InputError: The table exists with other columns.
        StorageError: It cannot be created.
    """
    all_properties = table_properties(statistics) | _COMPACTED | dict(properties or {})
    table = DeltaTable.at(spark, place)
    try:
        table.create(schema, comment=description, properties=all_properties)
    except Exception as error:  # noqa: BLE001 - every storage system raises its own
        if not table.exists():
            raise StorageError(
                f"The table {place} cannot be created ({type(error).__name__}).",
                remedy="Check that the folder can be written, and is empty or a Delta table.",
            ) from None
    if not table.exists():
        raise StorageError(f"The table {place} was not created.", remedy="Check ‹output›.")
    there = table.rows().schema
    if may_gain and _columns(there) == _columns(schema)[: len(there)] and len(there) < len(schema):
        table.add_columns(schema.fields[len(there) :])
        there = schema
    _require_same_columns(place, there, schema)
    return table


def open_output(
    spark: SparkSession,
    place: str,
    schema: T.StructType,
    *,
    description: str,
    statistics: Sequence[str],
    state: str | None,
    properties: Mapping[str, str] | None = None,
) -> DeltaTable:
    """A table that a job appends to, made if it is not there; the arguments are `ensure_table`'s.

    Args:
        spark: The session.
        place: Path or catalog name.
        schema: Its columns.
        description: Its comment.
        statistics: The only columns that may have statistics in the Delta log.
        state: The state folder, where one is given.
        properties: More table properties.

    Raises:
        InputError: The table exists with other columns.
        StorageError: It cannot be created, or has another state folder.
    """
    own_state = "" if state is None else access(spark).files.qualified(state)
    stated = {STATE_PROPERTY: own_state} if own_state else {}
    table = ensure_table(
        spark,
        place,
        schema,
        description=description,
        statistics=statistics,
        properties={**(properties or {}), **stated},
    )
    there = table.properties().get(STATE_PROPERTY, "")
    if there != own_state:
        raise StorageError(
            f"The state folder of {place} is {there or 'inside it'}.",
            remedy=f"Add ‹state› {there}." if there else "Leave out ‹state›.",
        )
    return table


def find_table(spark: SparkSession, place: str) -> DeltaTable | None:
    """The Delta table at `place`, or None."""
    table = DeltaTable.at(spark, place)
    return table if table.exists() else None


def _columns(schema: T.StructType) -> list[tuple[str, str]]:
    return [(field.name, field.dataType.simpleString()) for field in schema.fields]


def _require_same_columns(place: str, found: T.StructType, schema: T.StructType) -> None:
    there, wanted = _columns(found), _columns(schema)
    if there == wanted:
        return
    differing = [name for name, kind in wanted if (name, kind) not in there]
    differing += [name for name, kind in there if (name, kind) not in wanted]
    offender = differing[0] if differing else "their order"
    raise InputError(
        f"{place} is a table with other columns (the first that differs: {offender}).",
        remedy="Write to another ‹output›; labels, ‹keep› and ‹logits› decide the columns.",
    )
