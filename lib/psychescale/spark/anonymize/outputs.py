"""The table of redacted texts and the quarantine: made, filled in one commit each, purged."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from psychescale.errors import InputError
from psychescale.notice import NOTICE
from psychescale.spark.anonymize.keying import AUTHOR, TIME
from psychescale.spark.corpus.source import ERROR, ID, MARK_PROPERTIES, SECOND, TEXT, without_known
from psychescale.spark.session.settings import changed_settings
from psychescale.spark.session.storage import is_catalog_name, qualified
from psychescale.spark.tables.create import ensure_table, open_output
from psychescale.spark.tables.delta import DeltaTable
from psychescale.text.normalize import NORMALIZER_VERSION
from psychescale.text.redact import REDACTOR_VERSION

REDACTION, KEY, SOURCE = "psychescale.redaction", "psychescale.key", "psychescale.source"
"""Table properties: how the texts were redacted, and under which key and for which source."""

LIMITS = (
    "De-identified by software: pseudonymized, still personal data (GDPR Art. 4(5)); HIPAA Safe Harbor "
    "is not claimed; missed identifiers remain at the measured rate; a processing failure stops a "
    "text, a missed identifier does not."
)
_FINDINGS = T.MapType(T.StringType(), T.IntegerType())
_VACUUM = {
    "spark.databricks.delta.retentionDurationCheck.enabled": "false",
    # Delta lists the table's files in as many tasks as this: 10,000 unless told otherwise.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "64",
}


def redaction_id(facts: Mapping[str, Any]) -> str:
    """SHA-256 (hex) over all that determines what is found and how it is replaced."""
    versions = {"normalizer": NORMALIZER_VERSION, "redactor": REDACTOR_VERSION}
    canonical = json.dumps({**facts, **versions}, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def redacted_schema(kept: Sequence[T.StructField], *, second_text: bool) -> T.StructType:
    """Columns of the table of redacted texts.

    Args:
        kept: Columns passed through, author and time among them.
        second_text: Whether there is a second text.
    """
    texts = [TEXT, SECOND] if second_text else [TEXT]
    return T.StructType(
        [
            T.StructField(ID, T.StringType(), True, {"comment": "Pseudonym of the row's id"}),
            *kept,
            *[T.StructField(name, T.StringType()) for name in texts],
            T.StructField("findings", _FINDINGS, True, {"comment": "Identifiers found, by type"}),
            T.StructField("n_chars", T.IntegerType(), True, {"comment": "Of the original"}),
            T.StructField("n_words", T.IntegerType(), True, {"comment": "Of the original"}),
            T.StructField("run_id", T.StringType()),
            T.StructField("anonymized_at", T.TimestampType()),
        ]
    )


def open_redacted_table(
    spark: SparkSession,
    place: str,
    schema: T.StructType,
    *,
    redaction: str,
    key_id: str,
    source: str,
    state: str | None,
) -> DeltaTable:
    """The table of redacted texts, made with its mark if it is not there.

    Raises:
        InputError: It has other columns, or its pseudonyms are of another key or source.
        StorageError: It cannot be created, or has another state folder.
    """
    table = open_output(
        spark,
        place,
        schema,
        description=f"{NOTICE} {LIMITS}",
        statistics=["run_id"],
        state=state,
        properties={**_mark(redaction), KEY: key_id, SOURCE: source},
    )
    properties = table.properties()
    if (properties.get(KEY), properties.get(SOURCE, "")) != (key_id, source):
        raise InputError(
            f"The pseudonyms in {place} were made with another key, or for another ‹source›.",
            remedy="Use that key and source, or write to another ‹output›.",
        )
    return table


def open_quarantine(spark: SparkSession, place: str, kept: Sequence[T.StructField]) -> DeltaTable:
    """The table of rows that were not passed on: no text, but pseudonyms, sizes and reasons."""
    fields = [f for f in kept if f.name in (AUTHOR, TIME)]
    schema = T.StructType(
        [
            T.StructField(ID, T.StringType()),
            *fields,
            T.StructField("n_chars", T.IntegerType()),
            T.StructField("n_words", T.IntegerType()),
            T.StructField(ERROR, T.StringType()),
            T.StructField("run_id", T.StringType()),
            T.StructField("anonymized_at", T.TimestampType()),
        ]
    )
    return ensure_table(
        spark,
        place,
        schema,
        description="Rows whose anonymization failed; their texts were not passed on.",
        statistics=[ERROR],
    )


def was_redacted_otherwise(table: DeltaTable, redaction: str) -> bool:
    """Whether the table holds texts of another redactor, or of other operators."""
    return table.properties().get(REDACTION) != redaction


def known_ids(table: DeltaTable, quarantine: DeltaTable) -> DataFrame:
    """`id` of every row that has been through: kept or quarantined."""
    return table.rows().select(ID).unionByName(quarantine.rows().select(ID))


def require_whole(table: DeltaTable, landed: DataFrame) -> None:
    """Refuse to replace a table by the redaction of a smaller corpus.

    Raises:
        InputError: Rows of the table are not in the corpus.
    """
    lost = without_known(table.rows().select(ID), landed).count()
    if lost:
        raise InputError(
            f"The output was redacted otherwise, and {lost:,} of its rows are not in ‹input›: they "
            "would be lost.",
            remedy="Give the whole corpus, or write to another ‹output›.",
        )


def publish(
    spark: SparkSession,
    staged: DataFrame,
    *,
    output: str,
    quarantine: str,
    redaction: str,
    transaction: str,
    replace: bool,
) -> None:
    """Pass on what was redacted, and note what was not; again does nothing.

    Args:
        spark: The session.
        staged: Rows of `redacted_rows`.
        output: Table of redacted texts.
        quarantine: Table of failures.
        redaction: What they were redacted with.
        transaction: Name of this landing: Delta commits each of both once under it.
        replace: Put them in the place of what an earlier redactor left, and purge that.
    """
    failed = F.col(ERROR).isNotNull()
    _write(spark, staged.where(~failed).drop(ERROR), output, transaction, replace=replace)
    columns = _table(spark, quarantine).rows().columns
    _write(spark, staged.where(failed).select(columns), quarantine, transaction, replace=replace)
    if replace:
        _table(spark, output).set_properties(_mark(redaction))
        for place in (output, quarantine):
            _purge(spark, place)


def _mark(redaction: str) -> dict[str, str]:
    versions = (NORMALIZER_VERSION, REDACTOR_VERSION)
    return {**dict(zip(MARK_PROPERTIES, versions, strict=True)), REDACTION: redaction}


def _write(
    spark: SparkSession, rows: DataFrame, place: str, transaction: str, *, replace: bool
) -> None:
    writer = (
        rows.write.format("delta")
        .mode("overwrite" if replace else "append")
        .option("txnAppId", f"psychescale-{transaction}")
        .option("txnVersion", 0)
    )
    if is_catalog_name(place):
        writer.saveAsTable(place)
    else:
        writer.save(qualified(spark, place))


def _table(spark: SparkSession, place: str) -> DeltaTable:
    return DeltaTable(spark, place if is_catalog_name(place) else qualified(spark, place))


def _purge(spark: SparkSession, place: str) -> None:
    """Remove the files of earlier versions now: they hold what the earlier redactor missed."""
    with changed_settings(spark, _VACUUM):
        _table(spark, place).vacuum(retain_hours=0)
