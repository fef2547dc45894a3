"""A bounded sample of a corpus: the first rows of some of its files, however large they are."""

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from psychescale.errors import RowError
from psychescale.spark.corpus.columns import column_of, field_of
from psychescale.spark.corpus.content.parse import parsed
from psychescale.spark.corpus.content.parsed import Layout, origin_of
from psychescale.spark.corpus.failures import explained
from psychescale.spark.corpus.files import BLOCK_BYTES, FileInfo, Listing, file_settings, literal
from psychescale.spark.corpus.ids import id_of_columns
from psychescale.spark.corpus.read import layout_in
from psychescale.spark.corpus.source import Corpus, read_columns
from psychescale.spark.tables.delta import quoted
from psychescale.text.quality.look import MOST_ROWS, Exceeds, Look, SampledRow, look_at

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
    layout = layout_in(corpus)
    with (
        file_settings(spark, block_bytes=BLOCK_BYTES, cut_small=False, by_case=True),
        explained(corpus.files),
    ):
        if layout is None:
            rows = _of_columns(spark, corpus, files, most)
        else:
            rows = _of_files(spark, corpus, layout, files, most)
    return look_at(rows, exceeds)


def _of_columns(
    spark: SparkSession, corpus: Corpus, files: Sequence[FileInfo], most: int
) -> list[SampledRow]:
    if corpus.listing is not None:
        parts = [read_columns(spark, _alone(corpus, file)).limit(most) for file in files]
        rows = functools.reduce(DataFrame.unionByName, parts)
    else:
        rows = read_columns(spark, corpus).limit(MOST_ROWS)
    columns, known = corpus.columns, corpus.schema or rows.schema
    needed = list(dict.fromkeys([*columns.id, *columns.texts]))
    named = rows.select(*[column_of(rows.schema, name) for name in needed])
    typed = T.StructType([field_of(known, name) for name in needed])
    ident = id_of_columns(typed, columns.id).cast("binary").alias("id")
    texts = [F.col(quoted(n)).cast("binary").alias(f"t{i}") for i, n in enumerate(columns.texts)]
    return [_decoded(*row) for row in named.select(ident, *texts).collect()]


def _alone(corpus: Corpus, file: FileInfo) -> Corpus:
    """The corpus of one of the files."""
    return replace(corpus, listing=Listing((literal(file.path),), file.path, (file,)))


def _decoded(ident: bytes | None, text: bytes | None, second: bytes | None = None) -> SampledRow:
    values = _text(ident), _text(text), _text(second)
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


def _of_files(
    spark: SparkSession, corpus: Corpus, layout: Layout, files: Sequence[FileInfo], most: int
) -> list[SampledRow]:
    """Rows of files that are parsed here; one without lines is read whole, up to a stated size."""
    has_second = corpus.columns.second_text is not None
    rows = []
    for file in files:
        listing = _alone(corpus, file).listing or corpus.listing
        if listing is None:
            continue
        read = listing.whole(spark) if layout.whole_files else listing.lines(spark).limit(most + 1)
        lines = [bytes(row[0]) for row in read.select(F.col("value").cast("binary")).collect()]
        content = iter(lines) if layout.whole_files else _cut(lines, most)
        found = parsed(content, layout, origin_of(file.path, layout))
        for row in itertools.islice(_until_cut(found), most):
            ident, text, *others = row.values
            rows.append(SampledRow(ident, text, others[0] if has_second else None, row.error))
    return rows


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
