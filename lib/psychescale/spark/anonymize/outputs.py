"""The table of redacted texts and the quarantine: made, filled in one commit each, purged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from psychescale.errors import InputError
from psychescale.notice import NOTICE
from psychescale.settings.anonymize import AnonymizeConfig
from psychescale.spark.anonymize.keying import TIME
from psychescale.spark.anonymize.plan import RedactionPlan
from psychescale.spark.corpus.columns import AUTHOR, ERROR, ID, SECOND, TEXT
from psychescale.spark.corpus.source import MARK_PROPERTIES, without_known
from psychescale.spark.pipeline.state import StateFolder
from psychescale.spark.session.access import changed_settings
from psychescale.spark.session.places import join
from psychescale.spark.tables.delta import DeltaTable, ensure_table, open_output
from psychescale.text.normalize import NORMALIZER_VERSION
from psychescale.text.redact import REDACTOR_VERSION

REDACTION, KEY, SOURCE = "psychescale.redaction", "psychescale.key", "psychescale.source"
"""Table properties: how the texts were redacted, and under which key and for which source."""

LIMITS = (
    "De-identified by software: pseudonymized, still personal data (GDPR Art. 4(5)); HIPAA Safe Harbor "
    "is not claimed; missed identifiers remain at the measured rate; a processing failure stops a "
    "text, a missed identifier does not."
)
_SIZE = {"comment": "Of the original, to the nearest ten"}
_FINDINGS = T.MapType(T.StringType(), T.IntegerType())
_VACUUM = {
    "spark.databricks.delta.retentionDurationCheck.enabled": "false",
    # Delta lists the table's files in as many tasks as this: 10,000 unless told otherwise.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "64",
}


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
            T.StructField("n_chars", T.IntegerType(), True, _SIZE),
            T.StructField("n_words", T.IntegerType(), True, _SIZE),
            T.StructField("run_id", T.StringType()),
            T.StructField("anonymized_at", T.TimestampType()),
        ]
    )


def quarantine_schema(kept: Sequence[T.StructField]) -> T.StructType:
    """Columns of the table of rows that were not passed on: no text."""
    fields = [f for f in kept if f.name in (AUTHOR, TIME)]
    return T.StructType(
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


def staging_schema(redacted: T.StructType) -> T.StructType:
    """Columns of redacted rows on their way, failures among them."""
    fields = redacted.fields
    at = [field.name for field in fields].index("run_id")
    return T.StructType([*fields[:at], T.StructField(ERROR, T.StringType()), *fields[at:]])


@dataclass(frozen=True)
class Outputs:
    """The two tables of an anonymization.

    Attributes:
        table: Redacted texts.
        quarantine: Rows that were not passed on: pseudonyms, sizes and reasons.
        state: The state folder, where rows wait for both.
        mark: Table properties that say how the texts are redacted.
        is_stale: Whether the table holds texts of another redactor, or of other operators.
    """

    table: DeltaTable
    quarantine: DeltaTable
    state: StateFolder
    mark: dict[str, str]
    is_stale: bool

    @classmethod
    def open(
        cls, spark: SparkSession, config: AnonymizeConfig, plan: RedactionPlan, state: StateFolder
    ) -> Self:
        """Both tables, made if they are not there.

        Raises:
            InputError: One has other columns, or its pseudonyms are of another key or source.
            StorageError: One cannot be created, or has another state folder.
        """
        versions = dict(zip(MARK_PROPERTIES, (NORMALIZER_VERSION, REDACTOR_VERSION), strict=True))
        mark = {**versions, REDACTION: plan.redaction}
        second_text = config.second_text_column is not None
        table = open_output(
            spark,
            config.output,
            redacted_schema(plan.kept, second_text=second_text),
            description=f"{NOTICE} {LIMITS}",
            statistics=["run_id"],
            state=config.state,
            properties={**mark, KEY: plan.key.key_id, SOURCE: config.source},
        )
        properties = table.properties()
        if (properties.get(KEY), properties.get(SOURCE, "")) != (plan.key.key_id, config.source):
            raise InputError(
                f"The pseudonyms in {config.output} were made with another key, or for another "
                "‹source›.",
                remedy="Use that key and source, or write to another ‹output›.",
            )
        quarantine = ensure_table(
            spark,
            config.quarantine or join(state.path, "quarantine"),
            quarantine_schema(plan.kept),
            description="Rows whose anonymization failed; their texts were not passed on.",
            statistics=[ERROR],
        )
        return cls(table, quarantine, state, mark, properties.get(REDACTION) != plan.redaction)

    def known_ids(self) -> DataFrame:
        """`id` of every row that has been through: kept or quarantined."""
        return self.table.rows().select(ID).unionByName(self.quarantine.rows().select(ID))

    def require_whole(self, landed: DataFrame) -> None:
        """Refuse to replace the table by the redaction of a smaller corpus.

        Raises:
            InputError: Rows of the table are not in the corpus.
        """
        lost = without_known(self.table.rows().select(ID), landed).count()
        if lost:
            raise InputError(
                f"The output was redacted otherwise, and {lost:,} of its rows are not in ‹input›: "
                "they would be lost.",
                remedy="Give the whole corpus, or write to another ‹output›.",
            )

    def open_staging(self, source_id: str) -> DeltaTable:
        """The staging table of one landing, made if it is not there."""
        return ensure_table(
            self.table.spark,
            join(self.state.staged, source_id),
            staging_schema(self.table.rows().schema),
            description="Redacted rows on their way.",
            statistics=[ERROR],
        )

    def publish(self, staged: DataFrame, *, transaction: str) -> None:
        """Pass on what was redacted, and note what was not; again does nothing.

        Where the table is stale, both are replaced and the earlier files are removed.

        Args:
            staged: Rows of `redacted_rows`.
            transaction: Name of this landing: Delta commits each table once under it.
        """
        failed = F.col(ERROR).isNotNull()
        kept = staged.where(~failed).drop(ERROR)
        rest = staged.where(failed).select(self.quarantine.rows().columns)
        for table, rows in ((self.table, kept), (self.quarantine, rest)):
            write = table.replace if self.is_stale else table.append
            write(rows, txnAppId=f"psychescale-{transaction}", txnVersion=0)
        if self.is_stale:
            for table in (self.table, self.quarantine):
                _purge(table)
            self.table.set_properties(self.mark)  # last: until then a run begins this again


def _purge(table: DeltaTable) -> None:
    """Remove the files of earlier versions now: they hold what the earlier redactor missed."""
    with changed_settings(table.spark, _VACUUM):
        table.vacuum(retain_hours=0)
