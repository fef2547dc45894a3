"""The extra `spark` resolves to the pair that is tested, told from ranges alone; no network."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[3]
PYSPARK, DELTA = "4.2.0", "4.4.0"
NEIGHBOURS = (
    "4.0.1",
    "4.1.0",
    "4.1.1",
    "4.2.0",
    "4.2.1",
    "4.3.0",
    "4.4.0",
    "4.4.1",
    "4.5.0",
    "5.0.0",
)


def ranges(requirements: list[str]) -> dict[str, SpecifierSet]:
    """Package → the versions that are allowed."""
    return {one.name: one.specifier for one in map(Requirement, requirements)}


def test_extra_spark() -> None:
    """One delta-spark is allowed, and with what that asks for itself one pyspark: those of the lock."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    allowed = ranges(tomllib.loads(text)["project"]["optional-dependencies"]["spark"])
    asked = ranges(importlib.metadata.requires("delta-spark") or [])["pyspark"]
    both = allowed["pyspark"] & asked
    assert [v for v in NEIGHBOURS if v in allowed["delta-spark"]] == [DELTA]
    assert [v for v in NEIGHBOURS if v in both] == [PYSPARK]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^(pyspark|delta-spark)(?:\[.*\])?==(\S+)", lock, re.MULTILINE))
    assert pinned == {"pyspark": PYSPARK, "delta-spark": DELTA}
