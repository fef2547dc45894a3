"""Which Java Spark starts with, where a machine has one, an old one, or none."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from psychescale.errors import UsageError
from psychescale.spark.session import java
from psychescale.spark.session.java import Java, find_java, java_release, use_java

PACKAGED = Java(Path("/packaged/java"), "17.0.9", is_packaged=True)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, str]]:
    """A function (version on PATH or None, packaged Java or None) → environment of such a machine."""

    def build(version: str | None, packaged: Java | None) -> dict[str, str]:
        if version is not None:
            program = tmp_path / "java"
            program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
            program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin" if version else "/nowhere")
        monkeypatch.delenv("JAVA_HOME", raising=False)
        monkeypatch.setattr(java, "_packaged_java", lambda: packaged)
        return {}

    return build


@pytest.mark.parametrize(
    ("version", "release"),
    [("17.0.15", 17), ("1.8.0_402", 8), ("21", 21), ("25-ea", 25), ("what?", None), ("", None)],
)
def test_java_release(version: str, release: int | None) -> None:
    """The release is read from both ways of writing it."""
    assert release == java_release(version)


@pytest.mark.parametrize(
    ("version", "packaged", "chosen"),
    [
        ("17.0.15", PACKAGED, "17.0.15"),
        ("21.0.1", PACKAGED, "21.0.1"),
        ("11.0.2", PACKAGED, "17.0.9"),
        ("1.8.0_402", PACKAGED, "17.0.9"),
        ("11.0.2", None, "11.0.2"),
        (None, PACKAGED, "17.0.9"),
    ],
)
def test_one_that_fits_wins(
    machine: Callable[..., dict[str, str]], version: str | None, packaged: Java | None, chosen: str
) -> None:
    """The machine's own Java is taken where Spark starts with it; else the packaged one."""
    found = find_java(machine(version, packaged))
    assert found is not None
    assert found.version == chosen


def test_no_java(machine: Callable[..., dict[str, str]]) -> None:
    """Neither in JAVA_HOME, nor in PATH, nor packaged: the error says both ways to get one."""
    assert find_java({"JAVA_HOME": "/nowhere", **machine(None, None)}) is None
    with pytest.raises(UsageError, match=r"Install Java 17.*psychescale\[java\]"):
        use_java()


def test_a_home_without_java_is_left_out(
    machine: Callable[..., dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spark would start the java of JAVA_HOME alone: one without any does not hide that of PATH."""
    machine("17.0.15", PACKAGED)
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    use_java()
    assert "JAVA_HOME" not in os.environ


def test_packaged_java_starts_as_spark_starts_it(
    machine: Callable[..., dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one from PyPI starts although Spark asks for a module that it lacks; other arguments stay."""
    real = java._packaged_java()
    assert real is not None
    machine(None, real)
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    use_java()
    done = subprocess.run(
        [
            f"{os.environ['JAVA_HOME']}/bin/java", "--add-modules=jdk.incubator.vector",
            "-Dword=two words", "-XshowSettings:properties", "-version",
        ],
        env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert "word = two words" in done.stderr
