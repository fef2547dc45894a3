"""`psychescale demo`: the whole way, on a small corpus but with the real backbone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.spark.conftest import read_runs, read_table


def test_demo(run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It anonymizes, then scores, and says that its numbers mean nothing; again, it does nothing."""
    folder = tmp_path / "demo"
    arguments = ["demo", "--folder", folder, "--documents", "60", "--labelled", "64"]
    assert run(*arguments) == 0
    told = capsys.readouterr().out
    assert "the plumbing" in told
    assert "docs/s" in told
    assert "p_mentions_sleep" in told
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
