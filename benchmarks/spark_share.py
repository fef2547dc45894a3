"""Spark's share: how much of the core's own speed is left once Spark moves the rows and commits them.

The core alone (two plain processes, one thread of torch each) scores a corpus in as many batches as
the job makes files of it; then the job scores the same corpus with two tasks at a time; then the core
again, so that a machine that changes its pace meanwhile is noticed and evened out. Compared are the
core's documents a second and those of the job's scoring phase. The phase begins with the start of the
Python workers (interpreter, imports, model), which the core's time leaves out: the ratio is stated
with it, and also without an estimate of it. The start of the session is in neither.
"""

import argparse
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from command import ScoreJob, run_score, score_command
from core import CoreRun, run_core
from corpora import mixed_corpus
from harness import WORK, describe_machine, empty_folder, save, show
from models import minilm

from psychescale.settings.score import ScoreConfig
from psychescale.spark.pipeline.land import file_count

TARGET = 0.90


def main() -> None:
    """Find a corpus of the wanted size; run core, job, core; report."""
    options = _parse()
    machine = describe_machine()
    folder = minilm()
    copies = options.copies or _copies_for(options, folder)
    corpus = mixed_corpus(options.short, options.long, copies=copies)
    n_batches = _batches_of_the_job(corpus, options.slots)
    before = run_core(folder, corpus, n_batches=n_batches, processes=options.slots)
    output = empty_folder(WORK / "spark-share")
    job = run_score(score_command(folder, corpus, output, slots=options.slots))
    after = run_core(folder, corpus, n_batches=n_batches, processes=options.slots)
    result = {
        "benchmark": "spark_share",
        "machine": machine,
        "setup": {"slots": options.slots, "copies": copies, "batches": n_batches},
        **compare([before, after], job),
    }
    save("spark_share", result)
    report(result)


def compare(cores: Sequence[CoreRun], job: ScoreJob) -> dict[str, Any]:
    """The job's scoring phase beside the mean of the core's runs."""
    # Of two runs mean and median are the same: the drift between them is taken as even.
    core_rate = sum(run.docs_per_s for run in cores) / len(cores)
    start_s = min(run.start_s for run in cores)
    rate = job.rows / job.stream_s
    rate_once_started = job.rows / (job.stream_s - start_s)
    return {
        "rows": job.rows,
        "core_docs_per_s": [run.docs_per_s for run in cores],
        "core_seconds": [run.seconds for run in cores],
        "job_docs_per_s": rate,
        "job_stream_s": job.stream_s,
        "job_wall_s": job.wall_s,
        "worker_start_s_estimated": start_s,
        "worker_start_share_of_stream": start_s / job.stream_s,
        "job_to_core": rate / core_rate,
        "job_to_core_without_worker_start": rate_once_started / core_rate,
        "target": TARGET,
    }


def report(result: Mapping[str, Any]) -> None:
    """Print the outcome."""
    cores = result["core_docs_per_s"]
    once_started = result["job_to_core_without_worker_start"]
    rows = [
        ("core alone, before", f"{cores[0]:,.1f} docs/s"),
        ("core alone, after", f"{cores[1]:,.1f} docs/s"),
        ("scoring phase of the job", f"{result['job_docs_per_s']:,.1f} docs/s"),
        ("  of which start of the workers", f"{result['worker_start_share_of_stream']:.1%}"),
        ("job to core", f"{result['job_to_core']:.3f} (target {TARGET:.2f})"),
        ("job to core, workers started", f"{once_started:.3f}"),
    ]
    show(f"Spark's share, {result['rows']:,} texts", ("", ""), rows)


def _copies_for(options: argparse.Namespace, folder: Path) -> int:
    """How often the mixed corpus must be repeated to keep the core busy for the wanted time."""
    corpus = mixed_corpus(options.short, options.long)
    n_batches = _batches_of_the_job(corpus, options.slots)
    once = run_core(folder, corpus, n_batches=n_batches, processes=options.slots)
    return max(1, math.ceil(options.seconds / once.seconds))


def _batches_of_the_job(corpus: Path, slots: int) -> int:
    """Files that the job will make of a corpus."""
    texts = pq.read_table(corpus, columns=["text"]).column("text").to_pylist()
    n_bytes = sum(len(text.encode()) for text in texts)
    rows_per_task = ScoreConfig.model_fields["rows_per_task"].default
    return file_count(len(texts), n_bytes, slots=slots, rows_per_task=rows_per_task)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", type=int, default=3_000, help="short texts in one copy")
    parser.add_argument("--long", type=int, default=700, help="long texts in one copy")
    parser.add_argument("--seconds", type=float, default=180.0, help="work for the core alone")
    parser.add_argument("--copies", type=int, help="copies of the corpus, instead of --seconds")
    parser.add_argument("--slots", type=int, default=2, help="tasks, and processes of the core")
    return parser.parse_args()


if __name__ == "__main__":
    main()
