"""`psychescale tagger`: from files with spans to a folder that `anonymize --tagger` takes."""

import importlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from psychescale.model.checkpoint import open_checkpoint
from psychescale.settings.shared import RedactorConfig
from psychescale.training.tagger.data import FOLDS, fold_of
from psychescale.workflows.redactors import open_redactor

Tagger = Callable[..., int]


@pytest.fixture(scope="module")
def spans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty texts with a name each, as JSON lines."""
    path = tmp_path_factory.mktemp("spans") / "spans.jsonl"
    rows = [
        {
            "id": f"row-{n}",
            "text": f"{word} sleep my family {n}",
            "spans": [{"start": 0, "end": len(word), "label": "PERSON"}],
        }
        for n, word in enumerate(["work", "body", "night", "thanks"] * 10)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def tagger(tiny_model: Path, spans: Path, tmp_path: Path) -> Tagger:
    """A function (*arguments) → exit code, into tmp_path / "tagger"."""

    def call(*arguments: str | Path) -> int:
        job = importlib.import_module("psychescale.jobs.tagger")
        given = [
            "--clean", spans, "--posts", spans, "--output", tmp_path / "tagger",
            "--backbone", tiny_model, "--planted", "8", "--epochs", "1", "--posts-epochs", "1",
            *arguments,
        ]  # fmt: skip
        return int(job.main([str(argument) for argument in given]))

    return call


def test_whole_way(tagger: Tagger, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A sealed folder with a card comes out, and a redactor reads texts with it; midway is kept."""
    midway = tmp_path / "midway"
    assert tagger("--midway", midway, "--json") == 0

    told = json.loads(capsys.readouterr().out)
    folder = tmp_path / "tagger"
    assert told["output"] == str(folder)
    assert "SHA256SUMS" in {path.name for path in folder.iterdir()}
    assert open_checkpoint(folder).content_digest != open_checkpoint(midway).content_digest
    assert "40 generated texts, 8 of" in " ".join((folder / "README.md").read_text().split())
    assert open_redactor(RedactorConfig(tagger=str(folder))).redact("Zorblax left").text
    assert tagger() == 2  # the folder exists
    assert "exists already" in capsys.readouterr().err


def test_missing_file(tagger: Tagger, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is named, with its flag."""
    assert tagger("--posts", tmp_path / "none.jsonl") == 3
    assert "Check --posts" in capsys.readouterr().err


def test_fold_is_left_out(tagger: Tagger, spans: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Posts of the fold that is left out are not read; the folds are five, and hold all rows once."""
    rows = [json.loads(line)["id"] for line in spans.read_text(encoding="utf-8").splitlines()]
    sizes = [sum(fold_of(row) == fold for row in rows) for fold in range(FOLDS)]
    assert sum(sizes) == len(rows)
    assert 0 < sizes[1] < len(rows)

    assert tagger("--without-fold", "1", "--dry-run") == 0

    assert f"{len(rows) - sizes[1]} posts" in capsys.readouterr().out
