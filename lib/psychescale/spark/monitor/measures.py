"""The table of measures of a watch: what was found of each period, once."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import SparkSession
from pyspark.sql import types as T

from psychescale.notice import NOTICE
from psychescale.spark.corpus.failures import explained
from psychescale.spark.session.places import join
from psychescale.spark.tables.delta import DeltaTable, ensure_table
from psychescale.workflows.monitor.told import MeasureRow

_KINDS = {"alert": T.BooleanType()} | dict.fromkeys(
    ("period", "measure", "label", "reason"), T.StringType()
)
SCHEMA = T.StructType(
    [T.StructField(name, _KINDS.get(name, T.DoubleType())) for name in MeasureRow._fields]
)


@dataclass(frozen=True)
class Measures:
    """The table in an output's folder.

    Attributes:
        table: The table.
    """

    table: DeltaTable

    @classmethod
    def at(cls, spark: SparkSession, output: str) -> "Measures":
        """The table of an output, made if it is not there.

        Raises:
            StorageError: It cannot be made.
        """
        place = join(output, "measures")
        with explained():
            return cls(
                ensure_table(spark, place, SCHEMA, description=NOTICE, statistics=["measure"])
            )

    def rows(self) -> list[MeasureRow]:
        """All of it, by period."""
        with explained():
            found = self.table.rows().orderBy("period", "measure", "label").collect()
        return [MeasureRow(*row) for row in found]

    def add(self, rows: Sequence[MeasureRow]) -> None:
        """Append the rows of new periods in one commit."""
        with explained():
            frame = self.table.spark.createDataFrame([tuple(row) for row in rows], SCHEMA)
            self.table.append(frame.coalesce(1))
