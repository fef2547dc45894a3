"""Reading a corpus: what is read does not depend on how it is read."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from psychescale.spark.corpus import shape
from psychescale.spark.corpus.columns import Columns
from psychescale.spark.corpus.read import reading
from psychescale.spark.corpus.source import open_corpus

MANY = 130
ODD = {
    "a %41 b.jsonl": b'{"id": "p1", "text": "no line feed at the end"}',
    "\u00fc \xb7 +.jsonl": b'\xef\xbb\xbf{"id": "p2", "text": "mark"}\r\n\r\n{"id": "p3"}\r\n',
    "broken.jsonl": b'{"id": "p4", "text": "\xff"}\n{"id": \n\n[1]\n',
    "sub/feeds.jsonl": b"\n\n",
}


def read(spark: SparkSession, folder: Path) -> list[tuple[object, ...]]:
    with reading(spark, open_corpus(spark, str(folder), Columns())) as rows:
        return sorted(tuple(row) for row in rows.collect())


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_many_small_files(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """Many small files, which are read whole, give the rows that they give line by line."""
    folder = tmp_path / "corpus"
    (folder / "sub").mkdir(parents=True)
    for i in range(MANY):
        content = (
            f'{{"id": "{i}", "text": "t{i}"}}\n' if form == "jsonl" else f'id,text\n{i},"a\n{i}"\n'
        )
        (folder / f"f{i}.{form}").write_text(content)
    if form == "jsonl":
        for name, odd in ODD.items():
            (folder / name).write_bytes(odd)
    else:
        (folder / "broken.csv").write_bytes(b'text,id\r\n"open,p1\r\nx,p2\n,p3')
    whole = read(spark, folder)
    monkeypatch.setattr(shape, "_MANY_FILES", 10_000)
    assert whole == read(spark, folder)
    assert len(whole) == MANY + (6 if form == "jsonl" else 3)
