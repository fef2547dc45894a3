"""What stands where a text was is counted, and given a reason on request; and a look before a run."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

import psychescale
from psychescale.spark.corpus.columns import Columns
from psychescale.spark.corpus.content.dialect import Dialect
from psychescale.spark.corpus.read import is_placeholder, reading
from psychescale.spark.corpus.sample import look_at_corpus
from psychescale.spark.corpus.source import open_corpus
from psychescale.text.quality import placeholders
from tests.spark.conftest import read_table

STANDING = ["[deleted]", "[removed]", " [Deleted by user]\n", "nan", "NULL", "N/A"]
TEXTS = ["I could not sleep", *STANDING, "nothing of this", None]


def test_one_list(spark: SparkSession) -> None:
    """Spark and Python say the same of a text."""
    texts = [*placeholders.PLACEHOLDERS, *STANDING, "x", "", "\u00a0nan", "\x0bnan", "NaN ", "ναν"]
    frame = spark.createDataFrame([(t,) for t in texts], "text string")
    found = frame.select(is_placeholder(F.col("text"))).collect()
    assert [row[0] for row in found] == list(map(placeholders.is_placeholder, texts))


def test_counted_or_refused(
    spark: SparkSession,
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    run: Any,
) -> None:
    """Scored and counted by default; with a reason of their own on request, which fails no run."""
    del spark
    path = tmp_path / "c.parquet"
    ids = [f"{i}" for i in range(len(TEXTS))]
    pd.DataFrame({"id": ids, "text": TEXTS}).to_parquet(path)
    plain = psychescale.score(
        model=tiny_model,
        input=path,
        accept_raw=True,
        output=tmp_path / "plain",
        max_failed_share=0.2,
    )
    assert plain.failed_by_reason == {"null_text": 1}
    assert plain.placeholders == len(STANDING)
    arguments = ["--model", tiny_model, "--input", path, "--accept-raw", "--json"]
    arguments += ["--max-failed-share", "0.2", "--refuse-placeholders"]
    capsys.readouterr()
    assert run("score", *arguments, "--output", tmp_path / "refused") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["failed_by_reason"].keys() == {"null_text", "placeholder_text"}  # small counts
    assert told["placeholders"] == "1–7"
    errors = read_table(tmp_path / "refused")["error"].to_list()
    assert errors == [None, *["placeholder_text"] * len(STANDING), None, "null_text"]


def test_anonymized(spark: SparkSession, key: Path, tmp_path: Path) -> None:
    """`anonymize` counts them, rounded, and puts them aside on request."""
    texts = ["a text of its own", *["[deleted]"] * 9]
    frame = spark.createDataFrame(list(enumerate(texts)), "id long, text string")
    kept = psychescale.anonymize(input=frame, output=tmp_path / "kept", key_file=key)
    assert kept.report["placeholders_kept"] == 10
    aside = psychescale.anonymize(
        input=frame, output=tmp_path / "aside", key_file=key, refuse_placeholders=True
    )
    assert aside.failed_by_reason == {"placeholder_text": 9}
    assert len(read_table(tmp_path / "aside")) == 1


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "delta", "dataframe"])
def test_look(spark: SparkSession, tmp_path: Path, form: str) -> None:
    """A sample of any form says what a run would find, and no more rows than it may."""
    texts = [*TEXTS, "ein Wort und noch eines, das nicht auf Deutsch ist", "two\nlines", ""]
    table = pd.DataFrame({"id": [str(i) for i in range(len(texts))], "text": texts})
    long = pd.concat([table, pd.DataFrame({"id": ["0"] * 2000, "text": ['"a\nb" c'] * 2000})])
    frame = spark.createDataFrame(table.astype(object).where(table.notna(), None))  # type: ignore[type-var]
    path = tmp_path / f"c.{form}"
    write: dict[str, Any] = {
        "csv": lambda data, to: data.to_csv(to, index=False),
        "jsonl": lambda data, to: data.to_json(to, orient="records", lines=True),
        "parquet": lambda data, to: data.to_parquet(to),
    }
    place = str(path)
    if form == "delta":
        frame.write.format("delta").save(place)
    elif form == "dataframe":
        frame.createOrReplaceTempView("looked_at")
        place = "dataframe:looked_at"
    else:
        write[form](table, path)
    corpus = open_corpus(spark, place, Columns())
    look = look_at_corpus(spark, corpus, lambda texts, _: [len(t) > 20 for t in texts])
    assert look.rows == len(texts)
    missing = {"null_text": 2} if form == "csv" else {"null_text": 1, "empty_text": 1}
    assert look.errors == missing
    assert (look.placeholders, look.too_long, look.repeated_texts) == (len(STANDING), 1, 0)
    assert look.languages["de"] == 1
    if form in write:
        write[form](long, path)
        look = look_at_corpus(spark, open_corpus(spark, place, Columns()))
        assert 300 < look.rows <= 1000
        assert look.errors == missing
        assert look.repeated_ids == look.rows - len(texts)


def test_look_at_what_fails(spark: SparkSession, tmp_path: Path) -> None:
    """Lines that are none and bytes that are no text are told, file by file."""
    for number in range(30):
        (tmp_path / f"{number:02}.csv").write_bytes(
            b'id,text\n%d,x\n"\n9%d,\xff\n' % (number, number)
        )
    corpus = open_corpus(spark, str(tmp_path), Columns())
    look = look_at_corpus(spark, corpus)
    assert look.rows == 30
    assert look.errors == {"corrupt_row": 10, "invalid_unicode": 10}


def test_dry_run(
    spark: SparkSession,
    run: Any,
    tiny_model: Path,
    key: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`--dry-run` tells what it saw, and writes nothing."""
    del spark
    path = tmp_path / "c.csv"
    rows = "".join(f"{i},I could not sleep and it was no better than before\n" for i in range(40))
    path.write_text("id,text\n" + rows + "".join(f"r{i},[deleted]\n" for i in range(9)))
    output = tmp_path / "o"
    common = ["--input", path, "--output", output, "--dry-run"]
    assert run("score", "--model", tiny_model, "--accept-raw", *common) == 0
    told = capsys.readouterr().out
    assert "10 (20%)  stand for a text" in told
    assert "languages, guessed: en 40, unknown 10" in told
    assert run("anonymize", "--key-file", key, *common) == 0
    assert "languages, guessed: en 40" in capsys.readouterr().out
    assert not output.exists()


def test_fingerprints(spark: SparkSession, tmp_path: Path) -> None:
    """What is asked for is another reading of the same corpus; what is not leaves it as it was."""
    path = tmp_path / "c.parquet"
    pd.DataFrame({"id": ["a"], "text": ["nan"]}).to_parquet(path)
    plain = open_corpus(spark, str(path), Columns())
    asked = open_corpus(spark, str(path), Columns(), dialect=Dialect(refuse_placeholders=True))
    assert plain.fingerprint != asked.fingerprint
    with reading(spark, asked) as rows:
        assert [tuple(row) for row in rows.collect()] == [("a", None, "placeholder_text")]
