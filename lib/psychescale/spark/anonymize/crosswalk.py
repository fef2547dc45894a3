"""The way back from pseudonyms, written only where a person asks for it by naming a place."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from psychescale.settings.places import is_catalog_name
from psychescale.spark.anonymize.keying import AUTHOR, KeySource, pseudonymized
from psychescale.spark.corpus.columns import ID
from psychescale.spark.corpus.source import without_known
from psychescale.spark.session.access import access
from psychescale.spark.tables.delta import ensure_table

_SCHEMA = T.StructType(
    [
        T.StructField(ID, T.StringType(), True, {"comment": "Pseudonym"}),
        T.StructField("original_id", T.StringType()),
        T.StructField(AUTHOR, T.StringType(), True, {"comment": "Pseudonym"}),
        T.StructField("original_author", T.StringType()),
    ]
)


def extend_crosswalk(rows: DataFrame, key: KeySource, *, place: str, author: str | None) -> None:
    """Add the rows that the crosswalk does not have yet.

    Args:
        rows: As `reading` gives them.
        key: Of the pseudonyms.
        place: Path or catalog name, apart from output and state; a path gets mode 0700.
        author: Column with the author.
    """
    spark = rows.sparkSession
    if not is_catalog_name(place):
        access(spark).files.make_private_folder(place)
    table = ensure_table(
        spark,
        place,
        _SCHEMA,
        description="From pseudonyms back to persons. Restricted.",
        statistics=[],
    )
    name = F.lit(None).cast("string") if author is None else F.col(f"`{author}`").cast("string")
    originals = rows.select(
        ID, F.col(ID).alias("original_id"), name.alias(AUTHOR), name.alias("original_author")
    )
    named = pseudonymized(originals, key, author=AUTHOR, time=None, shift=False)
    table.append(without_known(named.select(_SCHEMA.names), table.rows()))
