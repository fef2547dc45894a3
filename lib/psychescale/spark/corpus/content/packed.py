"""Whole files in memory, as a stream of bytes or lines: unpacked, and in an encoding that has lines."""

import bz2
import contextlib
import gzip
import io
import lzma
import re
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from psychescale.errors import InputError
from psychescale.spark.corpus.content.dialect import WIDE_ENCODINGS, Dialect
from psychescale.spark.corpus.content.first_bytes import BYTE_ORDER_MARK, wide_encoding

# Whoever reads one byte too many of a damaged file gets one of these.
_DAMAGED = (OSError, EOFError, lzma.LZMAError, UnicodeError)


_OPENERS: dict[str, Callable[[Any], Any]] = {
    "gz": lambda content: gzip.GzipFile(fileobj=content),
    "bz2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
    "zst": lambda content: pa.CompressedInputStream(content, "zstd"),
}
PACKINGS = tuple(_OPENERS)
"""Endings of packed files."""
SPARKS_PACKINGS = ("gz", "bz2")
"""Those that Spark unpacks itself, whatever Hadoop's native libraries are."""
_ENDING = re.compile(rf"\.({'|'.join(PACKINGS)})$", re.IGNORECASE)


def packing_of(path: str) -> str | None:
    """How a file is packed, by its name."""
    found = _ENDING.search(path)
    return found.group(1).lower() if found else None


def unpacked(content: bytes, path: str, place: str) -> bytes:
    """A whole file as it was before it was packed.

    Raises:
        InputError: It is damaged.
    """
    if packing_of(path) is None:
        return content
    with _damage_told(place):
        return bytes(_opened(content, path).read())


def lines_of(content: bytes, path: str, dialect: Dialect, place: str) -> Iterator[bytes]:
    """Lines of a whole file, as Spark's text reader cuts them: without line feeds.

    Args:
        content: The file.
        path: Its path, whose ending says how it is packed.
        dialect: How it is written; lines of a wide encoding come out in UTF-8.
        place: The file, as a message may name it.

    Raises:
        InputError: It is damaged.
    """
    with _damage_told(place):
        file = io.BufferedReader(_opened(content, path))
        if not dialect.is_wide or file.peek(3).startswith(BYTE_ORDER_MARK):
            for line in file:
                yield line.removesuffix(b"\n")
            return
        encoding = wide_encoding(file.peek(4)) or dialect.encoding
        text = io.TextIOWrapper(file, encoding, errors="surrogatepass", newline="\n")
        for wide in text:
            yield wide.removesuffix("\n").removeprefix("\ufeff").encode("utf-8", "surrogatepass")


def whole_text(content: bytes, encoding: str) -> str:
    """A whole file as text, in the encoding of its byte order mark, or the stated one.

    What is none becomes surrogates, which no valid text holds.
    """
    encoding = wide_encoding(content) or encoding
    lenient = "surrogatepass" if encoding in WIDE_ENCODINGS else "surrogateescape"
    text = content.removeprefix(BYTE_ORDER_MARK).decode(encoding, lenient)
    return text.removeprefix("\ufeff")


def _opened(content: bytes, path: str) -> Any:
    packing = packing_of(path)
    whole = io.BytesIO(content)
    return whole if packing is None else _OPENERS[packing](whole)


@contextlib.contextmanager
def _damage_told(place: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGED:  # their messages can hold what was read
        raise InputError(
            f"{place} cannot be read: it is damaged, incomplete, or not what its name says.",
            remedy="Replace it, or leave it out.",
        ) from None
