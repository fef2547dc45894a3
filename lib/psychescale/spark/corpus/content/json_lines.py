"""JSON, an object a line or an array of objects → rows, by the standard library's parser.

Spark's JSON reader is not used for this: it turns lone surrogates into question marks and replaces
bytes that are not UTF-8 (tried with 4.2).
"""

import functools
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from psychescale.errors import InputError
from psychescale.spark.corpus.content.first_bytes import (
    BYTE_ORDER_MARK,
    WIDE_MARKS,
    require_text,
    wide,
)
from psychescale.spark.corpus.content.objects import names_of, value_of
from psychescale.spark.corpus.content.packed import whole_text
from psychescale.spark.corpus.content.parsed import Layout, Origin, ParsedRow, corrupt, settled

_NOTHING = object()
_SAID_TWICE = object()
_LOOKED_AT = 1000


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
        is_first = number == 1 or line.startswith(BYTE_ORDER_MARK + b"{")  # of files put end to end
        content = line.removeprefix(BYTE_ORDER_MARK) if is_first else line
        if content.strip():
            decode = functools.partial(_object, content, layout.dialect.encoding)
            values = _values(decode(_AS_WRITTEN), layout, again=lambda: decode(_PLAIN))  # noqa: B023
            yield corrupt(number, layout) if values is None else settled(number, values, layout)


def parse_json_array(content: bytes, layout: Layout, origin: Origin) -> Iterator[ParsedRow]:
    """Rows of one JSON array of objects; what is no object in it is a corrupt row.

    Raises:
        InputError: It is no array, or its brackets do not hold.
    """
    text = whole_text(content, layout.dialect.encoding)
    for number, (start, found) in enumerate(_elements(text, origin.place), start=1):
        again = functools.partial(_element, text, start)
        values = _values(found, layout, again=again)
        yield corrupt(number, layout) if values is None else settled(number, values, layout)


def array_keys(content: bytes, layout: Layout, origin: Origin) -> list[str]:
    """Keys of the first objects of a JSON array.

    Raises:
        InputError: It is no array.
    """
    elements = _elements(whole_text(content, layout.dialect.encoding), origin.place)
    first = itertools.islice(elements, _LOOKED_AT)
    return _keys(found for _, found in first)


def json_keys(lines: Iterable[bytes], encoding: str) -> list[str]:
    """Keys of the objects among `lines`, in the order of their first appearance.

    A list of objects is named with brackets too, as in ``data[]``.

    Raises:
        InputError: The first line is not that of JSON lines, or no line holds an object.
    """
    head = [line.removeprefix(BYTE_ORDER_MARK) for line in lines if line.strip()]
    objects = [_object(line, encoding) for line in head]
    if head:
        _require_lines(head, encoding, one_value=not any(objects) and not _is_closed(head[0]))
    if head and not any(found is not None for found in objects):
        raise InputError(
            f"None of the first {len(head):,} lines of ‹input› is a JSON object.",
            remedy="Write one object a line, with nothing before or behind it (`jq -c . FILE`).",
        )
    return _keys(objects)


def _is_closed(line: bytes) -> bool:
    return line.count(b"{") == line.count(b"}")


def is_array(first: bytes) -> bool:
    """Whether a file that begins so is one JSON array."""
    return first.removeprefix(BYTE_ORDER_MARK).lstrip().startswith(b"[")


def _keys(objects: Iterable[object]) -> list[str]:
    keys: dict[str, None] = {}
    for found in objects:
        if isinstance(found, dict):
            keys.update(dict.fromkeys(names_of(found)))
            lists = (name for name, one in found.items() if isinstance(one, list) and one)
            keys.update(dict.fromkeys(f"{n}[]" for n in lists if isinstance(found[n][0], dict)))
    return list(keys)


_WRAPPED = re.compile(rb'\s*\{\s*"([^"\\]+)"\s*:\s*\[')


def _require_lines(head: Sequence[bytes], encoding: str, *, one_value: bool) -> None:
    """Refuse what begins as one JSON value over many lines."""
    require_text(head[0].replace(b"\r", b""), "‹input›")
    first = head[0].strip()
    goes_on = first.startswith(b"{") and first.endswith((b"{", b"[", b",", b"}"))
    if first == b"{" or (goes_on and one_value):
        wrapped = _WRAPPED.match(b"\n".join(head))
        what = f".{wrapped.group(1).decode(encoding, 'replace')}[]" if wrapped else "."
        raise InputError(
            "‹input› is one JSON value, not one object a line.",
            remedy=f"Convert it: `jq -c '{what}' FILE > FILE.jsonl`.",
        )


def _values(found: object, layout: Layout, *, again: Callable[[], Any]) -> list[str | None] | None:
    """Values of the columns; None where there is no object, or id or text is not a single value.

    Args:
        found: What was decoded, with numbers as they are written.
        layout: What to take.
        again: Decodes it with numbers as numbers.
    """
    if not isinstance(found, dict):
        return None
    values = [value_of(found, column) for column in layout.columns]
    if _SAID_TWICE in values or _NOTHING in values[: layout.n_ids]:
        return None
    values = [None if value is _NOTHING else value for value in values]
    if any(isinstance(value, dict | list | bool) for value in values[: layout.n_ids + 1]):
        return None
    if any(isinstance(value, dict | list) for value in values):
        numbers = again()  # inside they stay numbers
        values = [
            value_of(numbers, column) if isinstance(value, dict | list) else value
            for column, value in zip(layout.columns, values, strict=True)
        ]
    return [
        value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for value in values
    ]


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object, in which what a key said twice is marked: either value could be the row's."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        found |= {name: _SAID_TWICE for name in names if names.count(name) > 1}
    return found


# Numbers as they are written; NaN is what Python writes where there is nothing.
_AS_WRITTEN = json.JSONDecoder(
    parse_int=str,
    parse_float=str,
    parse_constant=lambda _: _NOTHING,
    object_pairs_hook=_pairs,
)
_PLAIN = json.JSONDecoder(parse_constant=lambda _: None)


def _object(line: bytes, encoding: str, decoder: json.JSONDecoder = _AS_WRITTEN) -> Any:
    """The object of a line; None where there is none."""
    try:
        found = decoder.decode(line.decode(encoding, "surrogateescape"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


_BETWEEN = re.compile(r"[\s,]*")


def _element(text: str, start: int) -> Any:
    return _PLAIN.raw_decode(text, start)[0]


def _elements(text: str, place: str) -> Iterator[tuple[int, Any]]:
    """(where it begins, element) of an array, one after the other: it need not fit twice."""
    position = _BETWEEN.match(text).end()  # type: ignore[union-attr]
    is_open = text.startswith("[", position)
    position += 1
    while is_open:
        position = _BETWEEN.match(text, position).end()  # type: ignore[union-attr]
        if text.startswith("]", position):
            return
        try:
            found, end = _AS_WRITTEN.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        yield position, found
        position = end
    line = text.count("\n", 0, position) + 1
    raise InputError(
        f"{place} is no JSON array of objects: what stands in line {line:,} cannot be read.",
        remedy="Mend it; `jq . FILE` says where.",
    )
