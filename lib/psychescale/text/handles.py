"""The corpus's own author handles, found wherever other people mention them.

A snapshot: the handles known when a run begins. Texts redacted earlier did not know the authors of
today, and an author who never posted in the corpus is in no list.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

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


@dataclass(frozen=True)
class Handles:
    """A set of handles, matched token by token in linear time.

    Attributes:
        folded: The handles, case and Unicode form aside.
        exact: Those that are words as well, in their own case, where their case tells them apart.
        digest: SHA-256 over the sorted folded handles: which list a run has used.
    """

    folded: frozenset[str] = frozenset()
    exact: frozenset[str] = frozenset()
    digest: str = field(default=hashlib.sha256(b"").hexdigest())

    @classmethod
    def of(cls, handles: Iterable[str]) -> "Handles":
        """A snapshot of `handles`, with or without ``u/`` and ``@``; empty ones do not count.

        A number of up to five digits ("100", "2023") counts after a marker only; so does a handle that
        is a common English word, a clinical one or a first name ("sunshine", "lithium", "may"), unless its exact spelling has
        capitals beyond the first or digits ("SunShine").
        """  # noqa: E501
        bare = {name for handle in handles if (name := _strip(handle))}
        bare = {fold(normalize(name).text) for name in bare}  # as the texts are prepared
        folded = {fold_handle(name) for name in bare}
        plain = {name for name in bare if not _is_word(name) and _is_telling(name)}
        exact = {name for name in bare if _is_word(name) and _has_own_case(name)}
        digest = hashlib.sha256("\n".join(sorted(folded)).encode("utf-8", "surrogatepass"))
        return cls(frozenset(map(fold_handle, plain)), frozenset(exact), digest.hexdigest())

    @property
    def any(self) -> bool:
        """Whether there is a handle to look for."""
        return bool(self.folded or self.exact)

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
            if fold_handle(token) in self.folded or token in self.exact:
                yield _finding(match.start(), match.start() + len(token))
            elif "-" in token or token.endswith("_"):
                yield from self._parts(token, match.start())

    def _parts(self, token: str, start: int) -> Iterator[Finding]:
        """``name-like``, ``_name_``: a handle with something hyphenated or emphasis around it."""
        bare = token.strip("_")
        if bare != token and fold_handle(bare) in self.folded:
            at = start + token.index(bare)
            yield _finding(at, at + len(bare))
        position = start
        for part in token.split("-"):
            if part and (fold_handle(part) in self.folded or part in self.exact):
                yield _finding(position, position + len(part))
            position += len(part) + 1

    def _spaced(self, text: str) -> Iterator[Finding]:
        """Handles that hold spaces, as some forums allow."""
        if not self._longest_spaced:
            return
        words = [(m.start(), m.end()) for m in re.finditer(r"\S+", text)]
        for first in range(len(words)):
            for last in range(first + 1, min(first + self._longest_spaced, len(words))):
                start, end = words[first][0], words[last][1]
                bare = text[start:end].rstrip(".,;:!?)'\"")
                if fold_handle(bare) in self.folded:
                    yield _finding(start, start + len(bare))

    @property
    def _longest_spaced(self) -> int:
        longest = self.__dict__.get("_spaced_words")
        if longest is None:
            longest = max((len(h.split()) for h in self.folded if " " in h), default=0)
            longest = min(longest, _MAX_WORDS)
            self.__dict__["_spaced_words"] = longest
        return int(longest)


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
    low = name.lower()
    return is_everyday(low) or is_clinical_word(low) or low in first_names() or low in surnames()


def _is_telling(name: str) -> bool:
    return len(name) >= _MIN_LENGTH and not (name.isdecimal() and len(name) < _MIN_NUMBER)


def _has_own_case(name: str) -> bool:
    return not (name.islower() or name.isupper() or name[1:].islower())


def _finding(start: int, end: int) -> Finding:
    return Finding(start, end, PiiType.USER, "handles", 0.9)
