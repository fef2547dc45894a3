"""The only room that knows Spark: session, model transport, UDFs, tables, streams, progress."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psychescale.spark.udf import score_udf

__all__ = ["score_udf"]


def __getattr__(name: str) -> Any:
    if name == "score_udf":  # the workers' daemon must not import pandas before it forks
        from psychescale.spark.udf import score_udf

        return score_udf
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
