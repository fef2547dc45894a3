"""`psychescale train`: from labelled texts to a bundle that `score` takes as it is."""

import json
import stat
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from psychescale.model.checkpoint import open_checkpoint
from psychescale.synthetic import LABELS, generate_labelled
from tests.spark.conftest import read_table, write_json_lines


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred labelled texts, one empty text and one corrupt line."""
    path = tmp_path_factory.mktemp("labelled") / "labelled.jsonl"
    rows = [
        {key: asdict(document)[key] for key in ("id", "text", "labels")}
        for document in generate_labelled(200, seed=3)
    ]
    write_json_lines(path, [*rows, {"id": "empty", "text": " ", "labels": []}])
    with path.open("a", encoding="utf-8") as file:
        file.write("{broken\n")
    return path


@pytest.fixture(scope="module")
def bundle(
    run: Callable[..., int],
    labelled: Path,
    tiny_model: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A bundle, fine-tuned from the tiny model."""
    output = tmp_path_factory.mktemp("bundle") / "bundle"
    code = run(
        "train", "--backbone", tiny_model, "--train", labelled, "--output", output,
        "--accept-raw", "--epochs", "1", "--max-length", "32",
    )  # fmt: skip
    assert code == 0
    return output


def test_bundle(bundle: Path) -> None:
    """The bundle is whole, readable by others, and says labels, activation and provenance."""
    checkpoint = open_checkpoint(bundle)
    assert checkpoint.scoring["labels"] == sorted(LABELS)
    assert checkpoint.scoring["activation"] == "sigmoid"
    assert checkpoint.scoring["training"]["rows"] == 200
    assert checkpoint.config["problem_type"] == "multi_label_classification"
    assert {stat.S_IMODE(path.stat().st_mode) for path in bundle.iterdir()} == {0o644}
    sums = (bundle / "SHA256SUMS").read_text().splitlines()
    assert len(sums) == len(list(bundle.iterdir())) - 1


def test_card(bundle: Path) -> None:
    """The model card says what the model is not."""
    card = (bundle / "README.md").read_text()
    assert "never a diagnosis" in card
    assert "has not been evaluated" in card


def test_score_takes_it(
    run: Callable[..., int], bundle: Path, labelled: Path, tmp_path: Path
) -> None:
    """`score` needs no further flag for a bundle."""
    output = tmp_path / "scores"
    code = run("score", "--model", bundle, "--input", labelled, "--output", output, "--accept-raw")
    assert code == 0
    assert len(read_table(output)) == 202


def test_refusals(
    run: Callable[..., int],
    bundle: Path,
    labelled: Path,
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An output that exists, a raw corpus and a column without labels are refused."""
    arguments = ["train", "--backbone", tiny_model, "--train", labelled, "--output"]
    assert run(*arguments, bundle, "--accept-raw") == 2
    assert str(bundle) in capsys.readouterr().err
    assert run(*arguments, tmp_path / "b") == 5
    assert "--accept-raw" in capsys.readouterr().err
    assert run(*arguments, tmp_path / "b", "--accept-raw", "--labels-column", "topics") == 3
    assert "topics" in capsys.readouterr().err
    none = write_json_lines(tmp_path / "none.jsonl", [{"id": 1, "text": "x", "labels": []}])
    arguments[4] = none
    assert run(*arguments, tmp_path / "b", "--accept-raw") == 3
    assert "No training row has a label" in capsys.readouterr().err


@pytest.mark.parametrize("labels", [["a", "b"], '["a", "b"]', "a, b"])
def test_label_forms(
    run: Callable[..., int], tiny_model: Path, tmp_path: Path, labels: object
) -> None:
    """Labels may be a list, a JSON list, or names with commas between them."""
    rows = [{"id": i, "text": f"text {i}", "labels": labels} for i in range(4)]
    corpus = write_json_lines(tmp_path / "labelled.jsonl", rows)
    output = tmp_path / "bundle"
    code = run(
        "train", "--backbone", tiny_model, "--train", corpus, "--output", output,
        "--accept-raw", "--epochs", "1",
    )  # fmt: skip
    assert code == 0
    assert json.loads((output / "scoring.json").read_text())["labels"] == ["a", "b"]
