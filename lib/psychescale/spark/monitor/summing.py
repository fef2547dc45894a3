"""Rows → totals: one pass over all labels, sums by part, group, what is measured and bin."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from psychescale.monitoring.separation import ScoreVectors
from psychescale.monitoring.totals import (
    FAILED,
    GROUPS,
    LENGTH_EDGES,
    REPEATED,
    SCORE_EDGES,
    TRUNCATED,
    WINDOWED,
    Floats,
    Ratio,
    Totals,
)
from psychescale.spark.corpus.failures import explained
from psychescale.spark.monitor.series import GROUP, PART, Series, is_sampled
from psychescale.spark.tables.delta import quoted

REPEATED_TEXTS = 20_000
"""Texts among which copies are looked for, in every part the same number: more texts have more."""
SAMPLED_TEXTS = 1_000
"""Score vectors that the domain classifier gets of each part."""
# Equal texts have equal scores, but for the last digits of other batches.
_SAME_TO = 1e-4
# Behind the labels, in this order.
_OF_TEXTS = (FAILED, TRUNCATED, WINDOWED)


def sum_parts(series: Series, parts: Sequence[str], *, copies_among: int) -> dict[str, Totals]:
    """The sums of each part.

    Args:
        series: Where they are.
        parts: Names of parts, all of them there.
        copies_among: Most texts among which copies are looked for.
    """
    names, labels = series.table.probabilities, len(series.thresholds)
    scored, failed = ~series.table.is_missing(), series.table.is_missing()
    measured = [
        *(
            _one(number, F.col(quoted(name)), threshold, of=scored)
            for number, (name, threshold) in enumerate(zip(names, series.thresholds, strict=True))
        ),
        _one(labels, F.col("n_tokens"), of=scored),
        _one(labels + 1, failed),
        _one(labels + 2, F.col("truncated"), of=scored),
        _one(labels + 3, F.col("n_windows") > 1, of=scored),
    ]
    each = series.of(parts).select(PART, GROUP, F.explode(F.array(*measured)).alias("_m"))
    each = each.select(PART, GROUP, "_m.*").where(F.col("value").isNotNull())
    is_above = F.col("value") >= F.col("threshold")
    summed = each.groupBy(PART, GROUP, "position", _bin(labels).alias("bin")).agg(
        F.count(F.lit(1)).alias("texts"),
        F.sum("value").alias("sum"),
        F.sum(is_above.cast("int")).alias("above"),
        F.sum(F.when(is_above, F.col("value")).otherwise(0.0)).alias("hits"),
    )
    found = _collected(summed)
    copies = _copies(series, parts, copies_among)
    return {
        part: _totals(rows, series.table.labels, copies[part])
        for part, rows in _by_part(found, parts)
    }


def sample_parts(series: Series, parts: Sequence[str]) -> dict[str, ScoreVectors]:
    """Score vectors of some texts of each part, at random."""
    names = series.table.probabilities
    rates = {part: min(1.0, SAMPLED_TEXTS / series.texts[part]) for part in parts}
    rows = series.of(parts).where(~series.table.is_missing() & is_sampled(rates))
    found = _collected(rows.orderBy("id").select(PART, GROUP, *map(quoted, names)))
    return {
        part: ScoreVectors(rows[list(names)].to_numpy(np.float64), rows[GROUP].to_numpy(np.int64))
        for part, rows in _by_part(found, parts)
    }


def _one(
    position: int, value: Column, threshold: float = 2.0, *, of: Column | None = None
) -> Column:
    """A value of a row and its place; null in rows that it is not of."""
    number = value.cast("double")
    return F.struct(
        F.lit(position).alias("position"),
        (number if of is None else F.when(of, number)).alias("value"),
        F.lit(threshold).alias("threshold"),
    )


def _bin(labels: int) -> Column:
    position = F.col("position")
    return (
        F.when(position < labels, _binned(SCORE_EDGES))
        .when(position == labels, _binned(LENGTH_EDGES))
        .otherwise(0)
    )


def _binned(edges: Sequence[float]) -> Column:
    """The number of edges that a value reaches."""
    reached = F.lit(0)
    for edge in edges:
        reached = reached + (F.col("value") >= F.lit(float(edge))).cast("int")
    return reached


def _copies(series: Series, parts: Sequence[str], among: int) -> dict[str, Ratio]:
    """Texts whose length and scores another of the part has, but for the first of each."""
    rates = {part: min(1.0, among / series.texts[part]) for part in parts}
    steps = [
        F.round(F.col(quoted(name)) / _SAME_TO).cast("int") for name in series.table.probabilities
    ]
    rows = series.of(parts).where(~series.table.is_missing() & is_sampled(rates))
    alike = rows.groupBy(PART, F.xxhash64("n_tokens", *steps).alias("_text")).count()
    # Copies of one text are in one group, whoever wrote them.
    group = F.pmod(F.col("_text"), F.lit(GROUPS)).cast("int").alias(GROUP)
    summed = alike.groupBy(PART, group).agg(
        F.sum("count").alias("texts"), F.sum(F.col("count") - 1).alias("sum")
    )
    found = _collected(summed)
    return {part: _ratio(rows) for part, rows in _by_part(found, parts)}


def _totals(found: pd.DataFrame, names: tuple[str, ...], copies: Ratio) -> Totals:
    labels = len(names)
    of_labels = found[found["position"] < labels]
    of = {name: found[found["position"] == labels + 1 + at] for at, name in enumerate(_OF_TEXTS)}
    shares: Mapping[str, Ratio] = {
        **{name: _ratio(rows) for name, rows in of.items()},
        REPEATED: copies,
    }
    lengths = found[found["position"] == labels]
    return Totals(
        names,
        _spread(of[FAILED], "texts", (GROUPS,)).astype(np.int64),
        _spread(of[TRUNCATED], "texts", (GROUPS,)).astype(np.int64),
        _spread(of_labels, "texts", (GROUPS, labels, len(SCORE_EDGES) + 1)).astype(np.int64),
        _spread(of_labels, "sum", (GROUPS, labels)),
        _spread(of_labels, "above", (GROUPS, labels)).astype(np.int64),
        _spread(of_labels, "hits", (GROUPS, labels)),
        _spread(lengths, "texts", (GROUPS, 1, len(LENGTH_EDGES) + 1), first=labels).astype(
            np.int64
        )[:, 0],
        shares,
    )


def _collected(rows: DataFrame) -> pd.DataFrame:
    """By columns, whatever the session is set to: as objects a row a million sums are a gigabyte."""
    with explained():
        found: pd.DataFrame = rows.toArrow().to_pandas()
    return found


def _by_part(found: pd.DataFrame, parts: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows of each part; none where it has none."""
    places = found.groupby(PART).indices
    for part in parts:
        yield part, found.iloc[places.get(part, [])]


def _ratio(rows: pd.DataFrame) -> Ratio:
    return Ratio(_spread(rows, "sum", (GROUPS,)), _spread(rows, "texts", (GROUPS,)))


def _spread(rows: pd.DataFrame, column: str, shape: tuple[int, ...], *, first: int = 0) -> Floats:
    """Sums of a column by group, and by position and bin where the shape has them."""
    result = np.zeros(shape)
    places = [rows[GROUP].to_numpy(np.int64)]
    if len(shape) > 1:
        places.append(rows["position"].to_numpy(np.int64) - first)
    if len(shape) > 2:  # noqa: PLR2004 - and bins
        places.append(rows["bin"].to_numpy(np.int64))
    np.add.at(result, tuple(places), rows[column].to_numpy(np.float64))
    return result
