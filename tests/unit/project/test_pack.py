"""What `make dist` pins, and the script that stands for the packed environment's Python."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "deploy" / "environment"


@pytest.fixture(scope="module")
def pack() -> Any:
    """The packing script as a module."""
    spec = importlib.util.spec_from_file_location("pack", SOURCE / "pack.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pins(pack: Any, tmp_path: Path) -> None:
    """Every version of the lock file is pinned; torch gives way to the wheel's version."""
    locked = pack.constraints(tmp_path, None).read_text(encoding="utf-8").splitlines()
    wheel = Path("torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl")
    swapped = pack.constraints(tmp_path, wheel).read_text(encoding="utf-8").splitlines()
    names = [pin.partition("==")[0] for pin in locked]
    assert {"transformers", "pyarrow", "torch", "delta-spark"} <= set(names)
    assert not [pin for pin in locked if "\\" in pin or "--hash" in pin]
    assert "torch==2.13.0+cpu" in swapped
    assert len(swapped) == len(locked)


@pytest.fixture
def launcher(tmp_path: Path) -> Path:
    """The script in an environment for the Python that runs this test."""
    minor = "{}.{}".format(*sys.version_info[:2])
    text = (SOURCE / "python.sh").read_text(encoding="utf-8").replace("@MINOR@", minor)
    path = tmp_path / "moved to" / "bin" / "python"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    settings = "include-system-site-packages = false\n"
    (tmp_path / "moved to" / "pyvenv.cfg").write_text(settings, encoding="utf-8")
    return path


def start(launcher: Path, stated: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Start it with an interpreter of that name."""
    environment = {"PATH": os.environ["PATH"], "PSYCHESCALE_PYTHON": stated}
    return subprocess.run(
        [str(launcher), *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_environment_is_where_the_script_lies(launcher: Path) -> None:
    """Python takes the folder around the script for its environment, and passes arguments on."""
    code = "import sys; print(sys.executable, sys.prefix, sys.flags.no_user_site, *sys.argv[1:])"
    done = start(launcher, sys.executable, "-c", code, "two words")
    home = launcher.parents[1]
    assert done.stdout == f"{launcher} {home} 1 two words\n", done.stderr
    link = home / "bin" / "python3"
    link.symlink_to("python")
    assert start(link, sys.executable, "-c", code).stdout == f"{launcher} {home} 1\n"


def test_no_interpreter(launcher: Path) -> None:
    """Without the stated interpreter it says which one it needs."""
    done = start(launcher, "python-of-nowhere", "-c", "pass")
    assert done.returncode == 127
    assert "psychescale needs python-of-nowhere on this machine" in done.stderr


def test_other_version(launcher: Path, tmp_path: Path) -> None:
    """An interpreter of another minor version is refused: compiled packages would not load."""
    other = tmp_path / "python-2"
    other.write_text("#!/bin/sh\necho 2.7 /usr/bin/python2.7\n", encoding="utf-8")
    other.chmod(0o755)
    done = start(launcher, str(other), "-c", "pass")
    assert done.returncode == 127
    assert "python-2 is another version" in done.stderr
