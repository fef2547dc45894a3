"""A finished score table at one version: the rows of one scoring id, its labels, its kept columns."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from psychescale.errors import InputError, UsageError
from psychescale.labels import LOGIT_PREFIX, PROBABILITY_PREFIX
from psychescale.settings.shared import ScoredConfig
from psychescale.spark.corpus.failures import explained
from psychescale.spark.pipeline.state import StateFolder, state_folder
from psychescale.spark.tables.delta import STATE_PROPERTY, DeltaTable, find_table, quoted

# The comment of a probability's column ends with the label as the model names it.
_LABEL = re.compile(r"of the label (.+)$")
_TIMES = "yyyy-MM-dd"

OWN_COLUMNS = (
    "id", "n_tokens", "n_windows", "truncated", "error", "scoring_id", "run_id", "scored_at",
)  # fmt: skip
"""Columns that `score` writes beside those of labels and those that were kept."""


@dataclass(frozen=True)
class ScoreTable:
    """What one way of scoring left in a table.

    Attributes:
        table: The Delta table.
        version: The version that is read, however often: rows that come in later are not seen.
        scoring_id: What determined the numbers.
        labels: Labels as the model names them.
        columns: Their suffixes, in the same order.
        kept: Columns of the corpus that were passed through.
        activation: ``sigmoid`` or ``softmax``; None where the run table does not tell.
    """

    table: DeltaTable
    version: int
    scoring_id: str
    labels: tuple[str, ...]
    columns: tuple[str, ...]
    kept: tuple[str, ...]
    activation: str | None

    @property
    def probabilities(self) -> tuple[str, ...]:
        """Columns of the labels' probabilities, in label order."""
        return tuple(PROBABILITY_PREFIX + column for column in self.columns)

    def rows(self) -> DataFrame:
        """All rows of the scoring id, those without scores included; `is_missing` tells them."""
        every = self.table.rows(version=self.version)
        return every.where(F.col("scoring_id") == self.scoring_id)

    def is_missing(self) -> Column:
        """Whether a row has no scores: it failed, and `error` says why."""
        return F.col(quoted(self.probabilities[0])).isNull()

    def type_of(self, column: str) -> T.DataType:
        """The type of a column."""
        return self.rows().schema[column].dataType

    def require_kept(self, option: str, names: Sequence[str]) -> None:
        """Check that columns are there.

        Args:
            option: What named them, for the message.
            names: The columns.

        Raises:
            InputError: One was not kept when the texts were scored.
        """
        for name in names:
            if name not in self.kept:
                raise InputError(
                    f"‹{option}› {name}: the score table has no kept column of that name.",
                    remedy=f"It keeps {', '.join(self.kept) or 'none'}; `psychescale score` keeps what "
                    "‹keep› names.",
                )


def open_scores(spark: SparkSession, config: ScoredConfig) -> ScoreTable:
    """The table of `scores` under the one scoring id that is asked for, or that it has.

    Raises:
        InputError: There is no such table, or it is none of `score`, or holds no row.
        UsageError: It has several scoring ids, and none of them is named; or not the named one.
    """
    table = find_table(spark, config.scores)
    if table is None:
        raise InputError("There is no score table at ‹scores›.", remedy="Check ‹scores›.")
    with explained():
        version = int(table.history(1)[0]["version"])
        frame = table.rows(version=version)
        fields = probability_fields(frame)
        scoring_id = _settled(config.scoring_id, scoring_ids(frame))
        runs = _runs(spark, table, scoring_id)
    labels = {field.name for field in fields}
    suffixes = tuple(field.name.removeprefix(PROBABILITY_PREFIX) for field in fields)
    own = {*OWN_COLUMNS, *labels, *(LOGIT_PREFIX + suffix for suffix in suffixes)}
    return ScoreTable(
        table,
        version,
        scoring_id,
        labels_of(fields),
        suffixes,
        tuple(name for name in frame.columns if name not in own),
        runs[0]["activation"] if runs else None,
    )


def probability_fields(frame: DataFrame) -> list[T.StructField]:
    """Columns of probabilities: those that a comment calls so, else all that are named so.

    Raises:
        InputError: It is no score table.
    """
    named = [f for f in frame.schema.fields if f.name.startswith(PROBABILITY_PREFIX)]
    said = [field for field in named if _comment(field)]
    if not named or "scoring_id" not in frame.columns:
        raise InputError(
            "The table of ‹scores› has no columns p_<label>, or no scoring_id.",
            remedy="Give a table that `psychescale score` wrote.",
        )
    return said or named


def labels_of(fields: Sequence[T.StructField]) -> tuple[str, ...]:
    """Labels as the model names them, where the columns' comments say it; else their suffixes."""
    found = [(field, _comment(field)) for field in fields]
    return tuple(
        str(ast.literal_eval(said[1])) if said else field.name.removeprefix(PROBABILITY_PREFIX)
        for field, said in found
    )


def scoring_ids(frame: DataFrame) -> list[Row]:
    """Scoring ids of a table, oldest first: `scoring_id`, `since` and `until`, days as text."""
    when = F.col("scored_at")
    days = [F.date_format(end(when), _TIMES) for end in (F.min, F.max)]
    named = [day.alias(name) for day, name in zip(days, ("since", "until"), strict=True)]
    return frame.groupBy("scoring_id").agg(*named).orderBy("since", "scoring_id").collect()


def state_of(table: DeltaTable) -> StateFolder:
    """The state folder of a score table.

    Raises:
        UsageError: The table does not say where it is.
    """
    try:
        return state_folder(table.place.given, table.properties().get(STATE_PROPERTY) or None)
    except UsageError:
        raise UsageError(
            f"{table.place.given} does not say where its state folder is.",
            remedy="It was not written by `psychescale score`.",
        ) from None


def _comment(field: T.StructField) -> re.Match[str] | None:
    return _LABEL.search(str((field.metadata or {}).get("comment", "")))


def _settled(wanted: str | None, found: Sequence[Row]) -> str:
    """The wanted scoring id, or the only one."""
    if not found:
        raise InputError("The table of ‹scores› holds no row.", remedy="Score a corpus first.")
    ids = [row["scoring_id"] for row in found]
    if wanted in ids or (wanted is None and len(ids) == 1):
        return str(wanted or ids[0])
    told = "; ".join(f"{row['scoring_id']} ({_days(row)})" for row in found)
    if wanted is not None:
        raise UsageError(
            "The table of ‹scores› has no row of this ‹scoring_id›.", remedy=f"It has {told}."
        )
    raise UsageError(
        f"The table of ‹scores› holds {len(ids)} scoring ids: {told}.",
        remedy="Scores of two ways of scoring are not one series: name one with ‹scoring_id›.",
    )


def _days(row: Row) -> str:
    return "scored " + " to ".join(dict.fromkeys((row["since"], row["until"])))


def _runs(spark: SparkSession, table: DeltaTable, scoring_id: str) -> list[Row]:
    """Finished runs of the scoring id, the newest first; none where the run table is gone."""
    if not table.place.is_path and not table.properties().get(STATE_PROPERTY):
        return []
    runs = find_table(spark, state_of(table).runs)
    if runs is None:
        return []
    done = runs.rows().where((F.col("job") == "score") & (F.col("status") == "done"))
    same = done.where(F.col("scoring_id") == scoring_id)
    return same.orderBy(F.col("started_at").desc()).limit(1).collect()
