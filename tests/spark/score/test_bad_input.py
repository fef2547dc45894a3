"""Input of every bad kind: its own message or its own reason, nothing lost, nothing told."""

import gzip
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from psychescale.spark.pipeline import land as landing
from psychescale.spark.score import udf as udf_module
from tests.spark.conftest import read_runs, read_table, write_json_lines
from tests.spark.corpus.test_forms import read

Score = Callable[..., int]
CANARY = "xylocanary"
SPECIAL = [
    b"", b" ", b"\0", b"a\0b", b'"', b'""', b"a,b", b"\r", b"a\r\nb", b"\n", b"\xff\xfe", b"\\",
    b"\xed\xa0\x80", b"#", b"{}", "\u200b\u200d".encode(), "🙂🙂".encode(), "שלום".encode(),
]  # fmt: skip


@pytest.fixture
def score(run: Callable[..., int], tiny_model: Path, tmp_path: Path) -> Score:
    """A function (input, *arguments) → exit code, scoring into tmp_path / "scores"."""

    def call(corpus: Path, *arguments: str | Path) -> int:
        return run(
            "score", "--model", tiny_model, "--input", corpus, "--output", tmp_path / "scores",
            "--accept-raw", *arguments,
        )  # fmt: skip

    return call


def refused(
    score: Score, capsys: pytest.CaptureFixture[str], corpus: Path, *arguments: str | Path
) -> tuple[int, str]:
    """Exit code and message; neither a word of the corpus nor the name of a file is in it."""
    capsys.readouterr()
    code = score(corpus, *arguments)
    told = capsys.readouterr().err
    assert CANARY not in told
    return code, told


def odd_pairs(count: int) -> list[tuple[bytes, bytes]]:
    """Ids and texts of arbitrary bytes, the ids unique, from a fixed seed."""
    chance = random.Random(7)
    words = [
        CANARY.encode(),
        *SPECIAL,
        *(chance.randbytes(chance.randint(1, 12)) for _ in range(40)),
    ]

    def value(most: int) -> bytes:
        return b"".join(chance.choice(words) for _ in range(chance.randint(0, most)))

    return [(b"%d" % i + value(2), value(4)) for i in range(count)]


def as_read(spark: SparkSession, corpus: Path, **dialect: str) -> pd.DataFrame:
    """Id and reason of every row, as a job gets them."""
    rows = [(ident, error) for ident, _, error in read(spark, corpus, **dialect)]
    return pd.DataFrame(rows, columns=["id", "error"])


def as_text(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


class TestAnyBytes:
    """Rows in are rows out, whatever the bytes; ids that are text stay what they are."""

    def check(self, table: pd.DataFrame, pairs: list[tuple[bytes, bytes]], file: str) -> None:
        ids = [as_text(ident) for ident, _ in pairs]
        assert len(table) == len(pairs)
        made = table[table["id"].str.startswith("row:")]
        assert set(table["id"]) - set(made["id"]) == {ident for ident in ids if ident is not None}
        assert set(made["error"]) == {"corrupt_row"}
        assert made["id"].str.startswith(f"row:{file}").all()
        reasons = dict(zip(table["id"], table["error"], strict=True))
        bad_texts = {i for i, (_, t) in zip(ids, pairs, strict=True) if i and as_text(t) is None}
        assert {i for i, reason in reasons.items() if reason == "invalid_unicode"} == bad_texts

    def test_csv(self, spark: SparkSession, tmp_path: Path) -> None:
        """CSV, every field in quotes."""
        pairs = odd_pairs(400)
        lines = [b",".join(b'"' + v.replace(b'"', b'""') + b'"' for v in pair) for pair in pairs]
        corpus = tmp_path / "c.csv"
        corpus.write_bytes(b"\n".join([b"id,text", *lines]))
        self.check(as_read(spark, corpus, escape="none"), pairs, "c.csv:")

    def test_json_lines(self, score: Score, tmp_path: Path) -> None:
        """JSON lines through the job, bytes that are not UTF-8 and lone surrogates among them."""
        pairs = odd_pairs(400)
        lines = [
            json.dumps(
                {
                    "id": i.decode("utf-8", "surrogateescape"),
                    "text": t.decode("utf-8", "surrogateescape"),
                }
            )
            for i, t in pairs
        ]
        corpus = tmp_path / "c.jsonl"
        corpus.write_text("\n".join(lines), encoding="utf-8")
        assert score(corpus, "--max-failed-share", "1") == 0
        self.check(read_table(tmp_path / "scores"), pairs, "c.jsonl:")

    def test_parquet(self, spark: SparkSession, tmp_path: Path) -> None:
        """Parquet with binary columns."""
        pairs = odd_pairs(400)
        corpus = tmp_path / "c.parquet"
        ids, texts = (pa.array(column, pa.binary()) for column in zip(*pairs, strict=True))
        pq.write_table(pa.table({"id": ids, "text": texts}), corpus)
        self.check(as_read(spark, corpus), pairs, "c.parquet:")


class TestTexts:
    def test_odd_texts(self, score: Score, tmp_path: Path, tiny_model: Path) -> None:
        """Texts of every odd kind are scored, or have their own reason; 5 MB end at --max-windows."""
        texts = {
            "null": None, "empty": "", "blank": " \t\n", "zero-width": "\u200b\u200d", "nul": "a\0b",
            "emoji": "🙂🙂", "rtl": "\u202eשלום עולם", "surrogate": "a\ud83d", "long": "word " * 10**6,
        }  # fmt: skip
        del tiny_model
        corpus = write_json_lines(
            tmp_path / "c.jsonl", [{"id": i, "text": t} for i, t in texts.items()]
        )
        assert score(corpus, "--max-failed-share", "1", "--max-windows", "3") == 0
        table = read_table(tmp_path / "scores").set_index("id")
        reasons = table["error"].dropna().to_dict()
        assert reasons == {
            "null": "null_text", "empty": "empty_text", "blank": "empty_text",
            "zero-width": "no_tokens", "surrogate": "invalid_unicode",
        }  # fmt: skip
        assert (table["n_windows"]["long"], table["truncated"]["long"]) == (3, True)

    def test_broken_csv(self, spark: SparkSession, tmp_path: Path) -> None:
        """A quote that never closes costs its line; line breaks in quotes belong to the text."""
        corpus = tmp_path / "c.csv"
        rows = "".join(f'{i},"word, word\nword {i}"\n' for i in range(30))
        corpus.write_text(f'id,text\n{rows}a,"never closed\nb,word\n', encoding="utf-8")
        table = as_read(spark, corpus)
        assert len(table) == 32
        assert list(table[table["error"].notna()]["id"]) == ["row:c.csv:62"]

    def test_without_rows(self, score: Score, tmp_path: Path) -> None:
        """An input that is there and has no row is a run of none; one that is not there is refused."""
        (tmp_path / "header.csv").write_text("id,text\n", encoding="utf-8")
        (tmp_path / "month").mkdir()
        (tmp_path / "month" / "empty.csv").touch()
        assert score(tmp_path / "header.csv") == 0
        assert score(tmp_path / "month") == 0
        assert score(tmp_path / "nothing.csv") == 3
        assert len(read_table(tmp_path / "scores")) == 0
        runs = read_runs(tmp_path / "scores")
        assert [*runs["status"], *runs["rows_in"]] == ["done", "done", 0, 0]


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "suffix", "code", "message"),
        [
            ("id,text\n1,a\n".encode("utf-16-le"), "csv", 3, "--encoding utf-16-le"),
            (b"id,text\n1,caf\xe9\n2,na\xefve\n3,a\n", "csv", 6, "--encoding"),
            (b'{"id": "xylocanary"\n{"text": \n', "jsonl", 3, "None of the first 2 lines"),
            (b'{"id": "1", "text": " "}\n', "jsonl", 6, "1–7 empty_text"),
            (b"PAR1 not really xylocanary", "parquet", 3, "damaged"),
            (b"not gzip xylocanary", "csv.gz", 3, "damaged"),
        ],
    )
    def test_files(
        self,
        score: Score,
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
        content: bytes,
        suffix: str,
        code: int,
        message: str,
    ) -> None:
        """A file that cannot be scored is refused with its own message."""
        corpus = tmp_path / f"{CANARY}.{suffix}"
        corpus.write_bytes(content)
        found, told = refused(score, capsys, corpus)
        assert (found, message in told) == (code, True), told

    def test_encoding(self, score: Score, tmp_path: Path) -> None:
        """An encoding that the file is not in, or that there is not, is refused."""
        corpus = tmp_path / "c.csv"
        corpus.write_bytes("id,text\n1,café\n".encode("cp1252"))
        assert score(corpus, "--encoding", "utf-16") == 3
        assert score(corpus, "--encoding", "klingon") == 2

    def test_one_of_many(
        self, score: Score, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        """Among many files the bad one is named by its number."""
        folder = tmp_path / "corpus"
        folder.mkdir()
        for i in range(4):
            write_json_lines(folder / f"{CANARY}-{i}.jsonl", [{"id": i, "text": "word"}])
            plain = (folder / f"{CANARY}-{i}.jsonl").read_bytes()
            (folder / f"{CANARY}-{i}.jsonl").unlink()
            packed = gzip.compress(plain)
            (folder / f"{CANARY}-{i}.jsonl.gz").write_bytes(packed if i != 2 else packed[:-9])
        code, told = refused(score, capsys, folder)
        assert (code, "File 3 of 4" in told) == (3, True), told

    @pytest.mark.parametrize(
        ("frame", "message"),
        [
            (pd.DataFrame({"id": [1.5], "text": ["a"]}), "column id is of type double"),
            (pd.DataFrame({"id": ["1"], "text": [7]}), "column text is of type bigint"),
            (pd.DataFrame({"id": ["1"], "text": [["a"]]}), "column text is of type array"),
        ],
    )
    def test_types(
        self,
        score: Score,
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
        frame: pd.DataFrame,
        message: str,
    ) -> None:
        """A column of another type is refused, with the type it has."""
        frame.to_parquet(tmp_path / "c.parquet")
        code, told = refused(score, capsys, tmp_path / "c.parquet")
        assert (code, message in told) == (3, True), told

    def test_retyped(
        self, score: Score, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        """A column that changes its type from file to file is refused."""
        folder = tmp_path / "corpus"
        folder.mkdir()
        pd.DataFrame({"id": ["1"], "text": ["a"]}).to_parquet(folder / "a.parquet")
        pd.DataFrame({"id": [2], "text": ["b"]}).to_parquet(folder / "b.parquet")
        code, told = refused(score, capsys, folder)
        assert (code, "another type" in told) == (3, True), told

    def test_wild_names(self, spark: SparkSession, tmp_path: Path) -> None:
        """A path with the characters of patterns, spaces and percent signs is taken literally."""
        folder = tmp_path / "a [1] {x} 100%"
        folder.mkdir()
        write_json_lines(folder / "c *.jsonl", [{"id": "1", "text": "word"}])
        (folder / "d.jsonl").write_text("junk\n", encoding="utf-8")
        assert list(as_read(spark, folder)["id"]) == ["1", "row:d.jsonl:1"]


class TestStorage:
    def test_unwritable_output(
        self,
        run: Callable[..., int],
        tiny_model: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """An output that cannot be written is named."""
        corpus = write_json_lines(tmp_path / "c.jsonl", [{"id": "1", "text": "word"}])
        output = corpus / "below-a-file"
        code = run(
            "score", "--model", tiny_model, "--input", corpus, "--output", output, "--accept-raw"
        )
        assert (code, str(output) in capsys.readouterr().err) == (7, True)

    def test_disk_full(
        self,
        spark: SparkSession,
        score: Score,
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
    ) -> None:
        """A disk that is full while the corpus is landed is said so; nothing is taken for landed."""
        chance = random.Random(7)
        rows = [{"id": f"{i}", "text": chance.randbytes(40_000).hex()} for i in range(60)]
        corpus = write_json_lines(tmp_path / "c.jsonl", rows)
        jvm = psutil.Process(spark._jvm.java.lang.ProcessHandle.current().pid())  # type: ignore[union-attr]
        before = jvm.rlimit(psutil.RLIMIT_FSIZE)
        # No file may grow beyond a MiB: what a full disk answers, for one process.
        jvm.rlimit(psutil.RLIMIT_FSIZE, (2**20, before[1]))
        try:
            code, told = refused(score, capsys, corpus)
        finally:
            # Workers that were forked meanwhile have the limit too, and outlive this test.
            for process in (jvm, *jvm.children(recursive=True)):
                process.rlimit(psutil.RLIMIT_FSIZE, before)
        assert (code, "disk is full" in told) == (7, True), told
        landed = list((tmp_path / "scores" / "_psychescale" / "landed").glob("*/_delta_log/*.json"))
        assert landed == []

    def test_other_state(
        self, score: Score, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        """An output keeps its state folder: with two of them, two jobs could double rows."""
        corpus = write_json_lines(tmp_path / "c.jsonl", [{"id": "1", "text": "word"}])
        assert score(corpus, "--state", tmp_path / "state") == 0
        assert score(corpus, "--state", tmp_path / "state") == 0
        code, told = refused(score, capsys, corpus)
        assert (code, f"--state file:{tmp_path}/state" in told) == (7, True), told
        code, told = refused(score, capsys, corpus, "--state", tmp_path / "other")
        assert code == 7

    def test_changed_source(
        self,
        score: Score,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        """A corpus that changed since an unfinished run landed it is refused; the remedy works."""
        monkeypatch.setattr(landing, "MIN_ROWS_PER_FILE", 2)
        rows = [{"id": f"{i}", "text": "word" if i % 2 else " "} for i in range(20)]
        corpus = write_json_lines(tmp_path / "c.jsonl", rows)
        assert score(corpus, "--rows-per-task", "2") == 6
        write_json_lines(corpus, [*rows, {"id": "new", "text": "word"}])
        code, told = refused(score, capsys, corpus, "--max-failed-share", "1")
        assert (code, "unfinished run" in told) == (7, True)
        for folder in (tmp_path / "scores" / "_psychescale" / "landed").iterdir():
            assert str(folder) in told
            folder.rename(tmp_path / "given-up")
        assert score(corpus, "--max-failed-share", "1") == 0
        assert sorted(read_table(tmp_path / "scores")["id"]) == sorted(
            [*(r["id"] for r in rows), "new"]
        )


class TestWorkers:
    @pytest.fixture
    def corpus(self, tmp_path: Path) -> Path:
        return write_json_lines(
            tmp_path / "c.jsonl", [{"id": f"{i}", "text": f"word {i}"} for i in range(20)]
        )

    def test_hung_worker(
        self, score: Score, monkeypatch: pytest.MonkeyPatch, corpus: Path, tmp_path: Path
    ) -> None:
        """A worker that stands still is ended, and its task done by another one."""
        real, marker = udf_module._score, str(tmp_path / "hung")

        def hanging(task, batches):  # noqa: ANN001, ANN202 - pickled by value, so it stays plain
            def stuck():  # noqa: ANN202
                if not Path(marker).exists():
                    Path(marker).touch()
                    time.sleep(3600)
                yield from batches

            return real(task, stuck())

        monkeypatch.setattr(udf_module, "_score", hanging)
        assert score(corpus, "--stall-timeout-s", "10") == 0
        assert Path(marker).exists()
        assert len(read_table(tmp_path / "scores")) == 20

    def test_exiting_worker(
        self,
        score: Score,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        corpus: Path,
        tmp_path: Path,
    ) -> None:
        """A worker that dies over the same task again and again ends the run; the next one goes on."""

        def exiting(*_):  # noqa: ANN002, ANN202
            import os

            os._exit(3)

        with monkeypatch.context() as patched:
            patched.setattr(udf_module, "_score", exiting)
            code, told = refused(score, capsys, corpus)
        assert (code, "worker died" in told) == (7, True), told
        assert score(corpus) == 0
        assert len(read_table(tmp_path / "scores")) == 20
        assert list(read_runs(tmp_path / "scores")["exit_code"]) == [7, 0]


def test_watchdog_leaves_the_living_alone() -> None:
    """A process that goes on renewing, or has stopped the watchdog, lives."""
    code = (
        "import time; from psychescale.spark.workers.process import Watchdog\n"
        "dog = Watchdog(1)\n"
        "for _ in range(15):\n    dog.renew(); time.sleep(0.1)\n"
        "dog.stop(); time.sleep(1.2); print('alive')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "alive\n")
