"""Throughput: documents a second of psychescale and of its peers, in one run over the same corpus.

The corpus is mixed (3,000 short texts, 700 of 80 to 400 words, shuffled), the model MiniLM-L6 with 28
labels, in exact fp32, two tasks at a time with one thread each. Every measurement starts fresh Python
workers, so imports and model load are in it; see `contenders.time_contender`. Measurements are
interleaved, and the figures are medians. The whole `psychescale score` job runs in the same rounds.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import contenders
import numpy as np
import peers
import pyarrow.parquet as pq
from command import ScoreJob, run_score, score_command
from corpora import mixed_corpus, read_texts
from harness import WORK, describe_machine, empty_folder, in_fresh_process, median, save, show
from models import minilm
from work_done import (
    flops_per_token,
    matrix_peak,
    padded_by_budget,
    padded_in_order,
    token_lengths,
)

from psychescale.model.engines.pytorch import DEFAULT_MAX_BATCH_TOKENS

TOLERANCE = 1e-4
OUTPUTS = WORK / "throughput"


@dataclass
class Measured:
    """What the rounds gave.

    Attributes:
        seconds: Of every contender, run by run.
        jobs: Whole jobs.
        peaks: Floating-point operations a second of a matrix product, before and after.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    jobs: list[ScoreJob] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)


def main() -> None:
    """Measure, compare, report."""
    options = _parse()
    corpus = mixed_corpus(options.short, options.long, n_files=options.partitions)
    folder = minilm()
    machine = describe_machine()
    measured = measure(options, folder, corpus)
    differences = compare_probabilities()
    result = {
        "benchmark": "throughput",
        "machine": machine,
        "setup": vars(options),
        "corpus": describe_corpus(folder, corpus),
        **evaluate(measured, folder, corpus, options.slots),
        "largest_difference_from_psychescale": differences,
    }
    save("throughput", result)
    report(result)
    if max(differences.values()) > TOLERANCE:
        raise SystemExit(f"The probabilities differ by more than {TOLERANCE}: compare no speeds.")


def measure(options: argparse.Namespace, folder: Path, corpus: Path) -> Measured:
    """All rounds, contender after contender, the peers only in the first of them."""
    measured = Measured()
    measured.peaks.append(in_fresh_process(matrix_peak, options.slots))
    for number in range(max(options.repeats, options.peer_repeats)):
        for name in contenders.NAMES:
            wanted = options.repeats if name == "psychescale" else options.peer_repeats
            if number < wanted:
                arguments = (name, folder, corpus, OUTPUTS / name, options.slots)
                seconds = in_fresh_process(contenders.time_contender, *arguments)
                measured.seconds.setdefault(name, []).append(seconds)
        if number < options.repeats:
            measured.jobs.append(_whole_job(folder, corpus, options.slots))
    measured.peaks.append(in_fresh_process(matrix_peak, options.slots))
    return measured


def _whole_job(folder: Path, corpus: Path, slots: int) -> ScoreJob:
    output = empty_folder(OUTPUTS / "job")
    flags = ("--long-text", "truncate")
    return run_score(score_command(folder, corpus, output, *flags, slots=slots))


def evaluate(measured: Measured, folder: Path, corpus: Path, slots: int) -> dict[str, Any]:
    """Rates, ratios, padding and share of the peak."""
    tokens = _computed_tokens(folder, corpus)
    n_rows = pq.read_table(corpus, columns=["id"]).num_rows
    peak = median(measured.peaks)
    figures: dict[str, dict[str, Any]] = {}
    for name, seconds in measured.seconds.items():
        typical = median(seconds)
        useful_flops = tokens["content"] * flops_per_token(folder) / typical
        figures[name] = {
            "seconds": seconds,
            "docs_per_s": n_rows / typical,
            "computed_tokens_per_content_token": tokens[name] / tokens["content"],
            "useful_share_of_matrix_peak": useful_flops / peak,
        }
    own = figures["psychescale"]["docs_per_s"]
    return {
        "contenders": figures,
        "psychescale_times_as_fast_as": {
            name: own / figure["docs_per_s"]
            for name, figure in figures.items()
            if name != "psychescale"
        },
        "whole_job": _job_figures(measured.jobs),
        "matrix_peak_gflops": {"threads": slots, "median": peak / 1e9},
    }


def _job_figures(jobs: Sequence[ScoreJob]) -> dict[str, Any]:
    wall = median(job.wall_s for job in jobs)
    return {
        "wall_s": [job.wall_s for job in jobs],
        "stream_s": [job.stream_s for job in jobs],
        "docs_per_s_of_wall_time": jobs[0].rows / wall,
        "docs_per_s_of_the_run_row": median(job.run["docs_per_s"] for job in jobs),
        "computed_tokens_per_content_token": median(job.run["padding_ratio"] for job in jobs),
    }


def _computed_tokens(folder: Path, corpus: Path) -> dict[str, int]:
    """Tokens of the corpus, and tokens that each contender computes for them."""
    tokens = dict.fromkeys(("content", *contenders.NAMES), 0)
    for file in sorted(corpus.iterdir()):
        content = token_lengths(folder, read_texts(file))
        with_special = content + 2  # [CLS] and [SEP]
        in_order = padded_in_order(with_special, peers.BATCH_ROWS)
        tokens["content"] += int(content.sum())
        tokens["pipeline"] += in_order
        tokens["predict_batch_udf"] += in_order
        budget = DEFAULT_MAX_BATCH_TOKENS["cpu"]
        tokens["psychescale"] += padded_by_budget(with_special, budget)
    return tokens


def describe_corpus(folder: Path, corpus: Path) -> dict[str, Any]:
    """Counts of the corpus."""
    lengths = token_lengths(folder, read_texts(corpus))
    return {
        "rows": len(lengths),
        "content_tokens_read": int(lengths.sum()),
        "texts_cut_at_512_tokens_or_of_just_that_length": int((lengths == 510).sum()),
    }


def compare_probabilities() -> dict[str, float]:
    """Largest difference of any probability from psychescale's, for each peer and the whole job."""
    own = _read_probabilities(OUTPUTS / "psychescale")
    others = {
        name: _read_probabilities(OUTPUTS / name)
        for name in contenders.NAMES
        if name != "psychescale"
    }
    others["whole_job"] = _read_score_table(OUTPUTS / "job")
    return {name: _largest_difference(own, other) for name, other in others.items()}


def _read_probabilities(output: Path) -> dict[str, np.ndarray]:
    table = pq.read_table(output)
    return {row["id"]: np.asarray(row["probabilities"], np.float32) for row in table.to_pylist()}


def _read_score_table(output: Path) -> dict[str, np.ndarray]:
    from deltalake import DeltaTable

    table = DeltaTable(str(output)).to_pyarrow_table()
    names = [name for name in table.column_names if name.startswith("p_")]
    values = np.column_stack([table.column(name).to_numpy() for name in names])
    return dict(zip(table.column("id").to_pylist(), values, strict=True))


def _largest_difference(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> float:
    if one.keys() != other.keys():
        raise SystemExit("A contender lost rows or made some up.")
    return max(float(np.abs(values - other[key]).max()) for key, values in one.items())


def report(result: Mapping[str, Any]) -> None:
    """Print the outcome."""
    ratios = result["psychescale_times_as_fast_as"]
    differences = result["largest_difference_from_psychescale"]
    rows = [
        (
            name,
            f"{figure['docs_per_s']:,.1f}",
            f"{ratios[name]:.2f}×" if name in ratios else "",
            f"{figure['computed_tokens_per_content_token']:.2f}",
            f"{figure['useful_share_of_matrix_peak']:.1%}",
            f"{differences[name]:.1e}" if name in differences else "",
        )
        for name, figure in result["contenders"].items()
    ]
    job = result["whole_job"]
    padding = f"{job['computed_tokens_per_content_token']:.2f}"
    difference = f"{differences['whole_job']:.1e}"
    rate, inner = job["docs_per_s_of_wall_time"], job["docs_per_s_of_the_run_row"]
    rows.append(("whole job, wall time", f"{rate:,.1f}", "", padding, "", difference))
    rows.append(("whole job, as it says", f"{inner:,.1f}", "", padding, "", difference))
    columns = ("", "docs/s", "psychescale is", "padding", "useful peak", "difference")
    show("Throughput, start of the Python workers included", columns, rows)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", type=int, default=3_000, help="short texts")
    parser.add_argument("--long", type=int, default=700, help="texts of 80 to 400 words")
    parser.add_argument("--partitions", type=int, default=8, help="files, each of them one task")
    parser.add_argument("--slots", type=int, default=2, help="tasks at the same time")
    parser.add_argument("--repeats", type=int, default=3, help="runs of psychescale and of the job")
    parser.add_argument("--peer-repeats", type=int, default=1, help="runs of each peer")
    return parser.parse_args()


if __name__ == "__main__":
    main()
