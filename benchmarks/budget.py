"""The token budget of a batch: how fast the core is at each, which gives the default.

One process with one thread of torch, as in a Spark worker, scores a sample of the mixed corpus with
each budget in turn, and all of them again: medians over the rounds. Small budgets waste calls, large
ones leave the processor's caches. Padding is stated as tokens computed per content token.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from corpora import mixed_corpus, read_texts
from harness import describe_machine, in_fresh_process, median, save, show
from models import bert_base, minilm

BUDGETS = (256, 512, 1_024, 2_048, 4_096, 8_192)


def main() -> None:
    """Sweep both models, and report."""
    options = _parse()
    machine = describe_machine()
    corpus = mixed_corpus(options.short, options.long)
    budgets = tuple(options.budgets)
    samples = {"minilm": (minilm(), options.rows), "bert-base": (bert_base(), options.bert_rows)}
    models = {
        name: in_fresh_process(sweep, folder, corpus, n_rows, budgets, options.repeats)
        for name, (folder, n_rows) in samples.items()
        if n_rows
    }
    result = {"benchmark": "budget", "machine": machine, "setup": vars(options), "models": models}
    save("budget", result)
    report(result)


def sweep(
    folder: Path, corpus: Path, n_rows: int, budgets: Sequence[int], repeats: int
) -> dict[str, Any]:
    """Docs a second and padding at each budget, for the first texts of the (shuffled) corpus."""
    import torch

    from psychescale import Scorer

    torch.set_num_threads(1)
    texts = read_texts(corpus)[:n_rows]
    scorers = {
        budget: Scorer.from_pretrained(folder, device="cpu", max_batch_tokens=budget)
        for budget in budgets
    }
    for scorer in scorers.values():
        scorer(texts[:8])
    seconds: dict[int, list[float]] = {budget: [] for budget in budgets}
    padding: dict[int, float] = {}
    for _ in range(repeats):
        for budget, scorer in scorers.items():
            started = time.perf_counter()
            scores = scorer.score(texts)
            seconds[budget].append(time.perf_counter() - started)
            padding[budget] = float(scores.computed_tokens.sum() / scores.n_tokens.sum())
    rates = {budget: len(texts) / median(values) for budget, values in seconds.items()}
    best = max(rates.values())
    return {
        "rows": len(texts),
        "best_budget": max(rates, key=lambda budget: rates[budget]),
        "budgets": {
            budget: {
                "docs_per_s": rates[budget],
                "share_of_best": rates[budget] / best,
                "computed_tokens_per_content_token": padding[budget],
                "seconds": seconds[budget],
            }
            for budget in budgets
        },
    }


def report(result: Mapping[str, Any]) -> None:
    """Print the outcome."""
    columns = ("max_batch_tokens", "docs/s", "of the best", "padding")
    for name, model in result["models"].items():
        rows = [
            (
                f"{budget:,}",
                f"{figure['docs_per_s']:,.1f}",
                f"{figure['share_of_best']:.1%}",
                f"{figure['computed_tokens_per_content_token']:.2f}",
            )
            for budget, figure in model["budgets"].items()
        ]
        show(f"Token budget: {name}, {model['rows']:,} texts, one thread", columns, rows)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", type=int, default=3_000, help="short texts of the corpus")
    parser.add_argument("--long", type=int, default=700, help="texts of 80 to 400 words")
    parser.add_argument("--rows", type=int, default=740, help="texts for MiniLM; 0 leaves it out")
    parser.add_argument("--bert-rows", type=int, default=148, help="texts for BERT-base's size")
    parser.add_argument("--repeats", type=int, default=3, help="rounds over all budgets")
    parser.add_argument("--budgets", type=int, nargs="+", default=BUDGETS, help="tokens")
    return parser.parse_args()


if __name__ == "__main__":
    main()
