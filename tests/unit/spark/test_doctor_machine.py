"""Java and packages: which versions fit."""

import pytest
from packaging.requirements import Requirement

from psychescale.spark.doctor.checks import Status
from psychescale.spark.doctor.machine import (
    can_start_spark,
    examine_machine,
    judge_java,
    judge_packages,
)


@pytest.mark.parametrize(
    ("java", "spark", "status"),
    [
        ("17.0.15", "4.2.0", Status.GREEN),
        ("21.0.1", "4.0.1", Status.GREEN),
        ("11.0.2", "4.2.0", Status.RED),
        ("25.0.1", "4.2.0", Status.YELLOW),
        ("11.0.2", "3.5.4", Status.GREEN),
        ("1.8.0_402", "3.5.4", Status.GREEN),
        ("21.0.1", "3.5.4", Status.YELLOW),
        ("unknown", "4.2.0", Status.YELLOW),
        (None, "4.2.0", Status.RED),
        ("17.0.1", None, Status.GREEN),
    ],
)
def test_judge_java(java: str | None, spark: str | None, status: Status) -> None:
    """Too old is red, untried is yellow, and both say what to install."""
    finding = judge_java(java, spark_version=spark)
    assert status is finding.status
    assert ("Java 17" in finding.remedy) == (status is not Status.GREEN)


def test_packages() -> None:
    """A missing package and one that does not fit its owner are red, each with a command."""
    versions = {"pyspark": "4.2.0", "torch": "2.1.0"}
    requirements = [
        ("psychescale", Requirement("torch<3,>=2.6")),
        ("psychescale", Requirement("transformers<6,>=5")),
        ("delta-spark", Requirement("pyspark<=4.0.1,>=4.0")),
    ]
    torch, transformers, pyspark = judge_packages(requirements, versions.get)
    assert {f.status for f in (torch, transformers, pyspark)} == {Status.RED}
    assert "torch 2.1.0 does not fit" in torch.found
    assert "transformers is not installed" in transformers.found
    assert "delta-spark needs pyspark" in pyspark.found
    assert pyspark.remedy == "pip install 'pyspark<=4.0.1,>=4.0'"


def test_packages_that_fit() -> None:
    """Where all fit there is one green line with the versions; a local build part does not matter."""
    (finding,) = judge_packages(
        [("psychescale", Requirement("torch<3,>=2.6"))], {"torch": "2.13.0+cpu"}.get
    )
    assert (finding.status, finding.found) == (Status.GREEN, "torch 2.13.0+cpu")


def test_this_machine() -> None:
    """The environment that runs these tests fits: its lock file says so."""
    findings = examine_machine()
    assert [f.found for f in findings if f.check == "packages" and f.status is Status.RED] == []
    assert can_start_spark(findings) == (findings[0].status is not Status.RED)
