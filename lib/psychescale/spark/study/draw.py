"""A stratified random sample of a score table: strata on Spark, of which only their sums come back."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from psychescale.errors import InputError, UsageError
from psychescale.prevalence.strata import Strata, allocate, cut_points
from psychescale.settings.sample import BY_PERIOD, BY_SCORE, OWN_STRATA, SampleConfig
from psychescale.spark.corpus.failures import explained
from psychescale.spark.scored.periods import period_of
from psychescale.spark.scored.scores import ScoreTable
from psychescale.spark.tables.delta import quoted
from psychescale.workflows.study.design import SampleDesign, Stratum

_BINS = 1000  # of the histogram that bands are cut from; on the root, where rare labels lie apart
_MOST_STRATA = 2000
# Texts of a stratum pass a threshold on their random number before they are sorted: so few more than
# are drawn that a shortfall would need six standard deviations.
_SPARE, _SIGMAS = 12, 6


@dataclass(frozen=True)
class Plan:
    """A draw that is settled.

    Attributes:
        table: The scores.
        chosen: Numbers of the labels to annotate.
        rows: `id` and `stratum` (name) of every row with scores.
        names: Of the strata, in the order of `strata`.
        strata: What is known of them.
        drawn: int64, shape (n_strata,).
    """

    table: ScoreTable
    chosen: tuple[int, ...]
    rows: DataFrame
    names: tuple[str, ...]
    strata: Strata
    drawn: np.ndarray

    @property
    def labels(self) -> tuple[str, ...]:
        """To annotate."""
        return tuple(self.table.labels[number] for number in self.chosen)


def plan_draw(table: ScoreTable, config: SampleConfig) -> Plan:
    """Strata of the rows with scores, and how many are drawn from each.

    Raises:
        InputError: No row has scores, or a column was not kept.
        UsageError: A label or stratum is not known, or the size is too small for the strata.
    """
    chosen = chosen_labels(table, config.only)
    names = [table.probabilities[number] for number in chosen]
    with explained():
        rows = table.rows().where(~table.is_missing())
        columns = _columns(table, config)
        if BY_SCORE in config.strata:
            columns[BY_SCORE] = _band(rows, names)
        told = F.to_json(F.struct(*(c.alias(name) for name, c in columns.items())))
        named = rows.withColumn("_stratum", told if columns else F.lit("{}"))
        found = named.groupBy("_stratum").agg(*_sums(names)).limit(_MOST_STRATA + 1).collect()
    if not found:
        raise InputError("No row of ‹scores› has scores.", remedy="See the column error.")
    if len(found) > _MOST_STRATA:
        raise UsageError(
            f"‹strata› part the corpus into more than {_MOST_STRATA:,} strata.",
            remedy="Name columns of few values.",
        )
    found.sort(key=lambda row: row["_stratum"])
    strata = Strata(
        np.array([row["n"] for row in found], np.int64),
        np.array([[row[f"f{i}"] for i in range(len(names))] for row in found]),
        np.array([[row[f"v{i}"] for i in range(len(names))] for row in found]),
    )
    size = config.size or 0
    rows = named.select("id", F.col("_stratum").alias("stratum"))
    return Plan(
        table, chosen, rows, tuple(r["_stratum"] for r in found), strata, allocate(strata, size)
    )


def draw(
    spark: SparkSession, plan: Plan, config: SampleConfig, raters: Sequence[str]
) -> SampleDesign:
    """Draw the texts of a plan: the same ones for the same table, seed and strata."""
    chances = plan.drawn + _SIGMAS * np.sqrt(plan.drawn) + _SPARE
    limits = np.minimum(chances / plan.strata.sizes, 1)
    told = spark.createDataFrame(
        [
            (name, number, int(n), float(limit))
            for number, (name, n, limit) in enumerate(
                zip(plan.names, plan.drawn, limits, strict=True)
            )
        ],
        "stratum string, number int, drawn long, most double",
    )
    chance = F.xxhash64(F.col("id"), F.lit(config.seed))
    rank = F.row_number().over(Window.partitionBy("number").orderBy("chance", "id"))
    with explained():
        near = (
            plan.rows.join(F.broadcast(told), "stratum")
            .withColumn("chance", chance)
            .where(F.col("chance") / F.lit(2.0**64) + 0.5 <= F.col("most"))
        )
        found = near.withColumn("rank", rank).where(F.col("rank") <= F.col("drawn"))
        rows = found.select("id", "number").collect()
    if len(rows) != plan.drawn.sum() or len({row["id"] for row in rows}) != len(rows):
        raise InputError(
            "The score table has an id twice under this scoring id, or changed during the draw.",
            remedy="`psychescale verify` says whether the table holds.",
        )
    ordered = sorted((row["id"], row["number"]) for row in rows)
    random.Random(config.seed).shuffle(ordered)  # the order of a sheet tells nothing of the strata
    table = plan.table
    return SampleDesign(
        table.scoring_id,
        f"{table.table.detail()['id']}@{table.version}",
        config.seed,
        plan.labels,
        tuple(raters),
        tuple(
            Stratum(name, int(size), int(n))
            for name, size, n in zip(plan.names, plan.strata.sizes, plan.drawn, strict=True)
        ),
        dict(ordered),
    )


def chosen_labels(table: ScoreTable, only: Sequence[str]) -> tuple[int, ...]:
    """Numbers of the labels that are asked for, in the model's order; all without any.

    Raises:
        UsageError: The table has no such label.
    """
    unknown = [name for name in only if name not in table.labels]
    if unknown:
        raise UsageError(
            f"‹only› {unknown[0]}: the score table has no label of that name.",
            remedy=f"It has {', '.join(table.labels)}.",
        )
    return tuple(i for i, label in enumerate(table.labels) if not only or label in only)


def require_shares(table: ScoreTable) -> None:
    """Refuse probabilities that compete within a text: they are no shares of texts.

    Raises:
        InputError: The activation was softmax.
    """
    if table.activation == "softmax":
        raise InputError(
            "The scores are softmax values, which compete within a text: no label has a prevalence.",
            remedy="Score with a sigmoid model.",
        )


def _columns(table: ScoreTable, config: SampleConfig) -> dict[str, Column]:
    """Columns that part the corpus, but for the score."""
    named = [name for name in config.strata if name not in OWN_STRATA]
    table.require_kept("strata", named)
    columns = {name: F.col(quoted(name)).cast("string") for name in named}
    if BY_PERIOD in config.strata:
        if config.time_column is None:
            raise UsageError("‹strata› period needs times.", remedy="Name ‹time_column›.")
        table.require_kept("time_column", [config.time_column])
        columns[BY_PERIOD] = period_of(table, config.time_column, config.time_format, config.period)
    return columns


def _band(rows: DataFrame, names: Sequence[str]) -> Column:
    """Bands of the probability of one label, or of what all labels together leave open."""
    if len(names) == 1:
        measure = F.col(quoted(names[0])).cast("double")
    else:
        open_parts = [F.sqrt(_variance(name)) for name in names]
        measure = sum(open_parts[1:], open_parts[0]) / F.lit(0.5 * len(names))
    place = F.least(F.floor(F.sqrt(measure) * _BINS), F.lit(_BINS - 1))
    counted = rows.groupBy(place.alias("bin")).agg(F.count(F.lit(1)).alias("n")).collect()
    bins = sorted((row["bin"], row["n"]) for row in counted)
    cuts = cut_points(
        np.array([one for one, _ in bins], np.float64), np.array([n for _, n in bins], np.int64)
    )
    above = [F.when(place > F.lit(cut), 1).otherwise(0) for cut in cuts.tolist()]
    return sum(above, F.lit(0))


def _variance(name: str) -> Column:
    probability = F.col(quoted(name)).cast("double")
    return probability * (1 - probability)


def _sums(names: Sequence[str]) -> list[Column]:
    found = [F.count(F.lit(1)).alias("n")]
    for number, name in enumerate(names):
        found += [
            F.avg(F.col(quoted(name)).cast("double")).alias(f"f{number}"),
            F.avg(_variance(name)).alias(f"v{number}"),
        ]
    return found
