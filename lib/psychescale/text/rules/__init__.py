"""Tier 1: rules for identifiers, by family, each behind a cheap gate."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from psychescale.text.clinical.terms import clinical_spans
from psychescale.text.common_words import is_common
from psychescale.text.findings import Finding, PiiType
from psychescale.text.rules import (
    dates,
    facilities,
    locations,
    national,
    numbers,
    online,
    phones,
    records,
)
from psychescale.text.rules.persons import fields, mentions, names
from psychescale.text.rules.rule import Recognizer, View

RECOGNIZERS: Final[tuple[Recognizer, ...]] = (
    *online.RECOGNIZERS,
    *numbers.RECOGNIZERS,
    *national.RECOGNIZERS,
    *phones.RECOGNIZERS,
    *dates.RECOGNIZERS,
    *locations.RECOGNIZERS,
    *records.RECOGNIZERS,
    *names.RECOGNIZERS,
    *fields.RECOGNIZERS,
    *mentions.RECOGNIZERS,
    *facilities.RECOGNIZERS,
)
"""Every recognizer of tier 1."""


def _index() -> Mapping[str, tuple[int, ...]]:
    """Trigger word → positions in `RECOGNIZERS`: one look-up a word serves all of them."""
    index: defaultdict[str, list[int]] = defaultdict(list)
    for position, recognizer in enumerate(RECOGNIZERS):
        for word in sorted(recognizer.triggers or ()):
            index[word].append(position)
    return {word: tuple(positions) for word, positions in index.items()}


_INDEX: Final = _index()
_TRIGGERS: Final = frozenset(_INDEX)
_DIGIT: Final = "0"  # in a view's shape
_OPEN: Final = tuple(i for i, r in enumerate(RECOGNIZERS) if r.triggers is None)
_FREE: Final = frozenset(i for i in _OPEN if not RECOGNIZERS[i].shapes)
_NAMED: Final = frozenset(i for i, r in enumerate(RECOGNIZERS) if r.named)
_FOREIGN: Final = frozenset(i for i, r in enumerate(RECOGNIZERS) if r.foreign)


def _parts() -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Part of a shape → those that it lets in: each part is looked for once, whoever asks for it."""
    index: defaultdict[str, list[int]] = defaultdict(list)
    for position in _OPEN:
        for part in RECOGNIZERS[position].shapes:
            index[part].append(position)
    return tuple((part, tuple(positions)) for part, positions in index.items())


_PARTS: Final = _parts()
# A row without a digit, which most short posts are, is not asked for shapes that have one.
_PARTS_DIGITLESS: Final = tuple(entry for entry in _PARTS if _DIGIT not in entry[0])


def find(view: View) -> list[Finding]:
    """What tier 1 finds in a view, overlaps included."""
    found: list[Finding] = []
    for recognizer in applicable(view):
        found += recognizer.find(view)
    return found + find_wrapped(view)


_SEAM: Final = re.compile(r"(?<=[^\W_]|[,.])\n(?=[^\W_])")
_WRAPPED: Final = frozenset(
    [
        "title",
        "introduced",
        "known_name",
        "labelled",
        "initialled",
        "eastern",
        "street",
        "street_romance",
        "street_germanic",
        "date_named",
    ]
)


def find_wrapped(view: View) -> list[Finding]:
    """Names, addresses and dates that a line's end cuts in two; what lies on one line is `find`'s."""
    if "\n" not in view.text:
        return []
    seams = [match.start() for match in _SEAM.finditer(view.text)]
    if not seams:
        return []
    joined = view.with_blanks(_SEAM)
    asked = (r for r in applicable(joined) if r.name in _WRAPPED)
    return [f for r in asked for f in r.find(joined) if _is_cut(f, view, seams)]


def _is_cut(finding: Finding, view: View, seams: list[int]) -> bool:
    """Whether a seam is inside, and the line after it does not begin with a word of its own."""
    low = view.low
    at = bisect_left(seams, finding.start)
    if at == len(seams) or seams[at] >= finding.end:
        return False
    if finding.type is not PiiType.NAME:
        return True
    rest = view.text[seams[at] + 1 : finding.end]
    word = _WORD.match(low, seams[at] + 1)
    shouted = rest.split(" ")[0].isupper() and not view.text[finding.start : seams[at]].isupper()
    titled = shouted or low[finding.end : finding.end + 1] == ":" or bool(clinical_spans(rest))
    return not titled and (word is None or not is_common(word[0]))


_WORD: Final = re.compile(r"[^\W\d_]+")


def applicable(view: View) -> list[Recognizer]:
    """Recognizers whose gate lets the view through."""
    shape = view.shape
    digits = _DIGIT in shape
    passed = set(_FREE)
    for part, positions in _PARTS if digits else _PARTS_DIGITLESS:
        if part in shape:
            passed.update(positions)
    for position in {position for word in view.words & _TRIGGERS for position in _INDEX[word]}:
        shapes = RECOGNIZERS[position].shapes
        if not shapes:
            passed.add(position)
            continue
        for part in shapes:
            if part in shape:
                passed.add(position)
                break
    if not view.names:
        passed -= _NAMED
    if view.ascii:
        passed -= _FOREIGN
    return [RECOGNIZERS[position] for position in passed]
