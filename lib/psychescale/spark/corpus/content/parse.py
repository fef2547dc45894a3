"""Raw lines, or whole files, → batches of rows, without losing one or changing a character."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import unquote

import pyarrow as pa

from psychescale.errors import RowError
from psychescale.spark.corpus.content.csv_lines import parse_csv
from psychescale.spark.corpus.content.dialect import separator_of
from psychescale.spark.corpus.content.json_lines import parse_json_lines
from psychescale.spark.corpus.content.parsed import Layout, file_name_in_messages, relative_name

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
    lines = _cut(_values_of(batches)) if layout.whole_files else _values_of(batches)
    for (path, block), group in itertools.groupby(lines, key=lambda item: item[1:]):
        made_id = "row:" + relative_name(unquote(path), layout)
        place = file_name_in_messages(unquote(path), layout.files)
        content = (line for line, _, _ in group)
        if layout.form == "csv":
            found = parse_csv(content, layout, place, separator=separator_of(path, layout.dialect))
        else:
            found = parse_json_lines(content, layout, place)
        for row in found:
            ident, *values = row.values
            if row.error == RowError.CORRUPT_ROW:
                ident = made_id
            rows.append((ident, *values, row.error, path, block, row.line))
            n_chars += sum(len(value) for value in row.values if value is not None)
            if len(rows) == _MAX_BATCH_ROWS or n_chars > _MAX_BATCH_CHARS:
                yield _to_batch(rows, schema)
                rows, n_chars = [], 0
    if rows:
        yield _to_batch(rows, schema)


def _values_of(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[bytes, str, int]]:
    for batch in batches:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _cut(files: Iterable[tuple[bytes, str, int]]) -> Iterator[tuple[bytes, str, int]]:
    """Lines of whole files, as Spark's text reader cuts them."""
    for content, path, block in files:
        lines = content.split(b"\n")
        if not lines[-1]:  # a line feed ends a line, it begins none
            lines.pop()
        for line in lines:
            yield line, path, block


def _to_batch(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
