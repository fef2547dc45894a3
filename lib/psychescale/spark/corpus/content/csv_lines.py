"""Lines of CSV → rows, by the standard library's parser, which is told what a line break is.

Spark's CSV reader is not used for this: it lets a quote that never closes swallow the rest of the file,
drops characters around NUL and rewrites line breaks in quotes (tried with 4.2). Here a line that cannot
be parsed costs itself and nothing else.
"""

import csv
import itertools
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from psychescale.errors import InputError
from psychescale.spark.corpus.content.dialect import Dialect
from psychescale.spark.corpus.content.first_bytes import BYTE_ORDER_MARK, require_text
from psychescale.spark.corpus.content.parsed import Layout, ParsedRow, corrupt, settled

CSV_SUFFIXES = ("csv", "tsv", "tab")

# A record that is still open after this much is a line with a quote too many, not a text.
MAX_RECORD_CHARS = 64 * 2**20
_QUALTRICS = '{"ImportId":'


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
    encoding = layout.dialect.encoding
    records = _csv_records(lines, layout.dialect, place, separator)
    yield from rows_of_records(records, layout, place, decode=lambda text: _decoded(text, encoding))


def rows_of_records(
    records: Iterator[tuple[int, Sequence[str] | None]],
    layout: Layout,
    place: str,
    *,
    decode: Callable[[str], str] = str,
) -> Iterator[ParsedRow]:
    """Rows of records, the first of which names the columns.

    Args:
        records: (line, fields); None for a line that is none.
        layout: What to take; columns go by their names, in any order.
        place: The file, as a message may name it.
        decode: Of a field that is wanted.

    Raises:
        InputError: The header does not name the columns, or comes again and nobody has said why.
    """
    _, header = next(records, (1, []))
    names = _column_names(header or [], decode, place)
    positions = [_position(names, column, place) for column in layout.columns]
    for line, fields in itertools.islice(records, layout.dialect.skip_rows, None):
        if fields is None:
            yield corrupt(line, layout)
        elif _is_header(fields, header or []) or fields[0].startswith(_QUALTRICS):
            if not layout.dialect.repeated_headers:
                raise _header_again(line, place)
        elif any(fields):
            if len(fields) != len(names):
                yield corrupt(line, layout)
                continue
            chosen = [fields[position] for position in positions]
            yield settled(line, [decode(value) if value else None for value in chosen], layout)


def csv_header(lines: Iterable[bytes], dialect: Dialect, separator: str) -> list[str]:
    """Column names of a CSV file, from its first lines.

    Raises:
        InputError: They are not the beginning of a CSV file.
    """
    _, fields = next(_csv_records(lines, dialect, "‹input›", separator), (1, None))
    return _column_names(fields or [], lambda text: _decoded(text, dialect.encoding), "‹input›")


def _csv_records(
    lines: Iterable[bytes], dialect: Dialect, place: str, separator: str
) -> Iterator[tuple[int, list[str] | None]]:
    """(number of the first line, fields), the header first; None for a line with broken quotes."""
    raw = iter(lines)
    first = next(raw, b"").removeprefix(BYTE_ORDER_MARK)
    require_text(first, place)
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


_MARK_IN_LATIN = BYTE_ORDER_MARK.decode("latin-1")


def _header_again(line: int, place: str) -> InputError:
    return InputError(
        f"{place}: the record in line {line:,} is a header again.",
        remedy="Add ‹repeated_headers› to leave such records out; or ‹skip_rows› N where the N records "
        "behind the header are no rows (Qualtrics: 2).",
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


def _column_names(fields: Sequence[str], decode: Callable[[str], str], place: str) -> list[str]:
    if not any(fields):
        raise InputError(
            f"{place} names no columns in its first line.",
            remedy="Is it empty but for a byte order mark, or does a blank line come first?",
        )
    whole = [decode(name).encode("utf-8", "surrogateescape") for name in fields]
    return [name.decode("utf-8", "replace") for name in whole]


def _position(names: Sequence[str], column: str, place: str) -> int:
    if names.count(column) == 1:
        return names.index(column)
    problem = "has no column" if column not in names else "has more than one column"
    raise InputError(
        f"{place} {problem} {column}.",
        remedy="Every CSV file needs the columns in its first line, in any order.",
    )


def _decoded(value: str, encoding: str) -> str:
    return value if value.isascii() else value.encode("latin-1").decode(encoding, "surrogateescape")
