"""The text as rules read it: gaps, columns and percent-encoding of layouts undone, places kept.

Rules know one blank between words. Aligned headers, tables and pasted links have others: a run of
blanks is one blank or, from three on, with a tab or with ``|``, the border of a cell, a tab; after a
label's ``:``, ``=`` or ``#`` it is one blank in any case. ``%40`` and the like are what they encode,
but inside of links.
"""

import re
from dataclasses import dataclass
from typing import Final

_CHANGED: Final = re.compile(r"[ \t|]{2,}|\||%[2-7][0-9A-Fa-f]")
_CELL: Final = 3  # blanks from which a gap is the border of a column
_LINK_REACH: Final = 200


@dataclass(frozen=True, slots=True)
class Laid:
    """A text for rules, and where its code points come from.

    Attributes:
        text: What rules read.
        starts: Index in the source of every code point of `text`; None where nothing moved.
        ends: One after the last code point of the source that it stands for.
    """

    text: str
    starts: list[int] | None = None
    ends: list[int] | None = None

    def to_source(self, start: int, end: int) -> tuple[int, int]:
        """The span of the source that became ``text[start:end]``; not empty."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def undo_layout(text: str) -> Laid:
    """`text` for rules; most texts come back as they are."""
    plain = not ("  " in text or "\t" in text or "|" in text or "%" in text)
    if plain or _CHANGED.search(text) is None:
        return Laid(text)
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    for match in _CHANGED.finditer(text):
        start, end = match.span()
        new = _replacement(text, match)
        pieces += (text[position:start], new)
        starts += [*range(position, start), start]
        ends += [*range(position + 1, start + 1), end]
        position = end
        if len(new) != 1:  # a link's own encoding stays
            starts += range(start + 1, end)
            ends[-1:] = range(start + 1, end + 1)
    pieces.append(text[position:])
    starts += range(position, len(text))
    ends += range(position + 1, len(text) + 1)
    return Laid("".join(pieces), starts, ends)


def _replacement(text: str, match: re.Match[str]) -> str:
    run = match[0]
    if run[0] == "%":
        before = text[max(0, match.start() - _LINK_REACH) : match.start()].split()
        in_link = before and not text[match.start() - 1].isspace() and "://" in before[-1]
        decoded = chr(int(run[1:], 16))
        return run if in_link or not decoded.isprintable() else decoded
    if text[match.start() - 1 : match.start()] in {":", "=", "#"} and match.start():
        return " "
    return "\t" if len(run) >= _CELL or not run.isspace() or "\t" in run else " "
