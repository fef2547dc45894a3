"""A bounded sample of a corpus: the first rows of some of its files, however large they are."""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from psychescale.errors import RowError
from psychescale.spark.corpus.files import BLOCK_BYTES, FileInfo, explained, file_settings
from psychescale.spark.corpus.ids import id_of_columns
from psychescale.spark.corpus.lines import (
    ParsedRow,
    file_name_in_messages,
    parse_csv,
    parse_json_lines,
    separator_of,
)
from psychescale.spark.corpus.read import layout_of
from psychescale.spark.corpus.source import LINE_FORMS, Corpus, read_columns, read_lines
from psychescale.spark.tables.delta import quoted
from psychescale.text.sample.look import MOST_ROWS, Exceeds, Look, SampledRow, look_at

_MOST_FILES = 10
Item = TypeVar("Item")


def look_at_corpus(spark: SparkSession, corpus: Corpus, exceeds: Exceeds | None = None) -> Look:
    """What the first rows of up to ten files hold, evenly chosen; of tables the first rows.

    Args:
        spark: The session.
        corpus: The input.
        exceeds: As for `look_at`.

    Raises:
        InputError: A file cannot be read as a run would read it.
    """
    files = corpus.files[:: max(1, -(-len(corpus.files) // _MOST_FILES))]
    most = MOST_ROWS // max(1, len(files))
    with (
        file_settings(spark, block_bytes=BLOCK_BYTES, cut_small=False, by_case=True),
        explained(corpus.files),
    ):
        if corpus.form in LINE_FORMS:
            rows = _of_lines(spark, corpus, files, most)
        else:
            rows = _of_columns(spark, corpus, files, most)
    return look_at(rows, exceeds)


def _of_columns(
    spark: SparkSession, corpus: Corpus, files: Sequence[FileInfo], most: int
) -> list[SampledRow]:
    if corpus.form == "parquet":
        places = [replace(corpus.place, address=file.path) for file in files]
        parts = [read_columns(spark, replace(corpus, place=place)).limit(most) for place in places]
        rows = functools.reduce(DataFrame.unionByName, parts)
    else:
        rows = read_columns(spark, corpus).limit(MOST_ROWS)
    columns = corpus.columns
    ident = id_of_columns(corpus.schema or rows.schema, columns.id).cast("binary").alias("id")
    texts = [F.col(quoted(n)).cast("binary").alias(f"t{i}") for i, n in enumerate(columns.texts)]
    return [_decoded(*row) for row in rows.select(ident, *texts).collect()]


def _decoded(ident: bytes | None, text: bytes | None, second: bytes | None = None) -> SampledRow:
    values = [_text(value) for value in (ident, text, second)]
    error = None
    if values[0] is None and ident is not None:
        error = RowError.CORRUPT_ROW.value
    elif values[1] is None and text is not None:
        error = RowError.INVALID_UNICODE.value
    return SampledRow(*values, error)


def _text(value: bytes | None) -> str | None:
    try:
        return None if value is None else bytes(value).decode()
    except UnicodeDecodeError:
        return None


class _CutError(Exception):
    """The sample ends here, the file does not."""


def _of_lines(
    spark: SparkSession, corpus: Corpus, files: Sequence[FileInfo], most: int
) -> list[SampledRow]:
    has_second = corpus.columns.second_text is not None
    rows = []
    for file in files:
        lines = read_lines(spark, file.path).limit(most + 1).select(F.col("value").cast("binary"))
        content = [bytes(row[0]) for row in lines.collect()]
        for row in _until_cut(_parsed(corpus, file.path, _cut(content, most))):
            ident, text, *others = row.values
            rows.append(SampledRow(ident, text, others[0] if has_second else None, row.error))
    return rows


def _parsed(corpus: Corpus, path: str, lines: Iterator[bytes]) -> Iterator[ParsedRow]:
    layout = layout_of(corpus)
    place = file_name_in_messages(path, layout.files)
    if layout.form == "csv":
        return parse_csv(lines, layout, place, separator=separator_of(path, corpus.dialect))
    return parse_json_lines(lines, layout, place)


def _cut(lines: Sequence[bytes], most: int) -> Iterator[bytes]:
    """The lines; where there are more, no end, which could stand in the midst of a record."""
    yield from lines[:most]
    if len(lines) > most:
        raise _CutError


def _until_cut(items: Iterator[Item]) -> Iterator[Item]:
    try:
        yield from items
    except _CutError:
        return
