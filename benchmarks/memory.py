"""Memory: what four Python workers of one executor occupy together with a model of BERT-base's size.

One copy of the weights should serve them all. The sum of the workers' proportional set sizes (a shared
page counts once, divided among those who map it) is sampled while they score, and compared with one
copy of the weights plus 400 MB a worker. The peak of the whole run includes the start, when the model
is written out for the executor; the peak after it counts from the moment when each worker has touched
half of the encoder's weights.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from corpora import mixed_corpus
from harness import describe_machine, median, save, show
from models import bert_base, encoder_parameters, minilm, tiny
from processes import Sampler, mapped_bytes, python_daemons, python_workers, rollup
from pyspark.sql import functions as F

from psychescale.spark.score.udf import score_udf
from psychescale.spark.session.session import open_session

MB = 1_000_000
ALLOWED_PER_WORKER = 400 * MB
EVERY_S = 0.2
_MODELS = {"bert-base": bert_base, "minilm": minilm, "tiny": tiny}
_PARTS = ("Pss", "Rss", "Pss_Anon", "Pss_File")


@dataclass(frozen=True)
class Sample:
    """A moment.

    Attributes:
        at_s: Seconds since the first moment.
        workers: Sizes in bytes by name (`Pss`, `Rss`, …), by process id.
        daemon: The same of the process they were forked from, which holds a share of their pages.
        loaded: Workers that have their weights.
    """

    at_s: float
    workers: dict[int, dict[str, int]]
    daemon: dict[str, int]
    loaded: int

    def total(self, part: str) -> int:
        """Sum over the workers and the process they were forked from."""
        return sum(sizes[part] for sizes in [*self.workers.values(), self.daemon])


class Observer:
    """Looks at the Python workers below this process."""

    def __init__(self, encoder_bytes: int) -> None:
        self._driver = psutil.Process()
        self._enough = encoder_bytes // 2
        self._loaded: set[int] = set()
        self._began = time.monotonic()

    def look(self) -> Sample:
        """A sample of this moment."""
        pids = [worker.pid for worker in python_workers(self._driver)]
        for pid in set(pids) - self._loaded:
            if mapped_bytes(pid, "model.safetensors") >= self._enough:
                self._loaded.add(pid)
        sizes = {pid: {part: rollup(pid)[part] for part in _PARTS} for pid in pids}
        forked_from = [rollup(process.pid) for process in python_daemons(self._driver)]
        daemon = {part: sum(found[part] for found in forked_from) for part in _PARTS}
        return Sample(time.monotonic() - self._began, sizes, daemon, len(self._loaded & set(pids)))


def main() -> None:
    """Score under observation, and report."""
    options = _parse()
    machine = describe_machine()
    folder = _MODELS[options.model]()
    corpus = mixed_corpus(options.short, options.long, n_files=options.partitions)
    observer = Observer(4 * encoder_parameters(folder))
    with Sampler(observer.look, every_s=EVERY_S) as sampler:
        seconds = score(folder, corpus, options.workers)
    weights = (folder / "model.safetensors").stat().st_size
    result = {
        "benchmark": "memory",
        "machine": machine,
        "setup": vars(options),
        "scoring_s": seconds,
        **summarize(sampler.samples, weights, options.workers),
    }
    save("memory", result)
    report(result)


def score(folder: Path, corpus: Path, workers: int) -> float:
    """Score the corpus and throw the scores away, in a session as psychescale ships it."""
    files_as_partitions = {"spark.sql.files.openCostInBytes": "134217728"}
    spark = open_session({"spark.master": f"local[{workers}]", **files_as_partitions})
    started = time.monotonic()
    scores = score_udf(folder, spark=spark)(F.col("text")).alias("scores")
    rows = spark.read.parquet(str(corpus)).select("id", scores)
    rows.write.format("noop").mode("overwrite").save()
    seconds = time.monotonic() - started
    spark.stop()
    return seconds


def summarize(samples: Sequence[Sample], weights: int, workers: int) -> dict[str, Any]:
    """Peaks and medians in MB, beside what is allowed.

    Raises:
        SystemExit: The workers were never all there with their weights in shared pages.
    """
    settled = [s for s in samples if s.loaded == len(s.workers) == workers]
    if not settled:
        raise SystemExit(
            f"{workers} workers never mapped the weights at the same time: give more --short rows, or "
            "the weights are no longer memory-mapped."
        )
    whole_peak = max(samples, key=lambda s: s.total("Pss"))
    settled_peak = max(settled, key=lambda s: s.total("Pss"))
    allowed = weights + workers * ALLOWED_PER_WORKER
    return {
        "weights_mb": weights / MB,
        "allowed_mb": allowed / MB,
        "samples": len(samples),
        "samples_with_all_loaded": len(settled),
        "most_workers_at_once": max(len(s.workers) for s in samples),
        "whole_run_peak": {**_describe(whole_peak), "workers_loaded": whole_peak.loaded},
        "all_loaded_peak": _describe(settled_peak),
        "all_loaded_median_pss_mb": median(s.total("Pss") for s in settled) / MB,
        "all_loaded_median_rss_mb": median(s.total("Rss") for s in settled) / MB,
        "per_worker_median": _per_worker(settled),
        "all_loaded_peak_to_allowed": settled_peak.total("Pss") / allowed,
        "whole_run_peak_to_allowed": whole_peak.total("Pss") / allowed,
    }


def _describe(sample: Sample) -> dict[str, float]:
    parts = {f"{part.lower()}_mb": sample.total(part) / MB for part in _PARTS}
    return {"at_s": sample.at_s, **parts}


def _per_worker(samples: Sequence[Sample]) -> list[dict[str, float]]:
    """Median sizes of each worker."""
    pids = sorted({pid for sample in samples for pid in sample.workers})
    return [
        {
            f"{part.lower()}_mb": median(
                s.workers[pid][part] / MB for s in samples if pid in s.workers
            )
            for part in _PARTS
        }
        for pid in pids
    ]


def report(result: Mapping[str, Any]) -> None:
    """Print the outcome."""
    whole, settled = result["whole_run_peak"], result["all_loaded_peak"]
    rows = [
        ("weights, one copy", f"{result['weights_mb']:,.0f} MB"),
        ("allowed", f"{result['allowed_mb']:,.0f} MB"),
        ("all workers loaded: median", f"{result['all_loaded_median_pss_mb']:,.0f} MB"),
        ("all workers loaded: peak", f"{settled['pss_mb']:,.0f} MB"),
        ("  of it anonymous", f"{settled['pss_anon_mb']:,.0f} MB"),
        ("  resident set sizes at that moment", f"{settled['rss_mb']:,.0f} MB"),
        ("whole run: peak", f"{whole['pss_mb']:,.0f} MB (at {whole['at_s']:.0f} s)"),
    ]
    rows += [
        (f"worker {index}: median", f"{worker['pss_mb']:,.0f} MB (RSS {worker['rss_mb']:,.0f})")
        for index, worker in enumerate(result["per_worker_median"], 1)
    ]
    show("Memory of the Python workers together (PSS)", ("", ""), rows)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=sorted(_MODELS), default="bert-base")
    parser.add_argument("--workers", type=int, default=4, help="tasks at the same time")
    parser.add_argument("--partitions", type=int, default=8, help="files, each of them one task")
    parser.add_argument("--short", type=int, default=300, help="short texts")
    parser.add_argument("--long", type=int, default=60, help="texts of 80 to 400 words")
    return parser.parse_args()


if __name__ == "__main__":
    main()
