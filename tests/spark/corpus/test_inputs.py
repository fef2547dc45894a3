"""Which files an input is: patterns, several places, folders that are columns, what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

import psychescale
from psychescale.errors import InputError, PrivacyError, UsageError
from psychescale.settings.config import load_config
from psychescale.settings.score import ScoreConfig
from psychescale.spark.corpus import shape
from psychescale.spark.corpus.columns import Columns
from psychescale.spark.corpus.content.dialect import Dialect
from psychescale.spark.corpus.content.forms import UNREAD
from psychescale.spark.corpus.failures import explained
from psychescale.spark.corpus.read import reading
from psychescale.spark.corpus.source import Corpus, open_corpus
from psychescale.spark.session.classic import HadoopFiles
from tests.spark.conftest import read_table

Run = Callable[..., int]


def write(path: Path, *rows: tuple[str, str]) -> Path:
    """A CSV file of these rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=["id", "text"]).to_csv(path, index=False)
    return path


def read(spark: SparkSession, *given: object, keep: tuple[str, ...] = (), **said: Any) -> list[Any]:
    """Id, text, kept columns, error."""
    return rows_of(spark, opened(spark, *given, keep=keep, **said))


def opened(spark: SparkSession, *given: object, keep: tuple[str, ...] = (), **said: Any) -> Corpus:
    columns = Columns(text=said.pop("text", "text"), keep=keep)
    return open_corpus(spark, tuple(map(str, given)), columns, dialect=Dialect(**said))


def rows_of(spark: SparkSession, corpus: Corpus) -> list[Any]:
    with explained(corpus.files), reading(spark, corpus) as rows:
        return sorted(tuple(row) for row in rows.collect())


def test_patterns_and_places(spark: SparkSession, tmp_path: Path) -> None:
    """A pattern, several places, and a file whose name looks like a pattern."""
    one, two = (
        write(tmp_path / "a" / "1.csv", ("1", "a")),
        write(tmp_path / "b" / "2.csv", ("2", "b")),
    )
    (tmp_path / "a" / "notes.md").write_text("no rows")
    both = [("1", "a", None), ("2", "b", None)]
    assert read(spark, one, two) == both
    assert read(spark, tmp_path / "?" / "*.csv") == both
    assert read(spark, tmp_path / "a" / "*.csv", tmp_path / "b") == both
    odd = write(tmp_path / "c" / "[1]*.csv", ("3", "c"))
    write(tmp_path / "c" / "1.csv", ("4", "d"))
    assert read(spark, odd) == [("3", "c", None)]
    assert read(spark, one, tmp_path / "[ab]" / "*.csv") == both
    with pytest.raises(InputError, match="There is nothing at"):
        opened(spark, tmp_path / "*.jsonl")
    with pytest.raises(InputError, match=r"several forms: csv, others"):
        opened(spark, tmp_path / "a")


def test_tables_stand_alone(spark: SparkSession, tmp_path: Path) -> None:
    """A Delta table or a DataFrame is no file among others."""
    spark.createDataFrame([("1", "a")], "id string, text string").write.format("delta").save(
        str(tmp_path / "table")
    )
    csv = write(tmp_path / "c.csv", ("2", "b"))
    with pytest.raises(UsageError, match="names a table or DataFrame among others"):
        opened(spark, tmp_path / "table", csv)


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_folders_that_are_columns(spark: SparkSession, tmp_path: Path, form: str) -> None:
    """Names of folders (`year=2021`) are columns, with odd letters; a file's own column comes first."""
    place = tmp_path / "posts"
    values = {"a": "x y+z%", "b": "__HIVE_DEFAULT_PARTITION__", "c": "größe%2F1"}
    for ident, value in values.items():
        folder = place / f"site={value}" / "year=2021"
        folder.mkdir(parents=True)
        frame = pd.DataFrame({"id": [ident], "text": ["t"], "own": ["o"]})
        if form == "parquet":
            frame.to_parquet(folder / "part-0.parquet")
        elif form == "csv":
            frame.to_csv(folder / "part-0.csv", index=False)
        else:
            frame.to_json(folder / "part-0.jsonl", orient="records", lines=True)
    assert read(spark, place, keep=("own", "site", "year")) == [
        ("a", "t", "o", "x y+z%", "2021", None),
        ("b", "t", "o", None, "2021", None),
        ("c", "t", "o", "größe/1", "2021", None),
    ]
    with pytest.raises(InputError, match="no column month"):
        opened(spark, place, keep=("month",))


def test_fields_of_structs(spark: SparkSession, tmp_path: Path) -> None:
    """Texts and kept values within structs of Parquet and Delta; a real name with a dot comes first."""
    data = [{"text": "a", "n": 1}, {"text": None, "n": 2}]
    table = pa.table({"id": ["1", "2"], "data": data, "data.n": ["own", "own"]})
    pq.write_table(table, tmp_path / "c.parquet")
    rows = [("1", "a", "own", None), ("2", None, "own", None)]
    assert read(spark, tmp_path / "c.parquet", text="data.text", keep=("data.n",)) == rows
    frame = spark.read.parquet(str(tmp_path / "c.parquet"))
    frame.write.format("delta").save(str(tmp_path / "delta"))
    assert read(spark, tmp_path / "delta", text="data.text", keep=("data.n",)) == rows
    pq.write_table(table.drop_columns("data.n"), tmp_path / "d.parquet")
    assert read(spark, tmp_path / "d.parquet", text="data.text", keep=("data.n",))[0][2] == 1
    with pytest.raises(
        InputError, match=r"no column data\.body; it has id, data, data\.text, data\.n"
    ):
        opened(spark, tmp_path / "d.parquet", text="data.body")


def test_files_left_out(spark: SparkSession, tmp_path: Path) -> None:
    """How many files are read, and how many are not and why; of a dataset its descriptions too."""
    place = tmp_path / "posts"
    write(place / "1.csv", ("1", "a"))
    write(place / "sub" / "2.csv", ("2", "b"))
    (place / "empty.csv").touch()
    (place / "_SUCCESS").touch()
    (place / "sub" / ".hidden.csv").write_text("id,text\n3,c\n")
    (place / "_old").mkdir()
    corpus = opened(spark, place)
    left = {"empty": 1, "with names that begin with _ or .": 3}
    assert corpus.counted_files == {"read": 2, **left}
    assert corpus.told.endswith(
        "(csv), 2 files read; left out: 1 empty, 3 with names that begin with _ or ."
    )


@pytest.mark.parametrize("suffix", [*sorted(UNREAD), "parquet.gz", "unheard", ""])
def test_unread(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """A file of another form is no missing table: which forms are read, and what makes one of it."""
    name = f"answers.{suffix}" if suffix else "answers"
    (tmp_path / name).write_bytes(b"whatever")
    # The JVM has the folder that this process began in.
    monkeypatch.setattr(HadoopFiles, "qualified", lambda _, path: f"file:{tmp_path / path}")
    for given in (name, str(tmp_path / name)):
        with pytest.raises(InputError) as told:
            opened(spark, given)
        assert ".sas7bdat" in told.value.remedy
        assert "Delta" not in told.value.problem
        if suffix in UNREAD:
            assert UNREAD[suffix][1] in told.value.remedy


def test_text_or_table(spark: SparkSession, tmp_path: Path) -> None:
    """One .txt file can be either, which has to be said."""
    path = tmp_path / "c.txt"
    path.write_text("id\ttext\n1\ta\n")
    with pytest.raises(InputError, match="can be a table or one text"):
        opened(spark, path)
    assert read(spark, path, format="csv", separator="tab") == [("1", "a", None)]
    assert read(spark, path, format="text") == [("c.txt", "id\ttext\n1\ta\n", None)]


def test_large_whole_files(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that has to be read in one piece and is too large: the line that converts it."""
    path = tmp_path / "c.json"
    path.write_text('[{"id": 1, "text": "a"}]')
    monkeypatch.setattr(shape, "MAX_WHOLE_BYTES", 10)
    with pytest.raises(InputError, match=r"a file of up to .* is read\. `jq -c '\.\[\]'"):
        opened(spark, path)


def test_missing_reader(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, tiny_model: Path
) -> None:
    """Without the extra the command names it, once, before anything is read."""
    import sys

    del spark
    (tmp_path / "c.xlsx").write_bytes(b"PK")
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(UsageError, match=r"pip install 'psychescale\[files\]'"):
        psychescale.score(
            model=tiny_model, input=tmp_path / "c.xlsx", output=tmp_path / "s", accept_raw=True
        )
    del run


def test_notes(run: Run, key: Path, tmp_path: Path, tiny_model: Path) -> None:
    """A folder of .txt files: its paths are ids, scored once that is accepted, as pseudonyms else."""
    notes = tmp_path / "notes"
    for name in ("meier/1.txt", "2.txt"):
        (notes / name).parent.mkdir(parents=True, exist_ok=True)
        (notes / name).write_text(f"a text of {name[0]}")
    (notes / "empty.txt").touch()
    options: dict[str, Any] = {"model": tiny_model, "input": notes, "accept_raw": True}
    with pytest.raises(PrivacyError, match="`id_from_path`"):
        psychescale.score(output=tmp_path / "scores", **options)
    assert not (tmp_path / "scores").exists()
    result = psychescale.score(output=tmp_path / "scores", id_from_path=True, **options)
    assert result.files == {"read": 2, "empty": 1}
    assert list(read_table(tmp_path / "scores")["id"]) == ["2.txt", "meier/1.txt"]
    redacted = tmp_path / "redacted"
    code = run("anonymize", "--input", notes, "--output", redacted, "--key-file", key)
    assert code == 0
    ids = list(read_table(redacted)["id"])
    assert len(ids) == 2
    assert not any("txt" in ident or "meier" in ident for ident in ids)


def test_workbook_again(tmp_path: Path, spark: SparkSession, tiny_model: Path) -> None:
    """A workbook: the same again adds nothing, more rows add themselves; its name is nowhere."""
    del spark
    path = tmp_path / "Meier Anna.xlsx"
    book = openpyxl.Workbook()
    for row in (["id", "text", "age"], [1, "a", 31], [2, None, None]):
        book.active.append(row)
    book.save(path)
    options: dict[str, Any] = {
        "model": tiny_model, "input": path, "output": tmp_path / "s", "keep": ["age"],
        "accept_raw": True, "max_failed_share": 1,
    }  # fmt: skip
    assert psychescale.score(**options).rows_in == 2
    again = psychescale.score(**options)
    assert (again.rows_in, again.rows_known) == (0, 2)
    assert "Meier" not in json.dumps(again.run, default=str)
    book.active.append([3, "c", 4])
    book.save(path)
    assert psychescale.score(**options).rows_in == 1
    assert list(read_table(tmp_path / "s")["age"]) == ["31", None, "4"]
    assert psychescale.verify(run=tmp_path / "s").holds


def test_several_of_a_run(tmp_path: Path, spark: SparkSession, tiny_model: Path) -> None:
    """Several inputs of a run, by Python and by the command's flags; verify finds them again."""
    del spark
    places = [write(tmp_path / f"{i},{i}.csv", (str(i), "a b")) for i in range(3)]
    config = load_config(
        ScoreConfig,
        "score",
        [part for one in places for part in ("--input", str(one))] + ["--model=m", "--output=o"],
        environ={},
    ).config
    assert config.input == tuple(map(str, places))
    result = psychescale.score(
        model=tiny_model, input=places, output=tmp_path / "s", accept_raw=True
    )
    assert result.rows_scored == 3
    assert result.files == {"read": 3}
    assert psychescale.verify(run=tmp_path / "s").holds


def test_changed_workbook(
    tmp_path: Path, spark: SparkSession, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that changes while it is read is refused, whatever its form."""
    del spark
    path = tmp_path / "c.json"
    path.write_text('[{"id": 1, "text": "a"}]')
    from psychescale.spark.pipeline import land

    def changing(*given: Any, **more: Any) -> Any:
        found = require_ids(*given, **more)
        path.write_text('[{"id": 1, "text": "b"}, {"id": 2, "text": "c"}]')
        return found

    require_ids = land._require_ids
    monkeypatch.setattr(land, "_require_ids", changing)
    with pytest.raises(InputError, match="changed while"):
        psychescale.score(model=tiny_model, input=path, output=tmp_path / "s", accept_raw=True)
