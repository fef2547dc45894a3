"""Files as people have them: read by what is wanted of them, whatever else they hold."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

import psychescale
from psychescale.errors import InputError, PsychescaleError, UsageError
from psychescale.spark.corpus.columns import Columns
from psychescale.spark.corpus.content.dialect import Dialect
from psychescale.spark.corpus.failures import explain_failure, explained
from psychescale.spark.corpus.read import reading
from psychescale.spark.corpus.source import open_corpus
from tests.spark.conftest import Row, read_table

BASE: dict[str, Any] = {"id": ["a", "b"], "text": ["x y", None]}
UNASKED = {
    "nanoseconds": pa.array([1, 2], pa.timestamp("ns")),
    "time": pa.array([1, 2], pa.time64("us")),
    "time in nanoseconds": pa.array([1, 2], pa.time64("ns")),
    "half": pa.array(np.array([1, 2], np.float16)),
    "uuid": pa.array([b"0" * 16, b"1" * 16], pa.uuid()),
    "fixed": pa.array([b"0" * 5, b"1" * 5], pa.binary(5)),
    "duration": pa.array([1, 2], pa.duration("ns")),
    "unsigned": pa.array([1, 2**63], pa.uint64()),
    "nothing": pa.nulls(2),
}
ODD_NAMES = ["a.b", "größe", "_metadata", "_file", "x`y", "日本", "$1", "a-b", "0"]
TEXT = 'He said "hi", \\ and\nleft; "C:\\dir\\" | \t it\'s'


def read(
    spark: SparkSession, place: Path, *keep: str, id_column: str = "id", **dialect: Any
) -> list[tuple[Any, ...]]:
    """Id, text, kept columns, error."""
    columns = Columns(id=(id_column,), keep=keep)
    corpus = open_corpus(spark, str(place), columns, dialect=Dialect(**dialect))
    with explained(corpus.files), reading(spark, corpus) as rows:
        return sorted(tuple(row) for row in rows.collect())


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet", "delta", "folder", "jsonl.gz"])
def test_same_rows(spark: SparkSession, rows: list[Row], tmp_path: Path, form: str) -> None:
    """Every form of a corpus gives its rows; CSV cannot tell an empty text from a missing one."""
    corpus = write_form(spark, pd.DataFrame(rows), tmp_path, form)
    expected = [(row["id"], row["text"], row["source"], None) for row in rows]
    found = read(spark, corpus, "source")
    if form.startswith("csv"):
        expected, found = ([(i, t or None, *more) for i, t, *more in r] for r in (expected, found))
    assert found == expected


def write_form(spark: SparkSession, frame: pd.DataFrame, folder: Path, form: str) -> Path:
    path = folder / f"corpus.{form}"
    if form.startswith("csv"):
        frame.to_csv(path, index=False)
    elif form == "jsonl.gz":
        frame.to_json(path, orient="records", lines=True)
    elif form == "parquet":
        frame.to_parquet(path)
    elif form == "folder":
        path = folder / "parts"
        path.mkdir()
        frame.iloc[:20].to_parquet(path / "a.parquet")
        frame.iloc[20:].to_parquet(path / "b.parquet")
    else:
        spark.createDataFrame(frame).write.format("delta").save(str(path))
    return path


def test_columns_go_by_name(spark: SparkSession, tmp_path: Path) -> None:
    """CSV files whose columns stand in another order are never read by position."""
    (tmp_path / "a.csv").write_text("id,text\n1,one\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("text,id\none,2\n", encoding="utf-8")
    assert read(spark, tmp_path) == [("1", "one", None), ("2", "one", None)]


@pytest.mark.parametrize("kind", UNASKED)
def test_columns_nobody_asked_for(spark: SparkSession, tmp_path: Path, kind: str) -> None:
    """A column of a type that Spark does not know is not looked at; asked for, it is refused."""
    path = tmp_path / "c.parquet"
    pq.write_table(pa.table({**BASE, "other": UNASKED[kind], "n": pa.array([1, 2])}), path)
    assert read(spark, path, "n") == [("a", "x y", 1, None), ("b", None, 2, None)]
    if kind not in ("fixed", "unsigned", "nothing", "duration"):
        with pytest.raises(InputError, match="column other is of a type that Spark does not read"):
            open_corpus(spark, str(path), Columns(keep=("other",)))


def test_names_of_spark_and_ours(spark: SparkSession, tmp_path: Path) -> None:
    """Columns that differ by case, or have names that Spark gives a column itself."""
    path = tmp_path / "c.parquet"
    names = {"Text": ["q", "r"], "_metadata": ["m", "n"], "_file": ["f", "g"], "a.b": [1, 2]}
    pq.write_table(pa.table({**BASE, **names}), path)
    kept = ("_metadata", "_file", "a.b")
    assert read(spark, path, *kept) == [
        ("a", "x y", "m", "f", 1, None),
        ("b", None, "n", "g", 2, None),
    ]
    assert [row[1] for row in read_text(spark, path, "Text")] == ["q", "r"]
    assert spark.conf.get("spark.sql.caseSensitive") == "false"


def read_text(spark: SparkSession, place: Path, column: str) -> list[tuple[Any, ...]]:
    with reading(spark, open_corpus(spark, str(place), Columns(text=column))) as rows:
        return sorted(tuple(row) for row in rows.collect())


def test_file_without_the_column(spark: SparkSession, tmp_path: Path) -> None:
    """A file that lacks the column is named; one whose texts are all missing is read."""
    pq.write_table(pa.table({"id": ["a"], "text": ["x"]}), tmp_path / "1.parquet")
    pq.write_table(
        pa.table({"id": ["b"], "text": pa.array([None], pa.string())}), tmp_path / "ü 2.parquet"
    )
    assert [row[0] for row in read(spark, tmp_path)] == ["a", "b"]
    pq.write_table(pa.table({"id": ["c"], "body": ["y"]}), tmp_path / "ü 3.parquet")
    with pytest.raises(InputError, match=r"File 3 of 3 of --input .* has no column text"):
        read(spark, tmp_path)


@pytest.mark.parametrize(
    "names", [["a b"], ["a,b"], ["A", "a"], ["x(1)"], ["scoring_id"], ["a\tb"]]
)
def test_kept_names(
    spark: SparkSession, tiny_model: Path, tmp_path: Path, names: list[str]
) -> None:
    """A name that the table cannot have is refused before anything is written."""
    del spark
    path = tmp_path / "c.parquet"
    pq.write_table(pa.table({**BASE, **{name: [1, 2] for name in names}}), path)
    output = tmp_path / "scores"
    with pytest.raises(UsageError, match="`keep`"):
        psychescale.score(model=tiny_model, input=path, output=output, keep=names, accept_raw=True)
    assert not output.exists()


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_odd_kept_names(spark: SparkSession, tmp_path: Path, form: str) -> None:
    """Any other name is read, in every form."""
    assert read(spark, write_odd_names(tmp_path, form), *ODD_NAMES) == [
        ("a", "x y", *ODD_NAMES, None),
        ("b", "z", *[None] * len(ODD_NAMES), None),
    ]


def test_odd_names_in_the_table(spark: SparkSession, tiny_model: Path, tmp_path: Path) -> None:
    """Such a name passes through the job, resumed too."""
    del spark
    path, output = write_odd_names(tmp_path, "csv"), tmp_path / "scores"
    for _ in range(2):
        psychescale.score(
            model=tiny_model, input=path, output=output, keep=ODD_NAMES, accept_raw=True
        )
    scores = read_table(output).set_index("id")
    assert len(scores) == 2
    assert scores.loc["a", ODD_NAMES].to_list() == ODD_NAMES


def write_odd_names(folder: Path, form: str) -> Path:
    path = folder / f"c.{form}"
    kept = {name: [name, None] for name in ODD_NAMES}
    table = pd.DataFrame({"id": ["a", "b"], "text": ["x y", "z"], **kept})
    write: dict[str, Any] = {
        "parquet": lambda: table.to_parquet(path),
        "csv": lambda: table.to_csv(path, index=False),
        "jsonl": lambda: table.to_json(path, orient="records", lines=True, force_ascii=False),
    }
    write[form]()
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_what_spark_writes(spark: SparkSession, tmp_path: Path, separator: str) -> None:
    """CSV of Spark's own writer: quotes behind backslashes, refused until that is said."""
    text = TEXT.replace("\n", " ")
    frame = spark.createDataFrame([("a", text), ("b", 'ends "so"')], "id string, text string")
    folder = str(tmp_path / "csv")
    frame.coalesce(1).write.csv(folder, header=True, sep=separator)
    expected = [("a", text, None), ("b", 'ends "so"', None)]
    said: dict[str, Any] = {"separator": "tab" if separator == "\t" else separator}
    assert read(spark, tmp_path / "csv", escape="backslash", **said) == expected
    with pytest.raises(PsychescaleError, match="--escape backslash"):
        read(spark, tmp_path / "csv", **said)


@settings(max_examples=3)  # many texts at once: an example is four jobs of Spark
@given(
    texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0")), min_size=20)
)
def test_whatever_spark_writes(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    """Any texts without a line break come back from Spark's writer, backslashes and all."""
    folder = tmp_path_factory.mktemp("written") / "csv"
    wanted = [(f"{i:03}", text or None) for i, text in enumerate(texts)]
    frame = spark.createDataFrame(wanted, "id string, text string").coalesce(1)
    options: dict[str, Any] = {"ignoreLeadingWhiteSpace": False, "ignoreTrailingWhiteSpace": False}
    frame.write.options(**options).csv(str(folder), header=True)
    assert read(spark, folder, escape="backslash") == [(*pair, None) for pair in wanted]


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_what_duckdb_writes(spark: SparkSession, tmp_path: Path, suffix: str) -> None:
    """CSV and TSV of DuckDB, by the ending alone."""
    path = tmp_path / f"c.{suffix}"
    delimiter = "," if suffix == "csv" else "\t"
    duckdb.execute(
        f"COPY (SELECT 'a' AS id, ? AS text UNION ALL SELECT 'b', 'y') TO '{path}' "
        f"(HEADER, DELIMITER '{delimiter}')",
        [TEXT],
    )
    assert read(spark, path, escape="none") == [("a", TEXT, None), ("b", "y", None)]


def test_separator_is_offered(spark: SparkSession, tmp_path: Path) -> None:
    """A header that is one name with another separator in it: the flag is offered."""
    path = tmp_path / "c.csv"
    path.write_text("id;text; note\n1;a,b;c\n")
    with pytest.raises(InputError) as refusal:
        read(spark, path)
    assert "--separator ;" in refusal.value.remedy
    assert read(spark, path, separator=";") == [("1", "a,b", None)]
    with pytest.raises(InputError, match='no column note, but " note"'):
        read(spark, path, "note", separator=";")
    path.write_text("sep=;\nid;text\n1;a,b\n")
    assert read(spark, path) == [("1", "a,b", None)]


@pytest.mark.parametrize("first", ["7,I cannot go on", "7;I cannot go on", "I cannot go on"])
def test_first_line_is_a_text(spark: SparkSession, tmp_path: Path, first: str) -> None:
    """A file without a header: its first text is not taken for names and told."""
    path = tmp_path / "c.csv"
    path.write_text(f"{first}\n8,another\n")
    with pytest.raises(InputError, match="Is its first line a header") as refusal:
        read(spark, path)
    assert "cannot" not in str(refusal.value)


@pytest.mark.parametrize("name", ["posts.txt", "export", "c.csv.bz2"])
def test_odd_names(spark: SparkSession, tmp_path: Path, name: str) -> None:
    """What a file is can be said; compression is seen by its name."""
    import bz2

    content = b"id,text\n1,a\n2,b\n"
    path = tmp_path / name
    path.write_bytes(bz2.compress(content) if name.endswith(".bz2") else content)
    dialect = {} if name.endswith(".bz2") else {"format": "csv"}
    assert read(spark, path, **dialect) == [("1", "a", None), ("2", "b", None)]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("c.jsonl", b'{\n "id": 1,\n "text": "a"\n}\n', "one JSON value"),
        ("c.csv", b"\x1f\x8b\x08abc", "gzip"),
        ("c.csv", b"PK\x03\x04abc", "workbook"),
        ("c.csv", b"id,text\r1,a\r2,b\r", "CR alone"),
        ("c.csv", b"id,text,text\n1,a,b\n", "2 columns text"),
    ],
)
def test_other_content(
    spark: SparkSession, tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    """What is not of its form is told before anything is written."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=problem):
        open_corpus(spark, str(path), Columns())


def test_nothing_in_json(spark: SparkSession, tmp_path: Path) -> None:
    """NaN stands for nothing: in a key that nobody wants it costs nothing."""
    path = tmp_path / "c.jsonl"
    path.write_text(
        '{"id": "a", "text": "x", "score": NaN}\n{"id": "b", "text": NaN}\n{"id": NaN, "text": "x"}\n'
    )
    found = read(spark, path)
    assert found[:2] == [("a", "x", None), ("b", None, None)]
    assert found[2][2] == "corrupt_row"


def test_analysis_is_final(spark: SparkSession) -> None:
    """What Spark cannot even plan is not told to be run again."""
    with pytest.raises(Exception, match="UNRESOLVED") as caught:
        spark.sql("SELECT no_such_column FROM VALUES (1) AS t(a)").collect()
    told = explain_failure(caught.value)
    assert "UNRESOLVED_COLUMN" in told.problem
    assert "no_such_column" not in str(told)
    assert "un again" not in str(told)


def test_decimals_stay(spark: SparkSession, tmp_path: Path) -> None:
    """A kept decimal beside an unread column has its own type."""
    path = tmp_path / "c.parquet"
    values = pa.array([Decimal("1.50"), None], pa.decimal128(9, 2))
    pq.write_table(pa.table({**BASE, "d": values, "t": UNASKED["half"]}), path)
    assert read(spark, path, "d")[0][2] == Decimal("1.50")
