"""The only room that knows Spark: session, model transport, UDFs, tables, streams, progress."""

from psychescale.spark.udf import score_udf

__all__ = ["score_udf"]
