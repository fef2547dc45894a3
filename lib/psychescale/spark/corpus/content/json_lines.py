"""Lines of JSON → rows, by the standard library's parser.

Spark's JSON reader is not used for this: it turns lone surrogates into question marks and replaces
bytes that are not UTF-8 (tried with 4.2).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from psychescale.errors import InputError
from psychescale.spark.corpus.content.first_bytes import (
    BYTE_ORDER_MARK,
    WIDE_MARKS,
    require_text,
    wide,
)
from psychescale.spark.corpus.content.parsed import Layout, ParsedRow, corrupt, settled

_NOTHING = object()


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
        if number == 1 and line.startswith(WIDE_MARKS):
            raise wide(place)
        content = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
        if content.strip():
            values = _values(content, layout)
            yield corrupt(number, layout) if values is None else settled(number, values)


def json_keys(lines: Iterable[bytes], encoding: str) -> list[str]:
    """Keys of the objects among `lines`, in the order of their first appearance.

    Raises:
        InputError: The first line is not that of JSON lines.
    """
    keys: dict[str, None] = {}
    for number, line in enumerate(filter(bytes.strip, lines)):
        if number == 0:
            _require_objects(line.removeprefix(BYTE_ORDER_MARK))
        keys.update(dict.fromkeys(_object(line.removeprefix(BYTE_ORDER_MARK), encoding) or {}))
    return list(keys)


def _require_objects(first: bytes) -> None:
    """Refuse what begins as one JSON value over many lines."""
    require_text(first.replace(b"\r", b""), "‹input›")
    if first.lstrip().startswith(b"[") or first.strip() == b"{":
        raise InputError(
            "‹input› is one JSON value, not one object a line.",
            remedy="Convert it: `jq -c '.[]' FILE > FILE.jsonl` for an array, `jq -c .` for objects "
            "over several lines.",
        )


def _values(line: bytes, layout: Layout) -> list[str | None] | None:
    """Values of the columns; None where there is no object, or id or text is not a single value."""
    found = _object(line, layout.dialect.encoding)
    if found is None:
        return None
    values = [found.get(column) for column in layout.columns]
    if values[0] is _NOTHING:
        return None
    values = [None if value is _NOTHING else value for value in values]
    if any(isinstance(value, dict | list | bool) for value in values[:2]):
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
