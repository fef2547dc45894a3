"""How psychescale reaches Spark: through the JVM of this process, or through Spark Connect.

All that differs between the two is behind `Access`; `classic.py` is the only module of a job's way that
knows the JVM or a SparkContext, and `connect.py` does without.
"""

from pyspark.sql import SparkSession

from psychescale.spark.session.protocol import Access

try:
    from py4j.protocol import Py4JError, Py4JNetworkError
except ImportError:  # a client of Spark Connect alone
    JAVA_ERRORS: tuple[type[Exception], ...] = ()
    LOST_ERRORS: tuple[type[Exception], ...] = (ConnectionError,)
else:
    JAVA_ERRORS = (Py4JError,)
    LOST_ERRORS = (Py4JNetworkError, ConnectionError)
"""What a call into this process's JVM raises, and a call into one that is gone."""


def access(spark: SparkSession) -> Access:
    """The way to the Spark of a session."""
    if is_connect(spark):
        from psychescale.spark.session.connect import ConnectAccess  # noqa: PLC0415 - needs grpc

        return ConnectAccess(spark)
    from psychescale.spark.session.classic import ClassicAccess  # noqa: PLC0415 - needs py4j

    return ClassicAccess(spark)


def is_connect(spark: SparkSession | None) -> bool:
    """Whether it is a Spark Connect session: no JVM and no SparkContext on this side."""
    return type(spark).__module__.startswith("pyspark.sql.connect")
