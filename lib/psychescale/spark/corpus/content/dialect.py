"""How files are written: what a person says of it, and what their names and first lines say."""

import codecs
import re
from dataclasses import dataclass, replace
from typing import Literal

from psychescale.errors import UsageError
from psychescale.settings.shared import FormName

Escape = Literal["none", "backslash"]

WIDE_ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
"""In which a line break is more than one byte: such files are read whole, as far as they fit."""


@dataclass(frozen=True)
class Dialect:
    """How a corpus is written, as far as a person says.

    Attributes:
        format: What they are, whatever their names end in.
        encoding: A Python codec in which ASCII characters are single bytes, or one of `WIDE_ENCODINGS`.
        separator: Between the fields of CSV; None: a tab in .tsv, what ``sep=`` in a file's first line
            says, else a comma.
        escape: What a backslash before a quote does in CSV; None: nobody has said.
        skip_rows: Records behind the header of a CSV file that are no rows.
        sheet: Which sheet of a workbook; None: the only one that holds anything.
        repeated_headers: Leave out records that repeat the header, as in files put end to end.
        refuse_placeholders: Texts such as ``[deleted]`` stand for none, in tables too.
    """

    format: FormName | None = None
    encoding: str = "utf-8"
    separator: str | None = None
    escape: Escape | None = None
    skip_rows: int = 0
    repeated_headers: bool = False
    sheet: str | None = None
    refuse_placeholders: bool = False

    @property
    def is_wide(self) -> bool:
        """Whether a line break is more than one byte."""
        return self.encoding in WIDE_ENCODINGS

    def of_lines(self) -> "Dialect":
        """The dialect of lines that were cut in Python: wide ones come in UTF-8."""
        return replace(self, encoding="utf-8") if self.is_wide else self


def readable(dialect: Dialect) -> Dialect:
    """The dialect, in names that the readers know.

    Raises:
        UsageError: Lines cannot be read so.
    """
    encoding, separator = dialect.encoding, dialect.separator
    try:
        name = codecs.lookup(encoding).name
        separate = '\n\r,"{}'.encode("utf-8" if name == "utf-8-sig" else encoding) == b'\n\r,"{}'
    except (LookupError, UnicodeError):
        raise UsageError(
            f"‹encoding› {encoding}: there is no such encoding.",
            remedy="Use a name such as utf-8, cp1252 or latin-1.",
        ) from None
    if not separate and name not in WIDE_ENCODINGS:
        raise UsageError(
            f"‹encoding› {encoding}: lines cannot be told in it.",
            remedy=f"Convert the files (`iconv -f {encoding} -t UTF-8`).",
        )
    if separator is not None:
        separator = {"tab": "\t", "\\t": "\t"}.get(separator, separator)
        if len(separator) != 1 or not separator.isascii() or separator in '"\r\n':
            raise UsageError(
                f"‹separator› {separator!r} cannot stand between fields.",
                remedy="Give one character, such as ; or |, or tab.",
            )
    # A byte order mark is left out in any case.
    encoding = "utf-8" if name == "utf-8-sig" else name if name in WIDE_ENCODINGS else encoding
    return replace(dialect, encoding=encoding, separator=separator)


def separator_of(path: str, dialect: Dialect) -> str:
    """What stands between the fields of a CSV file, unless its first line says otherwise."""
    is_tabbed = re.search(r"\.(tsv|tab)(\.\w+)?$", path.lower()) is not None
    return dialect.separator or ("\t" if is_tabbed else ",")
