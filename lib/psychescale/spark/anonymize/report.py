"""What a run of `anonymize` found and left out, in counts that may be shown: masked or rounded."""

import json
from collections.abc import Sequence
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from psychescale.disclosure import is_small, rounded
from psychescale.notice import NOTICE
from psychescale.spark.anonymize.keying import TIME
from psychescale.spark.anonymize.outputs import LIMITS
from psychescale.spark.corpus.columns import ERROR, TEXT
from psychescale.spark.corpus.read import is_placeholder
from psychescale.spark.pipeline.state import StateFolder
from psychescale.spark.session.access import access
from psychescale.spark.session.places import join
from psychescale.spark.tables.delta import quoted

MAX_GROUPS = 20
"""Most groups told of a column."""

_LENGTHS = (0, 50, 200, 1000)
"""Words from which a group of lengths begins."""


def measure_redaction(staged: DataFrame, *, compare: Sequence[str] = ()) -> dict[str, Any]:
    """Findings by type, rows touched, rows quarantined, and how those differ from the kept ones.

    Args:
        staged: Rows of `redacted_rows`.
        compare: Columns whose groups are compared.

    Returns:
        Rows as they are; counts by type, reason and group masked or rounded; rates. Ready for JSON.
    """
    failed = F.col(ERROR).isNotNull()
    touched = F.size("findings") > 0
    totals = staged.agg(
        F.count(F.lit(1)).alias("rows"),
        F.count(F.when(failed, 1)).alias("quarantined"),
        F.count(F.when(~failed & touched, 1)).alias("touched"),
        F.count(F.when(~failed & is_placeholder(F.col(TEXT)), 1)).alias("placeholders"),
        F.coalesce(F.sum(F.when(~failed, F.col("n_words"))), F.lit(0)).alias("words"),
    ).collect()[0]
    types = (
        staged.where(~failed)
        .select(F.explode("findings").alias("type", "count"))
        .groupBy("type")
        .agg(F.sum("count").alias("count"))
        .orderBy("type")
        .collect()
    )
    reasons = staged.where(failed).groupBy(ERROR).count().orderBy(ERROR).collect()
    words = totals["words"]
    return {
        "rows": totals["rows"],
        "kept": totals["rows"] - totals["quarantined"],
        "quarantined": totals["quarantined"],
        "quarantined_by_reason": {row[ERROR]: rounded(row["count"]) for row in reasons},
        "placeholders_kept": rounded(totals["placeholders"]),
        "rows_touched": rounded(totals["touched"]),
        "words": words,
        "findings": {row["type"]: rounded(row["count"]) for row in types},
        "findings_per_1000_words": {
            row["type"]: round(1000 * row["count"] / words, 3)
            for row in types
            if words and not is_small(row["count"])
        },
        "by_length_in_words": _by_length(staged),
        "by_group": {name: _by_group(staged, name) for name in compare},
        "limits": LIMITS,
    }


def write_report(
    spark: SparkSession, state: StateFolder, run_id: str, report: dict[str, Any]
) -> None:
    """Keep the report beside the run table."""
    files = access(spark).files
    files.make_private_folder(state.reports)
    path = join(state.reports, f"{run_id}.json")
    files.replace(path, json.dumps({"notice": NOTICE, **report}, indent=2) + "\n")


def _by_length(staged: DataFrame) -> list[dict[str, Any]]:
    """Kept and quarantined rows by length: the longest notes fail first."""
    start = F.greatest(*[F.when(F.col("n_words") >= n, n).otherwise(0) for n in _LENGTHS])
    ends = dict(zip(_LENGTHS, [f"–{n - 1}" for n in _LENGTHS[1:]] + ["+"], strict=True))
    counts = staged.groupBy(start.alias("by")).agg(*_kept_and_quarantined()).orderBy("by").collect()
    return [{"words": f"{row['by']}{ends[row['by']]}", **_cells(row)} for row in counts]


def _by_group(staged: DataFrame, name: str) -> list[dict[str, Any]]:
    """The largest groups of a column; small ones and all beyond `MAX_GROUPS` together."""
    column = F.col(quoted(name))
    value = F.year(column) if name == TIME else column.cast("string")
    counts = staged.groupBy(value.alias("by")).agg(*_kept_and_quarantined())
    largest = counts.orderBy(F.desc(F.col("kept") + F.col("quarantined")), "by").limit(MAX_GROUPS)
    shown = [r for r in largest.collect() if not is_small(r["kept"] + r["quarantined"])]
    total = staged.agg(*_kept_and_quarantined()).collect()[0]
    rest = {n: total[n] - sum(row[n] for row in shown) for n in ("kept", "quarantined")}
    groups = [{"group": row["by"], **_cells(row)} for row in shown]
    return [*groups, {"group": "others", **_cells(rest)}] if any(rest.values()) else groups


def _kept_and_quarantined() -> tuple[Column, Column]:
    kept = F.count(F.when(F.col(ERROR).isNull(), 1)).alias("kept")
    return kept, F.count(ERROR).alias("quarantined")


def _cells(row: Any) -> dict[str, Any]:
    return {name: rounded(row[name]) for name in ("kept", "quarantined")}
