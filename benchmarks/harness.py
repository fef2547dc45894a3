"""What every benchmark needs: where things lie, fresh processes, facts of the machine, the outcome."""

import json
import os
import platform
import shutil
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import psutil
from rich.console import Console
from rich.table import Table

from psychescale.spark.pipeline.runs import installed_versions

BENCHMARKS = Path(__file__).resolve().parent
ROOT = BENCHMARKS.parent
WORK = BENCHMARKS / "work"
"""Corpora, models and outputs that benchmarks make; git-ignored."""
RESULTS = BENCHMARKS / "results"

Result = TypeVar("Result")


def in_fresh_process(function: Callable[..., Result], *arguments: object) -> Result:
    """What `function` returns in a Python process of its own, where nothing is imported or cached."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def build_once(target: Path, build: Callable[[Path], None]) -> Path:
    """The folder `target`, built if it is not there; a build that is interrupted leaves none.

    Args:
        target: Its name stands for its content.
        build: Fills an empty folder.
    """
    if not target.is_dir():
        unfinished = empty_folder(target.with_name(target.name + ".unfinished"))
        build(unfinished)
        unfinished.rename(target)
    return target


def empty_folder(path: Path) -> Path:
    """The folder at `path`, with nothing in it."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def describe_machine() -> dict[str, Any]:
    """Processor, memory, load at the start, and versions: what a ratio still depends on."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load_1_min": round(os.getloadavg()[0], 2),
        "versions": installed_versions(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def median(values: Iterable[float]) -> float:
    """The median as a plain number."""
    return float(statistics.median(values))


def save(name: str, result: Mapping[str, Any]) -> None:
    """Write an outcome to `results/<name>.json`. It holds numbers and names, never a text or a path."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    Console().print(f"Written: {path.relative_to(ROOT)}", highlight=False)


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: the first column names, the others hold numbers."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    # A file or a pipe has no width of its own.
    Console(width=None if sys.stdout.isatty() else 120).print(table)
