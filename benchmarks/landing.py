"""Landing: what it costs beside scoring, and how evenly it cuts two awkward corpora into tasks.

One Parquet file of 400,000 comments, and 20,000 JSON-lines files of 20 comments, are scored with
MiniLM-L6. Spark's own event log says when every job and task began and ended.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from command import score_command
from commits import CommitLog
from corpora import short_corpus, small_files_corpus
from harness import WORK, describe_machine, empty_folder, save, show
from models import minilm

TARGET_COST = 0.05
TARGET_SPREAD = 3.0
TARGET_IDLE = 0.02
POLL_S = 0.5


@dataclass(frozen=True)
class Batch:
    """The tasks of a micro-batch that score.

    Attributes:
        started_s: When its job began, in seconds since 1970.
        ended_s: When its last task ended.
        task_s: How long each task took, in the order of their ends.
    """

    started_s: float
    ended_s: float
    task_s: Sequence[float]

    def idle_share(self, slots: int) -> float:
        """Share of the slots' time in which they had no task."""
        return 1 - sum(self.task_s) / (slots * (self.ended_s - self.started_s))


def main() -> None:
    """Score both corpora, or their first micro-batches, and report."""
    options = _parse()
    machine = describe_machine()
    corpora = {
        "one file": lambda: short_corpus(options.rows),
        "many files": lambda: small_files_corpus(options.rows // 20, 20),
    }
    outcomes = {name: measure(name, corpora[name](), options) for name in options.only or corpora}
    result = {"benchmark": "landing", "machine": machine, "setup": vars(options), **outcomes}
    save("landing", result)
    report(outcomes)


def measure(name: str, corpus: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run the job until enough micro-batches are committed, and read what Spark recorded."""
    output, events = empty_folder(WORK / "landing"), empty_folder(WORK / "landing-events")
    command = score_command(
        minilm(), corpus, output, "--rows-per-task", str(options.rows_per_task),
        "--set", "spark.eventLog.enabled=true", "--set", f"spark.eventLog.dir=file:{events}",
        "--set", "spark.eventLog.rolling.enabled=false",
        "--set", "spark.eventLog.compress=false", slots=options.slots,
    )  # fmt: skip
    log = CommitLog(output)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as job:
        while job.poll() is None and len(log.streaming) < options.batches:
            time.sleep(POLL_S)
            log.refresh()
        if job.poll() is None:
            job.kill()
    log.refresh()
    if not log.streaming:
        raise SystemExit(f"The job over {name} ended without a commit.")
    began_s, batches = read_events(next(events.iterdir()))
    outcome = summarize(options, began_s, batches[: len(log.streaming)], log)
    shutil.rmtree(output)
    shutil.rmtree(events)
    return outcome


def read_events(path: Path) -> tuple[float, list[Batch]]:
    """When Spark's first job began, and the micro-batches, oldest first."""
    starts: dict[int, float] = {}  # job → seconds
    batch_of_stage: dict[int, tuple[int, int]] = {}  # stage → batch, job
    ends: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["Event"] == "SparkListenerJobStart":
            starts[event["Job ID"]] = event["Submission Time"] / 1000
            number = event.get("Properties", {}).get("streaming.sql.batchId")
            if number is not None:
                for stage in event["Stage IDs"]:
                    batch_of_stage[stage] = int(number), event["Job ID"]
        elif event["Event"] == "SparkListenerTaskEnd" and event["Stage ID"] in batch_of_stage:
            info = event["Task Info"]
            task = info["Finish Time"] / 1000, (info["Finish Time"] - info["Launch Time"]) / 1000
            ends.setdefault(batch_of_stage[event["Stage ID"]], []).append(task)
    batches = []
    for number in sorted({number for number, _ in ends}):
        # Delta's own jobs belong to the micro-batch too; the one that scores takes longest.
        jobs = {job: tasks for (of, job), tasks in ends.items() if of == number}
        job = max(jobs, key=lambda job: sum(seconds for _, seconds in jobs[job]))
        tasks = sorted(jobs[job])
        batches.append(Batch(starts[job], tasks[-1][0], [seconds for _, seconds in tasks]))
    return min(starts.values()), batches


def summarize(
    options: argparse.Namespace, began_s: float, batches: Sequence[Batch], log: CommitLog
) -> dict[str, Any]:
    """Cost of landing, spread of the tasks, waiting at the ends."""
    rows = sum(commit.rows for commit in log.streaming)
    landing_s = batches[0].started_s - began_s
    scoring_s = log.streaming[-1].at_s - batches[0].started_s
    docs_per_s = rows / scoring_s
    tasks = [seconds for batch in batches for seconds in batch.task_s[options.slots :]]
    in_tasks = sum(batch.ended_s - batch.started_s for batch in batches)
    return {
        "rows_scored": rows,
        "micro_batches": len(batches),
        "docs_per_s": docs_per_s,
        "landing_s": landing_s,
        "landing_to_scoring": landing_s / (options.rows / docs_per_s),
        "task_s_median": statistics.median(tasks),
        "task_s_longest_to_shortest": max(tasks) / min(tasks),
        "idle_share": statistics.mean(batch.idle_share(options.slots) for batch in batches),
        "between_micro_batches_share": 1 - in_tasks / scoring_s,
    }


def report(outcomes: Mapping[str, Mapping[str, Any]]) -> None:
    """Print the outcome."""
    lines = {
        "rows scored": "rows_scored",
        "micro-batches": "micro_batches",
        "docs/s": "docs_per_s",
        "landing, s": "landing_s",
        f"landing / scoring (target {TARGET_COST})": "landing_to_scoring",
        "task, median s": "task_s_median",
        f"longest / shortest task (target {TARGET_SPREAD})": "task_s_longest_to_shortest",
        f"waiting at the ends (target {TARGET_IDLE})": "idle_share",
        "between micro-batches": "between_micro_batches_share",
    }
    rows = [
        (title, *(f"{outcome[key]:,.3f}".rstrip("0").rstrip(".") for outcome in outcomes.values()))
        for title, key in lines.items()
    ]
    show("Landing and tasks", ("", *outcomes), rows)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=400_000, help="comments in each corpus")
    parser.add_argument("--rows-per-task", type=int, default=2_500, help="as in the job")
    parser.add_argument("--batches", type=int, default=2, help="micro-batches to wait for")
    parser.add_argument("--only", nargs="+", choices=("one file", "many files"))
    parser.add_argument("--slots", type=int, default=2, help="tasks at the same time")
    return parser.parse_args()


if __name__ == "__main__":
    main()
