"""Exactness: every probability beside what plain transformers gives for one text at a time.

The reference is slow and obvious: the tokenizer, the model and the activation of transformers and
torch, text by text, unpadded, in fp32. Compared are all texts of the GoEmotions test split, first as
they come with the default budget, then over and over in random order, cut at random and with random
budgets. With ``--activation softmax`` the reference is what the model card that started this project
shows: softmax over the logits.
"""

import argparse
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from corpora import read_comments
from harness import describe_machine, save, show
from numpy.typing import NDArray

from psychescale import Scorer

TOLERANCE = 1e-5
_BUDGETS = (64, 8_192)
_LONGEST_CUT = 3_000

Floats = NDArray[np.float32]


def main() -> None:
    """Compare, report; the exit code says whether the tolerance holds."""
    options = _parse()
    machine = describe_machine()
    texts = read_comments("test")[: options.rows]
    scorer = Scorer.from_pretrained(
        options.model, activation=options.activation, device=options.device
    )
    expected_logits = reference_logits(options.model, texts, scorer.spec.max_length)
    expected = reference_probabilities(scorer, expected_logits)
    scores = scorer.score(texts)
    comparable = ~scores.truncated & (scores.n_windows == 1)
    result = {
        "benchmark": "exactness",
        "machine": machine,
        "activation": scorer.spec.activation,
        "calibrated": scorer.applied.calibrated,
        "texts": len(texts),
        "texts_longer_than_a_window_left_out": int((~comparable).sum()),
        "probabilities": int(comparable.sum()) * len(scorer.labels),
        "largest_difference": _largest(scores.probabilities, expected, comparable),
        "largest_difference_of_a_logit": _largest(scores.logits, expected_logits, comparable),
        "random_rounds": [
            _random_round(options, texts, expected, comparable, seed)
            for seed in range(options.rounds)
        ],
        "tolerance": TOLERANCE,
    }
    save(f"exactness-{scorer.spec.activation}", result)
    report(result)
    if not max(_all_differences(result)) <= TOLERANCE:
        raise SystemExit(f"A probability differs by more than {TOLERANCE}.")


def reference_logits(folder: Path, texts: list[str], max_length: int) -> Floats:
    """Logits of plain transformers, one text at a time: float32, shape (n_texts, n_labels)."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    rows = []
    with torch.inference_mode():
        for text in texts:
            inputs = tokenizer(text, return_tensors="pt", truncation=True, max_length=max_length)
            rows.append(model(**inputs).logits[0].numpy())
    return np.stack(rows)


def reference_probabilities(scorer: Scorer, logits: Floats) -> Floats:
    """Torch's own activation of logits, after the bundle's calibration where the scorer applies it."""
    import torch

    values = torch.from_numpy(logits)
    calibration = scorer.spec.calibration
    if calibration is not None and scorer.applied.calibrated != "none":
        slope, intercept = (torch.tensor(calibration[key]) for key in ("slope", "intercept"))
        values = values * slope + intercept
    if scorer.spec.activation == "softmax":
        return torch.softmax(values, dim=-1).numpy()
    return torch.sigmoid(values).numpy()


def _random_round(
    options: argparse.Namespace,
    texts: list[str],
    expected: Floats,
    comparable: NDArray[np.bool_],
    seed: int,
) -> dict[str, Any]:
    """The same texts in random order, cut at random, with a random budget."""
    rng = random.Random(seed)
    budget = round(2 ** rng.uniform(*np.log2(_BUDGETS)))
    scorer = Scorer.from_pretrained(
        options.model,
        activation=options.activation,
        device=options.device,
        max_batch_tokens=budget,
    )
    found = np.empty_like(expected)
    cuts = 0
    for rows in _random_cuts(len(texts), rng):
        found[rows] = scorer([texts[row] for row in rows])
        cuts += 1
    difference = _largest(found, expected, comparable)
    return {"budget": budget, "batches": cuts, "largest_difference": difference}


def _random_cuts(n_texts: int, rng: random.Random) -> Iterator[list[int]]:
    order = rng.sample(range(n_texts), n_texts)
    while order:
        size = rng.randint(1, _LONGEST_CUT)
        yield order[:size]
        order = order[size:]


def _largest(found: Floats, expected: Floats, rows: NDArray[np.bool_]) -> float:
    return float(np.abs(found[rows] - expected[rows]).max())


def _all_differences(result: Mapping[str, Any]) -> list[float]:
    rounds = [number["largest_difference"] for number in result["random_rounds"]]
    return [result["largest_difference"], *rounds]


def report(result: Mapping[str, Any]) -> None:
    """Print the outcome."""
    left_out = result["texts_longer_than_a_window_left_out"]
    rows = [
        ("texts", f"{result['texts']:,} ({left_out} longer than a window left out)"),
        ("probabilities", f"{result['probabilities']:,}"),
        ("largest difference", f"{result['largest_difference']:.2e}"),
        ("largest difference of a logit", f"{result['largest_difference_of_a_logit']:.2e}"),
    ]
    rows += [
        (f"budget {one['budget']:,}, {one['batches']} batches", f"{one['largest_difference']:.2e}")
        for one in result["random_rounds"]
    ]
    show(f"Exactness against plain transformers, {result['activation']}", ("", ""), rows)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="bundle or model folder")
    parser.add_argument("--activation", choices=("sigmoid", "softmax"), help="default: the model's")
    parser.add_argument("--rows", type=int, help="first rows of the test split; default: all")
    parser.add_argument("--rounds", type=int, default=5, help="random orders and budgets")
    parser.add_argument("--device", default="cpu", help="a torch device")
    return parser.parse_args()


if __name__ == "__main__":
    main()
