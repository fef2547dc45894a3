"""Rows as every parser gives them, and what makes one corrupt. No Spark is needed here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from psychescale.errors import RowError
from psychescale.spark.corpus.content.dialect import Dialect


@dataclass(frozen=True)
class Layout:
    """What to take from the lines.

    Attributes:
        form: What the files are, by its name in `FORMS`.
        columns: Names in the input: of ids, of the text, then the others.
        dialect: How they are written.
        root: Path of the input, with which every file's path begins.
        files: Paths of all files, in the order of which a message numbers them.
        whole_files: What is read are whole files, lines still to be cut.
        n_ids: How many columns make an id.
    """

    form: str
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


class Origin(NamedTuple):
    """The file that a row comes from.

    Attributes:
        path: The whole path.
        name: Its path below the input; its own name where the input is the file.
        place: The file, as a message may name it.
    """

    path: str
    name: str
    place: str


def origin_of(path: str, layout: Layout) -> Origin:
    """A file, by its names."""
    return Origin(path, relative_name(path, layout), file_name_in_messages(path, layout.files))


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


def joined_id(parts: Sequence[str | None]) -> str | None:
    """The id that several columns make: ``1|baseline|``; None where all parts are missing.

    A missing part stands as nothing; bars and backslashes in parts are behind backslashes, so that no
    two rows with other parts have one id. `id_of_columns` does the same in Spark.
    """
    if not any(parts):
        return None
    return "|".join((part or "").replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def settled(line: int, values: Sequence[str | None], layout: Layout) -> ParsedRow:
    """The row, after a look at what cannot be written as UTF-8."""
    ids, (text, *others) = values[: layout.n_ids], values[layout.n_ids :]
    ident = ids[0] if layout.n_ids == 1 else joined_id(ids)
    if not _is_valid(ident):
        return corrupt(line, layout)
    error = None if _is_valid(text) else RowError.INVALID_UNICODE.value
    kept = [value if _is_valid(value) else _replaced(value) for value in others]
    return ParsedRow(line, error, (ident, text if error is None else None, *kept))


def corrupt(line: int, layout: Layout) -> ParsedRow:
    """A line that is no row."""
    n_values = len(layout.columns) - layout.n_ids + 1
    return ParsedRow(line, RowError.CORRUPT_ROW.value, (None,) * n_values)


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
