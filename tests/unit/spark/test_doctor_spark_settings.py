"""Spark's settings, judged."""

import pytest

from psychescale.spark.doctor.checks import Status
from psychescale.spark.doctor.spark_settings import (
    DAEMON,
    READ_KEYS,
    judge_arrow,
    judge_encryption,
    judge_memory,
    judge_network,
    judge_settings,
    judge_workers,
    overhead_bytes,
    parse_bytes,
    slots_per_executor,
)

GIB = 2**30
GOOD = {
    "spark.master": "yarn",
    "spark.executor.memory": "4g",
    "spark.executor.memoryOverhead": "4g",
    "spark.executor.cores": "4",
    "spark.io.encryption.enabled": "true",
    "spark.authenticate": "true",
    "spark.network.crypto.enabled": "true",
    "spark.python.daemon.module": DAEMON,
    "spark.sql.execution.arrow.maxRecordsPerBatch": "10000",
}


def test_good_settings_are_green() -> None:
    """A cluster with everything set has no yellow line."""
    findings = judge_settings(GOOD, weights_bytes=438 * 10**6, memory_bytes=64 * GIB, slots=4)
    assert {finding.status for finding in findings} == {Status.GREEN}
    assert set(GOOD) <= set(READ_KEYS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2g", 2 * GIB), ("384m", 384 * 2**20), ("1024", GIB), ("64KiB", 2**16), ("1tb", 2**40)],
)
def test_parse_bytes(text: str, expected: int) -> None:
    """Spark's sizes, which count in MiB without a unit."""
    assert expected == parse_bytes(text)


def test_no_size() -> None:
    """What is no size is refused."""
    with pytest.raises(ValueError, match="no size"):
        parse_bytes("much")


def test_overhead() -> None:
    """Stated, or a tenth of the heap and at least 384 MiB."""
    assert overhead_bytes({"spark.executor.memoryOverhead": "1g"}) == GIB
    assert overhead_bytes({"spark.executor.memory": "1g"}) == 384 * 2**20
    assert overhead_bytes({"spark.executor.memory": "10g"}) == GIB


class TestMemory:
    def test_default_overhead_is_too_small(self) -> None:
        """On YARN four workers do not fit into Spark's default, and the remedy says how much does."""
        settings = {"spark.master": "yarn", "spark.executor.memory": "4g"}
        finding = judge_memory(settings, weights_bytes=438 * 10**6, memory_bytes=64 * GIB, slots=4)
        assert finding.status is Status.YELLOW
        assert "memoryOverhead to 1944m" in finding.remedy  # (438 MB + 4 × 400 MB) in MiB

    def test_pyspark_memory_counts(self) -> None:
        """`spark.executor.pyspark.memory` is granted beside the overhead."""
        settings = {"spark.master": "k8s://x", "spark.executor.pyspark.memory": "4g"}
        finding = judge_memory(settings, weights_bytes=0, memory_bytes=0, slots=4)
        assert finding.status is Status.GREEN

    @pytest.mark.parametrize(
        ("memory_bytes", "status"),
        [(16 * GIB, Status.GREEN), (3 * GIB, Status.YELLOW), (0, Status.YELLOW)],
    )
    def test_local(self, memory_bytes: int, status: Status) -> None:
        """On one machine the workers need what the driver's JVM leaves."""
        settings = {"spark.master": "local[4,4]", "spark.driver.memory": "2g"}
        finding = judge_memory(settings, weights_bytes=0, memory_bytes=memory_bytes, slots=4)
        assert status is finding.status


def test_workers() -> None:
    """Workers that are not reused, or forked cold, are yellow: one line each."""
    cold = list(judge_workers({"spark.python.worker.reuse": "false"}))
    assert [finding.status for finding in cold] == [Status.YELLOW, Status.YELLOW]
    (warm,) = judge_workers({"spark.python.daemon.module": DAEMON})
    assert warm.status is Status.GREEN


@pytest.mark.parametrize(
    ("records", "status"),
    [("10000", Status.GREEN), ("500", Status.YELLOW), ("0", Status.GREEN), ("-1", Status.GREEN)],
)
def test_arrow(records: str, status: Status) -> None:
    """Few rows in a batch are yellow; none stated and no bound are fine."""
    settings = {"spark.sql.execution.arrow.maxRecordsPerBatch": records}
    assert status is judge_arrow(settings).status
    assert judge_arrow({}).status is Status.GREEN


def test_encryption() -> None:
    """Unencrypted spilling is yellow, and so is a setting nobody made."""
    assert judge_encryption({}).status is Status.YELLOW
    assert judge_encryption(GOOD).status is Status.GREEN


def test_network() -> None:
    """On a cluster each setting that is off is named; on one machine nothing is asked."""
    assert judge_network({"spark.master": "local[2]"}).status is Status.GREEN
    assert judge_network(GOOD).status is Status.GREEN
    finding = judge_network({"spark.master": "spark://host:7077", "spark.authenticate": "true"})
    assert finding.status is Status.YELLOW
    assert "spark.authenticate" not in finding.found
    assert "spark.network.crypto.enabled" in finding.remedy
    assert judge_network({"spark.master": "local-cluster[2,1,1024]"}).status is Status.YELLOW


def test_slots() -> None:
    """Slots of an executor: its cores by the cores of a task; all of them on one machine."""
    assert slots_per_executor({"spark.master": "local[4]"}, 4) == 4
    yarn = {"spark.master": "yarn", "spark.executor.cores": "8", "spark.task.cpus": "2"}
    assert slots_per_executor(yarn, 100) == 4
