"""A second look: names found once, wherever else the same text has them, in any case."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from psychescale.text.clinical.terms import is_clinical_word
from psychescale.text.common_words import is_common
from psychescale.text.findings import Finding, PiiType
from psychescale.text.rules.lexicon import AMBIGUOUS
from psychescale.text.rules.persons.names import TITLE_WORDS

_WORD: Final = re.compile(r"[^\W\d_]+")
_SHORTEST: Final = 4
_CONFIDENCE: Final = 0.5
_FEW: Final = 16  # so many are counted one by one: most texts hold a name once, and are done


def repeated_names(findings: Iterable[Finding], low: str) -> list[Finding]:
    """What repeats a word of a name that was found: "Nora" after "Nora Whitlock", "nora" after "Nora".

    A word that is one of every day as well (Hope, May) is left to the rules, because its other places
    are words more often than names.

    Args:
        findings: Of the text so far.
        low: The text, normalized and folded, in small letters.
    """
    names = [f for f in findings if f.type is PiiType.NAME]
    told = {word for f in names for word in _words(low[f.start : f.end])}
    if len(told) <= _FEW:
        told = {word for word in told if low.count(word) > 1}
    told = {word for word in told if _is_telling(word)}
    if not told:
        return []
    taken = {at for f in names for at in range(f.start, f.end)}
    return [
        Finding(match.start(), match.end(), PiiType.NAME, "repeat", _CONFIDENCE)
        for match in _WORD.finditer(low)
        if match[0] in told and match.start() not in taken
    ]


def _words(name: str) -> Iterator[str]:
    for match in _WORD.finditer(name):
        if len(match[0]) >= _SHORTEST:
            yield match[0]


def _is_telling(word: str) -> bool:
    return not (
        word in AMBIGUOUS or word in TITLE_WORDS or is_common(word) or is_clinical_word(word)
    )
