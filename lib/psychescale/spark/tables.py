"""The Delta tables that psychescale writes, created with their properties before the first row."""

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from psychescale.errors import InputError, StorageError, UsageError
from psychescale.labels import LOGIT_PREFIX, PROBABILITY_PREFIX
from psychescale.model.spec import ModelSpec
from psychescale.notice import NOTICE
from psychescale.spark.delta import DeltaTable
from psychescale.spark.storage import exists, is_catalog_name, join, qualified
from psychescale.spark.udf import result_type

# Readable by every Delta reader; and the first 32 characters of a string column would stand in the
# log as statistics, so only `error` and the ids that psychescale makes have any.
_PROPERTIES = {
    "delta.enableDeletionVectors": "false",
    "delta.columnMapping.mode": "none",
}

# Every task leaves a file in every micro-batch; without this a long run leaves tens of thousands.
# Not for landed tables: their files are the tasks.
_COMPACTED = {"delta.autoOptimize.autoCompact": "true"}

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

STATE_PROPERTY = "psychescale.state"
"""Property of a score table whose state folder is not inside it."""

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
                f"--keep {field.name}: the score table has a column of that name already.",
                remedy="Rename the column in the corpus, or leave it out of --keep.",
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
    wanted = DeltaTable(spark, place if is_catalog_name(place) else qualified(spark, place))
    try:
        wanted.create(schema, comment=description, properties=all_properties)
    except Exception as error:  # noqa: BLE001 - every storage system raises its own
        if find_table(spark, place) is None:
            raise StorageError(
                f"The table {place} cannot be created ({type(error).__name__}).",
                remedy="Check that the folder can be written, and is empty or a Delta table.",
            ) from None
    table = find_table(spark, place)
    if table is None:
        raise StorageError(f"The table {place} was not created.", remedy="Check --output.")
    _require_same_columns(place, table.rows(), schema)
    return table


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
    own_state = "" if state is None else qualified(spark, state)
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
            remedy=f"Add --state {there}." if there else "Leave out --state.",
        )
    return table


def written_rows(table: DeltaTable, scoring_id: str) -> DataFrame:
    """`id` and `error` of the rows that the table holds under a scoring id, read anew at each use."""
    return table.rows().where(F.col("scoring_id") == scoring_id).select("id", "error")


def find_table(spark: SparkSession, place: str) -> DeltaTable | None:
    """The Delta table at `place`, or None."""
    if is_catalog_name(place):
        return DeltaTable(spark, place) if spark.catalog.tableExists(place) else None
    # Delta itself says yes to every folder below a table, where the state folder is.
    path = qualified(spark, place)
    return DeltaTable(spark, path) if exists(spark, join(path, "_delta_log")) else None


def state_folder(output: str, given: str | None) -> str:
    """Where checkpoints, landed corpora and the run table of an output are.

    Raises:
        UsageError: The output is a catalog table and no folder is given.
    """
    if given is not None:
        return given
    if is_catalog_name(output):
        raise UsageError(
            f"--output {output} is a catalog table, which has no folder of its own.",
            remedy="Add --state with a folder for its checkpoints and run table.",
        )
    return join(output, "_psychescale")


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
        remedy="Write to another --output; labels, --keep and --logits decide the columns.",
    )
