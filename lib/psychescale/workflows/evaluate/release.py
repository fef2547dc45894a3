"""Where an evaluation goes: masked measures and report for readers, the full ones behind mode 0700."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from psychescale.evaluation.document.masking import mask
from psychescale.report.page import report_files

MeasureRow = tuple[
    str | None, str | None, str | None, str | None, str | None, str,
    float | None, float | None, float | None, str | None,
]  # fmt: skip
"""Against, label, slice, group, thresholds, measure, value, low, high, reason."""


def release(folder: Path, document: Mapping[str, Any]) -> dict[str, Any]:
    """Write ``measures.json``, ``report.html`` with its figures and tables, and the full measures.

    Args:
        folder: Made if it is not there.
        document: The full document.

    Returns:
        The masked document.
    """
    shown = mask(document)
    write_documents(folder, document, shown, files=report_files(shown))
    return shown


def write_documents(
    folder: Path, full: Mapping[str, Any], shown: Mapping[str, Any], *, files: Mapping[str, str]
) -> None:
    """Write the full document behind mode 0700, and the masked one with what is made of it."""
    restricted = folder / "restricted"
    restricted.mkdir(mode=0o700, parents=True)
    restricted.chmod(0o700)
    _write(restricted / "measures.json", full)
    _write(folder / "measures.json", shown)
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")


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
