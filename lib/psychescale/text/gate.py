"""The gate before tier 2: could a row hold a name that the rules have not found?

Cheap on purpose, and open in doubt: a row that it stops is never seen by the model.
"""

import re
from functools import cache
from typing import Final

from psychescale.text.common_words import is_common
from psychescale.text.normalize import lower
from psychescale.text.rules.letters import LOWER, UPPER
from psychescale.text.rules.lexicon import clear_first_names, first_names, surnames
from psychescale.text.rules.rule import words

_CAPITALIZED: Final = re.compile(rf"[{UPPER}][{UPPER}{LOWER}'-]+|[{UPPER}](?=\.)")
_WORD: Final = re.compile(r"[^\W\d_]+")
_CONTEXTS: Final = words(
    "name named names called dr mr mrs ms miss prof sincerely regards signed friend brother sister wife"
    " husband boyfriend girlfriend uncle aunt cousin therapist"
)

_UNKNOWN_LENGTH: Final = 4
"""Shorter unknown words are slang and endings; with 3, one more row in a hundred would pass."""


@cache
def _uncommon_names() -> frozenset[str]:
    return frozenset(
        name
        for name in first_names() | surnames()
        if name in clear_first_names() or not is_common(name)
    )


def may_hold_name(text: str) -> bool:
    """Whether the model for names should read `text`.

    True for a word with a capital that is no common English word, for a first name or surname that is
    none either, in any case, for any other unknown word of four letters or more (names in small
    letters: "eminem"), and for the words that introduce names. On the development half of WNUT
    2017's training set all 234 rows with a person get through, and .965 of all rows; of GoEmotions'
    comments, .77.

    Args:
        text: An output text of `normalize`.
    """
    found = frozenset(_WORD.findall(lower(text)))
    if not _CONTEXTS.isdisjoint(found) or not _uncommon_names().isdisjoint(found):
        return True
    if any(len(word) >= _UNKNOWN_LENGTH and not is_common(word) for word in found):
        return True
    for word in _CAPITALIZED.findall(text):
        low = word.lower()
        if not is_common(low) or low in first_names():
            return True
    return False
