"""Long texts in overlapping windows, so that the time of a text is linear in its length."""

from collections.abc import Iterator
from typing import Final

WINDOW: Final = 8192
"""Code points; most documents are one window."""
OVERLAP: Final = 512
"""Longer than any finding but a link, and than the context of any rule."""

_REACH: Final = 256


def split_windows(text: str) -> Iterator[tuple[int, str]]:
    """Windows of at most `WINDOW` code points and where they begin, cut at white space if there is any.

    What lies across a cut is whole in the next window, which begins `OVERLAP` earlier; a part of it
    found in the first window loses against the whole when overlaps are resolved.
    """
    start = 0
    while len(text) - start > WINDOW:
        end = start + WINDOW
        cut = max(text.rfind(" ", end - _REACH, end), text.rfind("\n", end - _REACH, end))
        end = cut if cut > 0 else end
        yield start, text[start:end]
        back = end - OVERLAP
        space = text.find(" ", back, back + _REACH)
        start = space if space > 0 else back
    yield start, text[start:]
