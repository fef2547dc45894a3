"""What a recognizer of tier 1 is: a cheap gate, then patterns whose time is bounded.

Speed: a row is read once into a `View` (its words, its shape), and most recognizers are asked only
where one of their trigger words or shapes occurs; patterns are then matched at that place instead of
searched for in the whole row.

Time: the patterns use the standard library's `re`, which has no time-out, so they are linear by
construction: every repeat has an upper bound, is possessive or is followed by what it cannot itself
match, and a look-behind keeps a pattern from starting again inside a run that it just refused. Texts
are cut into windows besides (`windows.py`), with a deadline checked at each of them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from psychescale.text.findings import Finding, PiiType
from psychescale.text.normalize import lower
from psychescale.text.rules.lexicon import first_names

_WORDS: Final = re.compile(r"[^\W\d_]+")
# ASCII to its shape; other letters stay as they are, which no gate asks for.
_SHAPE: Final = (
    dict.fromkeys(range(65, 91), "A")
    | dict.fromkeys(range(97, 123), "a")
    | dict.fromkeys(range(48, 58), "0")
)


@dataclass(frozen=True, slots=True)
class View:
    """A text prepared for matching; all of its forms have the same offsets.

    Attributes:
        text: Normalized and folded.
        low: `text` in lower case.
        shape: `text` with ``A`` for capital letters, ``a`` for small ones and ``0`` for digits.
        words: The words of `low`, letters only.
        names: Those of them that are first names.
        ascii: Whether `text` holds nothing but ASCII.
    """

    text: str
    low: str
    shape: str
    words: frozenset[str]
    names: frozenset[str]
    ascii: bool

    @classmethod
    def of(cls, text: str) -> "View":
        """Prepare a folded text."""
        low = lower(text)
        words = frozenset(_WORDS.findall(low))
        return cls(text, low, text.translate(_SHAPE), words, words & first_names(), text.isascii())

    def with_blanks(self, places: re.Pattern[str]) -> "View":
        """The same with a blank for each match, which is one character between words."""
        text, low, shape = (places.sub(" ", of) for of in (self.text, self.low, self.shape))
        return View(text, low, shape, self.words, self.names, self.ascii)

    def spots(self, triggers: frozenset[str]) -> Iterator[tuple[int, int]]:
        """Where words of `triggers` stand, in no order of the text: (start, end)."""
        low = self.low
        for word in self.words & triggers:
            start = low.find(word)
            while start >= 0:
                end = start + len(word)
                if not (start and low[start - 1].isalpha()) and not low[end : end + 1].isalpha():
                    yield start, end
                start = low.find(word, end)


@dataclass(frozen=True, slots=True)
class Recognizer:
    """One recognizer of tier 1.

    Attributes:
        name: Names it in `Finding.source`, after ``rule:``.
        find: Findings in a view, in any order, overlapping or not.
        triggers: Words of which one must occur; None asks for none.
        shapes: Parts of the view's shape of which one must occur; empty asks for none. Without
            letters and digits a part stands for itself, as in ``://``.
        named: Whether a first name must occur.
        foreign: Whether something beyond ASCII must.
    """

    name: str
    find: Callable[[View], Iterable[Finding]]
    triggers: frozenset[str] | None = None
    shapes: tuple[str, ...] = ()
    named: bool = False
    foreign: bool = False


def each(  # noqa: PLR0917 - a table of rules reads better so
    pattern: re.Pattern[str],
    text: str,
    kind: PiiType,
    source: str,
    confidence: float,
    check: Callable[[str], bool] | None = None,
) -> Iterator[Finding]:
    """A finding for every match whose text passes `check`; group ``x`` is the span if there is one."""
    group: str | int = "x" if "x" in pattern.groupindex else 0
    for match in pattern.finditer(text):
        if check is None or check(match[group]):
            yield Finding(match.start(group), match.end(group), kind, f"rule:{source}", confidence)


def name_found(start: int, end: int, source: str, confidence: float) -> Finding:
    """A name, found by the rule `source`."""
    return Finding(start, end, PiiType.NAME, f"rule:{source}", confidence)


def words(text: str) -> frozenset[str]:
    """The words of `text`, for a list written as running text."""
    return frozenset(text.split())


def alternatives(text: str) -> str:
    """The words of `text` as alternatives of a pattern, longest first; ``_`` stands for a space."""
    return "|".join(
        re.escape(word).replace("_", r"\ ") for word in sorted(text.split(), key=len, reverse=True)
    )
