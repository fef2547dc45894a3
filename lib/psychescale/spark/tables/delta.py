"""Delta tables through SQL alone: the same statements in a session of this process and behind Connect.

delta-spark's own `DeltaTable` needs this process's JVM, or a plug-in on the Connect server that managed
runtimes do not let one choose.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import types as T

from psychescale.spark.session.storage import is_catalog_name


@dataclass(frozen=True)
class DeltaTable:
    """A Delta table, which may not be there.

    Attributes:
        spark: The session.
        place: A catalog name, or a whole path with its scheme.
    """

    spark: SparkSession
    place: str

    @property
    def name(self) -> str:
        """The table in a statement."""
        return self.place if is_catalog_name(self.place) else f"delta.{quoted(self.place)}"

    def rows(self) -> DataFrame:
        """Its rows, read anew at each use."""
        if is_catalog_name(self.place):
            return self.spark.table(self.place)
        return self.spark.read.format("delta").load(self.place)

    def detail(self) -> Row:
        """What Delta knows of it: `id`, `properties`, `numFiles` and more.

        Raises:
            AnalysisException: There is no such Delta table.
        """
        return self.spark.sql(f"DESCRIBE DETAIL {self.name}").collect()[0]

    def properties(self) -> dict[str, str]:
        """Its properties."""
        return dict(self.detail()["properties"] or {})

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
