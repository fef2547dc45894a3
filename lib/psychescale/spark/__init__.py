"""The only room that knows Spark: session, model transport, UDFs, tables, streams, progress."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psychescale.spark.score.decisions import create_labels_view, with_labels
    from psychescale.spark.score.udf import score_udf

__all__ = ["create_labels_view", "score_udf", "with_labels"]


def __getattr__(name: str) -> Any:
    if name == "score_udf":  # the workers' daemon must not import pandas before it forks
        from psychescale.spark.score.udf import score_udf

        return score_udf
    if name in {"with_labels", "create_labels_view"}:
        from psychescale.spark.score import decisions

        return getattr(decisions, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
