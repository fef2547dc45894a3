"""The Delta tables that psychescale writes, created with their properties before the first row."""

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from psychescale.errors import InputError, StorageError
from psychescale.spark.session.access import access
from psychescale.spark.tables.delta import DeltaTable

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
) -> DeltaTable:
    """Create the table, or check that the one there has the same columns.

    Args:
        spark: The session.
        place: Path or catalog name.
        schema: Its columns.
        description: Its comment.
        statistics: The only columns that may have statistics in the Delta log.
        properties: More table properties.

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
    _require_same_columns(place, table.rows(), schema)
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


def _require_same_columns(place: str, table: DataFrame, schema: T.StructType) -> None:
    there = [(field.name, field.dataType.simpleString()) for field in table.schema.fields]
    wanted = [(field.name, field.dataType.simpleString()) for field in schema.fields]
    if there == wanted:
        return
    differing = [name for name, kind in wanted if (name, kind) not in there]
    differing += [name for name, kind in there if (name, kind) not in wanted]
    offender = differing[0] if differing else "their order"
    raise InputError(
        f"{place} is a table with other columns (the first that differs: {offender}).",
        remedy="Write to another ‹output›; labels, ‹keep› and ‹logits› decide the columns.",
    )
