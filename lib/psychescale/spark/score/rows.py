"""Landed rows → rows of the score table."""

from collections.abc import Sequence
from dataclasses import replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from psychescale.spark.corpus.source import ERROR, ID, SECOND, TEXT
from psychescale.spark.pipeline.runs import Run
from psychescale.spark.pipeline.stream import observed
from psychescale.spark.score.udf import ScoringTask, build_udf


def scored_rows(rows: DataFrame, task: ScoringTask, run: Run, *, keep: Sequence[str]) -> DataFrame:
    """The columns of the score table, counted by the stream.

    Args:
        rows: Landed rows.
        task: How to score.
        run: Its ids are written into every row.
        keep: Columns passed through.
    """
    second_text = SECOND in rows.columns
    task = replace(task, computed_tokens=True)
    udf = build_udf(task, second_text)
    texts = [F.col(TEXT), F.col(SECOND)] if second_text else [F.col(TEXT)]
    scored = rows.withColumn("_scores", udf(*texts))
    fields = [name for name in task.result_type.names if name != ERROR]
    flat = scored.select(
        F.col(ID),
        *[F.col(f"`{name}`") for name in keep],
        *[F.col(f"_scores.{name}") for name in fields],
        F.coalesce(F.col(ERROR), F.col(f"_scores.{ERROR}")).alias(ERROR),
        F.lit(run.scoring_id).alias("scoring_id"),
        F.lit(run.run_id).alias("run_id"),
        F.current_timestamp().alias("scored_at"),
    )
    return observed(
        flat,
        F.coalesce(F.sum("n_tokens"), F.lit(0)).alias("tokens"),
        F.coalesce(F.sum("computed_tokens"), F.lit(0)).alias("computed_tokens"),
    ).drop("computed_tokens")
