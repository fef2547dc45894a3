"""How psychescale reaches Spark: through the JVM of this process, or through Spark Connect.

All that differs between the two is behind `Access`; `classic.py` is the only module of a job's way that
knows the JVM or a SparkContext, and `connect.py` does without. Settings of a session that is somebody
else's are read and changed where the platform allows.
"""

import contextlib
from collections.abc import Iterator, Mapping

from pyspark.errors import PySparkException
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


def read_setting(spark: SparkSession, key: str, default: str | None = None) -> str | None:
    """The value of a setting; the default where it has none, or the platform does not tell it."""
    try:
        return spark.conf.get(key, default)
    except PySparkException:  # serverless: CONFIG_NOT_AVAILABLE
        return default


def change_setting(spark: SparkSession, key: str, value: str) -> bool:
    """Set a setting, and say whether the platform took it."""
    try:
        spark.conf.set(key, value)
    except PySparkException:
        return False
    return True


@contextlib.contextmanager
def changed_settings(spark: SparkSession, wanted: Mapping[str, str]) -> Iterator[frozenset[str]]:
    """Change settings for as long as the block lasts.

    Yields:
        The keys that the platform refused.
    """
    before = {key: read_setting(spark, key) for key in wanted}
    changed = [key for key, value in wanted.items() if change_setting(spark, key, value)]
    try:
        yield frozenset(wanted) - frozenset(changed)
    finally:
        for key in changed:
            old = before[key]
            if old is None:
                spark.conf.unset(key)
            else:
                spark.conf.set(key, old)
