"""Every row of docs/files.md: a file of that kind, with the flags that stand beside it, is read."""

import bz2
import gzip
import json
import lzma
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyreadstat
import pytest
from pyspark.sql import SparkSession

from psychescale.settings.config import load_config
from psychescale.settings.score import ScoreConfig
from psychescale.spark.corpus.columns import Columns
from psychescale.spark.corpus.content.dialect import Dialect
from psychescale.spark.corpus.read import reading
from psychescale.spark.corpus.source import open_corpus

PAGE = Path(__file__).parents[3] / "docs" / "files.md"
ROWS = [("1", "größer\nals"), ("2", 'sagt "ja"')]
FRAME = pd.DataFrame(ROWS, columns=["id", "text"])
CSV = FRAME.to_csv(index=False)
LINES = FRAME.to_json(orient="records", lines=True, force_ascii=False)
ARRAY = FRAME.to_json(orient="records", force_ascii=False, indent=1)
PLAIN = "id,text\n1,a\n2,b\n"

Make = Callable[[Path], Path]


def named(name: str, content: str | bytes) -> Make:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def workbook(folder: Path) -> Path:
    book = openpyxl.Workbook()
    for row in [["id", "text"], *map(list, ROWS)]:
        book.active.append(row)
    book.save(folder / "answers.xlsx")
    return folder / "answers.xlsx"


def with_sheets(folder: Path) -> Path:
    path = workbook(folder)
    book = openpyxl.load_workbook(path)
    book.create_sheet("Codes").append(["code", "meaning"])
    book.save(path)
    return path


def dataset(folder: Path) -> Path:
    """As `Dataset.save_to_disk` leaves it."""
    place = folder / "dataset"
    place.mkdir()
    table = pa.table({"id": [row[0] for row in ROWS], "text": [row[1] for row in ROWS]})
    with pa.ipc.new_stream(str(place / "data-00000-of-00001.arrow"), table.schema) as stream:
        stream.write_table(table)
    (place / "dataset_info.json").write_text(json.dumps({"features": {}}))
    (place / "state.json").write_text(json.dumps({"_data_files": []}))
    return place


def notes(folder: Path) -> Path:
    place = folder / "notes"
    (place / "ward").mkdir(parents=True)
    (place / "ward" / "1.txt").write_text("größer\nals")
    (place / "2.txt").write_bytes('sagt "ja"'.encode("utf-16"))
    return place


def folders(folder: Path) -> Path:
    place = folder / "posts"
    for (ident, text), year in zip(ROWS, ("2020", "2021"), strict=True):
        (place / f"year={year}").mkdir(parents=True)
        frame = pd.DataFrame([(ident, text)], columns=["id", "text"])
        frame.to_parquet(place / f"year={year}" / "part-0.parquet")
    return place


def sharded(folder: Path) -> Path:
    (folder / "posts").mkdir()
    for i, row in enumerate(ROWS):
        pd.DataFrame([row], columns=["id", "text"]).to_csv(
            folder / "posts" / f"{i}.csv", index=False
        )
    return folder / "posts" / "*.csv"


def frames(name: str, write: Callable[[Any, Path], object]) -> Make:
    def make(folder: Path) -> Path:
        write(FRAME, folder / name)
        return folder / name

    return make


def through_spark(folder: Path) -> Path:
    spark = SparkSession.getActiveSession()
    assert spark is not None
    flat = FRAME.assign(text=FRAME["text"].str.replace("\n", " "))
    spark.createDataFrame(flat).coalesce(1).write.csv(str(folder / "csv"), header=True)
    return folder / "csv"


NESTED = "".join(json.dumps({"id": i, "data": {"text": t}}) + "\n" for i, t in ROWS)
SHORT = [("1", "a"), ("2", "b")]
QUALTRICS = 'id,text\nId,"What is it?"\n"{""ImportId"":""a""}","{""ImportId"":""b""}"\n1,a\n2,b\n'

CASES: dict[str, list[tuple[Make, list[tuple[str, str]]]]] = {
    "`.parquet`": [
        (frames("c.parquet", lambda frame, path: frame.to_parquet(path)), ROWS),
        (frames("p.parquet", lambda frame, path: pl.DataFrame(frame).write_parquet(path)), ROWS),
    ],
    "`.csv` as RFC 4180": [(named("c.csv", CSV), ROWS)],
    "`.csv` with semicolons": [(named("c.csv", FRAME.to_csv(index=False, sep=";")), ROWS)],
    "`.csv` whose first line": [
        (named("c.csv", "sep=;\n" + FRAME.to_csv(index=False, sep=";")), ROWS)
    ],
    "`.tsv`, `.tab`": [(named("c.tsv", FRAME.to_csv(index=False, sep="\t")), ROWS)],
    "`.csv` or `.txt` with tabs": [(named("c.txt", FRAME.to_csv(index=False, sep="\t")), ROWS)],
    "`.csv` with backslashes": [(through_spark, [("1", "größer als"), ROWS[1]])],
    "the same, where the backslash": [
        (named("c.csv", 'id,text\n1,"C:\\"\n2,b\n'), [("1", "C:\\"), ("2", "b")])
    ],
    "an export of Qualtrics": [(named("c.csv", QUALTRICS), SHORT)],
    "CSV files put end to end": [(named("c.csv", "id,text\n1,a\nid,text\n2,b\n"), SHORT)],
    "another ending, or none": [(named("export", PLAIN), SHORT)],
    "a CSV of Windows": [(named("c.csv", CSV.encode("cp1252")), ROWS)],
    "UTF-8 with a byte order mark": [(named("c.csv", CSV.encode("utf-8-sig")), ROWS)],
    "UTF-16 with a byte order mark": [
        (named("c.csv", CSV.encode("utf-16")), ROWS),
        (named("c.jsonl", LINES.encode("utf-16")), ROWS),
    ],
    "UTF-16 without one": [(named("c.csv", CSV.encode("utf-16-le")), ROWS)],
    "`.jsonl`, `.ndjson`": [(named("c.jsonl", LINES), ROWS), (named("c.json", LINES), ROWS)],
    "one JSON array": [(named("c.json", ARRAY), ROWS)],
    "a text within an object": [(named("c.jsonl", NESTED), ROWS)],
    "`.gz`, `.bz2`": [
        (named("c.csv.gz", gzip.compress(CSV.encode())), ROWS),
        (named("c.jsonl.bz2", bz2.compress(LINES.encode())), ROWS),
        (named("c.csv.xz", lzma.compress(CSV.encode())), ROWS),
        (named("c.jsonl.zst", pa.compress(LINES.encode(), "zstd", asbytes=True)), ROWS),
        (named("c.json.gz", gzip.compress(ARRAY.encode())), ROWS),
    ],
    "a row named by several columns": [
        (
            named("c.csv", "record,event,instance,text\n1,a,2,b\n1,a,,c\n"),
            [("1|a|", "c"), ("1|a|2", "b")],
        )
    ],
    "a workbook": [(workbook, ROWS)],
    "a workbook of several sheets": [(with_sheets, ROWS)],
    "SPSS": [(frames("c.sav", pyreadstat.write_sav), ROWS)],
    "Stata": [(frames("c.dta", lambda frame, path: frame.to_stata(path, version=118)), ROWS)],
    "SAS": [(frames("c.xpt", pyreadstat.write_xport), ROWS)],
    "a dataset of Hugging Face": [(dataset, ROWS)],
    "Feather, ORC": [
        (frames("c.feather", lambda frame, path: frame.to_feather(path)), ROWS),
        (frames("c.orc", lambda frame, path: frame.to_orc(path)), ROWS),
    ],
    "a folder of `.txt` files": [(notes, [("2.txt", ROWS[1][1]), ("ward/1.txt", ROWS[0][1])])],
    "folders such as": [(folders, [(*ROWS[0], "2020"), (*ROWS[1], "2021")])],
    "some files of a folder": [(sharded, ROWS)],
    "files in several places": [(sharded, ROWS)],
}


def documented() -> list[tuple[str, str]]:
    """(file, flags) of the page's first table."""
    table = PAGE.read_text(encoding="utf-8").partition("\n## ")[0]
    cells = re.findall(r"^\| (.+?) \| (.+?) \|$", table, re.MULTILINE)
    return [row for row in cells if not row[0].startswith(("---", "your file"))]


def flags_of(cell: str) -> list[str]:
    """The flags of a cell: what stands in its first code, or in that which `score` asks for."""
    found = re.search(r"^`(--(?!input).+?)`|asks for `(--.+?)`", cell)
    return [] if found is None else str(found.group(1) or found.group(2)).replace('"', "").split()


KINDS = {kind: flags_of(cell) for kind, cell in documented() if not kind.startswith("a Delta")}


def case_of(kind: str) -> str:
    """The longest name of a case that a row begins with."""
    return max((case for case in CASES if kind.startswith(case)), key=len)


def test_every_row_is_tried() -> None:
    """The page's rows and the cases are the same kinds."""
    assert sorted(map(case_of, KINDS)) == sorted(CASES)


@pytest.mark.parametrize("kind", KINDS)
def test_documented_file(spark: SparkSession, tmp_path: Path, kind: str) -> None:
    """A file of this kind gives its rows, with the flags of the page."""
    for number, (make, expected) in enumerate(CASES[case_of(kind)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        place = make(folder)
        given = sorted(folder.glob("posts/*.csv")) if kind.startswith("files in") else [place]
        inputs = [part for one in given for part in ("--input", str(one))]
        arguments = [*inputs, "--model", "m", "--output", "o", *KINDS[kind]]
        config = load_config(ScoreConfig, "score", arguments, environ={}).config
        columns = Columns(config.id_column, config.text_column, None, config.keep)
        corpus = open_corpus(spark, config.input, columns, dialect=config.choices(Dialect))
        with reading(spark, corpus) as rows:
            found = sorted(tuple(row) for row in rows.collect())
        assert found == [(*row, None) for row in expected]
