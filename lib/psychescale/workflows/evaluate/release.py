"""Where an evaluation goes: masked measures and report for readers, the full ones behind mode 0700."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from psychescale.errors import ModelError
from psychescale.evaluation.comparison.paired import HEADLINE
from psychescale.evaluation.document.masking import mask
from psychescale.model.bundle import CARD_FILE, reseal_card
from psychescale.report.page import measure_name, render_report
from psychescale.training.card import CardFacts, with_measures
from psychescale.workflows.evaluate.candidate import Candidate

MeasureRow = tuple[
    str | None, str | None, str | None, str | None, str | None, str,
    float | None, float | None, float | None, str | None,
]  # fmt: skip
"""Against, label, slice, group, thresholds, measure, value, low, high, reason."""


def release(folder: Path, document: Mapping[str, Any]) -> dict[str, Any]:
    """Write ``measures.json``, ``report.html`` and ``restricted/measures.json``.

    Args:
        folder: Made if it is not there.
        document: The full document.

    Returns:
        The masked document.
    """
    shown = mask(document)
    write_documents(folder, document, shown, page=render_report(shown))
    return shown


def write_documents(
    folder: Path, full: Mapping[str, Any], shown: Mapping[str, Any], *, page: str
) -> None:
    """Write the full document behind mode 0700, and the masked one with its page beside it."""
    restricted = folder / "restricted"
    restricted.mkdir(mode=0o700, parents=True)
    restricted.chmod(0o700)
    _write(restricted / "measures.json", full)
    _write(folder / "measures.json", shown)
    (folder / "report.html").write_text(page, encoding="utf-8")


def write_card(candidate: Candidate, shown: Mapping[str, Any], *, part: str | None) -> None:
    """Put the main measures into the model card of the bundle that was judged.

    Args:
        candidate: The bundle.
        shown: The masked document.
        part: Part of the training input that was judged; None for another input.

    Raises:
        ModelError: The folder is no bundle with a card of ours.
        UsageError: It cannot be written.
    """
    folder = candidate.checkpoint.folder
    card = folder / CARD_FILE
    if not candidate.checkpoint.scoring or not card.is_file():
        raise ModelError(f"{folder} is no bundle.", remedy="Leave out ‹write_card›.")
    overall = {**shown["overall"]["decisions"]["frozen"], **shown["overall"]["probabilities"]}
    measures = {
        measure_name(name): _for_card(overall[name]) for name in HEADLINE if name in overall
    }
    facts = CardFacts(
        labels=shown["labels"],
        training={},
        measures=measures,
        measured_on=f"{'another input' if part is None else 'part ' + part}, "
        f"{shown['data']['n_documents']} documents; labels: {len(shown['labels'])}",
        calibration=shown["model"]["calibration"],
        thresholds=shown["model"]["thresholds"],
        long_text=shown["model"]["long_texts"],
    )
    reseal_card(folder, with_measures(card.read_text(encoding="utf-8"), facts))


def _for_card(found: Mapping[str, Any]) -> float | tuple[float, ...]:
    """Value and interval, a value alone, or NaN where nothing is shown."""
    if found["value"] is None:
        return math.nan
    numbers = (found["value"], found["low"], found["high"])
    return found["value"] if found["low"] is None else numbers


def measure_rows(shown: Mapping[str, Any]) -> Iterator[MeasureRow]:
    """The masked document as rows of a table, one an estimate."""
    for kind, found in _blocks(shown["overall"]):
        yield from _rows(found, thresholds=kind)
    for label, part in shown["per_label"].items():
        for kind, found in _blocks(part):
            yield from _rows(found, label=label, thresholds=kind)
        calibration = {f"calibration_{n}": part["calibration"][n] for n in ("slope", "intercept")}
        before = part["calibration"]["before"] or {}
        calibration |= {f"{name}_before_calibration": found for name, found in before.items()}
        yield from _rows(calibration, label=label)
    for change in shown["identity"] or ():
        found = {f"identity_{name}_change": change[name] for name in ("mean", "largest")}
        yield from _rows(found, label=change["label"], column="identity", group=change["category"])
    yield from _agreement_rows(shown["agreement"] or {})
    for table in shown["slices"]:
        for group in table["groups"]:
            place = {"column": table["column"], "group": group["group"], "thresholds": "frozen"}
            yield from _rows(group["values"], **place)
            differences = {f"{n}_difference": e for n, e in group["differences"].items()}
            yield from _rows(differences, **place)
    if shown["rival"]:
        yield from _rival_rows(shown["rival"])
    for other in shown["contenders"][1:]:
        differences = {f"{name}_difference": e for name, e in other["differences"].items()}
        yield from _rows({**other["values"], **differences}, against=other["name"])


def _agreement_rows(agreement: Mapping[str, Mapping[str, Any]]) -> Iterator[MeasureRow]:
    for label, found in agreement.items():
        for name in ("alpha", "kappa", "pairwise_f1", "model_f1"):
            yield (
                None,
                label,
                None,
                None,
                None,
                f"agreement_{name}",
                found[name],
                None,
                None,
                None,
            )


def _rival_rows(champion: Mapping[str, Any]) -> Iterator[MeasureRow]:
    for label, found in champion["per_label"].items():
        differences = {f"{name}_difference": e for name, e in found.items()}
        yield from _rows(differences, against=champion["name"], label=label, thresholds="frozen")
    for group in champion["subgroups"]:
        differences = {f"{name}_difference": e for name, e in group["differences"].items()}
        place = {"column": group["column"], "group": group["group"], "thresholds": "frozen"}
        yield from _rows(differences, against=champion["name"], **place)


def _blocks(part: Mapping[str, Any]) -> Iterator[tuple[str | None, Mapping[str, Any]]]:
    yield from part["decisions"].items()
    yield "frozen", part.get("yes_no", {})
    yield None, part["probabilities"]


def _rows(
    estimates: Mapping[str, Mapping[str, Any]],
    *,
    against: str | None = None,
    label: str | None = None,
    column: str | None = None,
    group: str | None = None,
    thresholds: str | None = None,
) -> Iterator[MeasureRow]:
    for name, found in estimates.items():
        numbers = (found["value"], found["low"], found["high"])
        yield (against, label, column, group, thresholds, name, *numbers, found["reason"])


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n", encoding="utf-8")
