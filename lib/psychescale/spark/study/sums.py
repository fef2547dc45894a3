"""A score table as sums by period and group, and annotated texts' rows: nothing else comes back."""

from collections.abc import Sequence

import numpy as np
from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from psychescale.errors import InputError, UsageError
from psychescale.prevalence.design_based import Sample
from psychescale.prevalence.domains import NONE, PERIOD, Cells
from psychescale.settings.study import StudyConfig
from psychescale.spark.corpus.failures import explained
from psychescale.spark.scored.periods import period_of
from psychescale.spark.scored.scores import ScoreTable
from psychescale.spark.study.inputs import Given
from psychescale.spark.tables.delta import quoted

_MOST_COLUMNS = 3
_MOST_GROUPS = 200
_MOST_CELLS = 50_000


def parted(table: ScoreTable, config: StudyConfig) -> tuple[DataFrame, tuple[str, ...]]:
    """Rows with their period and groups as columns ``_0``, ``_1``, …, and the names of these.

    Raises:
        InputError: A column was not kept.
        UsageError: There are more than three columns in ``by``, or one is named twice.
    """
    if len(config.by) > _MOST_COLUMNS or len(set(config.by)) < len(config.by):
        raise UsageError(
            f"‹by› takes up to {_MOST_COLUMNS} columns, each once.",
            remedy="Run one study for each.",
        )
    table.require_kept("by", config.by)
    parts: dict[str, Column] = {}
    if config.time_column is not None:
        table.require_kept("time_column", [config.time_column])
        parts[PERIOD] = period_of(table, config.time_column, config.time_format, config.period)
    if PERIOD in config.by:
        raise UsageError("‹by› period: that is what periods are called.", remedy="Rename it.")
    parts |= {name: F.col(quoted(name)).cast("string") for name in config.by}
    named = {f"_{i}": F.coalesce(part, F.lit(NONE)) for i, part in enumerate(parts.values())}
    return table.rows().withColumns(named), tuple(parts)


def sums_of(given: Given, rows: DataFrame, columns: Sequence[str]) -> Cells:
    """Sums of the rows by period and groups.

    Args:
        given: Scores, labels and thresholds.
        rows: Of `parted`.
        columns: Of `parted`.

    Raises:
        UsageError: A column has more groups than a person compares.
    """
    names = _probabilities(given)
    keys = [f"_{i}" for i in range(len(columns))]
    found: list[Column] = [
        F.count(F.lit(1)).alias("rows"),
        F.count_if(given.table.is_missing()).alias("missing"),
    ]
    for i, (name, threshold) in enumerate(zip(names, given.thresholds, strict=True)):
        probability = F.col(quoted(name)).cast("double")
        found += [
            F.coalesce(F.sum(probability), F.lit(0.0)).alias(f"f{i}"),
            F.count_if(probability >= F.lit(threshold)).alias(f"a{i}"),
        ]
    with explained():
        grouped = rows.groupBy(*keys).agg(*found).limit(_MOST_CELLS + 1).collect()
    for key, column in zip(keys, columns, strict=True):
        groups = len({row[key] for row in grouped})
        if column != PERIOD and groups > _MOST_GROUPS:
            raise UsageError(
                f"‹by› {column} has more than {_MOST_GROUPS} groups.",
                remedy="A column of ids or authors is no group: name one of few values.",
            )
    if len(grouped) > _MOST_CELLS:
        raise UsageError(
            "Periods and groups make too many domains.",
            remedy="Take a longer ‹period› or fewer ‹by›.",
        )
    n_labels = range(len(names))
    missing = np.array([row["missing"] for row in grouped], np.int64)
    return Cells(
        tuple(columns),
        tuple(tuple(row[key] for key in keys) for row in grouped),
        np.array([row["rows"] for row in grouped], np.int64) - missing,
        missing,
        np.array([[row[f"f{i}"] for i in n_labels] for row in grouped]).reshape(-1, len(names)),
        np.array([[row[f"a{i}"] for i in n_labels] for row in grouped], np.int64).reshape(
            -1, len(names)
        ),
    )


def sample_of(
    spark: SparkSession, given: Given, rows: DataFrame, columns: Sequence[str]
) -> tuple[Sample, list[tuple[str, ...]]] | None:
    """The annotated texts with their scores, and their periods and groups; None without a sample.

    Raises:
        InputError: The table lacks one, or a stratum has no annotated text.
    """
    if given.design is None or given.annotated is None:
        return None
    design, ids = given.design, given.annotated.ids
    names = _probabilities(given)
    keys = [f"_{i}" for i in range(len(columns))]
    wanted = spark.createDataFrame([(ident,) for ident in ids], "id string")
    with explained():
        joined = rows.join(F.broadcast(wanted), "id", "left_semi")
        found = joined.select("id", *keys, *(F.col(quoted(n)).alias(n) for n in names)).collect()
    by_id: dict[str, Row] = {row["id"]: row for row in found}
    if len(by_id) < len(ids) or len(found) > len(by_id):
        raise InputError(
            "The score table does not hold each annotated text once.",
            remedy="Name the table that the sample was drawn from; `psychescale verify` says "
            "whether it holds.",
        )
    stratum = np.array([design.stratum_of[ident] for ident in ids], np.int64)
    sizes = np.array([one.size for one in design.strata], np.int64)
    empty = int((np.bincount(stratum, minlength=len(sizes)) == 0).sum())
    if empty:
        raise InputError(
            f"{empty} of {len(sizes)} strata of the sample have no annotated text.",
            remedy="Annotate some of each: nothing else can stand for the texts of a stratum.",
        )
    ordered = [by_id[ident] for ident in ids]
    scores = np.array([[row[name] for name in names] for row in ordered], np.float64)
    return Sample(stratum, sizes, scores, given.annotated.truth), [
        tuple(row[k] for k in keys) for row in ordered
    ]


def _probabilities(given: Given) -> list[str]:
    return [given.table.probabilities[number] for number in given.chosen]
