"""Steadiness: whether a long run stays as fast and as small as it began.

A million short texts go through a model with so little to compute that Spark, Delta and the driver are
most of the work, in more than a hundred commits. Watched are the rows a second over each tenth of the
commits (from the table's own log), the memory of the driver's Python process and of its JVM, the JVM's
heap right after a collection, and the number of files that the table consists of.
"""

import argparse
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil
from command import parse_outcome, score_command
from commits import Commit, CommitLog, rates_by_part
from corpora import short_corpus
from harness import WORK, describe_machine, empty_folder, save, show
from java import heap_after_collection
from models import tiny
from processes import java_child, processor_seconds, rollup

TARGET = 0.95
PARTS = 10
TEN = 10
FIRST_COUNTED_COMMIT = 10
"""From here on growth is counted: until then everything is loaded and compiled for the first time."""
COMMITS_PER_COLLECTION = 10
EVERY_S = 1.0
MB = 1_000_000


@dataclass(frozen=True)
class Sample:
    """A moment of the driver.

    Attributes:
        at_s: Seconds since 1970.
        commits: Commits with new rows so far.
        python: Proportional set size of the Python process, bytes.
        jvm: Resident set size of its JVM, bytes.
        heap: Bytes of the JVM's heap in use after a collection; None where none was asked for.
        cpu_s: Processor time that all processes of the job have used.
    """

    at_s: float
    commits: int
    python: int
    jvm: int
    heap: int | None
    cpu_s: float


class Watch:
    """Samples a running job until it ends."""

    def __init__(self, job: subprocess.Popen[bytes], log: CommitLog) -> None:
        self.samples: list[Sample] = []
        self._job = job
        self._driver = psutil.Process(job.pid)
        self._log = log
        self._next_collection = FIRST_COUNTED_COMMIT

    def until_the_end(self) -> None:
        """Sample each second."""
        while self._job.poll() is None:
            with suppress(psutil.Error, OSError):
                self._look()
            time.sleep(EVERY_S)
        self._log.refresh()

    def _look(self) -> None:
        self._log.refresh()
        java = java_child(self._driver)
        if java is None:
            return
        commits = len(self._log.streaming)
        heap = None
        if commits >= self._next_collection:
            self._next_collection = commits + COMMITS_PER_COLLECTION
            heap = heap_after_collection(java.pid)
        python, jvm = rollup(self._driver.pid)["Pss"], java.memory_info().rss
        cpu_s = processor_seconds(self._driver)
        self.samples.append(Sample(time.time(), commits, python, jvm, heap, cpu_s))


def main() -> None:
    """Run the job under observation, and report."""
    options = _parse()
    machine = describe_machine()
    folder, corpus = tiny(), short_corpus(options.rows)
    output = empty_folder(WORK / "steady")
    flags = ["--rows-per-task", str(options.rows_per_task)]
    flags += ["--tasks-per-slot", str(options.tasks_per_slot)]
    command = score_command(folder, corpus, output, *flags, slots=options.slots)
    log = CommitLog(output)
    samples, run = watch_job(command, log)
    result = {
        "benchmark": "steady",
        "machine": machine,
        "setup": vars(options),
        "job_docs_per_s": run["docs_per_s"],
        **summarize(log, samples),
    }
    shutil.rmtree(output)
    if result["rows_committed"] != options.rows:
        raise SystemExit(f"{result['rows_committed']:,} of {options.rows:,} rows were committed.")
    save("steady", result)
    report(result)


def watch_job(command: Sequence[str], log: CommitLog) -> tuple[list[Sample], dict[str, Any]]:
    """Run a job to its end; what was sampled, and the run row that it printed."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as printed:
        with subprocess.Popen(command, stdout=printed) as job:
            watch = Watch(job, log)
            watch.until_the_end()
        printed.seek(0)
        return watch.samples, parse_outcome(job.returncode, printed.read())


def summarize(log: CommitLog, samples: Sequence[Sample]) -> dict[str, Any]:
    """Rates by tenth, memory then and now, files.

    Raises:
        SystemExit: There were too few commits for tenths.
    """
    commits = log.streaming
    if len(commits) <= max(PARTS, FIRST_COUNTED_COMMIT):
        raise SystemExit(
            f"{len(commits)} commits cannot be told apart by tenths: give more --rows."
        )
    rates = rates_by_part(commits, PARTS)
    live = list(log.live_files())
    return {
        "rows_committed": sum(commit.rows for commit in commits),
        "commits": len(commits),
        "other_commits": len(log.commits) - len(commits),
        "docs_per_s_by_tenth": rates,
        "last_to_second_tenth": rates[-1] / rates[1],
        "last_ten_to_second_ten": _span_s(commits[-TEN - 1 :])
        / _span_s(commits[TEN : 2 * TEN + 1]),
        "cpu_s_per_commit_by_tenth": _processor_time(samples, len(commits)),
        "target": TARGET,
        "live_files_at_the_end": live[-1],
        "live_files_at_most": max(live),
        "driver": _driver_memory(samples, commits[-1].at_s),
    }


def _span_s(commits: Sequence[Commit]) -> float:
    return commits[-1].at_s - commits[0].at_s


def _processor_time(samples: Sequence[Sample], n_commits: int) -> list[float]:
    """Processor seconds a commit, tenth by tenth: other work on the machine hardly shows in it."""
    bounds = np.linspace(1, n_commits, PARTS + 1)  # start-up comes before the first commit
    spent = np.interp(bounds, [s.commits for s in samples], [s.cpu_s for s in samples])
    per_commit: list[float] = (np.diff(spent) / np.diff(bounds)).tolist()
    return per_commit


def _driver_memory(samples: Sequence[Sample], last_commit_s: float) -> dict[str, Any]:
    """Sizes in MB at commit 10 and at the last commit (or collection), and the growth between."""
    counted = [
        s
        for s in samples
        if s.commits >= FIRST_COUNTED_COMMIT and s.at_s <= last_commit_s + EVERY_S
    ]
    heaps = [s.heap for s in counted if s.heap is not None]
    return {
        "python_pss_mb": _growth([s.python for s in counted]),
        "jvm_rss_mb": _growth([s.jvm for s in counted]),
        "jvm_heap_after_collection_mb": _growth(heaps),
        "jvm_heaps_after_collection_mb": [heap / MB for heap in heaps],
        "python_pss_peak_mb": max(s.python for s in samples) / MB,
        "jvm_rss_peak_mb": max(s.jvm for s in samples) / MB,
    }


def _growth(sizes: Sequence[int]) -> dict[str, float] | None:
    if not sizes:
        return None
    first, last = sizes[0] / MB, sizes[-1] / MB
    return {"at_commit_10": first, "at_the_end": last, "growth": last - first}


def report(result: Mapping[str, Any]) -> None:
    """Print the outcome."""
    rates = ", ".join(f"{rate:,.0f}" for rate in result["docs_per_s_by_tenth"])
    used = ", ".join(f"{seconds:.2f}" for seconds in result["cpu_s_per_commit_by_tenth"])
    driver = result["driver"]
    rows = [
        ("commits", f"{result['commits']} (and {result['other_commits']} others)"),
        ("docs/s by tenth", rates),
        ("last to second tenth", f"{result['last_to_second_tenth']:.3f} (target {TARGET:.2f})"),
        (
            "last ten micro-batches to second ten",
            f"{result['last_ten_to_second_ten']:.2f} × the time",
        ),
        ("processor s a micro-batch by tenth", used),
        ("driver's Python, PSS", _as_text(driver["python_pss_mb"])),
        ("driver's JVM, RSS", _as_text(driver["jvm_rss_mb"])),
        ("driver's heap after collection", _as_text(driver["jvm_heap_after_collection_mb"])),
        ("live files at the end", f"{result['live_files_at_the_end']:,}"),
        ("live files at most", f"{result['live_files_at_most']:,}"),
    ]
    show(f"Steadiness over {result['rows_committed']:,} texts", ("", ""), rows)


def _as_text(growth: Mapping[str, float] | None) -> str:
    if growth is None:
        return "not measured (no jcmd)"
    first, last = growth["at_commit_10"], growth["at_the_end"]
    return f"{first:,.0f} MB at commit 10, {last:,.0f} MB at the end: {growth['growth']:+,.0f} MB"


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="short texts")
    parser.add_argument("--rows-per-task", type=int, default=1_000, help="rows in a task")
    parser.add_argument("--tasks-per-slot", type=int, default=4, help="tasks a slot and commit")
    parser.add_argument("--slots", type=int, default=2, help="tasks at the same time")
    return parser.parse_args()


if __name__ == "__main__":
    main()
