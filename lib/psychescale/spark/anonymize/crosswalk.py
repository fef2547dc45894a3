"""The way back from pseudonyms, written only where a person asks for it by naming a place."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from psychescale.settings.places import is_catalog_name
from psychescale.spark.anonymize.keying import (
    KeyedColumns,
    KeySource,
    author_name,
    pseudonymized,
)
from psychescale.spark.corpus.columns import AUTHOR, ID
from psychescale.spark.corpus.source import without_known
from psychescale.spark.session.access import access
from psychescale.spark.tables.delta import ensure_table

CROSSWALK_SCHEMA = T.StructType(
    [
        T.StructField(ID, T.StringType(), True, {"comment": "Pseudonym"}),
        T.StructField("original_id", T.StringType()),
        T.StructField(AUTHOR, T.StringType(), True, {"comment": "Pseudonym"}),
        T.StructField("original_author", T.StringType()),
    ]
)


def extend_crosswalk(rows: DataFrame, key: KeySource, columns: KeyedColumns, *, place: str) -> None:
    """Add the rows that the crosswalk does not have yet.

    Args:
        rows: As `reading` gives them.
        key: Of the pseudonyms.
        columns: As the output was keyed.
        place: Path or catalog name, apart from output and state; a path gets mode 0700.
    """
    spark = rows.sparkSession
    if not is_catalog_name(place):
        access(spark).files.make_private_folder(place)
    table = ensure_table(
        spark,
        place,
        CROSSWALK_SCHEMA,
        description="From pseudonyms back to persons. Restricted.",
        statistics=[],
    )
    author = columns.author
    name = F.lit(None).cast("string") if author is None else author_name(rows, author)
    originals = rows.select(
        ID, F.col(ID).alias("original_id"), name.alias(AUTHOR), name.alias("original_author")
    )
    named = pseudonymized(originals, key, KeyedColumns(AUTHOR, by_handle=columns.by_handle))
    table.append(without_known(named.select(CROSSWALK_SCHEMA.names), table.rows()))
