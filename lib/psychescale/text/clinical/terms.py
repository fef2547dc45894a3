"""Which words of a finding are clinical, and what numbers belong to scales, vital signs and codes.

The lists lie beside this module as text: ``drugs``, ``eponyms``, ``scales``, ``abbreviations``,
``titles``, ``words``, ``culture``; each says in its first lines where it comes from.
"""

import re
from functools import cache, lru_cache
from typing import Final

from psychescale.text.term_lists import read_terms

_WORD: Final = re.compile(r"[^\W_]+(?:['.&*/+-][^\W_]+)*'?")
# Endings of medical words, in which no list is whole.
_MEDICAL: Final = re.compile(
    r"(?<=[a-z]{2})(?:itis|osis|a?emia|pathy|ectomy|otomy|oscopy|algia|plasia|uria|penia|rrh?o?ea|plegia|paresis"
    r"|phasia|phobia|phobic|thymia|thymic|azepam|azole|olol|pril|sartan|statin|cillin|mycin|oxetine|triptyline"
    r"|peridone|tiapine|zapine|azine|tinib|umab|ximab)\b"
)
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_LONGEST: Final = 5  # words of a term
_NOUN_AFTER: Final = re.compile(
    r"'?s?\ (?:\w{1,14}\ )?(?:disease|syndrome|scores?|scale|criteria|classification|reflex|sign|test"
    r"|trial|study|palsy|lymphoma|angina|risk|index|stage|staging|disorder|method|protocol|inventory"
    r"|questionnaire|procedure|maneuver|manoeuvre|o?esophagus|law|sarcoma|tumou?r|thyroiditis|arthritis"
    r"|ataxia|chorea|dementia|contracture|agar|stain|rule|equation|formula|grade|phenomenon|diet|therapy"
    r"|encephalopathy|psychosis|coma|checklist|chart|battery|clinic\ scale|hypothesis|complex|wort)s?(?!\w)"  # noqa: E501
)
# "Parkinson's mother" is a person's mother.
_OWNER: Final = re.compile(
    r"(?:'s|s')\ (?:wife|husband|mother|mom|mum|father|dad|parents?|son|daughter|sister|brother|partner"
    r"|family|room|chart|house|car|aunt|uncle|friend|boyfriend|girlfriend)(?!\w)"
)


_SECTIONS: Final = ("series", "named", "other")


@cache
def terms(name: str, section: str = "") -> frozenset[str]:
    """The terms of a list, or of one of its sections."""
    return read_terms(__package__, name, section)


@cache
def _plain() -> frozenset[str]:
    """Terms that count in any case and place."""
    lists = ("drugs", "titles", "words", "culture")
    return frozenset.union(*(terms(name) for name in lists), terms("eponyms", "always"))


@cache
def scales(*sections: str) -> frozenset[str]:
    """What stands before a number that is no identifier, in small letters; all, or these sections."""
    return frozenset.union(*(terms("scales", section) for section in sections or _SECTIONS))


def is_clinical_word(word: str) -> bool:
    """Whether a word in small letters is a drug or a word of illness and treatment."""
    return word in terms("drugs") or word in terms("words")


@lru_cache(2**14)
def clinical_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Where terms stand in a short text, longest first at each place: (start, end), sorted, apart.

    Kept, because several rules and then the guard ask about the same few words.
    """
    low = text.lower()
    if _first_words().isdisjoint(_LETTERS.findall(low)) and _MEDICAL.search(low) is None:
        return ()
    words = [(match.start(), match.end()) for match in _WORD.finditer(text)]
    spans: list[tuple[int, int]] = []
    for first, (start, _) in enumerate(words):
        if spans and start < spans[-1][1]:
            continue
        for _, end in reversed(words[first : first + _LONGEST]):
            if _is_term(text[start:end]):
                spans.append((start, end))
                break
    return tuple(spans)


def _is_term(value: str) -> bool:
    low = value.lower()
    if value in terms("abbreviations") or (
        not value.istitle() and low in scales("series", "other")
    ):
        return True
    if low.isalpha() and _MEDICAL.search(low):
        return True
    return low in _plain() or low.removesuffix("'s") in _plain() or low.rstrip("'") in _plain()


@cache
def _first_words() -> frozenset[str]:
    """With which runs of letters terms begin: most names hold none of them."""
    listed = (
        _plain() | scales("series", "other") | {term.lower() for term in terms("abbreviations")}
    )
    return frozenset(match[0] for term in listed if (match := _LETTERS.search(term)))


def is_eponym(low: str, start: int, end: int) -> bool:
    """Whether a name stands for what is called after it: Wilson's disease, the Duke score.

    Args:
        low: The text in small letters.
        start: Where the name starts.
        end: Where it ends, before a possessive ``'s`` or after.
    """
    if low[end : end + 1] not in {" ", "'", "s"}:
        return False
    if _NOUN_AFTER.match(low, end):
        return True
    name = low[start:end].removesuffix("'s")
    possessive = low.startswith(("'s", "'"), end) or low[start:end].endswith("'s")
    owned = end - 2 if low[start:end].endswith("'s") else end
    return possessive and name in terms("eponyms", "marked") and _OWNER.match(low, owned) is None
