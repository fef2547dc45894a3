"""Tier 1: rules for identifiers, by family, each behind a cheap gate."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from psychescale.text.findings import Finding
from psychescale.text.rules import (
    dates,
    facilities,
    names,
    numbers,
    online,
    phones,
    places,
    records,
)
from psychescale.text.rules.rule import Recognizer, View

RECOGNIZERS: Final[tuple[Recognizer, ...]] = (
    *online.RECOGNIZERS,
    *numbers.RECOGNIZERS,
    *phones.RECOGNIZERS,
    *dates.RECOGNIZERS,
    *places.RECOGNIZERS,
    *records.RECOGNIZERS,
    *names.RECOGNIZERS,
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
_UNTRIGGERED: Final = frozenset(i for i, r in enumerate(RECOGNIZERS) if r.triggers is None)


def find(view: View) -> list[Finding]:
    """What tier 1 finds in a view, overlaps included."""
    return [finding for recognizer in applicable(view) for finding in recognizer.find(view)]


def applicable(view: View) -> list[Recognizer]:
    """Recognizers whose gate lets the view through."""
    positions = set(_UNTRIGGERED)
    for word in view.words:
        if word in _INDEX:
            positions.update(_INDEX[word])
    shape = view.shape
    passed = []
    for position in positions:
        recognizer = RECOGNIZERS[position]
        if recognizer.shapes:
            for part in recognizer.shapes:
                if part in shape:
                    break
            else:
                continue
        passed.append(recognizer)
    return passed
