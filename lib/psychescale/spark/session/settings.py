"""Settings of a session that is somebody else's: read and changed where the platform allows."""

import contextlib
from collections.abc import Iterator, Mapping

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession


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
