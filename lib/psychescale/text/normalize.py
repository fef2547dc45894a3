"""Unicode and punctuation as the models expect them, with a way back to the original offsets.

Two texts come of one:

- the **output** text (`normalize`): what is redacted, stored and scored. Typographic quotes, dashes,
  ellipses and white space become ASCII, as the classifiers' authors normalized their training data;
  full-width and mathematical letters and Latin ligatures become plain letters; soft hyphens,
  zero-width and bidirectional controls are dropped; the rest is composed (NFC). Superscripts,
  fractions, circled numbers and the like stay: there, compatibility forms change the meaning;
- the text for **matching** (`fold`), as long as the output text, never stored: Cyrillic and Greek
  look-alikes inside Latin words become Latin, and decimal digits of any script become 0 to 9.

Documents: Unicode Standard Annex 15 (normalization forms), Technical Standard 39 (confusables),
Annex 9 (bidirectional controls).
"""

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

NORMALIZER_VERSION: Final = "1"
"""Changes with every change of the output text."""

_QUOTES: Final = dict.fromkeys("‘’‚‛′ʹʼ´‹›＇", "'") | dict.fromkeys("“”„‟″«»＂", '"')
_DASHES: Final = dict.fromkeys("‐‑‒–—―⁃−﹘﹣－", "-")
_SPACES: Final = dict.fromkeys("\u00a0\u1680\u202f\u205f\u3000", " ") | {
    chr(code): " " for code in range(0x2000, 0x200B)
}
_LINES: Final = dict.fromkeys("\u0085\u2028\u2029", "\n")
# Soft hyphen, combining grapheme joiner, zero-width space, marks and controls of the direction,
# word joiner and invisible operators, byte order mark, Hangul fillers, tags.
_DROPPED: Final = dict.fromkeys(
    "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u3164\ufeff\uffa0"
    + "".join(map(chr, [*range(0x202A, 0x202F), *range(0x2060, 0x2070)]))
    + "".join(map(chr, range(0xE0000, 0xE0080))),
    "",
)
_LIGATURES: Final = {
    chr(0xFB00 + i): v for i, v in enumerate(["ff", "fi", "fl", "ffi", "ffl", "st", "st"])
}
# The last canonical singleton that NFC turns into one of the characters above, or into ASCII, lies
# below; each is replaced together with them, or a second normalization would change the text again.
_SINGLETONS_END: Final = 0x2400

_EXPANDING: Final = re.compile("[…‥\ufb00-\ufb06]")

# Zero-width (non-)joiners shape Persian, Indic scripts and emoji; next to ASCII, or at an end of the
# text, they only split words. A variation selector after a letter of ASCII does nothing either.
_JOINERS: Final = re.compile(
    r"(?:(?<=[\x00-\x7f])|\A)[\u200c\u200d]+|[\u200c\u200d]+(?=[\x00-\x7f]|\Z)"
    r"|(?<=[A-Za-z@.])[\ufe00-\ufe0f]+"
)


@cache
def _table() -> dict[int, str]:
    """Code point → what stands for it in the output text."""
    wide = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    styled = {
        char: plain
        for char in map(chr, range(0x1D400, 0x1D800))
        if len(plain := unicodedata.normalize("NFKC", char)) == 1 and plain.isascii()
    }
    rows = wide | styled | _LIGATURES | _SPACES | _LINES | {"…": "...", "‥": ".."}
    rows |= _DASHES | _QUOTES | _DROPPED
    for char in map(chr, range(0x80, _SINGLETONS_END)):
        single = unicodedata.normalize("NFC", char)
        if single != char and (single.isascii() or single in rows):
            rows[char] = rows.get(single, single)
    return {ord(char): plain for char, plain in rows.items()}


@cache
def _changing() -> re.Pattern[str]:
    return re.compile("[" + "".join(map(re.escape, map(chr, _table()))) + "]")


@dataclass(frozen=True, slots=True)
class Normalized:
    """A normalized text, and where its code points come from.

    Attributes:
        text: The output text.
        starts: Index in the original of every code point of `text`; None where nothing moved.
        ends: One after the last original code point of every code point of `text`.
    """

    text: str
    starts: list[int] | None = None
    ends: list[int] | None = None

    def to_original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text that became ``text[start:end]``; dropped characters inside
        the span belong to it, those at its edges do not.
        """  # noqa: D205 - one sentence
        if self.starts is None or self.ends is None:
            return start, end
        if start >= end:
            at = self.starts[start] if start < len(self.starts) else (self.ends or [0])[-1]
            return at, at
        return self.starts[start], self.ends[end - 1]


def normalize(text: str) -> Normalized:
    """The output text of `text`; normalizing it again changes nothing.

    Spans map back in order: of two spans of the output text, the earlier one comes earlier in the
    original, and disjoint ones stay disjoint unless one original character became several.
    """
    if text.isascii():
        return Normalized(text)
    plain = text.translate(_table())
    # Something dropped and an ellipsis could balance out in length.
    moved = len(plain) != len(text) or _EXPANDING.search(text) is not None
    if not moved and not _JOINERS.search(plain) and unicodedata.is_normalized("NFC", plain):
        return Normalized(plain)
    return _normalize_with_map(text)


def _normalize_with_map(text: str) -> Normalized:
    table = _table()
    current = Normalized(text, list(range(len(text))), list(range(1, len(text) + 1)))
    current = _rewrite(current, _changing(), lambda match: table[ord(match[0])])
    current = _rewrite(current, _JOINERS, lambda _: "")
    return _compose(current)


def _rewrite(
    source: Normalized, pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str]
) -> Normalized:
    return _splice(
        source, ((m.start(), m.end(), replace(m)) for m in pattern.finditer(source.text))
    )


def _compose(source: Normalized) -> Normalized:
    """NFC, one base character with its marks at a time, so that the map stays fine."""
    if unicodedata.is_normalized("NFC", source.text):
        return source
    return _splice(source, _clusters(source.text))


def _clusters(text: str) -> Iterator[tuple[int, int, str]]:
    followers = _followers()
    start = 0
    for index in range(1, len(text) + 1):
        if index < len(text):
            char = text[index]
            if char >= "\u0300" and (unicodedata.combining(char) or char in followers):
                continue
        cluster = text[start:index]
        composed = unicodedata.normalize("NFC", cluster)
        if composed != cluster:
            yield start, index, composed
        start = index


@cache
def _followers() -> frozenset[str]:
    """Characters of combining class 0 that compose with, or reorder among, those before them."""
    found = {chr(code) for code in [*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)]}
    for char in map(chr, range(0x300, sys.maxunicode)):
        parts = unicodedata.decomposition(char).split()
        if not parts or parts[0].startswith("<"):
            continue
        if len(parts) > 1:
            found.add(chr(int(parts[1], 16)))
        if unicodedata.combining(unicodedata.normalize("NFD", char)[0]):
            found.add(char)
    return frozenset(found)


def _splice(source: Normalized, changes: Iterator[tuple[int, int, str]]) -> Normalized:
    """`source` with spans replaced; what replaces a span comes from all of it."""
    text = source.text
    starts: list[int] = source.starts or []
    ends: list[int] = source.ends or []
    pieces: list[str] = []
    new_starts: list[int] = []
    new_ends: list[int] = []
    position = 0
    for start, end, new in changes:
        pieces += (text[position:start], new)
        new_starts += starts[position:start]
        new_ends += ends[position:start]
        new_starts += [starts[start]] * len(new)
        new_ends += [ends[end - 1]] * len(new)
        position = end
    pieces.append(text[position:])
    return Normalized("".join(pieces), new_starts + starts[position:], new_ends + ends[position:])


# Letters that look like Latin ones in common fonts (Technical Standard 39, restricted to single
# letters of the two scripts that keyboards offer next to Latin).
_LOOKALIKES: Final = dict(
    zip(
        "аеорсухіјѕԁԛԝһӏАВЕКМНОРСТУХІЈЅԌԚԜ" + "αονρκιυΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϲ" + "ı",
        "aeopcyxijsdqwhlABEKMHOPCTYXIJSGQW" + "aovpkiuABEZHIKMNOPTYXCc" + "i",
        strict=True,
    )
)
_LOOKALIKE_TABLE: Final = str.maketrans(_LOOKALIKES)
_LOOKALIKE: Final = re.compile("[" + "".join(_LOOKALIKES) + "]")
# Bounded by nature: each word is read once.
_WORD: Final = re.compile(r"[^\W_]+")
_LATIN: Final = re.compile(r"[A-Za-z]")
_FOREIGN_DIGIT: Final = re.compile(r"(?![0-9])\d")


def fold(text: str) -> str:
    """The text for matching: as long as `text`, code point by code point.

    Args:
        text: An output text of `normalize`.
    """
    if _DIGIT.search(text) and _SCANNED.search(text):
        text = _SCANNED.sub(_fold_scanned, text)
    if text.isascii():
        return text
    if _FOREIGN_DIGIT.search(text):
        text = _FOREIGN_DIGIT.sub(lambda match: str(unicodedata.digit(match[0])), text)
    if _LOOKALIKE.search(text):
        text = _WORD.sub(_fold_word, text)
    return text


# What scanners read for letters in names (M1chael) and for digits in dates (O3/14/1958). The first
# character is the test that most texts end at.
_SCANNED: Final = re.compile(
    r"[10](?<=[A-Za-z].)(?=[a-z]{3,12}(?!\w))"
    r"|[OlI](?=\d[/.-]\d)(?<![\w./-].)|[OlI](?=\d?[/.-]\d|\d(?!\w))(?<=\d[/.-].)"
)
_DIGIT: Final = re.compile(r"[0-9]")
_SCANNED_AS: Final = str.maketrans("10OlI", "io011")
_NAME_START: Final = re.compile(r"(?<!\w)[A-Z][a-z]{0,10}\Z")


def _fold_scanned(match: re.Match[str]) -> str:
    start, char = match.start(), match[0]
    named = _NAME_START.search(match.string, max(0, start - 12), start)
    return char.translate(_SCANNED_AS) if named or not char.isdigit() else char


def _fold_word(match: re.Match[str]) -> str:
    word = match[0]
    return word.translate(_LOOKALIKE_TABLE) if _LATIN.search(word) else word


def lower(text: str) -> str:
    """Lower case of the same length, so that offsets stay (``"İ".lower()`` has two code points)."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(char if len(char.lower()) != 1 else char.lower() for char in text)
