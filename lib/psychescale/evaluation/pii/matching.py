"""Spans of identifiers, and which gold span and which predicted span answer each other."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

Range = tuple[int, int]

_EDGE: Final = re.compile(r"\w")


class Span(NamedTuple):
    """A part of a text, with the type of identifier that it is.

    Attributes:
        start: First code point, from 0.
        end: First code point after it.
        type: Kind of identifier.
    """

    start: int
    end: int
    type: str


def match_overlap(gold: Sequence[Span], found: Sequence[Span]) -> int:
    """Most pairs of a gold and a found span with a common character, each span in one pair.

    Spans of one side do not overlap each other as a rule; then walking both from the left, pairing
    whatever meets and moving on past the one that ends first, gives the most pairs.
    """
    left, right = sorted(gold), sorted(found)
    matched = i = j = 0
    while i < len(left) and j < len(right):
        if left[i].end <= right[j].start:
            i += 1
        elif right[j].end <= left[i].start:
            j += 1
        else:
            matched, i, j = matched + 1, i + 1, j + 1
    return matched


def match_iou(gold: Sequence[Range], found: Sequence[Range], *, at_least: float) -> int:
    """Pairs whose common characters are at least this share of those that either covers.

    Above one half no span can have two partners among spans that lie apart, so that nothing has to
    be chosen.

    Args:
        gold: Spans apart from each other.
        found: The same.
        at_least: More than 0.5.
    """
    return sum(any(_iou(one, other) >= at_least for other in found) for one in gold)


def merge_for_iou(text: str, spans: Sequence[Span]) -> list[Range]:
    """Spans without blanks and punctuation at their ends, merged where nothing else is between."""
    merged: list[Range] = []
    for start, end, _ in sorted(spans):
        if merged and not _EDGE.search(text, merged[-1][1], max(start, merged[-1][1])):
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    trimmed = [_trim(text, *span) for span in merged]
    return [span for span in trimmed if span[0] < span[1]]


def token_ranges(text: str) -> list[Range]:
    """Runs of characters without white space."""
    return [match.span() for match in re.finditer(r"\S+", text)]


def _trim(text: str, start: int, end: int) -> Range:
    while start < end and not _EDGE.match(text[start]):
        start += 1
    while end > start and not _EDGE.match(text[end - 1]):
        end -= 1
    return start, end


def _iou(one: Range, other: Range) -> float:
    common = min(one[1], other[1]) - max(one[0], other[0])
    together = max(one[1], other[1]) - min(one[0], other[0])
    return max(0, common) / together
