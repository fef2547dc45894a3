"""`psychescale anonymize`, from raw files to a marked table that `score` takes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from psychescale.settings.shared import RedactorConfig
from psychescale.spark.anonymize import outputs, plan
from psychescale.workflows.redactors import open_redactor
from tests.spark.conftest import Row, read_runs, read_table, write_json_lines
from tests.spark.score.test_canaries import search

TEXTS: list[str | None] = [
    "My name is Sarah Connor, call me on +44 20 7946 0958.",
    "thanks u/moonbeam_3, and zorkmid_1 too",
    "Seen by Dr. Smith on 03/04/2023, MRN 4455667.",
    "nothing to find here",
    None,
    "write to a.b@example.com, please",
    "SSN 536-90-4399 was leaked",
]
SECRETS = ["Sarah", "7946", "moonbeam", "zorkmid", "Smith", "4455667", "example.com", "536-90"]
Anonymize = Callable[..., int]


def planted(count: int = 35) -> list[Row]:
    return [
        {
            "id": f"patient-{i}",
            "author": f"zorkmid_{i % 3}",
            "time": f"2024-03-{1 + i % 28:02}T10:00:00",
            "text": TEXTS[i % len(TEXTS)],
        }
        for i in range(count)
    ]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_bytes(bytes(range(32)))
    path.chmod(0o600)
    return path


@pytest.fixture
def anonymize(run: Callable[..., int], tmp_path: Path, key: Path) -> Anonymize:
    """A function (input, *arguments) → exit code, into tmp_path / "redacted"."""

    def call(corpus: Path, *arguments: str | Path) -> int:
        return run(
            "anonymize", "--input", corpus, "--output", tmp_path / "redacted", "--key-file", key,
            "--author-column", "author", "--time-column", "time", *arguments,
        )  # fmt: skip

    return call


def test_whole_way(
    spark: SparkSession,
    anonymize: Anonymize,
    run: Callable[..., int],
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No identifier is left, `score` takes the table, and again does nothing, nor for no row."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    path = write_json_lines(corpus / "zorkmid.jsonl", planted())
    with path.open("a", encoding="utf-8") as file:
        file.write('{"id": "patient-x", "text": "Sarah zorkmid\n')
    assert anonymize(corpus) == 0
    told = capsys.readouterr()
    assert "still personal data" in told.out
    output = tmp_path / "redacted"
    table = read_table(output)
    assert len(table) == 35
    assert list(table.columns) == [
        "id", "author", "time", "text", "findings", "n_chars", "n_words", "run_id", "anonymized_at",
    ]  # fmt: skip
    everything = table.to_csv() + told.out + told.err
    assert [secret for secret in [*SECRETS, "patient"] if secret in everything] == []
    assert search(output) == {}
    assert "[NAME]" in "".join(table["text"].dropna())
    assert table["author"].nunique() == 3
    assert set(table["time"].astype(str).str[:10]) == {"2024-01-01"}
    quarantine = DeltaTable(str(output / "_psychescale" / "quarantine")).to_pandas()
    assert list(quarantine["error"]) == ["corrupt_row"]
    assert len(quarantine["id"].iloc[0]) == len(table["id"].iloc[0])
    code = run(
        "score", "--model", tiny_model, "--input", output, "--output", tmp_path / "scores",
        "--max-failed-share", "0.2",
    )  # fmt: skip
    assert code == 0
    assert anonymize(corpus) == 0
    assert len(read_table(output)) == 35
    (tmp_path / "month").mkdir()
    assert anonymize(tmp_path / "month") == 0
    assert list(read_runs(output)["rows_in"]) == [36, 0, 0]
    first = read_runs(output)["run_id"].iloc[0]
    report = json.loads((output / "_psychescale" / "reports" / f"{first}.json").read_text())
    assert report["findings"]["NAME"] == 10
    assert (report["rows"], report["kept"], report["quarantined"]) == (35, 35, "1–7")
    assert report["by_group"]["time"][0] == {"group": 2024, "kept": 35, "quarantined": 0}
    del spark


def test_new_rows_and_same_pseudonyms(anonymize: Anonymize, tmp_path: Path) -> None:
    """Next month's corpus costs its new rows only; an author keeps the pseudonym, a date its shift."""
    corpus = write_json_lines(tmp_path / "c.jsonl", planted(7))
    assert anonymize(corpus, "--dates", "shift") == 0
    before = read_table(tmp_path / "redacted")
    write_json_lines(corpus, planted(10))
    assert anonymize(corpus, "--dates", "shift") == 0
    after = read_table(tmp_path / "redacted")
    assert len(after) == 10
    assert set(after["author"]) == set(before["author"])
    kept = after[after["id"].isin(before["id"])].reset_index(drop=True)
    assert kept["text"].equals(before["text"])
    assert not any("2024-03" in str(time) for time in after["time"])


def test_dates_and_times_move_alike(
    anonymize: Anonymize, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The day in a text and the time of the row move by one constant, of the author or else the row.

    A time that could be read in two ways is refused, unless its format is given.
    """
    rows: list[Row] = [
        {
            "id": f"row-{i}",
            "author": None if i % 4 == 0 else f"zorkmid_{i % 4}",
            "time": f"{1 + i:02}/03/2024" if i else None,
            "text": f"it was on 2024-03-{1 + i:02}",
        }
        for i in range(12)
    ]
    corpus = write_json_lines(tmp_path / "c.jsonl", rows)
    assert anonymize(corpus, "--dates", "shift") == 3
    assert "11 times cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "redacted").exists()
    assert anonymize(corpus, "--dates", "shift", "--time-format", "%d/%m/%Y") == 0
    table = read_table(tmp_path / "redacted")
    days = table["text"].str[-10:]
    has_time = table["time"].notna()
    assert has_time.sum() == 11
    assert list(table["time"][has_time].astype(str).str[:10]) == list(days[has_time])
    assert days.str.startswith("2024-03").sum() == 0
    assert table["author"].isna().sum() == 3


def test_report_compares_groups(anonymize: Anonymize, tmp_path: Path) -> None:
    """Kept and quarantined rows are compared by named columns; small groups are told as others."""
    long = "Dr. 5 May " * 10_000  # takes ten times the limit below; short texts a thousandth
    rows: list[Row] = [
        {"id": str(i), "author": None, "time": "2024-01-01", "text": "fine", "clinic": "north"}
        for i in range(40)
    ]
    rows += [{**rows[0], "id": f"s{i}", "clinic": "south"} for i in range(3)]
    rows += [{**rows[0], "id": f"l{i}", "text": f"{long} {i}"} for i in range(10)]
    code = anonymize(
        write_json_lines(tmp_path / "c.jsonl", rows), "--keep", "clinic", "--compare", "clinic",
        "--timeout-s", "0.05", "--max-failed-share", "1",
    )  # fmt: skip
    assert code == 0
    (path,) = (tmp_path / "redacted" / "_psychescale" / "reports").glob("*.json")
    report = json.loads(path.read_text(encoding="utf-8"))
    north, others = report["by_group"]["clinic"]
    assert (north["group"], others["group"]) == ("north", "others")
    assert others["kept"] == "1–7"
    assert north["quarantined"] == 10
    assert report["by_length_in_words"][-1]["quarantined"] == 10


def test_key_from_the_environment(
    anonymize: Anonymize, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that is in no file and in no setting, but in the environment of driver and workers."""
    corpus = write_json_lines(tmp_path / "c.jsonl", planted(3))
    monkeypatch.delenv("PSYCHESCALE_TEST_KEY", raising=False)
    assert anonymize(corpus, "--key-file", "env:PSYCHESCALE_TEST_KEY") == 2
    assert anonymize(corpus, "--key-file", "secret:scope/key") == 2
    assert not (tmp_path / "redacted").exists()


def test_other_redactor_purges(
    anonymize: Anonymize, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A better redactor replaces what the earlier one left; a part of the corpus may not."""
    corpus = write_json_lines(tmp_path / "c.jsonl", planted(14))
    assert anonymize(corpus, "--leave", "NAME") == 0
    output = tmp_path / "redacted"
    assert "Sarah" in "".join(read_table(output)["text"].dropna())
    for module in (outputs, plan):
        monkeypatch.setattr(module, "REDACTOR_VERSION", "next", raising=False)
    part = write_json_lines(tmp_path / "part.jsonl", planted(7))
    assert anonymize(part) == 3
    for folder in (output / "_psychescale" / "landed").iterdir():
        folder.rename(tmp_path / "given-up")
    assert anonymize(corpus) == 0
    assert len(read_table(output)) == 14
    texts = [DeltaTable(str(output)).to_pandas()["text"].dropna().str.cat()]
    import pyarrow.parquet as pq

    for path in output.glob("*.parquet"):
        texts += [str(value) for value in pq.read_table(path, columns=["text"])["text"].to_pylist()]
    assert "Sarah" not in "".join(texts)


def test_failing_closed(
    anonymize: Anonymize, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A text that runs out of time is not passed on; too many end the run before any row is."""
    corpus = write_json_lines(tmp_path / "c.jsonl", planted(35))
    assert anonymize(corpus, "--timeout-s", "0.0000001") == 6
    assert "30 redaction_timeout" in capsys.readouterr().err
    assert len(read_table(tmp_path / "redacted")) == 0
    assert anonymize(corpus, "--max-failed-share", "1") == 0
    assert read_table(tmp_path / "redacted")["text"].isna().all()
    quarantine = DeltaTable(str(tmp_path / "redacted" / "_psychescale" / "quarantine")).to_pandas()
    assert set(quarantine["error"]) == {"redaction_timeout"}
    assert "text" not in quarantine.columns


def test_crosswalk(anonymize: Anonymize, tmp_path: Path) -> None:
    """The way back is written only where it is asked for, and leads to every id and author."""
    corpus = write_json_lines(tmp_path / "c.jsonl", planted(7))
    assert anonymize(corpus, "--crosswalk", tmp_path / "way-back") == 0
    crosswalk = DeltaTable(str(tmp_path / "way-back")).to_pandas().set_index("id")
    table = read_table(tmp_path / "redacted").set_index("id")
    assert sorted(crosswalk["original_id"]) == [f"patient-{i}" for i in range(7)]
    assert crosswalk["author"].loc[table.index].equals(table["author"])
    assert (tmp_path / "way-back").stat().st_mode & 0o777 == 0o700


def test_tagger(anonymize: Anonymize, make_tagger: Callable[..., Path], tmp_path: Path) -> None:
    """A tagger travels to the executors, and finds there what it finds here."""
    folder = make_tagger(labels=("O", "B-PERSON", "I-PERSON", "B-LOC", "I-LOC"))
    texts = [
        f"Unbelievable {word} Sleep with Work and {word} {i}" for i in range(9) for word in "AB"
    ]
    rows: list[Row] = [
        {"id": str(i), "author": None, "time": None, "text": text} for i, text in enumerate(texts)
    ]
    tagger = ("--tagger", folder, "--tagger-precision", "fp32")
    assert anonymize(write_json_lines(tmp_path / "c.jsonl", rows), *tagger) == 0

    config = RedactorConfig(tagger=str(folder), tagger_precision="fp32")
    expected = [result.text for result in open_redactor(config).redact_batch(texts)]  # type: ignore[union-attr]
    assert expected != texts
    assert sorted(read_table(tmp_path / "redacted")["text"]) == sorted(expected)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--key-file", "missing"], 2, "key file cannot be read"),
        (["--key-file", "short"], 5, "32 are the least"),
        (["--leave", "MOOD"], 2, "--leave MOOD"),
        (["--keep", "author"], 2, "--keep author"),
        (["--compare", "clinic"], 2, "--compare clinic"),
        (["--operators", "NAME=blur"], 2, "no such operator"),
        (["--operators", "DATE=shift"], 2, "--dates shift"),
        (["--operators", "PHONE=year"], 2, "does not fit PHONE"),
        (["--keep", "text"], 5, "--keep text"),
        (["--tagger", "nowhere/model"], 4, "nowhere"),
    ],
)
def test_refusals(
    anonymize: Anonymize,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    """What cannot be done is refused before anything is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "short").write_bytes(b"0123456789")
    (tmp_path / "short").chmod(0o600)
    corpus = write_json_lines(tmp_path / "c.jsonl", planted(3))
    found = anonymize(corpus, *arguments)
    told = capsys.readouterr().err
    assert (found, message in told) == (code, True), told
    assert not (tmp_path / "redacted").exists()


def test_other_key_or_anonymized_input(
    anonymize: Anonymize, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pseudonyms of two keys or sources never share a table, and are not pseudonymized again."""
    corpus = write_json_lines(tmp_path / "c.jsonl", planted(3))
    assert anonymize(corpus) == 0
    assert anonymize(corpus, "--source", "other") == 3
    key.write_bytes(bytes(range(1, 33)))
    assert anonymize(corpus) == 3
    capsys.readouterr()
    assert anonymize(tmp_path / "redacted", "--output", tmp_path / "twice") == 5
    assert "anonymized already" in capsys.readouterr().err
