"""`psychescale evaluate --task pii`: texts with spans in, measures and a report without a text out."""

import html.parser
import importlib
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from psychescale.evaluation.pii.summary import masked_document
from psychescale.report.redaction import render_identifiers

CANARY = "Quibblewick"
TEXTS: list[tuple[str, list[tuple[str, str]]]] = [
    (f"My name is {CANARY} Vane, mail vane@example.org", [(f"{CANARY} Vane", "NAME"), ("vane@example.org", "EMAIL")]),  # noqa: E501
    *[(f"call me on 312-555-01{n:02}", [(f"312-555-01{n:02}", "PHONE")]) for n in range(9)],
    ("the score was -0.96 in rpc.py", []),
    ("she takes 500 mg", []),
    (f"we saw {CANARY.lower()} there", [(CANARY.lower(), "NAME")]),
]  # fmt: skip


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    """A file of texts with spans, of our types."""
    lines = []
    for number, (text, parts) in enumerate(TEXTS):
        spans = [
            {"start": (at := text.index(part)), "end": at + len(part), "label": label}
            for part, label in parts
        ]
        lines.append(json.dumps({"id": str(number), "text": text, "spans": spans}) + "\n")
    path = tmp_path / "gold.jsonl"
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def evaluate(gold: Path, tmp_path: Path) -> Callable[..., int]:
    """A function (*arguments) → exit code, into tmp_path / "out"."""

    def call(*arguments: str | Path) -> int:
        job = importlib.import_module("psychescale.jobs.evaluate")
        given = ["--task", "pii", "--input", gold, "--output", tmp_path / "out", *arguments]
        return int(job.main([str(argument) for argument in given]))

    return call


def full(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "out/restricted/measures.json").read_text())
    return found


def test_measures(
    evaluate: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Spans, characters, documents and negatives are counted, by type and over all."""
    assert evaluate() == 0

    found = full(tmp_path)["measures"]
    assert found["by_type"]["PHONE"]["strict"]["recall"] == 1
    assert found["by_type"]["NAME"]["spans"] == 2
    assert found["by_type"]["NAME"]["found"] == 1  # a name in small letters and without a context
    assert found["overall"]["spans"] == 12
    assert found["overall"]["leaked"] == len(CANARY)
    assert (found["documents"], found["documents_without_leak"]) == (11, 10)
    assert (found["negatives"], found["negatives_touched"]) == (2, 0)
    assert full(tmp_path)["gate"] == {"texts_with_names": 2, "passed": 2, "rate": 1.0}
    assert "spans found to 75 %" in capsys.readouterr().out


def test_no_text_comes_out(
    evaluate: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No word of a text is in report, measures or on the terminal; full measures are restricted."""
    assert evaluate() == 0

    printed = capsys.readouterr()
    out = tmp_path / "out"
    pages = [p.read_text(encoding="utf-8") for p in out.rglob("*.*")] + [printed.out, printed.err]
    assert [page for page in pages if CANARY.lower() in page.lower() or "555-01" in page] == []
    assert stat.S_IMODE((out / "restricted").stat().st_mode) == 0o700
    assert "presidio-evaluator" in (out / "report.html").read_text(encoding="utf-8")


def test_small_types_are_masked(evaluate: Callable[..., int], tmp_path: Path) -> None:
    """Counts are rounded, small ones withheld, and so is what one type alone would give back."""
    assert evaluate() == 0

    shown = json.loads((tmp_path / "out" / "measures.json").read_text())
    assert shown["measures"]["by_type"]["NAME"] == {"spans": "<=7"}
    assert shown["measures"]["by_type"]["PHONE"]["spans"] == 10
    assert shown["measures"]["negatives"] == "<=7"
    assert shown["measures"]["over_redaction_rate"] is None
    assert shown["measures"]["documents_without_leak"] is None
    assert shown == masked_document(full(tmp_path))


def with_terms(path: Path) -> None:
    """Write texts of two kinds with terms that must stay; of one kind one is taken."""
    lines = []
    for number in range(9):
        text = f"Zoloft for Nora Whitlock, room {number}"
        keep = [{"start": 0, "end": 6}] if number else [{"start": 11, "end": 24}]
        spans = [{"start": 11, "end": 24}] if number else []
        lines.append({"id": number, "kind": "drug", "text": text, "spans": spans, "keep": keep})
    lines.append(
        {"id": 9, "kind": "few", "text": "BP 120/80", "spans": [], "keep": [{"start": 3, "end": 9}]}
    )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def test_meaning(evaluate: Callable[..., int], gold: Path, tmp_path: Path) -> None:
    """Terms kept and spans found are told by kind, and what was taken beside gold by type."""
    with_terms(gold)
    assert evaluate() == 0

    found = full(tmp_path)["measures"]["meaning"]
    drug = found["by_kind"]["drug"]
    assert (drug["spans"], drug["found"], drug["terms"], drug["kept"]) == (8, 8, 9, 8)
    assert (found["terms"], found["kept"]) == (10, 9)
    assert found["findings_beside"] == {"NAME": 1}
    shown = json.loads((tmp_path / "out" / "measures.json").read_text())["measures"]["meaning"]
    assert shown["by_kind"]["few"] == {"spans": 0, "terms": "<=7"}
    assert shown["by_kind"]["drug"]["kept_rate"] == pytest.approx(8 / 9)
    assert shown["findings_beside"] == {"NAME": "<=7"}
    assert "What stayed" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("bars", "code"),
    [("recall=.99,kept_terms=.85", 0), ("kept_terms=.97", 5), ("found=1,precision=.99", 5)],
)
def test_require(
    evaluate: Callable[..., int], gold: Path, tmp_path: Path, bars: str, code: int
) -> None:
    """Below a bar the run ends with 5, after its report is written."""
    with_terms(gold)

    assert evaluate("--require", bars) == code
    assert (tmp_path / "out" / "report.html").exists()


def test_require_what_texts_cannot_tell(
    evaluate: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """A bar for terms where no text has any is not passed in silence."""
    assert evaluate("--require", "kept_terms=.5") == 5
    assert "not measured" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("bars", ["recall", "recall=two", "recall=1.5", "beauty=.5"])
def test_require_a_bar(evaluate: Callable[..., int], tmp_path: Path, bars: str) -> None:
    """What is no bar is said before anything is read."""
    assert evaluate("--require", bars) == 2
    assert not (tmp_path / "out").exists()


def test_the_flags_of_anonymize(evaluate: Callable[..., int], tmp_path: Path) -> None:
    """The redactor is configured by the same flags: a type that is left is not found."""
    assert evaluate("--leave", "EMAIL") == 0

    found = full(tmp_path)
    assert found["measures"]["by_type"]["EMAIL"]["found"] == 0
    assert found["redactor"]["excluded"] == ["EMAIL"]


def test_label_map(evaluate: Callable[..., int], tmp_path: Path) -> None:
    """Labels of other sets are mapped, those that are not named are no gold."""
    assert evaluate("--label-map", "PHONE=ACCOUNT") == 0

    found = full(tmp_path)["measures"]
    assert found["overall"]["spans"] == 9
    assert found["by_type"]["ACCOUNT"]["strict"]["hits"] == 0
    assert found["by_type"]["ACCOUNT"]["found"] == 9  # covered, by findings of another type


def test_quarantined_texts_are_told(evaluate: Callable[..., int], tmp_path: Path) -> None:
    """A text that runs out of time is in no measure, and counted."""
    assert evaluate("--timeout-s", "1e-12") == 0

    assert full(tmp_path)["quarantined"] == len(TEXTS)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--label-map", "PHONE"], 2, "has no"),
        (["--label-map", "PHONE=MOOD"], 2, "no such type"),
        (["--leave", "MOOD"], 2, "no such type"),
        (["--input", "missing.jsonl"], 3, "nothing at missing"),
        (["--tagger", "nowhere/model"], 4, "nowhere"),
    ],
)
def test_refusals(
    evaluate: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    """What cannot be done is refused, without a word of a text."""
    assert evaluate(*arguments) == code

    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_unknown_labels(
    gold: Path, evaluate: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Labels that mean nothing here are refused; they are not repeated, for they could be anything."""
    text = gold.read_text(encoding="utf-8").replace('"PHONE"', f'"{CANARY}"')
    gold.write_text(text, encoding="utf-8")

    assert evaluate() == 3
    printed = capsys.readouterr().err
    assert "--label-map" in printed
    assert CANARY not in printed


def test_a_report_of_unmasked_measures(evaluate: Callable[..., int], tmp_path: Path) -> None:
    """The page refuses the full document, and the page of the masked one closes its tags."""
    assert evaluate() == 0
    with pytest.raises(Exception, match="unmasked"):
        render_identifiers(full(tmp_path))

    class Tags(html.parser.HTMLParser):
        opened: list[str] = []  # noqa: RUF012

        def handle_starttag(self, tag: str, attrs: object) -> None:
            del attrs
            if tag not in {"meta", "!doctype"}:
                self.opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.opened.pop() == tag

    parser = Tags()
    parser.feed((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert parser.opened == []


def test_labels_need_a_model(gold: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --task pii, a model or its scores must be named."""
    job = importlib.import_module("psychescale.jobs.evaluate")

    assert job.main(["--input", str(gold), "--output", str(gold.with_name("y"))]) == 2
    assert "Neither --model nor --scores" in capsys.readouterr().err
