"""`psychescale verify`: a table that holds, and tables that do not."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from deltalake import DeltaTable

from tests.spark.conftest import Row, read_runs, write_json_lines

Verify = Callable[..., int]


@pytest.fixture(scope="module")
def finished(
    run: Callable[..., int],
    rows: list[Row],
    tiny_model: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A finished table beside its corpus, which has texts with every kind of reason."""
    folder = tmp_path_factory.mktemp("verify")
    corpus = write_json_lines(folder / "corpus.jsonl", rows)
    with corpus.open("a", encoding="utf-8") as file:
        file.write('junk\n{"id": "bad", "text": "\\ud83d"}\n')
    output = folder / "scores"
    code = run(
        "score", "--model", tiny_model, "--input", corpus, "--output", output, "--accept-raw",
        "--max-failed-share", "0.5",
    )  # fmt: skip
    assert code == 0
    return output


@pytest.fixture
def scores(finished: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(finished, tmp_path / "scores"))


def test_holds(
    run: Callable[..., int], scores: Path, rows: list[Row], capsys: pytest.CaptureFixture[str]
) -> None:
    """A finished table holds, whether it is named by its place or by its run."""
    capsys.readouterr()
    assert run("verify", "--run", scores) == 0
    assert "It holds." in capsys.readouterr().out
    run_id = read_runs(scores).iloc[0]["run_id"]
    assert run("verify", "--run", run_id, "--scores", scores, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["holds"], told["rows"], told["sampled"]) == (True, len(rows) + 2, len(rows) + 2)
    assert told["largest_difference"] < 1e-6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"p_sleep": "p_sleep + 0.001"}, "differ"),
        ({"n_tokens": "n_tokens + 1"}, "differ"),
        ({"error": "'no_tokens'"}, "differ"),
        ({"id": "concat(id, '-moved')"}, "1 are not in the corpus"),
        ({"id": "'doc-020'"}, "1 of 62 rows are doubled"),
    ],
)
def test_does_not_hold(
    run: Callable[..., int],
    scores: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, str],
    message: str,
) -> None:
    """One row changed, renamed or doubled is found, and the message names no id."""
    DeltaTable(str(scores)).update(change, predicate="id = 'doc-021'")
    capsys.readouterr()
    assert run("verify", "--run", scores) == 7
    told = capsys.readouterr().err
    assert message in told, told
    assert "doc-02" not in told


def test_refusals(
    run: Callable[..., int],
    finished: Path,
    scores: Path,
    make_model: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Another model, an unknown run and a place without a table are refused."""
    other = make_model(config={"id2label": {i: f"other {i}" for i in range(5)}})
    assert run("verify", "--run", scores, "--model", other) == 4
    assert "another scoring id" in capsys.readouterr().err
    assert run("verify", "--run", "0" * 32, "--scores", scores) == 3
    assert run("verify", "--run", tmp_path / "nothing") == 3
    corpus = finished.with_name("corpus.jsonl").rename(tmp_path / "corpus.jsonl")
    try:
        assert run("verify", "--run", scores) == 3
        assert run("verify", "--run", scores, "--input", corpus) == 0
    finally:
        corpus.rename(finished.with_name("corpus.jsonl"))


def test_run_table_conceals_file_names(finished: Path) -> None:
    """The name of a single input file, which may be a person's, is not in the run table."""
    config = read_runs(finished).iloc[0]["config"]
    assert "corpus.jsonl" not in config
    assert json.loads(config)["input"].startswith(str(finished.parent / "sha256-"))
