"""One GPU: the worker's whole function, fed Arrow batches, against the HF pipeline on the same card.

Everything but the JVM is measured: Arrow → list, tokenizing, batches, the model, the frame that goes
back. The models have MiniLM-L6's and BERT-base's sizes with random weights, and a tokenizer trained
on the corpus: speed depends on neither. Each cell runs for a few seconds on batches as Spark gives
them, all of their texts distinct. The share of the peak counts what the encoder layers must do for
the texts' own tokens, special tokens included, without attention's products; the peak is a large
matrix product's, in the cell's own precision, on the same card. On a machine without a card it runs
on the processor, which shows that it runs.
"""

import argparse
import importlib.util
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from corpora import label_names, mixed_corpus, read_comments, read_texts, short_corpus
from harness import WORK, build_once, describe_machine, save, show
from models import encoder_parameters

from psychescale.scoring.options import ModelRequest
from psychescale.scoring.preflight import ChosenModel
from psychescale.scoring.scorer import Scorer
from psychescale.spark.score.udf import ScoringTask, _load, _score
from psychescale.spark.workers.transport import ModelAtPath

MODELS = {
    "MiniLM-L6's size": {"hidden_size": 384, "num_hidden_layers": 6, "intermediate_size": 1_536},
    "BERT-base's size": {"hidden_size": 768, "num_hidden_layers": 12, "intermediate_size": 3_072},
}
PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16}
BUDGETS = (8_192, 16_384, 32_768, 65_536, 131_072, 262_144)
PIPELINE_BATCHES = (32, 256)
"""Texts in a batch of the HF pipeline; its documentation advises to try sizes."""


@dataclass(frozen=True)
class Bench:
    """What all cells share.

    Attributes:
        device: Where they run.
        seconds: How long a cell is fed.
        peaks: Operations a second of a large matrix product, by precision.
        corpora: Arrow batches of texts, by name.
        price: Of an hour of the machine.
    """

    device: torch.device
    seconds: float
    peaks: dict[str, float]
    corpora: dict[str, list[pa.Array]]
    price: float


def main() -> None:
    """Every model, precision and corpus; the outcome is written after each model."""
    options = _parse()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    machine = {**describe_machine(), **_card(device)}
    bench = Bench(
        device,
        options.seconds,
        {name: matrix_peak(device, dtype, options.matrix) for name, dtype in PRECISIONS.items()},
        _corpora(options.rows),
        options.price,
    )
    result: dict[str, Any] = {"benchmark": "gpu", "machine": machine, "setup": vars(options)}
    result |= {"peaks": bench.peaks, "cells": [], "budgets": {}, "agreement": {}}
    for name in MODELS:
        checked = ChosenModel(*_request(model_of(name), "fp32"), second_text=False).tried()
        result["agreement"][name] = agreement(checked, bench)
        for precision, corpus in itertools.product(PRECISIONS, bench.corpora):
            result["cells"] += cells(name, checked, precision, corpus, bench)
            save("gpu", result)
        result["budgets"][name] = budgets(checked, bench)
    save("gpu", result)
    report(result)


def cells(
    name: str, checked: ChosenModel, precision: str, corpus: str, bench: Bench
) -> Iterator[dict[str, Any]]:
    """Packed, padded, and the pipeline."""
    folder, batches = checked.checkpoint.folder, bench.corpora[corpus]
    flops = 2 * encoder_parameters(folder)
    tokens = 0.0  # a text, as the first way counts them
    ways: dict[str, Callable[[], dict[str, Any]]] = {
        layout: lambda layout=layout: worker(
            with_layout(checked, layout, precision), batches, bench
        )
        for layout in ("packed", "right")
    }
    for size in PIPELINE_BATCHES:
        ways[f"pipeline, {size}"] = lambda size=size: pipeline(
            folder, precision, batches, size, bench
        )
    for way, run in ways.items():
        found = run()
        tokens = found.get("tokens_per_text", tokens)
        tokens_per_s = found["docs_per_s"] * tokens
        cell = {"model": name, "precision": precision, "corpus": corpus, "way": way, **found}
        cell["tokens_per_s"] = tokens_per_s
        cell["share_of_peak"] = tokens_per_s * flops / bench.peaks[precision]
        if "engine_tokens_per_s" in found:
            engine = found["engine_tokens_per_s"] * flops / bench.peaks[precision]
            cell["engine_share_of_peak"] = engine
        cell["price_per_million"] = bench.price / 3_600 * 1e6 / found["docs_per_s"]
        print(_line(cell), flush=True)
        yield cell


def worker(checked: ChosenModel, batches: Sequence[pa.Array], bench: Bench) -> dict[str, Any]:
    """The function that Spark's Python worker runs, and the engine alone on its first batch."""
    task = _task(checked)
    _drain(task, iter([batches[0][:500], batches[0]]))  # loads, and makes what is made at first use
    started = time.perf_counter()
    deadline = started + bench.seconds
    endless = itertools.takewhile(
        lambda _: time.perf_counter() < deadline, itertools.cycle(batches)
    )
    rows, needed, computed = _drain(task, endless)
    rate = rows / (time.perf_counter() - started)
    return {
        "layout": _load(task)._engine.layout,  # another one where the card had no kernel for it
        "docs_per_s": rate,
        "tokens_per_text": needed / rows,
        "engine_tokens_per_s": engine_alone(_load(task), batches[0]),
        "computed_per_needed": computed / needed,
        "peak_gib": _peak_gib(bench.device),
    }


def engine_alone(scorer: Scorer, batch: pa.Array) -> float:
    """Tokens a second, without padding, of the engine for a batch that is tokenized already."""
    ((_, plan),) = scorer._prepare(batch.to_pylist(), None).plans
    started = time.perf_counter()
    scorer._engine.logits(plan.windows)
    return int(plan.windows.total_lengths.sum()) / (time.perf_counter() - started)


def pipeline(
    folder: Path, precision: str, batches: Sequence[pa.Array], size: int, bench: Bench
) -> dict[str, Any]:
    """`transformers.pipeline` with batches of a size, on some texts of the corpus."""
    classify = _pipeline(folder, precision, bench.device)
    texts = batches[0].to_pylist()
    classify(texts[:size], truncation=True, batch_size=size)
    rows, started = 0, time.perf_counter()
    for chunk in itertools.cycle([texts[i : i + 2 * size] for i in range(0, len(texts), 2 * size)]):
        classify(chunk, truncation=True, batch_size=size)
        rows += len(chunk)
        if time.perf_counter() - started > bench.seconds / 2:
            return {"docs_per_s": rows / (time.perf_counter() - started)}
    raise SystemExit("The corpus is empty.")


def agreement(checked: ChosenModel, bench: Bench) -> dict[str, float]:
    """Largest difference of a probability on the mixed corpus, between the ways on this card."""
    texts = bench.corpora["mixed"][0].to_pylist()[:600]
    few = min(100, len(texts))  # that a processor is given

    def found(layout: str, precision: str) -> Any:
        return _load(_task(with_layout(checked, layout, precision)))(texts)

    exact = found("right", "fp32")
    packed = found("packed", "fp32")
    on_processor = replace(checked.options, device="cpu")
    alone = Scorer.load(checked.checkpoint.folder, checked.spec, on_processor)(texts[:few])
    differences = {
        "packed fp32 - padded fp32": packed - exact,
        f"packed fp32 - fp32 on the processor, {few} texts": packed[:few] - alone,
        "packed bf16 - padded fp32": found("packed", "bf16") - exact,
        "padded bf16 - padded fp32": found("right", "bf16") - exact,
    }
    return {name: float(np.abs(d).max()) for name, d in differences.items()}


def budgets(checked: ChosenModel, bench: Bench) -> dict[str, dict[int, float]]:
    """Tokens a second of the engine alone, in bf16 on the mixed corpus, at each budget."""
    rates: dict[str, dict[int, float]] = {}
    for layout in ("packed", "right"):
        scorer = _load(_task(with_layout(checked, layout, "bf16")))
        rates[layout] = {}
        for budget in BUDGETS:
            scorer._engine.max_batch_tokens = budget
            rates[layout][budget] = engine_alone(scorer, bench.corpora["mixed"][0])
    return rates


def with_layout(checked: ChosenModel, layout: Any, precision: Any) -> ChosenModel:
    """The same model in another layout and precision."""
    return replace(
        checked,
        spec=replace(checked.spec, layout=layout),
        options=replace(checked.options, precision=precision),
    )


def matrix_peak(device: torch.device, dtype: torch.dtype, size: int) -> float:
    """Operations a second of a matrix product of random numbers: the best of ten, of ten each."""
    left, right = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    best = float("inf")
    for _ in range(10):
        _wait(device)
        started = time.perf_counter()
        for _ in range(10):
            left @ right
        _wait(device)
        best = min(best, time.perf_counter() - started)
    return 2 * size**3 * 10 / best


def model_of(name: str) -> Path:
    """A classifier of 28 labels with random weights, and a tokenizer of 30,522 pieces."""

    def build(folder: Path) -> None:
        from transformers import BertConfig, BertForSequenceClassification

        names = label_names()
        torch.manual_seed(0)
        sizes = {**MODELS[name], "num_attention_heads": 12, "vocab_size": 30_522}
        config = BertConfig(
            **sizes,
            problem_type="multi_label_classification",
            id2label=dict(enumerate(names)),
            label2id={label: index for index, label in enumerate(names)},
        )
        model = BertForSequenceClassification(config)
        torch.nn.init.normal_(model.classifier.weight, std=1.0)  # probabilities that differ
        model.save_pretrained(folder)
        _tokenizer().save_pretrained(folder)

    return build_once(WORK / "models" / f"gpu-{name.split(maxsplit=1)[0]}", build)


@cache
def _tokenizer() -> Any:
    from tokenizers import BertWordPieceTokenizer
    from transformers import PreTrainedTokenizerFast

    trained = BertWordPieceTokenizer()
    trained.train_from_iterator(read_comments("train"), vocab_size=30_522, show_progress=False)
    return PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer,
        model_max_length=512,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **{f"{n}_token": f"[{n.upper()}]" for n in ("pad", "unk", "cls", "sep", "mask")},
    )


@cache
def _pipeline(folder: Path, precision: str, device: torch.device) -> Any:
    from transformers import pipeline as make

    return make(
        "text-classification",
        model=str(folder),
        device=device,
        dtype=PRECISIONS[precision],
        top_k=None,
        function_to_apply="sigmoid",
    )


def _request(folder: Path, precision: Any) -> Any:
    return ModelRequest(model=str(folder), precision=precision, long_text="truncate").resolve()


def _corpora(rows: int) -> dict[str, list[pa.Array]]:
    """Two batches of each corpus; long texts in smaller ones, so that a cell is not one batch."""
    long_rows = max(1, rows // 5)
    folders = {
        "short": (short_corpus(2 * rows), rows),
        "mixed": (mixed_corpus(3_000, 700, copies=1 + 2 * rows // 3_700), rows),
        "long": (mixed_corpus(0, 2 * long_rows), long_rows),
    }
    return {
        name: [pa.array(read_texts(folder)[i * size :][:size]) for i in range(2)]
        for name, (folder, size) in folders.items()
    }


def _task(checked: ChosenModel) -> ScoringTask:
    checkpoint = checked.checkpoint
    model = ModelAtPath(checkpoint.content_digest, checkpoint.digests, str(checkpoint.folder))
    return ScoringTask(model, checked.spec, checked.options, computed_tokens=True)


def _drain(task: ScoringTask, batches: Iterator[pa.Array]) -> tuple[int, int, int]:
    """Rows scored, their tokens (special ones included, cut to the model's 512), tokens computed."""
    special = _load(task)._encoder.single.n_special  # none, from a tokenizer trained here
    rows = needed = computed = 0
    for frame in _score(task, ((texts.to_pylist(), None) for texts in batches)):
        pa.RecordBatch.from_pandas(frame, preserve_index=False)  # as it goes back to the JVM
        rows += len(frame)
        needed += int((frame["n_tokens"] + special).clip(upper=512).sum())
        computed += int(frame["computed_tokens"].sum())
    return rows, needed, computed


def _card(device: torch.device) -> dict[str, Any]:
    if device.type != "cuda":
        return {"card": "none"}
    properties = torch.cuda.get_device_properties(device)
    return {
        "card": properties.name,
        "card_gib": properties.total_memory / 2**30,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "varlen_attn": importlib.util.find_spec("torch.nn.attention.varlen") is not None,
    }


def _peak_gib(device: torch.device) -> float:
    if device.type != "cuda":
        return 0.0
    peak = torch.cuda.max_memory_allocated(device) / 2**30
    torch.cuda.reset_peak_memory_stats(device)
    return peak


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _line(cell: dict[str, Any]) -> str:
    return " | ".join(
        f"{value:,.3f}" if isinstance(value, float) else str(value) for value in cell.values()
    )


def report(result: dict[str, Any]) -> None:
    """Print the outcome."""
    columns = ("way", "docs/s", "tokens/s", "of peak", "engine alone", "$ per million", "computed")
    for key, group in itertools.groupby(
        result["cells"], lambda c: f"{c['model']}, {c['corpus']} texts, {c['precision']}"
    ):
        rows = [
            (
                cell["way"],
                f"{cell['docs_per_s']:,.0f}",
                f"{cell['tokens_per_s']:,.0f}",
                f"{cell['share_of_peak']:.1%}",
                f"{cell.get('engine_share_of_peak', float('nan')):.1%}",
                f"{cell['price_per_million']:.3f}",
                f"{cell.get('computed_per_needed', float('nan')):.3f}",
            )
            for cell in group
        ]
        show(key, columns, rows)
    for name, found in result["agreement"].items():
        show(name, ("difference", "largest"), [(k, f"{v:.2g}") for k, v in found.items()])
    for name, found in result["budgets"].items():
        rows = [(k, *(f"{v:,.0f}" for v in rates.values())) for k, rates in found.items()]
        show(f"{name}: tokens/s of the engine, bf16", ("budget", *map(str, BUDGETS)), rows)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rows", type=int, default=10_000, help="texts of a batch; a fifth if long"
    )
    parser.add_argument("--seconds", type=float, default=1.5, help="how long a cell is fed")
    parser.add_argument("--matrix", type=int, default=8_192, help="side of the peak's matrices")
    parser.add_argument("--price", type=float, default=3.0, help="of an hour of the machine")
    return parser.parse_args()


if __name__ == "__main__":
    main()
