"""Who could be singled out is counted as a slow count over every combination counts it."""

import itertools
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from psychescale.errors import InputError, UsageError
from psychescale.spark.corpus.columns import Columns
from psychescale.spark.corpus.singled_out import count_singled_out, told_share
from psychescale.spark.corpus.source import kept_fields, open_corpus
from psychescale.spark.corpus.times import coarse_values, coarsened, require_read
from tests.spark.conftest import read_table, write_json_lines


def drawn(seed: int, n: int = 300) -> pd.DataFrame:
    """Rows of a few authors, with values that are missing."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "who": rng.integers(0, n // 4, n).astype(str),
            "place": rng.choice(["a", "b", None], n),
            "other": rng.choice(["a", "b", None], n),
            "age": rng.integers(10, 90, n),
            "created": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 10**7, n), "s"),
            "text": [" ".join("x" * int(k)) for k in rng.integers(1, 30, n)],
        }
    )
    frame["words"] = frame["text"].str.split().str.len()
    return frame


def slowly(frame: pd.DataFrame, columns: tuple[str, ...], who: str | None) -> tuple[int, int, int]:
    """Cells, rows alone in theirs, rows in cells of at most seven."""
    cells: dict[Any, list[Any]] = defaultdict(list)
    for at, row in frame.iterrows():
        key = tuple(None if pd.isna(row[name]) else row[name] for name in columns)
        cells[key].append(at if who is None else row[who])
    sizes = [(len(rows), len(set(rows))) for rows in cells.values()]
    return (
        len(cells),
        sum(n for n, k in sizes if k == 1),
        sum(n for n, k in sizes if k <= 7),
    )


@pytest.mark.parametrize(("seed", "who"), [(0, None), (1, "who")])
def test_counts(spark: SparkSession, seed: int, who: str | None) -> None:
    """Every number is that of the slow count; a missing value is one of its own, at its place."""
    frame = drawn(seed)
    kept = ("place", "other", "age", "created")
    found = count_singled_out(
        spark.createDataFrame(frame.drop(columns="words")),
        {name: F.col(name) for name in kept},
        {"words": F.size(F.split("text", " "))},
        person=None if who is None else F.col(who),
    )
    told = {one.columns: (one.cells, one.alone, one.few)
            for one in (*found.each, *found.worst, *found.together)}  # fmt: skip
    assert set(itertools.chain(*told)) == {*kept, "words"}
    assert (*kept, "words") in told
    for columns, numbers in told.items():
        assert numbers == slowly(frame, columns, who), columns
    every = [c for n in (2, 3) for c in itertools.combinations(kept, n)]
    most = max(slowly(frame, columns, who)[1] for columns in every)
    assert found.worst[0].alone == most
    assert (found.size, found.rows) == (3, 300)


def test_what_would_help(spark: SparkSession) -> None:
    """An id under another name and links are named; times and numbers have a grain that would help."""
    n = 200
    frame = spark.createDataFrame(
        pd.DataFrame(
            {
                "key": [f"t3_{i:05x}" for i in range(n)],
                "permalink": [f"/r/a/comments/{i % 20}/title" for i in range(n)],
                "day": ["01/02/2020" if i % 2 else "02/02/2020" for i in range(n)],
                "created": [f"2020-01-01 00:{i // 60:02}:{i % 60:02}" for i in range(n)],
                "karma": [str(i * 7) for i in range(n)],
                "sub": ["a", "b"] * (n // 2),
                "valence": [i / 7 + 0.01 for i in range(n)],
            }
        )
    )
    kept = {name: F.col(name) for name in frame.columns}
    found = count_singled_out(frame, kept, {})
    assert set(found.ids) == {"key", "permalink", "created", "karma"}
    assert found.coarser == ["created=month", "karma=100", "valence=1"]
    assert len(found.each) == len(kept)
    again = count_singled_out(frame, {"sub": F.col("sub")}, {})
    assert (again.ids, again.coarser, again.worst) == ([], [], [])


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "none"), (3, "1–7 rows"), (8, "4 %"), (100, "40 %"), (245, "nearly all"), (250, "all")],
)
def test_no_small_count_is_told(count: int, told: str) -> None:
    """Neither of the rows that are singled out, nor of the others."""
    assert told_share(count, 250) == told


def test_coarser(spark: SparkSession) -> None:
    """Times of every type begin their day or month, numbers their band; missing stays missing."""
    moment = pd.Timestamp("2020-03-17 13:05:07")
    frame = spark.createDataFrame(
        [(moment.to_pydatetime(), "2020-03-17T13:05:07", 1584450307, 37, -0.25, "37.9"),
         (None, " ", None, None, None, "nan")],
        "at timestamp, iso string, epoch long, age int, score double, text string",
    )  # fmt: skip
    grains: dict[str, str | float] = {
        "at": "month", "iso": "week", "epoch": "year", "age": 10.0, "score": 0.1, "text": 5.0,
    }  # fmt: skip
    out = coarsened(frame, grains)
    one, none = out.collect()
    assert [str(value) for value in one] == [
        "2020-03-01",
        "2020-03-16",
        "2020-01-01",
        "30",
        "-0.3",
        "35.0",
    ]
    assert set(none) == {None}
    assert [kind for _, kind in out.dtypes] == [
        "date",
        "date",
        "date",
        "bigint",
        "double",
        "double",
    ]
    day = coarsened(frame, {"iso": "day", "age": 2.5}).collect()[0]
    assert (str(day["iso"]), day["age"]) == ("2020-03-17", 35.0)


def test_values_that_cannot_be_read(spark: SparkSession) -> None:
    """More than the share are refused with their number; a column of neither kind at once."""
    frame = spark.createDataFrame([("2020-01-01",), ("yesterday",), ("",)], "at string")
    read = coarse_values(frame.schema, {"at": "day"}, None)
    require_read(frame, read, options={"at": "coarsen"}, max_share=0.5)
    with pytest.raises(InputError, match="--coarsen at: 1–7 values cannot be read"):
        require_read(frame, read, options={"at": "coarsen"}, max_share=0.1)
    for name, grain in (("flag", "day"), ("flag", 10.0), ("at", 10.0)):
        typed = spark.createDataFrame([], "flag boolean, at date")
        with pytest.raises(UsageError, match=f"--coarsen {name}"):
            coarse_values(typed.schema, {name: grain}, None)


def test_fields_and_fingerprint(spark: SparkSession, tmp_path: Path) -> None:
    """A table is made with the types as they come out; another grain is another state of the input."""
    (tmp_path / "c.csv").write_text("id,text,age\n1,a,30\n", encoding="utf-8")
    path = str(tmp_path / "c.csv")
    plain, tens, fives = (
        open_corpus(spark, path, Columns(keep=("age",), grains=grains))
        for grains in ({}, {"age": 10.0}, {"age": 5.0})
    )
    assert len({plain.fingerprint, tens.fingerprint, fives.fingerprint}) == 3
    assert kept_fields(spark, tens)[0].dataType.simpleString() == "double"
    assert kept_fields(spark, plain)[0].dataType.simpleString() == "string"


def test_told_then_coarser(
    run: Callable[..., int], tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dry run of `score` tells it and writes nothing; the table has the coarser values."""
    rows = [
        {
            "id": str(i),
            "text": f"Slept {i} hours.",
            "time": f"2021-0{1 + i % 2}-{1 + i:02}T08:00:00",
        }
        for i in range(24)
    ]
    corpus = write_json_lines(tmp_path / "corpus.jsonl", rows)
    output = tmp_path / "scores"
    common = ("score", "--model", tiny_model, "--input", corpus, "--output", output, "--accept-raw")
    assert run(*common, "--keep", "time", "--dry-run") == 0
    assert "Coarser: --coarsen time=month" in capsys.readouterr().out
    assert not output.exists()
    assert run(*common, "--keep", "time", "--coarsen", "time=month") == 0
    kept = read_table(output)["time"].astype(str)
    assert kept.value_counts().to_dict() == {"2021-01-01": 12, "2021-02-01": 12}
