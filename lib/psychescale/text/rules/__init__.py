"""Tier 1: rules for identifiers, by family, each behind a cheap gate."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
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
from psychescale.text.rules.rule import Recognizer, View, words

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


_RAREST: Final = "月월$#+@[]/\n:'.-(),"


def _parts() -> tuple[tuple[str, tuple[tuple[str, tuple[int, ...]], ...]], ...]:
    """Character → parts of shapes that hold it, and whom they let in.

    Each part is looked for once, whoever asks for it, and only where its rarest character is.
    """
    asking: defaultdict[str, list[int]] = defaultdict(list)
    for position in _OPEN:
        for part in RECOGNIZERS[position].shapes:
            asking[part].append(position)
    index: defaultdict[str, list[tuple[str, tuple[int, ...]]]] = defaultdict(list)
    for part, positions in asking.items():
        rarest = next((char for char in (*_RAREST, _DIGIT) if char in part), "")
        index[rarest].append((part, tuple(positions)))
    return tuple((char, tuple(parts)) for char, parts in index.items())


_PARTS: Final = _parts()


def find(view: View) -> list[Finding]:
    """What tier 1 finds in a view, overlaps included."""
    found: list[Finding] = []
    asked = applicable(view)
    for recognizer in asked:
        found += recognizer.find(view)
    return found + _find_wrapped(view, asked) if "\n" in view.text else found


_SEAM: Final = re.compile(r"(?<=[^\W_]|[,.])\n(?=[^\W_])")
_WRAPPED: Final = words("title introduced known_name labelled eastern street date_named")
_WRAPPED_SHAPES: Final = tuple(  # a blank in the place of a line's end makes their shapes
    r for r in RECOGNIZERS if r.name in {"initialled", "street_romance", "street_germanic"}
)


def _find_wrapped(view: View, asked: Iterable[Recognizer]) -> list[Finding]:
    """Names, addresses and dates that a line's end cuts in two; what lies on one line is `find`'s."""
    seams = [match.start() for match in _SEAM.finditer(view.text)]
    if not seams:
        return []
    joined = view.with_blanks(_SEAM)
    again = [r for r in asked if r.name in _WRAPPED]
    again += [r for r in _WRAPPED_SHAPES if any(part in joined.shape for part in r.shapes)]
    return [f for r in again for f in r.find(joined) if _is_cut(f, view, seams)]


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
    passed = _by_shape(view.shape)
    for position in {position for word in view.words & _TRIGGERS for position in _INDEX[word]}:
        shapes = RECOGNIZERS[position].shapes
        if not shapes or any(part in view.shape for part in shapes):
            passed.add(position)
    if not view.names:
        passed -= _NAMED
    if view.ascii:
        passed -= _FOREIGN
    return [RECOGNIZERS[position] for position in passed]


def _by_shape(shape: str) -> set[int]:
    """Those that ask for no word."""
    passed = set(_FREE)
    for char, parts in _PARTS:
        if char in shape:
            for part, positions in parts:
                if part in shape:
                    passed.update(positions)
    return passed
