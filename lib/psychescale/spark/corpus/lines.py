"""Raw lines of CSV and JSON-lines files → rows, without losing one or changing a character.

Spark's own readers are not used for this. Its CSV reader lets a quote that never closes swallow the
rest of the file, drops characters around NUL and rewrites line breaks in quotes; its JSON reader
turns lone surrogates into question marks; both replace bytes that are not UTF-8 (tried with 4.2).
Here a line that cannot be parsed costs itself and nothing else. No Spark is needed to use it.
"""

import csv
import itertools
import json
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple
from urllib.parse import unquote

import pyarrow as pa

from psychescale.errors import InputError, RowError

# A record that is still open after this much is a line with a quote too many, not a text.
MAX_RECORD_CHARS = 64 * 2**20
# A batch of rows on its way back to Spark ends at either.
_MAX_BATCH_ROWS = 10_000
_MAX_BATCH_CHARS = 16 * 2**20

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# The first bytes of UTF-16 and UTF-32, in which a line break is not one byte.
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


@dataclass(frozen=True)
class Layout:
    """What to take from the lines.

    Attributes:
        form: What the files are.
        columns: Names in the input: id, text, then the others.
        encoding: A Python codec in which ASCII characters are single bytes.
        root: Path of the input, with which every file's path begins.
        files: Paths of all files, in the order of which a message numbers them.
        whole_files: What is read are whole files, still to be cut into lines.
    """

    form: Literal["csv", "jsonl"]
    columns: tuple[str, ...]
    encoding: str
    root: str
    files: tuple[str, ...]
    whole_files: bool = False


class ParsedRow(NamedTuple):
    """A row, or a line that is none.

    Attributes:
        line: Number of its first line in the file or block, from 1.
        error: ``corrupt_row``, ``invalid_unicode`` (of the text), or None.
        values: Id, text and the other columns; all None for a corrupt row.
    """

    line: int
    error: str | None
    values: tuple[str | None, ...]


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
        parse = parse_csv if layout.form == "csv" else parse_json_lines
        place = file_name_in_messages(unquote(path), layout.files)
        for row in parse((line for line, _, _ in group), layout, place):
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


def relative_name(path: str, layout: Layout) -> str:
    """A file's path below the input; its own name where the input is the file."""
    below = path.removeprefix(layout.root).strip("/") if path != layout.root else ""
    return below or path.rpartition("/")[2]


def file_name_in_messages(path: str, files: Sequence[str]) -> str:
    """Which of the files, without its name: files are named after patients often enough."""
    if len(files) <= 1:
        return "The file of ‹input›"
    if path not in files:
        return "A file of ‹input›"
    number = files.index(path) + 1
    return f"File {number:,} of {len(files):,} of ‹input› (in the order of their paths)"


def parse_csv(
    lines: Iterable[bytes], layout: Layout, place: str = "The file"
) -> Iterator[ParsedRow]:
    """Rows of one CSV file (RFC 4180: doubled quotes, line breaks in quotes, names in the first line).

    Args:
        lines: The whole file, without its line feeds.
        layout: What to take; columns go by their names, in any order.
        place: The file, as a message may name it.

    Raises:
        InputError: The first line does not name the columns.
    """
    records = _records(_latin(lines))
    _, header = next(records, (1, []))
    names = _column_names(header or [], layout.encoding, place)
    positions = [_position(names, column, place) for column in layout.columns]
    for line, fields in records:
        if fields is None or len(fields) != len(names):
            yield _corrupt(line, layout)
        else:
            chosen = [fields[position] for position in positions]
            yield _settled(line, [_field(value, layout.encoding) for value in chosen])


def parse_json_lines(
    lines: Iterable[bytes], layout: Layout, place: str = "The file"
) -> Iterator[ParsedRow]:
    """Rows of JSON lines, one object a line; empty lines are no rows.

    Numbers come out as they are written, so that a long id stays what it was.

    Args:
        lines: Lines of one file, or of a block of it, without their line feeds.
        layout: What to take.
        place: The file, as a message may name it.

    Raises:
        InputError: The file's encoding cannot be split into lines.
    """
    for number, line in enumerate(lines, start=1):
        if number == 1 and line.startswith(_WIDE_MARKS):
            raise _wide(place)
        content = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
        if content.strip():
            values = _values(content, layout)
            yield _corrupt(number, layout) if values is None else _settled(number, values)


def json_keys(lines: Iterable[bytes], encoding: str) -> list[str]:
    """Keys of the objects among `lines`, in the order of their first appearance."""
    keys: dict[str, None] = {}
    for line in lines:
        keys.update(dict.fromkeys(_object(line.removeprefix(_BYTE_ORDER_MARK), encoding) or {}))
    return list(keys)


def csv_header(lines: Iterable[bytes], encoding: str) -> list[str]:
    """Column names of a CSV file, from its first lines."""
    _, fields = next(_records(_latin(lines)), (1, None))
    return _column_names(fields or [], encoding, "‹input›")


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


def _latin(lines: Iterable[bytes]) -> Iterator[str]:
    """Every byte as one character: quotes and commas are found before anything is decoded."""
    for number, line in enumerate(lines):
        yield (line.removeprefix(_BYTE_ORDER_MARK) if number == 0 else line).decode(
            "latin-1"
        ) + "\n"


def _records(lines: Iterator[str]) -> Iterator[tuple[int, list[str] | None]]:
    """(number of the first line, fields); None for a line whose quotes are broken.

    Reading goes on with the line after a broken one, so a quote that never closes costs one line.
    """
    csv.field_size_limit(sys.maxsize)
    taken: list[str] = []
    again: deque[str] = deque()

    def feed() -> Iterator[str]:
        n_chars = 0
        while (line := again.popleft() if again else next(lines, None)) is not None:
            n_chars = n_chars + len(line) if taken else len(line)
            taken.append(line)
            if n_chars > MAX_RECORD_CHARS:
                raise csv.Error
            yield line

    number = 1
    broken = True
    while broken:
        broken = False
        try:
            for fields in csv.reader(feed(), strict=True):
                if fields:
                    yield number, fields
                number += len(taken)
                taken.clear()
        except csv.Error:
            broken = True
            yield number, None
            again.extendleft(reversed(taken[1:]))
            taken.clear()
            number += 1


def _column_names(fields: Sequence[str], encoding: str, place: str) -> list[str]:
    if fields and fields[0].encode("latin-1").startswith(_WIDE_MARKS):
        raise _wide(place)
    return [name.encode("latin-1").decode(encoding, "replace") for name in fields]


def _position(names: Sequence[str], column: str, place: str) -> int:
    if names.count(column) == 1:
        return names.index(column)
    problem = "has no column" if column not in names else "has more than one column"
    raise InputError(
        f"{place} {problem} {column}.",
        remedy="Every CSV file needs the columns in its first line, in any order.",
    )


def _wide(place: str) -> InputError:
    return InputError(
        f"{place} is UTF-16 or UTF-32.",
        remedy="Convert it to UTF-8 (`iconv -f UTF-16 -t UTF-8`).",
    )


def _values(line: bytes, layout: Layout) -> list[str | None] | None:
    """Values of the columns; None where there is no object, or id or text is not a single value."""
    found = _object(line, layout.encoding)
    if found is None:
        return None
    values = [found.get(column) for column in layout.columns]
    if any(isinstance(value, dict | list | bool) for value in values[:2]):
        return None
    if any(isinstance(value, dict | list) for value in values):
        # Numbers inside stay numbers.
        plain = _object(line, layout.encoding, parse_number=None)
        if plain is None:
            return None
        values = [
            plain[column] if isinstance(value, dict | list) else value
            for column, value in zip(layout.columns, values, strict=True)
        ]
    return [
        value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for value in values
    ]


def _object(
    line: bytes, encoding: str, parse_number: Callable[[str], object] | None = str
) -> Mapping[str, object] | None:
    """The object of a line; None where there is none. Bytes outside `encoding` become surrogates."""
    try:
        found = json.loads(
            line.decode(encoding, "surrogateescape"),
            parse_int=parse_number,
            parse_float=parse_number,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _refuse(_: str) -> None:
    raise ValueError


def _field(value: str, encoding: str) -> str | None:
    return _decoded(value, encoding) if value else None


def _decoded(value: str, encoding: str) -> str:
    return value if value.isascii() else value.encode("latin-1").decode(encoding, "surrogateescape")


def _settled(line: int, values: Sequence[str | None]) -> ParsedRow:
    """The row, after a look at what cannot be written as UTF-8."""
    ident, text, *others = values
    if not _is_valid(ident):
        return ParsedRow(line, RowError.CORRUPT_ROW.value, (None,) * len(values))
    error = None if _is_valid(text) else RowError.INVALID_UNICODE.value
    kept = [value if _is_valid(value) else _replaced(value) for value in others]
    return ParsedRow(line, error, (ident, text if error is None else None, *kept))


def _corrupt(line: int, layout: Layout) -> ParsedRow:
    return ParsedRow(line, RowError.CORRUPT_ROW.value, (None,) * len(layout.columns))


def _is_valid(value: str | None) -> bool:
    if value is None or value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _replaced(value: str | None) -> str | None:
    return None if value is None else value.encode("utf-8", "replace").decode()
