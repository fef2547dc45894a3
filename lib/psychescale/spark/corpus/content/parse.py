"""Raw lines, or whole files, → batches of rows, without losing one or changing a character."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from urllib.parse import unquote

import pyarrow as pa

from psychescale.errors import RowError
from psychescale.spark.corpus.content.forms import FORMS
from psychescale.spark.corpus.content.packed import lines_of, unpacked
from psychescale.spark.corpus.content.parsed import Layout, Origin, ParsedRow, origin_of

LINES_LOOKED_AT = 1000
"""As many lines of a file are looked at for its columns."""
# A batch of rows on its way back to Spark ends at either.
_MAX_BATCH_ROWS = 10_000
_MAX_BATCH_CHARS = 16 * 2**20


def parse_batches(
    batches: Iterable[pa.RecordBatch], *, layout: Layout, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """The rows of raw lines, as Spark's `mapInArrow` wants them.

    Args:
        batches: Columns: the line, or the whole file (binary), its file (string, percent-encoded), and
            where the block of the file that it belongs to starts (int64). Lines of a block follow
            each other.
        layout: What to take.
        schema: Of the result: the values, then error, file, block and line. A corrupt row has no
            values but the beginning of an id, ``row:<file>``, with the file's path below the root.

    Raises:
        InputError: A CSV file has no such column, or a file's encoding cannot be split into lines.
    """
    rows: list[tuple[object, ...]] = []
    n_chars = 0
    for (path, block), group in itertools.groupby(_values_of(batches), key=lambda item: item[1:]):
        origin = origin_of(unquote(path), layout)
        for row in parsed((content for content, _, _ in group), layout, origin):
            ident, *values = row.values
            if row.error == RowError.CORRUPT_ROW:
                ident = "row:" + origin.name
            rows.append((ident, *values, row.error, path, block, row.line))
            n_chars += sum(len(value) for value in row.values if value is not None)
            if len(rows) == _MAX_BATCH_ROWS or n_chars > _MAX_BATCH_CHARS:
                yield _to_batch(rows, schema)
                rows, n_chars = [], 0
    if rows:
        yield _to_batch(rows, schema)


def names_in(content: bytes, layout: Layout, path: str) -> Sequence[str]:
    """Column names of a whole file.

    Raises:
        InputError: It is not of the layout's form.
    """
    form, origin = FORMS[layout.form], origin_of(path, layout)
    if form.is_whole:
        return form.names(unpacked(content, path, origin.place), layout, origin)
    lines = itertools.islice(lines_of(content, path, layout.dialect, origin.place), LINES_LOOKED_AT)
    return form.names(lines, _of_lines(layout), origin)


def _of_lines(layout: Layout) -> Layout:
    return replace(layout, dialect=layout.dialect.of_lines())


def parsed(contents: Iterator[bytes], layout: Layout, origin: Origin) -> Iterator[ParsedRow]:
    """Rows of a file: of its lines, or of all of it where that is what was read."""
    form = FORMS[layout.form]
    if not layout.whole_files:
        return form.parse(contents, layout, origin)
    content = next(contents)
    if form.is_whole:
        return form.parse(unpacked(content, origin.path, origin.place), layout, origin)
    lines = lines_of(content, origin.path, layout.dialect, origin.place)
    return form.parse(lines, _of_lines(layout), origin)


def _values_of(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[bytes, str, int]]:
    for batch in batches:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _to_batch(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
