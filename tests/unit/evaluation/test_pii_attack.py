"""No count of spans from 1 to 7 follows from a shown document of redaction."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from psychescale.disclosure import is_small
from psychescale.evaluation.pii.detection import measure_pii
from psychescale.evaluation.pii.matching import Span
from psychescale.evaluation.pii.summary import build_document, masked_document

from .attacker import Program

EVALUATIONS = 12
TYPES = ("NAME", "PHONE", "EMAIL", "DATE")
CELLS = ("hits", "false", "missed")


def random_document(seed: int) -> dict[str, Any]:
    """60 to 200 texts with up to two spans of two to four types; some are missed, some invented."""
    rng = np.random.default_rng(seed)
    types = TYPES[: int(rng.integers(2, 5))]
    shares = rng.dirichlet(np.full(len(types), 0.6))
    texts, gold, found = [], [], []
    for _ in range(int(rng.integers(60, 200))):
        texts.append("x" * 60)
        true = [
            Span(start, start + 8, str(rng.choice(types, p=shares)))
            for start in (0, 20)
            if rng.random() < 0.5
        ]
        kept = [span for span in true if rng.random() < 0.9]
        invented = [Span(40, 48, str(rng.choice(types)))] if rng.random() < 0.1 else []
        gold.append(true)
        found.append([*kept, *invented])
    measures = measure_pii(texts, gold, found)
    return build_document(measures, {}, quarantined=int(rng.integers(0, 9)), gate=(30, 28))


def tables(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Overall and every type, with whatever is told of them."""
    yield "overall", document["measures"]["overall"]
    yield from document["measures"]["by_type"].items()


def attack(document: dict[str, Any], *, rounded: bool) -> Program:
    """Everything that a document says of spans, as equations over whole numbers."""
    program = Program(rounded=rounded)
    names = [name for name, _ in tables(document)]
    for name, told in tables(document):
        for what in ("spans", "found"):
            program.count(f"{name} {what}", told.get(what))
        program.count(f"{name} lost", None)
        program.equal({f"{name} found": 1, f"{name} lost": 1, f"{name} spans": -1})
        for kind in ("strict", "overlap"):
            table = told.get(kind) or {}
            for cell in CELLS:
                program.count(f"{name} {kind} {cell}", table.get(cell))
            program.equal(
                {f"{name} {kind} hits": 1, f"{name} {kind} missed": 1, f"{name} spans": -1}
            )
    parts = [f"{kind} {cell}" for kind in ("strict", "overlap") for cell in CELLS]
    for what in ("spans", "found", *parts):
        program.equal({f"overall {what}": -1} | {f"{name} {what}": 1 for name in names[1:]})
    return program


def small_counts(full: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Every count of spans from 1 to 7, by its name in an attack."""
    for name, told in tables(full):
        counts = {"spans": told["spans"], "found": told["found"]}
        counts |= {
            f"{kind} {cell}": told[kind][cell] for kind in ("strict", "overlap") for cell in CELLS
        }
        yield from ((f"{name} {what}", n) for what, n in counts.items() if is_small(n))


def test_no_small_count_follows() -> None:
    """Least and greatest possible value of every small count differ; in full they do not."""
    n_small = 0
    for seed in range(EVALUATIONS):
        full = random_document(seed)
        hidden, open_ = attack(masked_document(full), rounded=True), attack(full, rounded=False)
        for name, count in small_counts(full):
            assert hidden.recovered(name) is None, (seed, name, count)
            assert open_.recovered(name) == count
            n_small += 1
    assert n_small > EVALUATIONS


def test_every_cell_is_read() -> None:
    """What is shown is rounded or withheld, wherever it stands."""
    for seed in range(EVALUATIONS):
        shown = masked_document(random_document(seed))
        stack: list[Any] = [shown["measures"], shown["gate"], shown["quarantined"]]
        while stack:
            one = stack.pop()
            stack += one.values() if isinstance(one, dict) else []
            assert not isinstance(one, int) or one % 5 == 0
