"""`psychescale anonymize`, from raw files to a marked table that `score` takes."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from psychescale.settings.shared import RedactorConfig
from psychescale.spark.anonymize import outputs, plan
from psychescale.spark.anonymize.keying import author_name
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
    paths = [output, *output.rglob("*.parquet")]
    modes = {path.is_dir(): path.stat().st_mode & 0o777 for path in paths}
    assert modes == {True: 0o700, False: 0o600}
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
    assert (report["rows"], report["kept"], report["quarantined"]) == (36, 35, 1)
    assert report["quarantined_by_reason"] == {"corrupt_row": "1–7"}
    assert set(table["n_chars"] % 10) == set(table["n_words"] % 10) == {0}
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
    assert "10 values cannot be read" in capsys.readouterr().err
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
    for path in output.glob("*.parquet"):
        texts += [str(value) for value in pq.read_table(path, columns=["text"])["text"].to_pylist()]
    assert "Sarah" not in "".join(texts)


def test_failing_closed(
    anonymize: Anonymize, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A text that runs out of time is not passed on; too many end the run before any row is."""
    corpus = write_json_lines(tmp_path / "c.jsonl", planted(35))
    assert anonymize(corpus, "--timeout-s", "0.0000001") == 6
    told = capsys.readouterr().err
    assert "30 redaction_timeout" in told
    assert "Nothing was passed on" in told
    assert f"wait in {tmp_path / 'redacted' / '_psychescale'}" in told
    assert "--discard" in told
    assert len(read_table(tmp_path / "redacted")) == 0
    assert anonymize(corpus, "--discard") == 0
    state = tmp_path / "redacted" / "_psychescale"
    assert not [f for f in ("landed", "redacted", "checkpoints") if (state / f).exists()]
    assert "deleted" in capsys.readouterr().out
    assert anonymize(corpus, "--timeout-s", "0.0000001", "--max-failed-share", "1") == 0
    assert read_table(tmp_path / "redacted")["text"].isna().all()
    quarantine = DeltaTable(str(tmp_path / "redacted" / "_psychescale" / "quarantine")).to_pandas()
    assert set(quarantine["error"]) == {"redaction_timeout"}
    assert "text" not in quarantine.columns


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
        (["--keep", "email", "--compare", "email"], 5, "--accept-kept email"),
        (["--keep", "visited"], 5, "DATE"),
        (["--keep", "nick"], 5, "USER"),
        (["--keep", "phone"], 5, "PHONE"),
        (["--time-column", "email"], 3, "values cannot be read"),
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
    extra = {
        "email": "a.b@example.org", "visited": "2024-03-05", "nick": "zorkmid_2",
        "phone": "312 555 0134",
    }  # fmt: skip
    corpus = write_json_lines(tmp_path / "c.jsonl", [row | extra for row in planted(3)])
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
    key.write_bytes(hashlib.sha256(b"two").digest())
    assert anonymize(corpus) == 3
    capsys.readouterr()
    assert anonymize(tmp_path / "redacted", "--output", tmp_path / "twice") == 5
    assert "anonymized already" in capsys.readouterr().err


def test_accepted_columns(anonymize: Anonymize, tmp_path: Path) -> None:
    """A column that seems to hold identifiers passes where that is said, and the run says so."""
    rows = [row | {"clinic": "north", "email": "a@example.org"} for row in planted(7)]
    corpus = write_json_lines(tmp_path / "c.jsonl", rows)
    kept = ("--keep", "clinic,email", "--accept-kept", "email")
    assert anonymize(corpus, *kept) == 0
    assert set(read_table(tmp_path / "redacted")["email"]) == {"a@example.org"}
    config = json.loads(read_runs(tmp_path / "redacted")["config"].iloc[0])
    assert config["accept_kept"] == ["email"]
    assert anonymize(corpus, "--accept-kept", "email") == 2


AUTHORS = {
    "int": pa.array([1000, None, 2000, 3000, None, 1000] * 20, pa.int32()),
    "long": pa.array([2**53 + 1, None, 2**53, 7, None, 2**53 + 1] * 20, pa.int64()),
    "decimal": pa.array(
        [Decimal("12.50"), None, Decimal(12), Decimal(7), None, Decimal("12.50")] * 20,
        pa.decimal128(38, 2),
    ),
    "double": pa.array([1e10, float("nan"), 2.0, 0.5, None, 1e10] * 20, pa.float64()),
    "date": pa.array(
        [date(2020, 1, 1), None, date(2021, 1, 1), date(2022, 1, 1), None, date(2020, 1, 1)] * 20
    ),
    "binary": pa.array([b"\xff" * 16, None, b"nora", bytes(range(200, 216)), b"", b"\xff" * 16] * 20),
    "string": pa.array(["nora", "[deleted]", "NaN ", "tom", " ", "nora"] * 20),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["int", "string"])
def test_one_pseudonym_an_author(anonymize: Anonymize, tmp_path: Path, kind: str) -> None:
    """An author has one pseudonym in every file and partition, the crosswalk's; nobody has none.

    The crosswalk, for its owner alone, leads back to every id and author.
    """
    values, folder = AUTHORS[kind], tmp_path / "corpus"
    folder.mkdir()
    for part in range(4):  # one with nulls alone, one without any
        rows = [i for i in range(120) if (0 if values[i].as_py() is None else 1 + i // 40) == part]
        if not rows:
            continue
        table = pa.table({
            "id": [f"row-{i}" for i in rows],
            "author": values.take(pa.array(rows, pa.int64())),
            "time": ["2024-03-05T10:00:00"] * len(rows),
            "text": ["it was on 2024-03-05"] * len(rows),
        })  # fmt: skip
        pq.write_table(table, folder / f"{part}.parquet")
    assert anonymize(folder, "--dates", "shift", "--crosswalk", tmp_path / "way-back") == 0
    redacted = read_table(tmp_path / "redacted").set_index("id")
    crosswalk = DeltaTable(str(tmp_path / "way-back")).to_pandas().set_index("id")
    assert redacted["author"].nunique() == {"int": 3, "string": 2}[kind]
    assert crosswalk["author"].loc[redacted.index].equals(redacted["author"])
    assert crosswalk["original_author"].isna().equals(crosswalk["author"].isna())
    assert sorted(crosswalk["original_id"]) == sorted(f"row-{i}" for i in range(120))
    assert (tmp_path / "way-back").stat().st_mode & 0o777 == 0o700
    nobody = redacted[redacted["author"].isna()]
    assert len(nobody) == {"int": 40, "string": 60}[kind]
    assert nobody["text"].nunique() > 10  # each row has a shift of its own
    assert (redacted["text"].str[-10:] == redacted["time"].astype(str).str[:10]).all()


def test_every_type_of_author(spark: SparkSession, tmp_path: Path) -> None:
    """Whatever the type, the name of an author is that of the value alone, and nobody has none."""
    for kind, values in AUTHORS.items():
        table = pa.table({"author": values, "row": list(range(len(values)))})
        pq.write_table(table, tmp_path / f"{kind}.parquet")
        rows = spark.read.parquet(str(tmp_path / f"{kind}.parquet"))
        named = rows.select("row", author_name(rows, "author").alias("name"))
        names = [row["name"] for row in named.orderBy("row").collect()]
        assert names == names[:6] * 20
        assert (names[1], names[4], names[0]) == (None, None, names[5])
        assert len({names[0], names[2], names[3]}) == 3
    assert names[:6] == ["nora", None, None, "tom", None, "nora"]


def test_linkable_mentions(anonymize: Anonymize, tmp_path: Path) -> None:
    """Who mentions whom can be followed: a mention begins like the pseudonym of the author it names."""
    rows: list[Row] = [
        {"id": "1", "author": "Zorkmid_1", "time": None, "text": "thanks u/zorkmid_2"},
        {"id": "2", "author": "zorkmid_2", "time": None, "text": "thanks @zorkmid_1, ZORKMID_1"},
    ]
    assert anonymize(write_json_lines(tmp_path / "c.jsonl", rows), "--linkable-mentions") == 0
    table = read_table(tmp_path / "redacted")
    author = {
        text.count("USER"): name for name, text in zip(table["author"], table["text"], strict=True)
    }
    mentions = [re.findall(r"USER:(\w+)", text) for text in table["text"]]
    for found in mentions:
        other = author[3 - len(found)]
        assert all(other.startswith(mention) for mention in found), (found, author)


def test_grain_of_times(anonymize: Anonymize, tmp_path: Path) -> None:
    """Months stay on request, and the report says how small their cells are."""
    assert (
        anonymize(write_json_lines(tmp_path / "c.jsonl", planted(35)), "--time-grain", "week") == 0
    )
    table = read_table(tmp_path / "redacted")
    assert set(table["time"].dt.weekday) == {0}
    (path,) = (tmp_path / "redacted" / "_psychescale" / "reports").glob("*.json")
    told = json.loads(path.read_text(encoding="utf-8"))["singled_out"]
    assert [one["columns"] for one in told] == [
        "time",
        "n_chars",
        "n_words",
        "time + n_chars + n_words",
    ]
    assert told[0]["shared_by_1_to_7"] == "all"


def test_who_could_be_singled_out(
    anonymize: Anonymize, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Told before anything is written; an id under another name is refused, a coarse time is none."""
    rows: list[Row] = [
        {
            "id": str(i), "author": f"zork{i % 40}", "text": "well " * (i % 9 + 1), "site": "a",
            "time": "2020-05-01", "key": f"t3_{i * 7919:x}",
            "created": f"2020-01-{i % 28 + 1:02}T00:00:{i % 60:02}",
        }
        for i in range(60)
    ]  # fmt: skip
    corpus = write_json_lines(tmp_path / "c.jsonl", rows)
    assert anonymize(corpus, "--keep", "site,key", "--dry-run") == 5
    assert "--keep key is an id under another name" in capsys.readouterr().err
    assert anonymize(corpus, "--keep", "site,created") == 5  # a rule finds dates
    capsys.readouterr()
    coarse = ("--keep", "site,created", "--coarsen", "created=month")
    assert anonymize(corpus, *coarse, "--dry-run") == 0
    told = capsys.readouterr().out
    assert re.search(r"none +none +site\n", told)
    assert re.search(r"none +none +site \+ created\n", told)
    assert not (tmp_path / "redacted").exists()
    assert anonymize(corpus, *coarse) == 0
    table = read_table(tmp_path / "redacted")
    assert {str(value) for value in table["created"]} == {"2020-01-01"}


def test_another_coarsening_is_another_redaction(anonymize: Anonymize, tmp_path: Path) -> None:
    """A table holds one coarseness: with another one all of it is made anew."""
    rows: list[Row] = [
        {"id": str(i), "author": "zork", "time": None, "text": "well", "age": i} for i in range(30)
    ]
    corpus = write_json_lines(tmp_path / "c.jsonl", rows)
    for width, expected in (("10", {0.0, 10.0, 20.0}), ("20", {0.0, 20.0})):
        assert anonymize(corpus, "--keep", "age", "--coarsen", f"age={width}") == 0
        assert set(read_table(tmp_path / "redacted")["age"]) == expected


def test_times_that_cannot_be_read(
    anonymize: Anonymize, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A few are null; more than the share are refused, with their number and the remedy."""
    rows = [
        row | {"time": "yesterday" if i % 10 == 0 else row["time"]}
        for i, row in enumerate(planted(20))
    ]
    corpus = write_json_lines(tmp_path / "c.jsonl", rows)
    assert anonymize(corpus, "--max-failed-share", "0.05") == 3
    assert "time: 1–7 values cannot be read" in capsys.readouterr().err
    assert anonymize(corpus) == 0
    assert read_table(tmp_path / "redacted")["time"].isna().sum() == 2


def test_what_a_run_tells(
    anonymize: Anonymize, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows are exact everywhere; reasons are in the run table, and masked where a report is read.

    Neither the authors nor the file's name can be tried out with what the run table holds.
    """
    corpus = write_json_lines(tmp_path / "zorkmid.jsonl", planted(20))
    with corpus.open("a", encoding="utf-8") as file:
        file.write('{"id": "patient-x", "text": "Sarah zorkmid\n' * 2)
    assert anonymize(corpus, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows_in"], told["rows_scored"], told["rows_failed"]) == (22, 20, 2)
    assert (
        told["failed_by_reason"]
        == told["report"]["quarantined_by_reason"]
        == {"corrupt_row": "1–7"}
    )
    assert (told["report"]["rows"], told["report"]["quarantined"]) == (22, 2)
    row = read_runs(tmp_path / "redacted").iloc[0]
    assert dict(row["failed_by_reason"]) == {"corrupt_row": 2}
    assert (tmp_path / "redacted" / "_psychescale").stat().st_mode & 0o777 == 0o700
    everything = json.dumps(told) + str(row.to_dict())
    lists = ["\n".join(sorted(f"zorkmid_{i}" for i in range(3))), "zorkmid.jsonl", "zorkmid"]
    for value in lists:
        for digest in ("sha256", "sha1", "md5", "blake2b"):
            assert hashlib.new(digest, value.encode()).hexdigest()[:12] not in everything
