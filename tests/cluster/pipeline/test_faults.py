"""Processes killed at random moments: the finished table is that of an undisturbed run."""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from tests.spark.conftest import Row, read_table, write_json_lines

KINDS = ("worker", "executor", "driver")
MOST_KILLS_A_TABLE = 5
PER_RUN = ["run_id", "scored_at"]


@dataclass
class Job:
    """One scoring command, restarted until it ends well."""

    command: Sequence[str]
    environment: Mapping[str, str]
    output: Path
    process: psutil.Popen = field(init=False)

    def start(self) -> None:
        with self.output.with_suffix(".log").open("ab") as log:
            self.process = psutil.Popen(
                self.command, env=dict(self.environment), stdout=log, stderr=subprocess.STDOUT
            )

    @property
    def is_running(self) -> bool:
        return bool(self.process.poll() is None)

    def is_streaming(self) -> bool:
        return any((self.output / "_psychescale" / "checkpoints").glob("*/offsets/0"))

    def commits(self) -> int:
        return len(list((self.output / "_delta_log").glob("*.json")))

    def victims(self, kind: str) -> list[psutil.Process]:
        """Processes of a kind, as far as they live."""
        found = []
        for process in self.process.children(recursive=True):
            try:
                line = " ".join(process.cmdline())
                is_fork = "psychescale.spark.daemon" in " ".join(process.parent().cmdline())
            except (psutil.Error, AttributeError):
                continue
            if (
                (kind == "worker" and is_fork)
                or (kind == "executor" and "CoarseGrainedExecutorBackend" in line)
                or (kind == "driver" and "SparkSubmit" in line)
            ):
                found.append(process)
        return [*found, self.process] if kind == "driver" else found

    def end(self) -> None:
        """Wait until nothing of it lives."""
        family = [self.process, *self.process.children(recursive=True)] if self.is_running else []
        for process in family:
            process.kill()
        psutil.wait_procs(family, timeout=30)


@pytest.fixture(scope="module")
def corpus(corpus_texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two thousand rows, some of which cannot be scored."""
    rows: list[Row] = [
        {"id": f"doc-{i:05}", "text": text if i % 97 else None}
        for i, text in enumerate(corpus_texts)
    ]
    return write_json_lines(tmp_path_factory.mktemp("corpus") / "corpus.jsonl", rows)


@pytest.fixture(scope="module")
def make_job(
    corpus: Path,
    tiny_model: Path,
    cluster_environment: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[], Job]]:
    """A function that makes a job with an output of its own."""
    folder = tmp_path_factory.mktemp("outputs")
    jobs: list[Job] = []

    def make() -> Job:
        output = folder / f"scores-{len(jobs)}"
        command = [
            str(Path(sys.executable).with_name("psychescale")), "score",
            "--model", str(tiny_model), "--input", str(corpus), "--output", str(output),
            "--accept-raw", "--rows-per-task", "25", "--tasks-per-slot", "3",
            "--set", "spark.master=local-cluster[2,1,1024]",
        ]  # fmt: skip
        jobs.append(Job(command, cluster_environment, output))
        return jobs[-1]

    yield make
    for job in jobs:
        if hasattr(job, "process"):
            job.end()


@pytest.fixture(scope="module")
def undisturbed(make_job: Callable[[], Job]) -> pd.DataFrame:
    """What comes out when nothing happens."""
    job = make_job()
    job.start()
    assert job.process.wait() == 0, job.output.with_suffix(".log").read_text()
    return read_table(job.output)


@pytest.mark.timeout(7200)
def test_killed_at_random(
    make_job: Callable[[], Job],
    undisturbed: pd.DataFrame,
    pytestconfig: pytest.Config,
) -> None:
    """Whatever is killed, and when, the table ends as if nothing had been."""
    left: int = pytestconfig.getoption("kills")
    chance = random.Random(pytestconfig.getoption("seed"))
    recovery_s: dict[str, list[float]] = {kind: [] for kind in KINDS}
    kinds = [KINDS[i % len(KINDS)] for i in range(left)]
    while kinds:
        job = make_job()
        job.start()
        for kind in _take(kinds, MOST_KILLS_A_TABLE):
            seconds = _kill_and_recover(job, kind, chance)
            if seconds is None:  # the table was finished before
                kinds.insert(0, kind)
            else:
                recovery_s[kind].append(seconds)
        _finish(job)
        _require_equal(read_table(job.output), undisturbed)
    for kind, seconds_of_kind in recovery_s.items():
        told = ", ".join(f"{s:.0f}" for s in sorted(seconds_of_kind))
        print(f"{kind}: {len(seconds_of_kind)} killed, next commit after {told} s")


def _take(kinds: list[str], most: int) -> list[str]:
    taken = kinds[:most]
    del kinds[:most]
    return taken


def _kill_and_recover(job: Job, kind: str, chance: random.Random) -> float | None:
    """Kill one process; seconds until the next commit after it, or None if the job was done before."""
    while job.is_running and not (job.is_streaming() and job.victims(kind)):
        time.sleep(0.05)
    time.sleep(chance.uniform(0, 4))
    victims = job.victims(kind) if job.is_running else []
    if not victims:
        return None
    chance.choice(victims).kill()
    killed_at, commits = time.monotonic(), job.commits()
    if kind == "driver":
        job.process.wait()
        job.start()
    while job.is_running and job.commits() == commits:
        time.sleep(0.05)
    return time.monotonic() - killed_at


def _finish(job: Job) -> None:
    """A run may end with an error of its own, after too many deaths; the next one goes on."""
    for _ in range(3):
        if job.process.wait() == 0:
            return
        job.start()
    pytest.fail(job.output.with_suffix(".log").read_text()[-3000:])


def _require_equal(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    probabilities = [name for name in expected.columns if name.startswith("p_")]
    exact = expected.columns.drop([*probabilities, *PER_RUN])
    pd.testing.assert_frame_equal(found[exact], expected[exact])
    np.testing.assert_allclose(
        found[probabilities].to_numpy(), expected[probabilities].to_numpy(), atol=1e-5, rtol=0
    )
