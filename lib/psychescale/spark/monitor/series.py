"""A score table as a series of periods, its rows in random groups of authors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from psychescale.errors import InputError, UsageError
from psychescale.model.bundle import read_deciding
from psychescale.monitoring.totals import GROUPS
from psychescale.settings.monitor import MonitorConfig
from psychescale.spark.corpus.failures import explained
from psychescale.spark.scored.periods import named_period, period_of
from psychescale.spark.scored.scores import ScoreTable, open_scores
from psychescale.spark.tables.delta import quoted
from psychescale.workflows.monitor.reference import REFERENCE

PART, GROUP = "_part", "_group"
SCORED_AT = "scored_at"
# A hash of a value of its own, so that who is sampled has nothing to do with the group.
_SAMPLED = "sampled"
_STEPS = 1_000_000


@dataclass(frozen=True)
class Series:
    """Periods of one way of scoring.

    Attributes:
        table: The score table.
        rows: Its rows with `PART` (null without a time) and `GROUP`.
        thresholds: From which probability a label is given, in the order of labels.
        texts: Rows by part, those without a time left out.
        timeless: Rows without a time.
        now: The period that is not over yet.
    """

    table: ScoreTable
    rows: DataFrame
    thresholds: tuple[float, ...]
    texts: Mapping[str, int]
    timeless: int
    now: str

    def of(self, parts: Sequence[str]) -> DataFrame:
        """The rows of some parts."""
        return self.rows.where(F.col(PART).isin(*parts))


def open_series(spark: SparkSession, config: MonitorConfig, periods: Sequence[str]) -> Series:
    """The table of ``scores`` by period.

    Args:
        spark: The session.
        config: Which columns mean what.
        periods: That are the reference; none where it is a profile.

    Raises:
        InputError: There is no such table, or it lacks a column, or a period of the reference.
        ModelError: The bundle has no thresholds.
        UsageError: The table has several scoring ids, or its scores compete within a text.
    """
    table = open_scores(spark, config)
    _require_sigmoid(table)
    time = config.time_column or SCORED_AT
    table.require_kept("time_column", [time] if time != SCORED_AT else [])
    table.require_kept("author_column", [config.author_column] if config.author_column else [])
    period = period_of(table, time, config.time_format, config.period)
    part = F.when(period.isin(*periods), F.lit(REFERENCE)).otherwise(period) if periods else period
    rows = table.rows().select("*", part.alias(PART), _group(config.author_column).alias(GROUP))
    with explained():
        counted = rows.groupBy(period.alias("period")).count().collect()
    counts = {row["period"]: int(row["count"]) for row in counted}
    timeless = counts.pop(None, 0)
    _require_there(periods, counts)
    texts = {name: count for name, count in counts.items() if name not in periods}
    if periods:
        texts[REFERENCE] = sum(counts[name] for name in periods)
    return Series(table, rows, _thresholds(config, table), texts, timeless, _now(spark, config))


def is_sampled(rates: Mapping[str, float]) -> Column:
    """Whether a row is among those taken at random by its id, at the rate of its part."""
    chance = F.pmod(F.xxhash64(F.lit(_SAMPLED), F.col("id")), F.lit(_STEPS))
    rate = F.create_map(*[F.lit(each) for pair in rates.items() for each in pair])[F.col(PART)]
    return chance < rate * _STEPS


def _group(author: str | None) -> Column:
    """A random group, the same for all texts of an author; a text without one is on its own."""
    own = F.concat(F.lit("id "), F.col("id"))
    named = own if author is None else F.coalesce(F.col(quoted(author)).cast("string"), own)
    return F.pmod(F.xxhash64(named), F.lit(GROUPS)).cast("int")


def _now(spark: SparkSession, config: MonitorConfig) -> str:
    """The period of this moment, in the time zone of the session."""
    row = spark.range(1).select(named_period(F.current_timestamp(), config.period).alias("now"))
    return str(row.collect()[0]["now"])


def _require_sigmoid(table: ScoreTable) -> None:
    if table.activation == "softmax":
        raise UsageError(
            "The scores compete within a text (softmax): they are no probabilities of a label.",
            remedy="Score with ‹activation› sigmoid, if the model is multi-label.",
        )


def _require_there(periods: Sequence[str], counts: Mapping[str, int]) -> None:
    for period in periods:
        if period not in counts:
            ends = f"from {min(counts)} to {max(counts)}" if counts else "none"
            raise InputError(
                f"‹reference› {period}: ‹scores› has no text of that period; its periods are {ends}.",
                remedy="Name periods as ‹period› names them, as in 2026-03 for a month; or a file "
                "profile.json. ‹time_column› says which time is meant.",
            )


def _thresholds(config: MonitorConfig, table: ScoreTable) -> tuple[float, ...]:
    if config.model is None:
        return (0.5,) * len(table.labels)
    spec = read_deciding(config.model)
    if spec.columns != table.columns:
        raise InputError(
            "The labels of ‹model› are not those of ‹scores›.",
            remedy="Give the bundle that the table was scored with.",
        )
    return spec.thresholds or ()
