"""The corpus's own author handles, found wherever other people mention them.

A snapshot: the handles known when a run begins. Texts redacted earlier did not know the authors of
today, and an author who never posted in the corpus is in no list.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from psychescale.text.clinical.terms import is_clinical_word
from psychescale.text.common_words import is_everyday
from psychescale.text.findings import Finding, PiiType
from psychescale.text.normalize import fold, normalize
from psychescale.text.rules.lexicon import first_names, surnames

_TOKEN: Final = re.compile(r"[^\W_][\w-]*|_[\w-]*")
# Joined by dots, as in "jane.doe.91".
_DOTTED: Final = re.compile(r"\w[\w-]*(?:\.\w[\w-]*)+")
_MARKS: Final = ("u/", "@")
_MIN_LENGTH: Final = 3
"""Shorter handles are letters of any text; they count with a marker only, which a rule finds."""
_MIN_NUMBER: Final = 6
"""Shorter numbers are years, doses and amounts to any text, even where authors are numbered."""
_MAX_WORDS: Final = 4
_FOLDED: Final = "folded\0"
_EXACT: Final = "exact\0"
"""Before a handle whose case counts, and before any other: what a number is made of."""
_REMEMBERED: Final = 2**16


@dataclass(frozen=True)
class Handles:
    """A set of handles, matched token by token in linear time.

    Of the handles only keyed numbers are held, in order: eight bytes each, which fifty million authors
    fit into, and which name nobody without the key. That a word of a text is taken for one of fifty
    million handles by chance has a probability of 3e-12.

    Attributes:
        numbers: `handle_numbers` of the handles; sorted, unique; a file mapped into memory will do.
        secret: Key of the numbers, up to 64 bytes.
        most_words: Words of the longest handle with blanks in it; 1 where none has any.
    """

    numbers: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    secret: bytes = field(default=b"", repr=False)
    most_words: int = 1

    @classmethod
    def of(cls, handles: Iterable[str], *, secret: bytes = b"") -> "Handles":
        """A snapshot of `handles`, with or without ``u/`` and ``@``; empty ones do not count."""
        numbers, most_words = handle_numbers(handles, secret)
        return cls(np.unique(np.array(numbers, np.uint64)), secret, most_words)

    @property
    def any(self) -> bool:
        """Whether there is a handle to look for."""
        return bool(self.numbers.size)

    @property
    def digest(self) -> str:
        """Which list a run has used: 64 hex digits, from which without the key nothing follows."""
        return hashlib.blake2b(self.numbers.tobytes(), key=self.secret, digest_size=32).hexdigest()

    def find(self, text: str) -> Iterator[Finding]:
        """Handles in a normalized text, as findings of type ``USER``.

        Markers need no list: ``u/name`` and ``@name`` are found by the rules, whoever it is.
        """
        if not self.any:
            return
        yield from self._tokens(text, _TOKEN)
        if "." in text:
            yield from self._tokens(text, _DOTTED)
        yield from self._spaced(text)

    def _tokens(self, text: str, pattern: re.Pattern[str]) -> Iterator[Finding]:
        for match in pattern.finditer(text):
            token = match[0].rstrip("-")
            if self._holds(token):
                yield _finding(match.start(), match.start() + len(token))
            elif "-" in token or token.endswith("_"):
                yield from self._parts(token, match.start())

    def _parts(self, token: str, start: int) -> Iterator[Finding]:
        """``name-like``, ``_name_``: a handle with something hyphenated or emphasis around it."""
        bare = token.strip("_")
        if bare != token and self._holds(bare):
            at = start + token.index(bare)
            yield _finding(at, at + len(bare))
        position = start
        for part in token.split("-"):
            if part and self._holds(part):
                yield _finding(position, position + len(part))
            position += len(part) + 1

    def _spaced(self, text: str) -> Iterator[Finding]:
        """Handles that hold spaces, as some forums allow."""
        if self.most_words == 1:
            return
        words = [(m.start(), m.end()) for m in re.finditer(r"\S+", text)]
        for first in range(len(words)):
            for last in range(first + 1, min(first + self.most_words, len(words))):
                start, end = words[first][0], words[last][1]
                bare = text[start:end].rstrip(".,;:!?)'\"")
                if self._holds(bare):
                    yield _finding(start, start + len(bare))

    @cached_property
    def _holds(self) -> Callable[[str], bool]:
        """Whether a word is a handle; most words of a text have been asked for before."""
        return lru_cache(_REMEMBERED)(self._look)

    def _look(self, word: str) -> bool:
        return self._has(_FOLDED + fold_handle(word)) or (
            _has_own_case(word) and self._has(_EXACT + word)
        )

    def _has(self, entry: str) -> bool:
        wanted = np.uint64(_number(entry, self.secret))
        at = int(np.searchsorted(self.numbers, wanted))
        return at < self.numbers.size and bool(self.numbers[at] == wanted)


def handle_numbers(handles: Iterable[str], secret: bytes) -> tuple[list[int], int]:
    """What stands for handles in a list of them: BLAKE2b of each under a key, cut to 64 bits.

    A number of up to five digits ("100", "2023") counts after a marker only, so there is none for it;
    nor for a handle that is a common English or clinical word or a first name ("sunshine", "recovery",
    "may"), unless its exact spelling has capitals beyond the first or digits ("SunShine").

    Returns:
        The numbers, in no order, and how many words the longest of the handles has.
    """
    numbers, most_words = [], 1
    for handle in handles:
        name = fold(normalize(_strip(handle)).text)  # as the texts are prepared
        if not name:
            continue
        if _is_word(name):
            if _has_own_case(name):
                numbers.append(_number(_EXACT + name, secret))
        elif _is_telling(name):
            numbers.append(_number(_FOLDED + fold_handle(name), secret))
            most_words = max(most_words, len(name.split()))
    return numbers, min(most_words, _MAX_WORDS)


def _number(entry: str, secret: bytes) -> int:
    coded = entry.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(coded, key=secret, digest_size=8).digest(), "big")


def fold_handle(handle: str) -> str:
    """The form in which handles are compared: NFKC, case folded."""
    if handle.isascii():
        return handle.lower()
    return unicodedata.normalize("NFKC", handle).casefold()


def _strip(handle: str) -> str:
    name = handle.strip().removeprefix("/")
    for mark in _MARKS:
        name = name.removeprefix(mark)
    return name


def _is_word(name: str) -> bool:
    """Whether it is a word, or consists of words; two names beside each other are a person's."""
    low = name.lower()
    return (
        all(is_everyday(word) or is_clinical_word(word) for word in low.split())
        or low in first_names()
        or low in surnames()
    )


def _is_telling(name: str) -> bool:
    return len(name) >= _MIN_LENGTH and not (name.isdecimal() and len(name) < _MIN_NUMBER)


def _has_own_case(name: str) -> bool:
    return not (name.islower() or name.isupper() or name[1:].islower())


def _finding(start: int, end: int) -> Finding:
    return Finding(start, end, PiiType.USER, "handles", 0.9)
