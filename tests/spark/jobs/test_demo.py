"""`psychescale demo`: the whole way, on a small corpus but with the real backbone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import psychescale
from tests.spark.conftest import read_runs, read_table


def test_demo(run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It anonymizes, trains, scores, evaluates, says what that is worth; again, it does nothing."""
    folder = tmp_path / "demo"
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
