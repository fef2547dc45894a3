"""`psychescale train`: from labelled texts to a bundle that `score` takes as it is."""

import json
import stat
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from psychescale.model.checkpoint import open_checkpoint
from psychescale.model.spec import read_model
from psychescale.settings.train import TrainConfig
from psychescale.spark.labelled.read import open_labelled, read_rows
from psychescale.synthetic import LABELS, generate_labelled
from psychescale.training.split.strategies import membership_digest
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
    key = output.with_name("key")
    key.write_bytes(b"a key of the test's own")
    code = run(
        "train", "--backbone", tiny_model, "--train", labelled, "--output", output,
        "--accept-raw", "--epochs", "1", "--max-length", "32", "--membership-key-file", key,
    )  # fmt: skip
    assert code == 0
    return output


def test_bundle(bundle: Path) -> None:
    """The bundle is whole, readable by others, and says labels, activation and parts."""
    checkpoint = open_checkpoint(bundle)
    assert checkpoint.scoring["labels"] == sorted(LABELS)
    assert checkpoint.scoring["activation"] == "sigmoid"
    split = checkpoint.scoring["split"]
    assert checkpoint.scoring["training"]["rows"] == split["train"]
    assert split["train"] + split["validation"] + split["test"] == 200
    assert 10 <= split["validation"] <= 30
    assert checkpoint.config["problem_type"] == "multi_label_classification"
    assert {stat.S_IMODE(path.stat().st_mode) for path in bundle.iterdir()} == {0o644}
    sums = (bundle / "SHA256SUMS").read_text().splitlines()
    assert len(sums) == len(list(bundle.iterdir())) - 1


def test_after_fitting(bundle: Path) -> None:
    """Calibration, thresholds and the policy they hold under are stored, and read back as such."""
    scoring = open_checkpoint(bundle).scoring
    _, spec = read_model(str(bundle))
    assert spec.calibration is not None
    assert spec.thresholds is not None
    assert len(spec.thresholds) == len(LABELS)
    assert scoring["thresholds"]["criterion"] == "f1"
    assert (spec.long_text, spec.stride) == ("mean", 64)
    assert scoring["curve"][-1]["validation_log_loss"] > 0


def test_membership(bundle: Path) -> None:
    """Ids stay in a restricted folder; the bundle has a keyed digest that they can be held against."""
    folder = bundle.with_name("bundle-restricted")
    lines = (folder / "membership.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    test = [row["id"] for row in rows if row["part"] == "test"]
    split = open_checkpoint(bundle).scoring["split"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(rows) == 200
    digest = membership_digest(b"a key of the test's own", test)
    assert split["membership_hmac_sha256"]["test"] == digest
    assert not any(name in path.read_text() for name in test for path in bundle.glob("*.[jm]*[dn]"))


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


def test_recalibrate_takes_it(
    run: Callable[..., int], bundle: Path, labelled: Path, tmp_path: Path
) -> None:
    """`recalibrate` makes of it a bundle that `score` takes, with digests of its rows beside it."""
    output = tmp_path / "here"
    arguments = ["recalibrate", "--from", bundle, "--validation", labelled, "--accept-raw"]
    assert run(*arguments, "--output", output, "--dry-run") == 0
    assert not output.exists()
    assert run(*arguments, "--output", output, "--thresholds", "f1") == 0
    scoring = open_checkpoint(output).scoring
    assert set(scoring["recalibration"]["labels"]) == set(LABELS)
    assert (output.with_name("here-restricted") / "rows.npz").is_file()
    scores = tmp_path / "scores"
    code = run("score", "--model", output, "--input", labelled, "--output", scores, "--accept-raw")
    assert code == 0
    assert len(read_table(scores)) == 202


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
    printed = capsys.readouterr().err
    assert "--train has no column topics" in printed
    assert "--labels-column" in printed
    none = write_json_lines(tmp_path / "none.jsonl", [{"id": 1, "text": "x", "labels": []}])
    arguments[4] = none
    assert run(*arguments, tmp_path / "b", "--accept-raw") == 3
    assert "No training row has a label" in capsys.readouterr().err


@pytest.mark.parametrize("labels", [["a", "b"], '["a", "b"]', "a, b"])
def test_label_forms(spark: SparkSession, tmp_path: Path, labels: object) -> None:
    """Labels may be a list, a JSON list, or names with commas between them."""
    rows = [{"id": i, "text": f"text {i}", "labels": labels} for i in range(4)]
    corpus = str(write_json_lines(tmp_path / "labelled.jsonl", rows))
    stated = {"backbone": "b", "train": corpus, "output": "o", "accept_raw": True}
    config = TrainConfig.model_validate(stated)
    opened = open_labelled(spark, corpus, config, option="train")
    assert read_rows(spark, opened, config, option="train").label_sets == [("a", "b")] * 4


def test_nothing_held_back(run: Callable[..., int], tiny_model: Path, tmp_path: Path) -> None:
    """Where no row is left to fit them on there is neither calibration nor threshold."""
    rows = [{"id": i, "text": f"text {i}", "labels": ["a", "b"]} for i in range(4)]
    corpus = write_json_lines(tmp_path / "labelled.jsonl", rows)
    output = tmp_path / "bundle"
    code = run(
        "train", "--backbone", tiny_model, "--train", corpus, "--output", output,
        "--accept-raw", "--epochs", "1", "--max-length", "32", "--validation-share", "0",
        "--test-share", "0",
    )  # fmt: skip
    scoring = json.loads((output / "scoring.json").read_text())
    assert code == 0
    assert scoring["labels"] == ["a", "b"]
    assert (scoring["calibration"], scoring["thresholds"]) == (None, None)


def rows_of(seed: int, count: int, prefix: str) -> list[dict[str, Any]]:
    """Labelled rows with author, time and source, and one column for each of two labels."""
    documents = generate_labelled(count, seed=seed)
    return [
        {
            "id": f"{prefix}-{i:03}",
            "text": document.text,
            "labels": list(document.labels or ()),
            "author": f"{prefix}-author-{i // 2}",
            "time": f"2024-{1 + i * 12 // count:02}-15",
            "source": "forum" if i % 3 else "clinic",
            "sleep": int("mentions sleep" in (document.labels or ())),
            "work": int("mentions work" in (document.labels or ())),
        }
        for i, document in enumerate(documents)
    ]


def test_everything_at_once(run: Callable[..., int], tiny_model: Path, tmp_path: Path) -> None:
    """Label columns, a split by time, the attention head, a loss, copies and checkpoints; then on."""
    corpus = write_json_lines(tmp_path / "in.jsonl", rows_of(5, 120, "r"))
    common = ("--train", corpus, "--accept-raw", "--max-length", "32", "--epochs", "1")
    first, second = tmp_path / "first", tmp_path / "second"
    code = run(
        "train", *common, "--backbone", tiny_model, "--output", first,
        "--label-columns", "work,sleep", "--author-column", "author", "--split", "time",
        "--time-column", "time", "--head", "label-attention", "--loss", "focal", "--rare-rows", "60",
        "--deletion", "0.1", "--checks-per-epoch", "2", "--checkpoints", tmp_path / "checkpoints",
        "--thresholds", "sensitivity=.90", "--long-text", "max",
    )  # fmt: skip
    assert code == 0
    scoring = open_checkpoint(first).scoring
    members = [
        json.loads(m) for m in Path(f"{first}-restricted/membership.jsonl").read_text().splitlines()
    ]
    last = max(m["id"] for m in members if m["part"] == "train")
    assert scoring["labels"] == ["work", "sleep"]
    assert scoring["training"]["rows_with_copies"] > scoring["training"]["rows"]
    assert scoring["training"]["head"] == "label-attention"
    assert scoring["thresholds"]["criterion"] == "sensitivity=0.9"
    assert scoring["long_text"]["policy"] == "max"
    assert last < min(m["id"] for m in members if m["part"] == "test")
    assert not (tmp_path / "checkpoints").exists()

    code = run(
        "train", *common, "--from", first, "--output", second, "--split", "source",
        "--source-column", "source", "--held-out", "clinic",
    )  # fmt: skip
    assert code == 0
    scoring = open_checkpoint(second).scoring
    assert scoring["training"]["retrained"]
    assert scoring["training"]["head"] == "label-attention"
    assert scoring["split"]["test"] == 40


def test_planted_leaks(
    run: Callable[..., int], tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A text, a near-duplicate and an author that test repeats are refused, or dropped and counted."""
    rows, held = rows_of(5, 100, "r"), rows_of(6, 20, "t")
    longest = max(rows[50:], key=lambda row: len(row["text"].split()))
    held[0]["text"] = rows[0]["text"].upper() + "  "
    held[1]["text"] = longest["text"] + " indeed"
    held[2]["author"] = rows[10]["author"]
    train = write_json_lines(tmp_path / "train.jsonl", rows)
    test = write_json_lines(tmp_path / "test.jsonl", held)
    arguments = [
        "train", "--backbone", tiny_model, "--train", train, "--test", test, "--accept-raw",
        "--author-column", "author", "--max-length", "32", "--epochs", "1", "--output",
    ]  # fmt: skip
    assert run(*arguments, tmp_path / "bundle") == 3
    printed = capsys.readouterr().err
    for kind in ("same text", "near-duplicate", "same author", "--on-leak drop-from-train"):
        assert kind in printed
    assert "t-00" not in printed
    assert longest["text"][:20] not in printed

    assert run(*arguments, tmp_path / "bundle", "--on-leak", "drop-from-train") == 0
    split = open_checkpoint(tmp_path / "bundle").scoring["split"]
    dropped = {kind for kinds in split["dropped"].values() for kind in kinds}
    assert split["given"] == ["test"]
    assert split["test"] == 20
    assert dropped == {"same text", "near-duplicate", "same author"}
    assert "<=7" in split["dropped"]["train"].values()
    assert "dropped from train" in (tmp_path / "bundle" / "README.md").read_text()


@pytest.mark.parametrize(
    ("change", "flags", "code", "message"),
    [
        ({}, ["--from", "MODEL"], 2, "One of --backbone and --from"),
        ({}, ["--validation", "EMPTY"], 3, "--validation has no row with a text"),
        ({}, ["--validation-share", "0.6", "--test-share", "0.4"], 2, "--validation-share 0.6"),
        ({}, ["--split", "time"], 2, "--time-column"),
        ({"time": "03/04/2020"}, ["--split", "time", "--time-column", "time"], 3, "--time-format"),
        ({}, ["--thresholds", "best"], 2, "sensitivity=.90"),
        ({}, ["--labels", "ghost"], 3, "--labels"),
        ({"ghost": 0}, ["--label-columns", "sleep,ghost"], 3, "no training row has: ghost"),
        ({"votes": 3}, ["--label-columns", "sleep,votes"], 3, "--label-columns"),
        ({"labels": ""}, [], 3, "--empty-labels none"),
        ({"labels": None}, [], 3, "No row of --train is annotated"),
        ({"sleep": None}, ["--label-columns", "sleep"], 3, "No row of --train is annotated"),
        ({}, ["--test", "SELF", "--split", "source", "--source-column", "source",
              "--held-out", "clinic"], 2, "--test gives it"),
        ({}, ["--membership-key-file", "EMPTY"], 2, "--membership-key-file is empty"),
    ],
)  # fmt: skip
def test_clear_refusals(
    run: Callable[..., int],
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, Any],
    flags: list[str],
    code: int,
    message: str,
) -> None:
    """What cannot be trained on is refused before training, with the flag that resolves it."""
    corpus = write_json_lines(tmp_path / "in.jsonl", [row | change for row in rows_of(5, 40, "r")])
    empty = write_json_lines(
        tmp_path / "empty.jsonl", [row | {"text": " "} for row in rows_of(5, 1, "e")]
    )
    if "--membership-key-file" in flags:
        empty.write_bytes(b"")
    places: dict[str, Path] = {"MODEL": tiny_model, "EMPTY": empty, "SELF": corpus}
    arguments = [
        "train", "--backbone", tiny_model, "--train", corpus, "--accept-raw", "--output",
        tmp_path / "bundle", *(places.get(flag, flag) for flag in flags),
    ]  # fmt: skip
    assert run(*arguments) == code
    assert message in capsys.readouterr().err
    assert not (tmp_path / "bundle").exists()


def test_published_shape(
    run: Callable[..., int],
    make_model: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A classifier with LABEL_n names and no problem_type is trained on once its labels are named."""
    names = {str(i): f"LABEL_{i}" for i in range(5)}
    model = make_model(config={"problem_type": ..., "id2label": names, "label2id": ...})
    corpus = write_json_lines(tmp_path / "in.jsonl", rows_of(5, 60, "r"))
    arguments = [
        "train", "--from", model, "--train", corpus, "--accept-raw", "--epochs", "0.5",
        "--max-length", "32", "--thresholds", "none", "--output", tmp_path / "bundle",
    ]  # fmt: skip
    assert run(*arguments) == 4
    assert "--former-labels NAME,NAME" in capsys.readouterr().err
    assert run(*arguments, "--former-labels", "a,b,c,d,mentions sleep") == 0


def test_another_encoding(
    run: Callable[..., int], tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A CSV of Windows is said to be that, in place of training without its marked letters."""
    path, output = tmp_path / "labelled.csv", tmp_path / "bundle"
    lines = [f"{i},{'müde und traurig' if i % 3 else 'tired'} {i},{i % 2}" for i in range(60)]
    path.write_bytes("\n".join(["id,text,tired", *lines, ""]).encode("cp1252"))
    arguments = ["--backbone", tiny_model, "--train", path, "--output", output, "--accept-raw"]
    arguments += ["--label-columns", "tired", "--dry-run", "--test-share", "0"]
    assert run("train", *arguments) == 3
    told = capsys.readouterr().err
    assert "--train is not in utf-8" in told
    assert "--encoding cp1252" in told
    assert run("train", *arguments, "--encoding", "cp1252") == 0
    assert "of the first 60 rows looked at" in capsys.readouterr().out
    evaluated = ["--model", tiny_model, "--input", path, "--output", output, "--accept-raw"]
    assert run("evaluate", *evaluated, "--label-columns", "tired") == 3
    assert "--input is not in utf-8" in capsys.readouterr().err
