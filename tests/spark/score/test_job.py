"""`psychescale score`, from files to a Delta table."""

import json
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from psychescale.spark.pipeline import land as landing
from tests.conftest import LABELS
from tests.spark.conftest import Row, read_runs, read_table, write_json_lines

PROBABILITIES = [f"p_{label}" for label in LABELS]
REASONS = {
    "doc-001": "null_text",
    "doc-002": "empty_text",
    "doc-005": "no_tokens",
    "doc-006": "empty_text",
}


def expected(oracle: Callable[..., Any], model: Path, rows: list[Row]) -> np.ndarray[Any, Any]:
    good = [row["text"] for row in rows if row["id"] not in REASONS]
    result: np.ndarray[Any, Any] = oracle(model, good)
    return result


class TestTable:
    def test_every_row_once(self, scored: Path, rows: list[Row]) -> None:
        """Every input row comes out exactly once, scored or with its reason."""
        table = read_table(scored)
        assert list(table["id"]) == [row["id"] for row in rows]
        reasons = {row["id"]: row["error"] for _, row in table.iterrows() if row["error"]}
        assert reasons == REASONS

    def test_probabilities(
        self, scored: Path, rows: list[Row], tiny_model: Path, oracle: Callable[..., Any]
    ) -> None:
        """Every probability equals plain transformers, one text at a time."""
        table = read_table(scored)
        found = table[table["error"].isna()][PROBABILITIES].to_numpy()
        assert np.abs(found - expected(oracle, tiny_model, rows)).max() < 1e-5
        assert found.dtype == np.float32

    def test_unscored_rows_are_null(self, scored: Path) -> None:
        """A row with a reason has nulls for probabilities and logits, and no tokens."""
        table = read_table(scored)
        failed = table[table["error"].notna()]
        assert failed[[*PROBABILITIES, *(f"logit_{label}" for label in LABELS)]].isna().all().all()
        assert set(failed["n_tokens"]) == {0}

    def test_columns(self, scored: Path) -> None:
        """The columns are those of the contract, in its order; the text is not among them."""
        assert list(read_table(scored).columns) == [
            "id",
            "source",
            *PROBABILITIES,
            *(f"logit_{label}" for label in LABELS),
            "n_tokens",
            "n_windows",
            "truncated",
            "error",
            "scoring_id",
            "run_id",
            "scored_at",
        ]

    def test_log_holds_no_statistics_of_ids(self, scored: Path, rows: list[Row]) -> None:
        """Neither ids nor kept columns leave statistics in the Delta log."""
        log = "".join(p.read_text() for p in sorted((scored / "_delta_log").glob("*.json")))
        assert "scoring_id" in log
        assert [row["id"] for row in rows if row["id"] in log] == []

    def test_description_and_comments(self, spark: SparkSession, scored: Path) -> None:
        """The table says what it is, and each probability column names its label."""
        described = spark.sql(f"DESCRIBE DETAIL delta.`{scored}`").collect()[0]
        assert "never a diagnosis" in described["description"]
        schema = spark.read.format("delta").load(str(scored)).schema
        assert "sleep" in schema["p_sleep"].metadata["comment"]

    def test_plain_features(self, spark: SparkSession, scored: Path) -> None:
        """Deletion vectors and column mapping are off, so that every reader can read it."""
        detail = spark.sql(f"DESCRIBE DETAIL delta.`{scored}`").collect()[0]
        assert detail["properties"]["delta.enableDeletionVectors"] == "false"
        assert (detail["minReaderVersion"], detail["minWriterVersion"]) == (1, 2)

    def test_landed_texts_are_gone(self, scored: Path) -> None:
        """After success neither landed texts nor their checkpoint are left, in a private folder."""
        state = scored / "_psychescale"
        assert list((state / "landed").iterdir()) == []
        assert list((state / "checkpoints").iterdir()) == []
        assert stat.S_IMODE(state.stat().st_mode) == 0o700


class TestRunTable:
    def test_counts(self, scored: Path, rows: list[Row]) -> None:
        """The run row counts what entered and what left, and the sums match."""
        run = read_runs(scored).iloc[0]
        assert (run["status"], run["exit_code"]) == ("done", 0)
        assert run["rows_in"] == len(rows) == run["rows_scored"] + run["rows_failed"]
        assert dict(run["failed_by_reason"]) == {"null_text": 1, "empty_text": 2, "no_tokens": 1}
        assert run["tokens"] == read_table(scored)["n_tokens"].sum()
        assert run["padding_ratio"] > 1
        assert run["accept_raw"]

    def test_secrets(self, scored: Path) -> None:
        """The configuration is stored without its secrets."""
        config = json.loads(read_runs(scored).iloc[0]["config"])
        assert config["spark"] == {"spark.hadoop.fs.s3a.secret.key": "***"}


class TestAgain:
    def test_second_run(
        self,
        run: Callable[..., int],
        scored: Path,
        tiny_model: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """The same command again scores nothing anew, says so, and does not load the model for it."""
        before = read_table(scored)
        corpus = scored.parent / "corpus.jsonl"
        code = run(
            "score", "--model", tiny_model, "--input", corpus, "--output", scored,
            "--accept-raw", "--keep", "source", "--logits",
        )  # fmt: skip
        assert code == 0
        told = capsys.readouterr().out
        assert "Nothing new to score" in told
        assert "landing the corpus" in told
        assert "loading the model" not in told
        pd.testing.assert_frame_equal(read_table(scored), before)

    def test_new_rows_only(
        self,
        run: Callable[..., int],
        rows: list[Row],
        tiny_model: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """Next month's file costs its new rows only, and keeps the old ones as they were."""
        corpus, output = tmp_path / "corpus.jsonl", tmp_path / "scores"
        arguments = ["score", "--model", tiny_model, "--input", corpus, "--output", output]
        write_json_lines(corpus, rows[10:20])
        assert run(*arguments, "--accept-raw") == 0
        told = capsys.readouterr().out
        assert told.index("loading the model") < told.index(
            "landing the corpus"
        )  # or refused before
        before = read_table(output)
        write_json_lines(corpus, rows[10:25])
        assert run(*arguments, "--accept-raw", "--json") == 0
        outcome = json.loads(capsys.readouterr().out)
        assert (outcome["rows_in"], outcome["rows_known"]) == (5, 10)
        after = read_table(output)
        assert list(after["id"]) == [row["id"] for row in rows[10:25]]
        pd.testing.assert_frame_equal(after.head(10), before)

    def test_resume(
        self,
        run: Callable[..., int],
        rows: list[Row],
        tiny_model: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A run that stopped half-way goes on: what was committed stays, nothing is doubled."""
        monkeypatch.setattr(landing, "MIN_ROWS_PER_FILE", 2)
        many = [{**row, "id": f"{row['id']}-{copy}"} for copy in range(2) for row in rows]
        bad = [{"id": f"bad-{i:02}", "text": " " * i} for i in range(30)]
        corpus = write_json_lines(tmp_path / "corpus.jsonl", many + bad)
        output = tmp_path / "scores"
        arguments = ["score", "--model", tiny_model, "--input", corpus, "--output", output]
        arguments += ["--rows-per-task", "8", "--tasks-per-slot", "2"]  # five micro-batches
        assert run(*arguments, "--accept-raw", "--max-failed-share", "0.02") == 6
        stopped = read_table(output)
        assert 0 < len(stopped) < len(many) + len(bad)
        assert run(*arguments, "--accept-raw", "--max-failed-share", "1") == 0
        finished = read_table(output)
        assert list(finished["id"]) == sorted(row["id"] for row in many + bad)
        kept = finished[finished["run_id"] == stopped["run_id"].iloc[0]].reset_index(drop=True)
        pd.testing.assert_frame_equal(kept, stopped)

    def test_lost_checkpoint(
        self,
        spark: SparkSession,
        run: Callable[..., int],
        rows: list[Row],
        tiny_model: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """Landed rows that were scored, without their checkpoint, are refused with the remedy."""
        del spark
        corpus = write_json_lines(tmp_path / "corpus.jsonl", [*rows, {"id": "x", "text": None}])
        output = tmp_path / "scores"
        arguments = ["score", "--model", tiny_model, "--input", corpus, "--output", output]
        assert run(*arguments, "--accept-raw", "--max-failed-share", "0.01") == 6
        for checkpoint in (output / "_psychescale" / "checkpoints").iterdir():
            checkpoint.rename(tmp_path / "lost")
        capsys.readouterr()
        assert run(*arguments, "--accept-raw", "--max-failed-share", "1") == 7
        landed = output / "_psychescale" / "landed"
        assert str(landed) in capsys.readouterr().err
        for folder in landed.iterdir():  # the remedy, followed
            folder.rename(tmp_path / "landed")
        assert run(*arguments, "--accept-raw", "--max-failed-share", "1") == 0
        assert list(read_table(output)["id"]) == [*(row["id"] for row in rows), "x"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "arguments", "code", "message"),
        [
            ({}, [], 5, "--accept-raw"),
            ({}, ["--accept-raw", "--text-column", "body"], 3, "no column body"),
            ({}, ["--accept-raw", "--keep", "text"], 5, "never holds the text"),
            ({"run_id": "1"}, ["--accept-raw", "--keep", "run_id"], 2, "--keep run_id"),
            ({"id": None}, ["--accept-raw"], 3, "rows have no id"),
            ({"id": "same"}, ["--accept-raw"], 3, "repeat the id"),
        ],
    )
    def test_corpus(
        self,
        run: Callable[..., int],
        tiny_model: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        change: Row,
        arguments: list[str],
        code: int,
        message: str,
    ) -> None:
        """A corpus that cannot be scored is refused with its own message and exit code."""
        corpus = [{"id": f"canary-{i}", "text": "a canary", **change} for i in range(3)]
        path = write_json_lines(tmp_path / "corpus.jsonl", corpus)
        output = tmp_path / "scores"
        found = run("score", "--model", tiny_model, "--input", path, "--output", output, *arguments)
        told = capsys.readouterr().err
        assert (found, message in told) == (code, True), told
        assert "canary" not in told

    def test_other_columns(
        self,
        run: Callable[..., int],
        scored: Path,
        make_model: Callable[..., Path],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """A table of other labels is not written to; the message names the first that differs."""
        other = make_model(config={"id2label": {i: f"other {i}" for i in range(5)}})
        corpus = scored.parent / "corpus.jsonl"
        code = run("score", "--model", other, "--input", corpus, "--output", scored, "--accept-raw")
        assert code == 3
        assert "p_other_0" in capsys.readouterr().err

    def test_nothing_there(
        self,
        run: Callable[..., int],
        tiny_model: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """An input that does not exist is named."""
        missing = tmp_path / "missing.csv"
        code = run("score", "--model", tiny_model, "--input", missing, "--output", tmp_path / "o")
        assert code == 3
        assert str(missing) in capsys.readouterr().err

    def test_catalog_needs_state(
        self,
        run: Callable[..., int],
        tiny_model: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """A catalog table has no folder for the state, so --state is asked for."""
        code = run("score", "--model", tiny_model, "--input", tmp_path, "--output", "lab.scores")
        assert code == 2
        assert "--state" in capsys.readouterr().err


class TestForms:
    def test_corrupt_lines(self, run: Callable[..., int], tiny_model: Path, tmp_path: Path) -> None:
        """Corrupt lines become rows with made ids, which tell their lines and stay the same."""
        corpus = tmp_path / "corpus.jsonl"
        good = [json.dumps({"id": f"g{i}", "text": "good text"}) for i in range(8)]
        lines = [*good[:3], '{"id": "canary', *good[3:], "no json at all"]
        corpus.write_text("\n".join(lines) + "\n", encoding="utf-8")
        arguments = ["score", "--model", tiny_model, "--input", corpus, "--output"]
        assert run(*arguments, tmp_path / "a", "--accept-raw", "--max-failed-share", "1") == 0
        table = read_table(tmp_path / "a")
        corrupt = table[table["error"] == "corrupt_row"]
        assert list(corrupt["id"]) == ["row:corpus.jsonl:10", "row:corpus.jsonl:4"]
        assert len(table) == len(lines)
        assert run(*arguments, tmp_path / "a", "--accept-raw", "--max-failed-share", "1") == 0
        assert len(read_table(tmp_path / "a")) == len(lines)

    def test_second_text(
        self,
        run: Callable[..., int],
        tiny_model: Path,
        tmp_path: Path,
        oracle: Callable[..., Any],
    ) -> None:
        """A question is read together with its answer, and a row without one stands alone."""
        answers, questions = ["fine", "badly", "so so"], ["how do you sleep?", None, "and work?"]
        rows = [
            {"id": i, "text": a, "question": q}
            for i, (a, q) in enumerate(zip(answers, questions, strict=True))
        ]
        corpus = write_json_lines(tmp_path / "corpus.jsonl", rows)
        output = tmp_path / "scores"
        code = run(
            "score", "--model", tiny_model, "--input", corpus, "--output", output,
            "--accept-raw", "--second-text-column", "question",
        )  # fmt: skip
        assert code == 0
        wanted = oracle(tiny_model, answers, second_texts=questions)
        found = read_table(output)[PROBABILITIES].to_numpy()
        assert np.abs(found - wanted).max() < 1e-5


class TestSwitches:
    def test_dry_run(
        self, run: Callable[..., int], rows: list[Row], tiny_model: Path, tmp_path: Path
    ) -> None:
        """--dry-run checks everything and writes nothing."""
        corpus = write_json_lines(tmp_path / "corpus.jsonl", rows)
        code = run(
            "score", "--model", tiny_model, "--input", corpus, "--output", tmp_path / "o",
            "--accept-raw", "--dry-run",
        )  # fmt: skip
        assert code == 0
        assert [path.name for path in tmp_path.iterdir()] == ["corpus.jsonl"]

    def test_softmax(
        self,
        run: Callable[..., int],
        scored: Path,
        rows: list[Row],
        tiny_model: Path,
        tmp_path: Path,
        oracle: Callable[..., Any],
    ) -> None:
        """--activation softmax gives the shares of the model card's snippet, under another id."""
        corpus = write_json_lines(tmp_path / "corpus.jsonl", rows[10:20])
        output = Path(shutil.copytree(scored, tmp_path / "scores"))
        code = run(
            "score", "--model", tiny_model, "--input", corpus, "--output", output, "--accept-raw",
            "--activation", "softmax", "--keep", "source", "--logits",
        )  # fmt: skip
        assert code == 0
        table = read_table(output)
        assert sorted(table.groupby("scoring_id").size()) == [10, len(rows)]
        (before,) = read_table(scored)["scoring_id"].unique()
        found = table[table["scoring_id"] != before][PROBABILITIES].to_numpy()
        wanted = oracle(tiny_model, [row["text"] for row in rows[10:20]], "softmax")
        assert np.abs(found - wanted).max() < 1e-5


def test_who_could_be_singled_out(
    run: Callable[..., int], tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Told before a run; coarser columns come out as dates and bands; what is no grain is refused."""
    rows: list[Row] = [
        {
            "id": str(i),
            "text": "tired " * (i % 5 + 1),
            "created": f"2020-01-01 00:00:{i:02}",
            "age": i,
        }
        for i in range(60)
    ]
    corpus = write_json_lines(tmp_path / "corpus.jsonl", rows)
    given = ("score", "--model", tiny_model, "--input", corpus, "--output", tmp_path / "out",
             "--accept-raw", "--keep", "created,age")  # fmt: skip
    assert run(*given, "--dry-run") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "all all created" in told
    assert "none none n_tokens" in told
    assert "Coarser: --coarsen created=month,age=1" in told
    assert not (tmp_path / "out").exists()
    assert run(*given, "--coarsen", "created=soon") == 2
    assert run(*given, "--coarsen", "source=day") == 2
    assert run(*given, "--coarsen", "created=month,age=20") == 0
    table = read_table(tmp_path / "out")
    assert {str(value) for value in table["created"]} == {"2020-01-01"}
    assert set(table["age"]) == {0.0, 20.0, 40.0}
    told = " ".join(capsys.readouterr().out.split())
    assert "none none created + age" in told
    assert run(*given, "--coarsen", "age=20") == 3  # the table has another type of created
