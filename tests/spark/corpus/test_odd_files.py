"""Files that nobody wants, and everybody has: read right, or refused by what is there."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

import psychescale
from psychescale.errors import InputError, PsychescaleError
from psychescale.spark.corpus.columns import Columns
from psychescale.spark.corpus.failures import explained
from psychescale.spark.corpus.read import reading
from psychescale.spark.corpus.source import open_corpus

TABLE = pa.table({"id": ["a", "b"], "text": ["x", "y"]})


def read(spark: SparkSession, place: Path, **columns: Any) -> list[tuple[Any, ...]]:
    """Id, text, kept columns and error of every row."""
    corpus = open_corpus(spark, str(place), Columns(**columns))
    with explained(corpus.files), reading(spark, corpus) as rows:
        return sorted(tuple(row) for row in rows.collect())


def test_encrypted(spark: SparkSession, tmp_path: Path) -> None:
    """An encrypted file is said to be that, not damaged."""
    encryption = pytest.importorskip("pyarrow.parquet.encryption")

    class Plain(encryption.KmsClient):  # type: ignore[misc, name-defined]
        def wrap_key(self, key: bytes, _: str) -> bytes:
            return key.hex().encode()

        def unwrap_key(self, wrapped: bytes, _: str) -> bytes:
            return bytes.fromhex(wrapped.decode())

    configuration = encryption.EncryptionConfiguration(footer_key="k", column_keys={"c": ["text"]})
    factory = encryption.CryptoFactory(lambda _: Plain())
    properties = factory.file_encryption_properties(encryption.KmsConnectionConfig(), configuration)
    path = tmp_path / "c.parquet"
    pq.write_table(TABLE, path, encryption_properties=properties)
    with pytest.raises(InputError, match="is encrypted"):
        read(spark, path)


def test_unread_compression(spark: SparkSession, tmp_path: Path) -> None:
    """A codec that Spark has not is named."""
    path = tmp_path / "c.parquet"
    pq.write_table(TABLE, path, compression="brotli")
    with pytest.raises(InputError, match="Brotli"):
        read(spark, path)


def test_empty_row_groups(spark: SparkSession, tmp_path: Path) -> None:
    """Row groups and files without rows are nothing."""
    with pq.ParquetWriter(tmp_path / "1.parquet", TABLE.schema) as writer:
        for part in (TABLE.slice(0, 0), TABLE, TABLE.slice(0, 0)):
            writer.write_table(part)
    pq.write_table(TABLE.slice(0, 0), tmp_path / "2.parquet")
    assert read(spark, tmp_path) == [("a", "x", None), ("b", "y", None)]


def test_unnamed_types(spark: SparkSession, tmp_path: Path) -> None:
    """Types that Arrow names otherwise are read beside one that Spark does not know."""
    path = tmp_path / "c.parquet"
    columns = {
        "id": pa.array(["a", "b"], pa.string_view()),
        "text": pa.array([b"x", b"\xff"], pa.binary_view()),
        "small": pa.array([1, 255], pa.uint8()),
        "large": pa.array([1, 2**64 - 1], pa.uint64()),
        "time": pa.array([1, 2], pa.time64("ns")),
    }
    pq.write_table(pa.table(columns), path)
    assert read(spark, path, keep=("small", "large")) == [
        ("a", "x", 1, 1, None),
        ("b", None, 255, 2**64 - 1, "invalid_unicode"),
    ]


def test_same_name_twice(spark: SparkSession, tmp_path: Path, tiny_model: Path) -> None:
    """A wanted column that is there twice is refused, in files and DataFrames."""
    path = tmp_path / "c.parquet"
    twice = pa.Table.from_arrays([TABLE["id"], TABLE["text"], TABLE["id"]], ["id", "text", "text"])
    pq.write_table(twice, path)
    with pytest.raises(InputError, match="2 columns text"):
        read(spark, path)
    frame = spark.range(2).select(F.col("id"), F.lit("x").alias("text"), F.lit("y").alias("text"))
    with pytest.raises(PsychescaleError, match=r"2 columns text|has several columns"):
        psychescale.score(model=tiny_model, input=frame, output=tmp_path / "o", accept_raw=True)


@pytest.mark.parametrize(
    ("header", "told"),
    [("id , text", 'no column id, but "id "'), ("ID,Text", 'no column id, but "ID"')],
)
def test_nearly_the_name(spark: SparkSession, tmp_path: Path, header: str, told: str) -> None:
    """A header that differs by blanks or capitals is quoted as it is."""
    path = tmp_path / "c.csv"
    path.write_text(f"{header}\na,x\n")
    with pytest.raises(InputError, match=told):
        read(spark, path)


def test_header_of_another_encoding(spark: SparkSession, tmp_path: Path) -> None:
    """A name that no UTF-8 can be points at the encoding."""
    path = tmp_path / "c.csv"
    path.write_bytes("id,größe,text\na,1,x\n".encode("latin-1"))
    with pytest.raises(InputError, match="--encoding cp1252"):
        read(spark, path, keep=("größe",))
