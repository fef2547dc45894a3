"""A folder of text files, each one row: its path below the folder is its id."""

from collections.abc import Iterator

from psychescale.spark.corpus.content.objects import require_columns
from psychescale.spark.corpus.content.packed import whole_text
from psychescale.spark.corpus.content.parsed import Layout, Origin, ParsedRow, settled

_COLUMNS = ("id", "text")


def note_names(content: bytes, layout: Layout, origin: Origin) -> list[str]:
    """What every note has."""
    del content, layout, origin
    return list(_COLUMNS)


def parse_note(content: bytes, layout: Layout, origin: Origin) -> Iterator[ParsedRow]:
    """The one row of a text file.

    Raises:
        InputError: Another column is wanted.
    """
    require_columns(layout.columns, _COLUMNS, origin.place)
    values = {"id": origin.name, "text": whole_text(content, layout.dialect.encoding)}
    yield settled(1, [values[name] for name in layout.columns], layout)
