"""The session psychescale starts, and what it says where none can start."""

import pytest
from pyspark.sql import SparkSession

from psychescale.spark.session import session


def test_active_session_is_used(spark: SparkSession) -> None:
    """Where a platform has a session, there is no second one."""
    assert session.open_session({"spark.master": "local[7]"}) is spark


def test_encryption(spark: SparkSession) -> None:
    """What Spark spills is encrypted, and a killed task is tried again."""
    assert spark.conf.get("spark.io.encryption.enabled") == "true"
    assert spark.sparkContext.master == "local[2,4]"


@pytest.mark.parametrize(
    ("spark_version", "delta_version", "package"),
    [
        ("3.5.4", "3.3.0", "io.delta:delta-spark_2.12:3.3.0"),
        ("4.0.1", "4.0.0", "io.delta:delta-spark_2.13:4.0.0"),
        ("4.2.0", "4.4.0", "io.delta:delta-spark_4.2_2.13:4.4.0"),
    ],
)
def test_delta_package(
    monkeypatch: pytest.MonkeyPatch, spark_version: str, delta_version: str, package: str
) -> None:
    """The jar of Delta fits Spark's release and delta-spark's."""
    monkeypatch.setattr(session.pyspark, "__version__", spark_version)
    monkeypatch.setattr(session.importlib.metadata, "version", lambda _: delta_version)
    assert session.delta_package() == package
