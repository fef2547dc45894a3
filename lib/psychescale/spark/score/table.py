"""The score table: its columns, made before the first row, and what it holds."""

from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from psychescale.errors import UsageError
from psychescale.labels import LOGIT_PREFIX, PROBABILITY_PREFIX
from psychescale.model.spec import ModelSpec
from psychescale.notice import NOTICE
from psychescale.spark.score.udf import result_type
from psychescale.spark.tables.delta import DeltaTable, open_output

_COMMENTS = {
    "id": "The row's id in the corpus",
    "n_tokens": "Content tokens of the text",
    "n_windows": "Windows of the text that were read",
    "truncated": "Whether tokens of the text were left unread",
    "error": "Why there is no score; null where there is one",
    "scoring_id": "What determined the numbers: model, labels, policy, precision",
    "run_id": "The run that wrote the row",
    "scored_at": "When the row's micro-batch began",
}

DESCRIPTION = (
    f"{NOTICE} Personal data: scores can be matched to a known text, so the table stays as "
    "restricted as its corpus."
)


def scores_schema(spec: ModelSpec, kept: Sequence[T.StructField], *, logits: bool) -> T.StructType:
    """Columns of a score table.

    Raises:
        UsageError: A kept column has the name of a column that psychescale writes.
    """
    scored = result_type(spec, logits=logits).fields
    tail = [
        T.StructField("scoring_id", T.StringType()),
        T.StructField("run_id", T.StringType()),
        T.StructField("scored_at", T.TimestampType()),
    ]
    own = {"id", *(field.name.lower() for field in [*scored, *tail])}
    for field in kept:
        if field.name.lower() in own:
            raise UsageError(
                f"‹keep› {field.name}: the score table has a column of that name already.",
                remedy="Rename the column in the corpus, or leave it out of ‹keep›.",
            )
    labels = {
        prefix + column: f"{meaning} of the label {label!r}"
        for prefix, meaning in ((PROBABILITY_PREFIX, "Probability"), (LOGIT_PREFIX, "Raw logit"))
        for column, label in zip(spec.columns, spec.labels, strict=True)
    }
    comments = _COMMENTS | labels
    fields = [T.StructField("id", T.StringType()), *kept, *scored, *tail]
    return T.StructType(
        [
            T.StructField(f.name, f.dataType, True, {"comment": comments[f.name]})
            if f.name in comments
            else T.StructField(f.name, f.dataType)
            for f in fields
        ]
    )


def open_score_table(
    spark: SparkSession,
    place: str,
    spec: ModelSpec,
    kept: Sequence[T.StructField],
    *,
    logits: bool,
    state: str | None,
) -> DeltaTable:
    """The score table, made if it is not there.

    Args:
        spark: The session.
        place: Path or catalog name.
        spec: The model's, for the labels.
        kept: Columns passed through.
        logits: Whether the raw logits are written too.
        state: The state folder, where one is given.

    Raises:
        InputError: It has other columns than this run would write.
        StorageError: It cannot be created, or has another state folder: with two, two jobs could
            write the same rows to it.
        UsageError: A kept column has the name of one of its own columns.
    """
    return open_output(
        spark,
        place,
        scores_schema(spec, kept, logits=logits),
        description=DESCRIPTION,
        statistics=["scoring_id"],
        state=state,
    )


def written_rows(table: DeltaTable, scoring_id: str) -> DataFrame:
    """`id` and `error` of the rows that the table holds under a scoring id, read anew at each use."""
    return table.rows().where(F.col("scoring_id") == scoring_id).select("id", "error")
