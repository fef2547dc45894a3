"""A second look: names found once, wherever else the same text has them, in any case."""

from collections.abc import Iterable, Iterator
from typing import Final

from psychescale.text.clinical.terms import is_clinical_word
from psychescale.text.common_words import is_common
from psychescale.text.findings import Finding, PiiType
from psychescale.text.rules.lexicon import AMBIGUOUS

_SHORTEST: Final = 4
_CONFIDENCE: Final = 0.5


def repeated_names(findings: Iterable[Finding], low: str) -> list[Finding]:
    """What repeats a word of a name that was found: "Nora" after "Nora Whitlock", "nora" after "Nora".

    A word that is one of every day as well (Hope, May) is left to the rules, because its other places
    are words more often than names.

    Args:
        findings: Of the text so far.
        low: The text, normalized and folded, in small letters.
    """
    names = [f for f in findings if f.type is PiiType.NAME]
    if not names:
        return []
    told = {
        word
        for f in names
        for word in _words(low[f.start : f.end])
        if low.count(word) > 1 and _is_telling(word)
    }
    taken = {f.start + at for f in names for at in range(f.end - f.start)}
    return [
        Finding(start, start + len(word), PiiType.NAME, "repeat", _CONFIDENCE)
        for word in sorted(told)
        for start in _places(word, low)
        if start not in taken
    ]


def _words(name: str) -> Iterator[str]:
    for part in name.replace(",", " ").replace("-", " ").split():
        word = part.removesuffix("'s").strip(".'()[]\"")
        if len(word) >= _SHORTEST and word.isalpha():
            yield word


def _is_telling(word: str) -> bool:
    return not (word in AMBIGUOUS or is_common(word) or is_clinical_word(word))


def _places(word: str, low: str) -> Iterator[int]:
    start = low.find(word)
    while start >= 0:
        end = start + len(word)
        if not low[start - 1 : start].isalnum() and not low[end : end + 1].isalnum():
            yield start
        start = low.find(word, end)
