"""Raw lines of CSV and JSON-lines files → rows, without losing one or changing a character.

Spark's own readers are not used for this. Its CSV reader lets a quote that never closes swallow the
rest of the file, drops characters around NUL and rewrites line breaks in quotes; its JSON reader
turns lone surrogates into question marks; both replace bytes that are not UTF-8 (tried with 4.2).
Here a line that cannot be parsed costs itself and nothing else. No Spark is needed to use it.
"""

import csv
import itertools
import json
import re
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


Form = Literal["parquet", "csv", "jsonl"]
Escape = Literal["none", "backslash"]


@dataclass(frozen=True)
class Dialect:
    """How a corpus is written, as far as a person says.

    Attributes:
        format: What they are, whatever their names end in.
        encoding: A Python codec in which ASCII characters are single bytes.
        separator: Between the fields of CSV; None: a tab in .tsv, what ``sep=`` in a file's first line
            says, else a comma.
        escape: What a backslash before a quote does in CSV; None: nobody has said.
        skip_rows: Records behind the header of a CSV file that are no rows.
        repeated_headers: Leave out records that repeat the header, as in files put end to end.
        refuse_placeholders: Texts such as ``[deleted]`` stand for none, in tables too.
    """

    format: Form | None = None
    encoding: str = "utf-8"
    separator: str | None = None
    escape: Escape | None = None
    skip_rows: int = 0
    repeated_headers: bool = False
    refuse_placeholders: bool = False


@dataclass(frozen=True)
class Layout:
    """What to take from the lines.

    Attributes:
        form: What the files are.
        columns: Names in the input: of ids, of the text, then the others.
        dialect: How they are written.
        root: Path of the input, with which every file's path begins.
        files: Paths of all files, in the order of which a message numbers them.
        whole_files: What is read are whole files, still to be cut into lines.
        n_ids: How many columns make an id.
    """

    form: Literal["csv", "jsonl"]
    columns: tuple[str, ...]
    dialect: Dialect
    root: str
    files: tuple[str, ...]
    whole_files: bool = False
    n_ids: int = 1


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


def separator_of(path: str, dialect: Dialect) -> str:
    """What stands between the fields of a CSV file, unless its first line says otherwise."""
    is_tabbed = re.search(r"\.(tsv|tab)(\.\w+)?$", path.lower()) is not None
    return dialect.separator or ("\t" if is_tabbed else ",")


def parse_csv(
    lines: Iterable[bytes], layout: Layout, place: str = "The file", *, separator: str = ","
) -> Iterator[ParsedRow]:
    """Rows of one CSV file (RFC 4180: doubled quotes, line breaks in quotes, names in the first line).

    Records without a value are no rows. What may be one row or two, or a row or a header, is refused
    until a person says which.

    Args:
        lines: The whole file, without its line feeds.
        layout: What to take; columns go by their names, in any order.
        place: The file, as a message may name it.
        separator: Between the fields.

    Raises:
        InputError: The first line does not name the columns; a backslash stands before a quote, or a
            record repeats the header, and the dialect does not say what that is.
    """
    dialect = layout.dialect
    records = _csv_records(lines, dialect, place, separator)
    _, header = next(records, (1, []))
    names = _column_names(header or [], dialect.encoding, place)
    positions = [_position(names, column, place) for column in layout.columns]
    for line, fields in itertools.islice(records, dialect.skip_rows, None):
        if fields is None:
            yield _corrupt(line, layout)
        elif _is_header(fields, header or []) or fields[0].startswith(_QUALTRICS):
            if not dialect.repeated_headers:
                raise _header_again(line, place)
        elif any(fields):
            if len(fields) != len(names):
                yield _corrupt(line, layout)
                continue
            chosen = [fields[position] for position in positions]
            yield _settled(line, [_field(value, dialect.encoding) for value in chosen], layout)


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
        is_first = number == 1 or line.startswith(
            _BYTE_ORDER_MARK + b"{"
        )  # of files put end to end
        content = line.removeprefix(_BYTE_ORDER_MARK) if is_first else line
        if content.strip():
            values = _values(content, layout)
            yield _corrupt(number, layout) if values is None else _settled(number, values, layout)


def json_keys(lines: Iterable[bytes], encoding: str) -> list[str]:
    """Keys of the objects among `lines`, in the order of their first appearance.

    Raises:
        InputError: The first line is not that of JSON lines, or no line holds an object.
    """
    keys: dict[str, None] = {}
    n_lines = n_objects = 0
    for line in filter(bytes.strip, lines):
        if n_lines == 0:
            _require_objects(line.removeprefix(_BYTE_ORDER_MARK))
        found = _object(line.removeprefix(_BYTE_ORDER_MARK), encoding)
        n_lines, n_objects = n_lines + 1, n_objects + (found is not None)
        keys.update(dict.fromkeys(found or {}))
    if n_lines and not n_objects:
        raise InputError(
            f"None of the first {n_lines:,} lines of ‹input› is a JSON object.",
            remedy="Write one object a line, with nothing before or behind it (`jq -c . FILE`).",
        )
    return list(keys)


def csv_header(lines: Iterable[bytes], dialect: Dialect, separator: str) -> list[str]:
    """Column names of a CSV file, from its first lines.

    Raises:
        InputError: They are not the beginning of a CSV file.
    """
    _, fields = next(_csv_records(lines, dialect, "‹input›", separator), (1, None))
    return _column_names(fields or [], dialect.encoding, "‹input›")


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


def _csv_records(
    lines: Iterable[bytes], dialect: Dialect, place: str, separator: str
) -> Iterator[tuple[int, list[str] | None]]:
    """(number of the first line, fields), the header first; None for a line with broken quotes."""
    raw = iter(lines)
    first = next(raw, b"").removeprefix(_BYTE_ORDER_MARK)
    _require_text(first, place)
    stated = re.fullmatch(rb'"?sep=(.)"?\r?', first)  # what Excel writes and reads
    before = 1 if stated else 0
    if stated:
        separator = dialect.separator or stated.group(1).decode("latin-1")
    texts = _latin(raw if stated else itertools.chain([first], raw), dialect, place, before)
    for number, fields in _records(texts, separator, escapes=dialect.escape == "backslash"):
        yield number + before, fields


def _latin(lines: Iterable[bytes], dialect: Dialect, place: str, before: int) -> Iterator[str]:
    """Every byte as one character: quotes and separators are found before anything is decoded."""
    for number, line in enumerate(lines, start=1 + before):
        if dialect.escape is None and b'\\"' in line:
            raise InputError(
                f'{place}: in line {number:,} a backslash stands before a quote (\\").',
                remedy="Add ‹escape› backslash if that is a quote within a text (as Spark, R and MySQL "
                "write it), or ‹escape› none if the backslash is the end of a text.",
            )
        yield line.decode("latin-1") + "\n"


_ESCAPED = re.compile(r'\\["\\]|"')
_BY_RFC = {'\\"': '""', "\\\\": "\\", '"': '"'}


def _unescaped(line: str, separator: str, *, quoted: bool) -> tuple[str, bool]:
    """A line in which backslashes escape quotes and themselves within quotes, as RFC 4180 writes it.

    Args:
        line: The line, or a part of a record that began before.
        separator: Between the fields.
        quoted: Whether it begins within quotes.

    Returns:
        The line, and whether it ends within quotes.
    """
    parts, position = [], 0
    while position < len(line):
        if quoted:
            found = _ESCAPED.search(line, position)
            end = found.start() if found else len(line)
            mark = found.group() if found else ""
            parts += [line[position:end], _BY_RFC.get(mark, "")]
            position = end + len(mark)
            quoted = mark != '"'
        else:
            end = line.find('"', position)
            # A quote within an unquoted field is a character.
            while end > 0 and line[end - 1] != separator and not (end == position > 0):
                end = line.find('"', end + 1)
            end = len(line) if end < 0 else end + 1
            parts.append(line[position:end])
            quoted = end < len(line) or line.endswith('"')
            position = end
    return "".join(parts), quoted


def _is_header(fields: Sequence[str], header: Sequence[str]) -> bool:
    """Whether a record repeats the header; of a file put behind another a byte order mark may stay."""
    first = fields[0].removeprefix(_MARK_IN_LATIN)
    if first != fields[0]:
        first = first.removeprefix('"').removesuffix('"')
    return [first, *fields[1:]] == list(header)


_MARK_IN_LATIN = _BYTE_ORDER_MARK.decode("latin-1")
_QUALTRICS = '{"ImportId":'


def _header_again(line: int, place: str) -> InputError:
    return InputError(
        f"{place}: the record in line {line:,} is a header again.",
        remedy="Add ‹repeated_headers› to leave such records out; or ‹skip_rows› N where the N records "
        "behind the header are no rows (Qualtrics: 2).",
    )


# First bytes of files whose name promises lines.
_NO_TEXT = (
    (b"\x1f\x8b", "compressed (gzip)", "Let its name end in .gz."),
    (b"BZh", "compressed (bzip2)", "Let its name end in .bz2."),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd)", "Decompress it (`zstd -d`)."),
    (b"\xfd7zXZ", "compressed (xz)", "Decompress it (`xz -d`)."),
    (b"PK\x03\x04", "an Excel workbook, or another zip archive", "Save it as CSV in UTF-8."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "Save it as CSV in UTF-8."),
    (b"PAR1", "Parquet", "Let its name end in .parquet, or add ‹format› parquet."),
)


def _require_objects(first: bytes) -> None:
    """Refuse what begins as one JSON value over many lines."""
    _require_text(first.replace(b"\r", b""), "‹input›")
    if first.lstrip().startswith(b"[") or first.strip() == b"{":
        raise InputError(
            "‹input› is one JSON value, not one object a line.",
            remedy="Convert it: `jq -c '.[]' FILE > FILE.jsonl` for an array, `jq -c .` for objects "
            "over several lines.",
        )


def _require_text(first: bytes, place: str) -> None:
    """Refuse a file whose first line shows that it holds no lines."""
    for magic, kind, remedy in _NO_TEXT:
        if first.startswith(magic):
            raise InputError(f"{place} is {kind}, not text.", remedy=remedy)
    if first.startswith(_WIDE_MARKS):
        raise _wide(place)
    if b"\r" in first.rstrip(b"\r"):  # Windows writes two of them where it makes a line end of one
        raise InputError(
            f"{place} ends its lines with CR alone, as old Macs did.",
            remedy="Convert it: `tr '\\r' '\\n'`.",
        )


def _records(
    lines: Iterator[str], separator: str, *, escapes: bool
) -> Iterator[tuple[int, list[str] | None]]:
    """(number of the first line, fields); None for a line whose quotes are broken.

    Reading goes on with the line after a broken one, so a quote that never closes costs one line.
    """
    csv.field_size_limit(sys.maxsize)
    taken: list[str] = []
    again: deque[str] = deque()

    def feed() -> Iterator[str]:
        n_chars, quoted = 0, False
        while (line := again.popleft() if again else next(lines, None)) is not None:
            n_chars = n_chars + len(line) if taken else len(line)
            quoted = quoted and bool(taken)
            taken.append(line)
            if n_chars > MAX_RECORD_CHARS:
                raise csv.Error
            if escapes:
                line, quoted = _unescaped(line, separator, quoted=quoted)
            yield line

    number = 1
    broken = True
    while broken:
        broken = False
        try:
            for fields in csv.reader(feed(), strict=True, delimiter=separator):
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
    if not any(fields):
        raise InputError(
            f"{place} names no columns in its first line.",
            remedy="Is it empty but for a byte order mark, or does a blank line come first?",
        )
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


_NOTHING = object()


def _values(line: bytes, layout: Layout) -> list[str | None] | None:
    """Values of the columns; None where there is no object, or id or text is not a single value."""
    found = _object(line, layout.dialect.encoding)
    if found is None or _is_said_twice(line, layout):
        return None
    values = [found.get(column) for column in layout.columns]
    if _NOTHING in values[: layout.n_ids]:
        return None
    values = [None if value is _NOTHING else value for value in values]
    if any(isinstance(value, dict | list | bool) for value in values[: layout.n_ids + 1]):
        return None
    if any(isinstance(value, dict | list) for value in values):
        # Numbers inside stay numbers.
        plain = _object(line, layout.dialect.encoding, parse_number=None)
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


def _is_said_twice(line: bytes, layout: Layout) -> bool:
    """Whether a wanted key occurs more than once: either value could be the row's."""
    keys = set(layout.columns)
    spelled = (f'"{key}"'.encode(layout.dialect.encoding, "replace") for key in keys)
    if all(line.count(key) < 2 for key in spelled):  # noqa: PLR2004
        return False
    text = line.decode(layout.dialect.encoding, "surrogateescape")
    names = [name for name, _ in json.loads(text, object_pairs_hook=list)]
    return any(names.count(key) > 1 for key in keys)


def _object(
    line: bytes, encoding: str, parse_number: Callable[[str], object] | None = str
) -> Mapping[str, object] | None:
    """The object of a line; None where there is none. Bytes outside `encoding` become surrogates."""
    try:
        found = json.loads(
            line.decode(encoding, "surrogateescape"),
            parse_int=parse_number,
            parse_float=parse_number,
            # NaN is what Python writes where there is nothing.
            parse_constant=lambda _: None if parse_number is None else _NOTHING,
        )
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _field(value: str, encoding: str) -> str | None:
    return _decoded(value, encoding) if value else None


def _decoded(value: str, encoding: str) -> str:
    return value if value.isascii() else value.encode("latin-1").decode(encoding, "surrogateescape")


def joined_id(parts: Sequence[str | None]) -> str | None:
    """The id that several columns make: ``1|baseline|``; None where all parts are missing.

    A missing part stands as nothing; bars and backslashes in parts are behind backslashes, so that no
    two rows with other parts have one id. `id_of_columns` does the same in Spark.
    """
    if not any(parts):
        return None
    return "|".join((part or "").replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def _settled(line: int, values: Sequence[str | None], layout: Layout) -> ParsedRow:
    """The row, after a look at what cannot be written as UTF-8."""
    ids, (text, *others) = values[: layout.n_ids], values[layout.n_ids :]
    ident = ids[0] if layout.n_ids == 1 else joined_id(ids)
    if not _is_valid(ident):
        return _corrupt(line, layout)
    error = None if _is_valid(text) else RowError.INVALID_UNICODE.value
    kept = [value if _is_valid(value) else _replaced(value) for value in others]
    return ParsedRow(line, error, (ident, text if error is None else None, *kept))


def _corrupt(line: int, layout: Layout) -> ParsedRow:
    return ParsedRow(
        line, RowError.CORRUPT_ROW.value, (None,) * (len(layout.columns) - layout.n_ids + 1)
    )


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
