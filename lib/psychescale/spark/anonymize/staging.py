"""Where redacted rows wait until all of them are there: in the state folder, failures among them."""

from collections.abc import Sequence

from pyspark.sql import SparkSession
from pyspark.sql import types as T

from psychescale.spark.anonymize.outputs import redacted_schema
from psychescale.spark.corpus.source import ERROR
from psychescale.spark.tables.create import ensure_table
from psychescale.spark.tables.delta import DeltaTable


def open_staging(
    spark: SparkSession, place: str, kept: Sequence[T.StructField], *, second_text: bool
) -> DeltaTable:
    """The staging table of one landing, made if it is not there.

    Two tables come of it, and a stream evaluated for two outputs would redact everything twice.
    """
    fields = redacted_schema(kept, second_text=second_text).fields
    at = [field.name for field in fields].index("run_id")
    schema = T.StructType([*fields[:at], T.StructField(ERROR, T.StringType()), *fields[at:]])
    return ensure_table(
        spark, place, schema, description="Redacted rows on their way.", statistics=[ERROR]
    )
