"""Ids of every type and of several columns: read exactly, or refused before anything is written."""

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

import psychescale
from psychescale.errors import InputError, PsychescaleError, UsageError
from psychescale.spark.corpus.columns import Columns
from psychescale.spark.corpus.content.parsed import joined_id
from psychescale.spark.corpus.failures import explained
from psychescale.spark.corpus.ids import id_of_columns
from psychescale.spark.corpus.read import reading
from psychescale.spark.corpus.source import open_corpus
from psychescale.spark.pipeline.land import _require_ids
from tests.spark.conftest import read_table

UUIDS = [uuid.UUID(int=1), uuid.UUID("0fe3a1c0-ffff-4000-8000-00000000abcd")]
EXACT: dict[str, tuple[pa.Array, list[str]]] = {
    "int64": (pa.array([2**63 - 1, -1]), ["9223372036854775807", "-1"]),
    "decimal": (pa.array([Decimal(10**30), Decimal(7)], pa.decimal128(38)), ["1" + "0" * 30, "7"]),
    "decimal places": (
        pa.array([Decimal("12.50"), Decimal("-10.00")], pa.decimal128(9, 2)),
        ["12.5", "-10"],
    ),
    "small decimal": (
        pa.array([Decimal("1E-9"), Decimal(100)], pa.decimal128(38, 9)),
        ["0.000000001", "100"],
    ),
    "date": (pa.array([dt.date(2024, 2, 29), dt.date(1899, 12, 31)]), ["2024-02-29", "1899-12-31"]),
    "uuid": (pa.array([one.bytes for one in UUIDS], pa.uuid()), list(map(str, UUIDS))),
    "dictionary": (pa.array(["a", "b"]).dictionary_encode(), ["a", "b"]),
    "large string": (pa.array(["a", "b"], pa.large_string()), ["a", "b"]),
    "view": (pa.array(["a", "b"], pa.string_view()), ["a", "b"]),
}
REFUSED = {
    "double": pa.array([1.0, None]),
    "timestamp": pa.array([0, 1], pa.timestamp("us", "UTC")),
    "nanoseconds": pa.array([0, 1], pa.timestamp("ns")),
    "boolean": pa.array([True, False]),
    "list": pa.array([["a"], ["b"]]),
    "struct": pa.array([{"a": 1}, {"a": 2}]),
}


def ids(spark: SparkSession, place: str | Path, *columns: str) -> list[Any]:
    """Ids as they are read, in order."""
    corpus = open_corpus(spark, str(place), Columns(id=columns or ("id",)))
    with reading(spark, corpus) as rows:
        return sorted(row["id"] for row in rows.collect())


@pytest.mark.parametrize("unknown", [(), ("uuid",)], ids=["known", "a type unknown to Spark"])
def test_exact(spark: SparkSession, tmp_path: Path, unknown: tuple[str, ...]) -> None:
    """A value is read as it would be written by hand, alone and as a part."""
    path = tmp_path / "c.parquet"
    kinds = [kind for kind in EXACT if kind != "uuid" or kind in unknown]
    columns = {kind: EXACT[kind][0] for kind in kinds}
    pq.write_table(pa.table({**columns, "text": ["x", "y"], "n": [1, 2]}), path)
    assert ids(spark, path, "decimal") == sorted(EXACT["decimal"][1])
    every = [EXACT[kind][1] for kind in kinds]
    assert ids(spark, path, "n", *kinds) == [
        "|".join([str(n + 1), *(values[n] for values in every)]) for n in range(2)
    ]


def test_uuid_of_duckdb(spark: SparkSession, tmp_path: Path) -> None:
    """A file that no Arrow wrote, with a UUID."""
    path = tmp_path / "c.parquet"
    duckdb.sql(f"COPY (SELECT '{UUIDS[1]}'::UUID AS id, 'x' AS text) TO '{path}'")
    assert ids(spark, path) == [str(UUIDS[1])]


def test_refused(spark: SparkSession, tiny_model: Path, key: Path, tmp_path: Path) -> None:
    """Files and DataFrames alike, by `score` and `anonymize`; nothing is written."""
    path, output = tmp_path / "c.parquet", tmp_path / "out"
    pq.write_table(pa.table({**REFUSED, "text": ["x", "y"]}), path)
    for kind in REFUSED:
        with pytest.raises(InputError, match=f"column {kind} is of"):
            ids(spark, path, kind)
    known = {kind: column for kind, column in REFUSED.items() if kind != "nanoseconds"}
    pq.write_table(pa.table({**known, "text": ["x", "y"]}), tmp_path / "known.parquet")
    frame = spark.read.parquet(str(tmp_path / "known.parquet"))
    for given in (path, frame):
        common: dict[str, Any] = {"input": given, "output": output, "id_column": "double"}
        with pytest.raises(InputError, match="Ids must be strings, whole numbers, decimals"):
            psychescale.score(**common, model=tiny_model, accept_raw=True)
        with pytest.raises(InputError, match="Ids must be strings, whole numbers, decimals"):
            psychescale.anonymize(**common, key_file=key)
    assert not output.exists()


PARTS = [
    ("1", "a|b", ""),
    ("1|a", "b", ""),
    ("1", "a\\", "b"),
    ("1", "a", "\\b"),
    ("1", "", "2"),
    ("1", "2", ""),
    ("é", "$1", "\\|"),
]


def test_joined() -> None:
    """Other parts, other ids; missing and empty parts are one."""
    found = [joined_id(parts) for parts in PARTS]
    assert len(set(found)) == len(PARTS)
    assert found[0] == "1|a\\|b|"
    assert joined_id(["1", None]) == joined_id(["1", ""]) == "1|"
    assert joined_id([None, ""]) is None


def test_spark_joins_alike(spark: SparkSession) -> None:
    """Columns of types and lines make the same ids."""
    parts: list[Sequence[str | None]] = [*PARTS, ("1", None, None), (None, "", None)]
    frame = spark.createDataFrame([tuple(p) for p in parts], "a string, b string, c string")
    rows = frame.select(id_of_columns(frame.schema, ["a", "b", "c"])).collect()
    assert [row[0] for row in rows] == [joined_id(p) for p in parts]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "delta", "dataframe"])
def test_redcap(spark: SparkSession, tiny_model: Path, tmp_path: Path, form: str) -> None:
    """Record, event and instance, of which some are empty, in every form; a run over it verifies."""
    table = pd.DataFrame(
        {
            "record": ["1", "1", "1", "2"],
            "event": ["baseline", "follow|up", "follow|up", "baseline"],
            "instance": [None, "1", "2", None],
            "text": ["one", "two", "three", "four"],
        }
    )
    path = tmp_path / f"c.{form}"
    frame = spark.createDataFrame(table.astype(object).where(table.notna(), None))  # type: ignore[type-var]
    write: dict[str, Any] = {
        "csv": lambda: table.to_csv(path, index=False),
        "jsonl": lambda: table.to_json(path, orient="records", lines=True),
        "parquet": lambda: table.to_parquet(path),
        "delta": lambda: frame.write.format("delta").save(str(path)),
        "dataframe": lambda: None,
    }
    write[form]()
    place = str(path)
    if form == "dataframe":
        frame.createOrReplaceTempView("redcap")
        place = "dataframe:redcap"
    expected = ["1|baseline|", "1|follow\\|up|1", "1|follow\\|up|2", "2|baseline|"]
    assert ids(spark, place, "record", "event", "instance") == expected
    if form == "csv":
        output = tmp_path / "scores"
        common: dict[str, Any] = {"model": tiny_model, "input": path, "accept_raw": True}
        columns = "record,event,instance"
        psychescale.score(**common, output=output, id_column=columns, keep="event")
        assert read_table(output)["id"].to_list() == expected
        assert psychescale.verify(run=output).holds
        corpus = open_corpus(spark, place, Columns(id=("record", "event")))
        with (
            reading(spark, corpus) as rows,
            pytest.raises(InputError, match="1 rows repeat the id"),
        ):
            _require_ids(rows, "id")


def test_parts_that_are_no_text(spark: SparkSession, tmp_path: Path) -> None:
    """A part that is not UTF-8, or no single value, costs its row; a missing column is named."""
    path = tmp_path / "c.csv"
    path.write_bytes(b"a,b,text\n1,\xff,x\n1,2,y\n")
    assert ids(spark, path, "a", "b") == ["1|2", "row:c.csv:2"]
    path = tmp_path / "c.jsonl"
    path.write_text('{"a":1,"b":{"c":2},"text":"x"}\n{"a":1,"b":2,"text":"y"}\n')
    assert ids(spark, path, "a", "b") == ["1|2", "row:c.jsonl:1"]
    with pytest.raises(InputError, match="has no column c"):
        ids(spark, path, "a", "c")


def test_id_is_not_kept(tmp_path: Path, key: Path, spark: SparkSession) -> None:
    """`anonymize` passes no part of an id through as it is."""
    del spark
    path = tmp_path / "c.csv"
    path.write_text("record,event,text\n1,2,x\n")
    with pytest.raises(UsageError, match=r"`keep` event would pass"):
        psychescale.anonymize(
            input=path, output=tmp_path / "o", key_file=key, id_column="record,event", keep="event"
        )  # fmt: skip


def test_other_types_between_files(spark: SparkSession, tmp_path: Path) -> None:
    """Numbers in one file and strings in another are refused with the file."""
    pq.write_table(pa.table({"id": [1], "text": ["x"]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"id": ["b"], "text": ["y"]}), tmp_path / "2.parquet")
    corpus = open_corpus(spark, str(tmp_path), Columns())
    with (
        pytest.raises(PsychescaleError, match=r"File [12] of 2 .* column of another type"),
        explained(corpus.files),
        reading(spark, corpus) as rows,
    ):
        rows.collect()
