"""`psychescale evaluate`: from a bundle and labelled texts to measures that may be shown."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from deltalake import DeltaTable

from tests.spark.conftest import write_json_lines
from tests.spark.labelled.test_train import rows_of


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred and forty labelled texts, with two raters and sampling weights."""
    path = tmp_path_factory.mktemp("evaluate") / "labelled.jsonl"
    rows = rows_of(5, 240, "person")
    for number, row in enumerate(rows):
        row["ann"] = row["labels"]
        row["bob"] = row["labels"] if number % 2 else row["labels"][:1]
        row["stands_for"] = 1 + number % 3
    unread = [{**rows[1], "id": f"unread-{i}", "text": f"nobody read {i}", "labels": None}
              for i in range(9)]  # fmt: skip
    return write_json_lines(path, [*rows, *unread])


@pytest.fixture(scope="module")
def bundle(
    run: Callable[..., int],
    corpus: Path,
    tiny_model: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A bundle, its membership beside it."""
    output = tmp_path_factory.mktemp("evaluated") / "bundle"
    code = run(
        "train", "--backbone", tiny_model, "--train", corpus, "--output", output, "--accept-raw",
        "--epochs", "1", "--max-length", "32", "--author-column", "author", "--test-share", "0.3",
    )  # fmt: skip
    assert code == 0
    return output


def test_whole_evaluation(
    run: Callable[..., int],
    bundle: Path,
    corpus: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Only test rows are judged, beside baselines and a model; no id and no text comes out."""
    output = tmp_path / "out"
    code = run(
        "evaluate", "--model", bundle, "--input", corpus, "--output", output, "--accept-raw",
        "--membership", f"{bundle}-restricted/membership.jsonl", "--author-column", "author",
        "--slice", "source", "--against", bundle, "--replicates", "100", "--banner", "Synthetic.",
        "--raters", "ann,bob", "--weight-column", "stands_for", "--write-card",
        "--trained-on", f"{bundle}-restricted", "--time-column", "time",
    )  # fmt: skip
    printed = capsys.readouterr().out
    assert code == 0
    assert "f1_macro" in printed
    assert "no difference shown" in printed
    shown = json.loads((output / "measures.json").read_text())
    full = json.loads((output / "restricted" / "measures.json").read_text())
    members = Path(f"{bundle}-restricted/membership.jsonl").read_text().splitlines()
    n_test = sum(json.loads(member)["part"] == "test" for member in members)
    assert stat.S_IMODE((output / "restricted").stat().st_mode) == 0o700
    assert (shown["masked"], full["masked"]) == (True, False)
    assert full["data"]["n_documents"] == n_test
    assert len(full["contenders"]) == 7
    assert full["data"]["weighted"]
    assert full["data"]["known"]["same text"] == 0
    assert [part["part"] for part in full["data"]["parts"]] == [
        "training", "validation", "evaluation"
    ]  # fmt: skip
    assert full["data"]["missing"]["truth"] == {"source": {"forum": 9}}
    assert (output / "figures" / "contenders.svg").is_file()
    assert 0 < min(one["pairwise_f1"] for one in full["agreement"].values()) < 1
    assert "| F1 (macro) |" in (bundle / "README.md").read_text()
    table = DeltaTable(str(output / "measures")).to_pandas()
    macro = table[(table["measure"] == "f1_macro") & (table["thresholds"] == "frozen")]
    macro = macro[macro["slice"].isna()]
    found = shown["overall"]["decisions"]["frozen"]["f1_macro"]
    assert macro["reason"].tolist() == [found["reason"]]
    assert macro["value"].isna().tolist() == [found["value"] is None]
    rows = rows_of(5, 240, "person")
    page = (output / "report.html").read_text()
    for content in (printed, page, json.dumps(full)):
        assert not [row["id"] for row in rows if row["id"] in content]
        assert not [row["id"] for row in rows if row["author"] in content]
        assert not [row["id"] for row in rows if len(row["text"]) > 20 and row["text"] in content]


def test_scored_table(run: Callable[..., int], bundle: Path, corpus: Path, tmp_path: Path) -> None:
    """A table that the model scored gives the same measures as the model itself."""
    scores = tmp_path / "scores"
    assert run("score", "--model", bundle, "--input", corpus, "--output", scores,
               "--accept-raw") == 0  # fmt: skip
    common = (
        "evaluate", "--model", bundle, "--input", corpus, "--accept-raw", "--no-challenge",
        "--replicates", "100", "--output",
    )  # fmt: skip
    assert run(*common, tmp_path / "table", "--scores", scores) == 0
    assert run(*common, tmp_path / "model", "--label-columns", "work,sleep") == 3
    assert run(*common, tmp_path / "model") == 0
    one, other = (
        json.loads((tmp_path / name / "measures.json").read_text())["overall"]["probabilities"]
        for name in ("table", "model")
    )
    for name, found in one.items():
        assert found["value"] == pytest.approx(other[name]["value"], abs=1e-4)
    assert run(*common, tmp_path / "other", "--scores", scores, "--long-text", "max") == 3
    alone = ("evaluate", "--input", corpus, "--accept-raw", "--replicates", "100", "--output")
    assert run(*alone, tmp_path / "neither") == 2
    assert run(*alone, tmp_path / "alone", "--scores", scores) == 0
    found, model = (
        json.loads((tmp_path / name / "restricted" / "measures.json").read_text())
        for name in ("alone", "model")
    )
    assert found["labels"] == model["labels"]
    assert {part["thresholds"]["frozen"] for part in found["per_label"].values()} == {0.5}
    plain = [one["overall"]["decisions"]["0.5"]["f1_macro"]["value"] for one in (found, model)]
    assert plain[0] == pytest.approx(plain[1], abs=1e-6)


def test_refusals(
    run: Callable[..., int],
    bundle: Path,
    corpus: Path,
    make_model: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What cannot be judged is refused with the flag that resolves it, and nothing is written."""
    names = {str(i): f"LABEL_{i}" for i in range(5)}
    published = make_model(config={"problem_type": ..., "id2label": names, "label2id": ...})
    output = tmp_path / "out"
    common = ("evaluate", "--input", corpus, "--output", output, "--model")
    cases: list[tuple[tuple[object, ...], int, str]] = [
        ((bundle,), 5, "--accept-raw"),
        ((published, "--accept-raw"), 4, "--labels NAME,NAME"),
        ((published, "--accept-raw", "--labels", "a,b,c,d,e"), 4, "--activation sigmoid"),
        ((bundle, "--accept-raw", "--slice", "id"), 2, "--slice id"),
        ((bundle, "--accept-raw", "--slice", "author"), 2, "--slice author"),
        ((bundle, "--accept-raw", "--baselines", "bert"), 2, "tfidf"),
        ((bundle, "--accept-raw", "--only", "ghost"), 3, "--only"),
        ((bundle, "--accept-raw", "--membership", "m", "--train", corpus), 2, "--train"),
        ((bundle, "--accept-raw", "--scores", tmp_path / "none"), 3, "--scores"),
        ((bundle, "--accept-raw", "--labels-column", "topics"), 3, "--labels-column"),
    ]
    for arguments, code, message in cases:
        assert run(*common, *arguments) == code
        assert message in capsys.readouterr().err
        assert not output.exists()
