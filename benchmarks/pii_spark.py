"""Spark's share of redaction: the job `psychescale anonymize` beside the core in plain processes.

Both redact the comments of GoEmotions' training set, over and over until there are as many as asked
for, with the same tagger, two at a time. The core's processes take every second batch of as many even
batches as the job makes files, 256 texts at once as the job does. Rates are of the redacting phase:
with the start of the Python workers, and without an estimate of it. The core runs before and after.
"""

import argparse
import os
from collections.abc import Iterable, Sequence
from itertools import cycle, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from command import ScoreJob, run_score, verb_command
from core import CoreRun, Work, run_core
from corpora import read_comments
from harness import WORK, build_once, describe_machine, empty_folder, save, show
from spark_share import compare

from psychescale.settings.anonymize import AnonymizeConfig
from psychescale.spark.anonymize.udf import _CHUNK_ROWS
from psychescale.spark.pipeline.land import file_count
from psychescale.workflows.redactors import open_redactor


def main() -> None:
    """Core, job, core; report."""
    options = _parse()
    os.environ["OMP_NUM_THREADS"] = "1"
    corpus = build_once(WORK / f"pii-comments-{options.rows}", lambda at: _build(at, options.rows))
    rows_per_task = AnonymizeConfig.model_fields["rows_per_task"].default
    # As landing cuts a corpus of short texts, whose size in bytes plays no part.
    n_batches = file_count(options.rows, 0, slots=options.slots, rows_per_task=rows_per_task)
    tagger = options.tagger or Path()
    before = _core(tagger, corpus, n_batches, options.slots)
    job = _job(options, corpus)
    after = _core(tagger, corpus, n_batches, options.slots)
    result = {
        "benchmark": "pii_spark",
        "machine": describe_machine(),
        "setup": {"slots": options.slots, "batches": n_batches, "tagger": bool(options.tagger)},
        **compare([before, after], job),
    }
    save("pii_spark", result)
    show(
        f"Redaction, {job.rows:,} comments",
        ("", ""),
        [
            ("core alone, before", f"{before.docs_per_s:,.0f} rows/s"),
            ("core alone, after", f"{after.docs_per_s:,.0f} rows/s"),
            ("redacting phase of the job", f"{result['job_docs_per_s']:,.0f} rows/s"),
            ("job to core", f"{result['job_to_core']:.3f} (target {result['target']:.2f})"),
            ("job to core, workers started", f"{result['job_to_core_without_worker_start']:.3f}"),
        ],
    )


def load_redactor(folder: Path) -> Work:
    """A redactor as work; no folder: rules alone."""
    tagger = str(folder) if folder.name else None
    redactor = open_redactor(
        AnonymizeConfig(input="", output="", key_file="", tagger=tagger)  # only what finds counts
    )

    def work(batches: Iterable[Sequence[str]]) -> int:
        return sum(
            len(redactor.redact_batch(batch[start : start + _CHUNK_ROWS]))
            for batch in batches
            for start in range(0, len(batch), _CHUNK_ROWS)
        )

    return work


def _core(tagger: Path, corpus: Path, n_batches: int, slots: int) -> CoreRun:
    return run_core(tagger, corpus, n_batches=n_batches, processes=slots, load=load_redactor)


def _job(options: argparse.Namespace, corpus: Path) -> ScoreJob:
    work = empty_folder(WORK / "pii-spark")
    key = work / "key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(32))
    flags = ["--tagger", str(options.tagger)] if options.tagger else []
    places = ["--input", str(corpus), "--output", str(work / "redacted"), "--key-file", str(key)]
    return run_score(verb_command("anonymize", *places, *flags, slots=options.slots))


def _build(folder: Path, rows: int) -> None:
    texts = list(islice(cycle(dict.fromkeys(read_comments("train"))), rows))
    table = pa.table({"id": [f"c{i}" for i in range(len(texts))], "text": texts})
    pq.write_table(table, folder / "comments.parquet")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tagger", type=Path, help="folder of the tagger; default: rules alone")
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--slots", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
