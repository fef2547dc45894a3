"""Names of the columns of an input: whether it has the wanted ones, and what the first lines say."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from psychescale.errors import InputError, PsychescaleError
from psychescale.spark.corpus.content.csv_lines import CSV_SUFFIXES, csv_header
from psychescale.spark.corpus.content.dialect import Dialect, readable, separator_of
from psychescale.spark.corpus.content.first_bytes import wide_encoding

_HEAD_BYTES = 2**20
_NAMED = {"\t": "tab"}
_COLUMN_OPTIONS = (
    "Name the columns with ‹id_column›, ‹text_column›, ‹second_text_column›, ‹labels_column› or "
    "‹label_columns›."
)


def header_of(path: Path, dialect: Dialect) -> list[str] | None:
    """Names of the columns of one CSV file of this machine.

    Returns:
        None where more than its first lines has to be looked at: it is of another form, packed, of wide
        characters, or empty.

    Raises:
        InputError: Its first lines are not those of a CSV file.
        UsageError: There is no such dialect.
    """
    dialect = readable(dialect)
    is_csv = path.suffix.lower().removeprefix(".") in CSV_SUFFIXES
    if not is_csv or dialect.format not in {None, "csv"} or not path.is_file():
        return None
    with path.open("rb") as file:
        begin = file.read(_HEAD_BYTES)
    has_line = b"\n" in begin or len(begin) < _HEAD_BYTES
    if not begin.strip() or not has_line or dialect.is_wide or wide_encoding(begin):
        return None
    return csv_header(iter(begin.split(b"\n")), dialect, separator_of(str(path), dialect))


@contextlib.contextmanager
def called(option: str) -> Iterator[None]:
    """Let messages name the option that gave the input."""
    try:
        yield
    except PsychescaleError as error:
        problem, remedy = error.renamed({"input": option}).template
        remedy = _COLUMN_OPTIONS if "keep" in error.options else remedy
        raise type(error)(problem, remedy=remedy) from None


def require_present(needed: Sequence[str], present: Sequence[str], *, form: str) -> None:
    """Refuse an input that lacks a wanted column, or has it twice.

    Raises:
        InputError: Naming the column, and those that there are.
    """
    # A first line without any wanted name may be no header but a text: it is not told.
    is_told = form != "csv" or not set(needed).isdisjoint(present)
    told = (
        f"{_listed(present)}." if is_told else f"{len(present)} others. Is its first line a header?"
    )
    for name in needed:
        count = [*present].count(name)
        if count > 1:
            raise InputError(
                f"‹input› has {count} columns {name}.",
                remedy="Every column needs a name of its own: rename one.",
            )
        if not count:
            near = [one for one in present if one.strip().lower() == name.strip().lower()]
            if near:
                raise InputError(
                    f'‹input› has no column {name}, but "{near[0]}".',
                    remedy="Give the name as it is written, blanks and capitals too.",
                )
            raise InputError(
                f"‹input› has no column {name}; it has {told}",
                remedy=_encoding_seen(present)
                or _separator_seen(present)
                or _wrapped(present)
                or "Name the columns with ‹id_column›, ‹text_column›, ‹second_text_column›, ‹keep›.",
            )


def _listed(names: Sequence[str]) -> str:
    """Names, in quotes where they begin or end with a blank."""
    return ", ".join(n if n and n == n.strip() else f'"{n}"' for n in names) or "none"


def _wrapped(names: Sequence[str]) -> str:
    """What to do where all rows seem to be in one list of one object."""
    lists = [name for name in names if name.endswith("[]")]
    return f"Are its rows in there? `jq -c '.{lists[0]}' FILE > FILE.jsonl`." if lists else ""


def _encoding_seen(names: Sequence[str]) -> str:
    """What to do where names hold what no encoding makes of letters."""
    if not any("\ufffd" in name for name in names):
        return ""
    return "Its first line is of another encoding: name it, as in ‹encoding› cp1252."


def _separator_seen(names: Sequence[str]) -> str:
    """What to do where the first line is one name, with another separator in it."""
    found = (
        [(names[0].count(one), one) for one in ";\t|" if one in names[0]] if len(names) == 1 else []
    )
    if not found:
        return ""
    (_, separator) = max(found)
    return (
        f"Its first line is separated otherwise: add ‹separator› {_NAMED.get(separator, separator)}"
    )
