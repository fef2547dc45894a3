"""The core without Spark: plain processes, each with a model of its own and one thread of torch."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from queue import Empty

import psutil
import pyarrow.parquet as pq


@dataclass(frozen=True)
class CoreRun:
    """What the processes did together.

    Attributes:
        rows: Texts scored.
        seconds: From the moment when all were ready until the last was done.
        start_s: Seconds that the slowest needed to be ready: interpreter, imports, model, first text.
    """

    rows: int
    seconds: float
    start_s: float

    @property
    def docs_per_s(self) -> float:
        """Texts a second of all processes together."""
        return self.rows / self.seconds


@dataclass(frozen=True)
class _Share:
    """What one process did; times are of the machine's monotonic clock."""

    rows: int
    began: float
    ended: float
    start_s: float


@dataclass(frozen=True)
class _Part:
    """Which batches of a corpus one process takes: every `of`-th, from the `index`-th on."""

    folder: Path
    corpus: Path
    n_batches: int
    index: int
    of: int

    def batches(self) -> list[Sequence[str]]:
        """Its texts, cut into even batches."""
        texts = pq.read_table(self.corpus, columns=["text"]).column("text").to_pylist()
        return [texts[n :: self.n_batches] for n in range(self.index, self.n_batches, self.of)]


Work = Callable[[Iterable[Sequence[str]]], int]
"""Batches of texts → how many texts were done."""


def load_scorer(folder: Path) -> Work:
    """A scorer as work."""
    from psychescale import Scorer

    scorer = Scorer.from_pretrained(folder, device="cpu")
    return lambda batches: sum(
        len(scores.errors) for scores in scorer.score_batches((b, None) for b in batches)
    )


def run_core(
    folder: Path,
    corpus: Path,
    *,
    n_batches: int,
    processes: int,
    load: Callable[[Path], Work] = load_scorer,
) -> CoreRun:
    """Score a corpus with several processes, which share its batches evenly.

    Args:
        folder: The model.
        corpus: Parquet files with `text`.
        n_batches: Even batches into which the corpus is cut, each sorted and batched by itself.
        processes: How many; each has one thread.
        load: Makes the work of a process from the model; a function of a module.
    """
    context = get_context("spawn")
    barrier, shares = context.Barrier(processes), context.Queue()
    parts = [_Part(folder, corpus, n_batches, index, processes) for index in range(processes)]
    workers = [
        context.Process(target=_work, args=(part, barrier, shares, load), daemon=True)
        for part in parts
    ]
    for worker in workers:
        worker.start()
    done = [_next(shares, workers) for _ in workers]
    return CoreRun(
        rows=sum(share.rows for share in done),
        seconds=max(share.ended for share in done) - min(share.began for share in done),
        start_s=max(share.start_s for share in done),
    )


def _work(
    part: _Part, barrier: Barrier, shares: "Queue[_Share]", load: Callable[[Path], Work]
) -> None:
    import torch

    torch.set_num_threads(1)
    work = load(part.folder)
    work([["a first text, for whatever is made at first use"]])
    start_s = time.time() - psutil.Process().create_time()
    batches = part.batches()
    barrier.wait()
    began = time.monotonic()
    rows = work(batches)
    shares.put(_Share(rows, began, time.monotonic(), start_s))


def _next(shares: "Queue[_Share]", workers: Sequence[BaseProcess]) -> _Share:
    while True:
        try:
            return shares.get(timeout=1.0)
        except Empty:
            if any(worker.exitcode for worker in workers):
                raise SystemExit(
                    "A process of the core failed; its message stands above."
                ) from None
