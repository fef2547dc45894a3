"""`psychescale demo`: the whole way, on a small corpus but with the real backbone."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

import psychescale
from tests.spark.conftest import read_runs, read_table


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo of this module is, once its test has run."""
    return tmp_path_factory.mktemp("whole") / "demo"


def test_demo(run: Callable[..., int], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It anonymizes, trains, scores, evaluates, says what that is worth; again, it does nothing."""
    arguments = ["demo", "--folder", folder, "--documents", "60", "--labelled", "64"]
    assert run(*arguments) == 0
    told = capsys.readouterr().out
    assert "the plumbing" in told
    assert "docs/s" in told
    assert "p_mentions_sleep" in told
    page = folder / "evaluation" / "report.html"
    assert told.rstrip().endswith(f"Open {page} in a browser.")
    assert "Synthetic labels: measures show the plumbing only." in page.read_text()
    written = page.stat().st_mtime_ns
    before = read_table(folder / "scores")
    redacted = read_table(folder / "redacted")
    assert list(before["id"]) == list(redacted["id"])
    assert len(before) == 60
    assert not read_runs(folder / "scores")["accept_raw"].any()
    rows = [json.loads(line) for line in (folder / "corpus.jsonl").read_text().splitlines()]
    mails = [
        row["text"][span["start"] : span["end"]]
        for row in rows
        for span in row["pii"]
        if span["label"] == "email"
    ]
    assert mails
    assert [mail for mail in mails if mail in redacted.to_csv()] == []
    assert run(*arguments) == 0
    assert "Nothing new to score" in capsys.readouterr().out
    assert read_table(folder / "scores").equals(before)
    assert page.stat().st_mtime_ns == written
    result = psychescale.demo(folder=folder, documents=60, labelled=64)
    assert (result.scores, result.report) == (str(folder / "scores"), str(page))
    assert capsys.readouterr().out == ""
    assert run(*arguments, "--json") == 0
    assert json.loads(capsys.readouterr().out)["rows_known"] == 60


def test_notebooks(folder: Path) -> None:
    """All of them run on what the demo left, in a kernel of Jupyter, and their figures are drawn."""
    root = Path(__file__).parents[3]
    notebooks = folder.parent / "notebooks"
    notebooks.mkdir()
    for source in sorted((root / "notebooks").glob("*.py")):
        shutil.copy(source, notebooks)
    done = subprocess.run(
        [sys.executable, root / "deploy" / "notebooks.py", "--folder", notebooks],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NOTEBOOK_SIZE": "60"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    figures = {}
    for path in sorted(notebooks.glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        figures[path.stem] = sum("image/png" in output.get("data", {}) for output in outputs)
    assert figures["01_score_corpus"] == 3
    assert figures["02_score_udf"] == 1
    assert figures["04_retrospective_study"] == 1
    assert figures["05_train_and_evaluate"] == 1
    shown = (folder / "study" / "findings" / "release" / "estimates.csv").read_text()
    assert "design-based" in shown
    assert (folder / "candidate_evaluation" / "report.html").exists()
