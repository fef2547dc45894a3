"""Templates into text: slots are filled, spans and labels travel with the characters."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

from psychescale.synthetic.documents import PiiSpan
from psychescale.synthetic.features import LABELS
from psychescale.synthetic.texts.fictional import IDENTIFIERS
from psychescale.synthetic.texts.slot_words import VOCABULARY

_SLOT: Final = re.compile(r"\{(\w+)\}")

# Only words that no feature depends on, so that a misspelled text keeps its labels.
_MISSPELLINGS: Final[Mapping[str, str]] = {
    "about": "abotu",
    "always": "allways",
    "appointment": "apointment",
    "because": "becuase",
    "before": "befor",
    "cannot": "cant",
    "could": "coud",
    "don't": "dont",
    "every": "evry",
    "everyone": "everyon",
    "favourite": "favorit",
    "finally": "finaly",
    "friend": "freind",
    "know": "knwo",
    "really": "realy",
    "recommend": "recomend",
    "something": "somthing",
    "that": "taht",
    "the": "teh",
    "their": "thier",
    "until": "untill",
    "weather": "wether",
    "which": "wich",
    "with": "wiht",
    "without": "witout",
    "would": "woud",
    "you": "u",
    "your": "ur",
}
_MISSPELLABLE: Final = re.compile(r"\b(?:" + "|".join(_MISSPELLINGS) + r")\b")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text with the identifiers in it (offsets into it) and the features it realizes."""

    text: str
    pii: tuple[PiiSpan, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Style:
    """How one writer types; probabilities are per sentence (``misspelling``: per word)."""

    lower_case: bool = False
    misspelling: float = 0.0
    emoji: float = 0.0
    interjection: float = 0.0
    terminators: tuple[str, ...] = (".",)


@dataclass(frozen=True, slots=True)
class Register:
    """The templates of one source, and how its sentences become a text.

    ``pairs`` realize two features at once, keys in label order. ``identifying`` templates plant
    identifiers and no feature. ``arrange(rng, sentences, style, identified)`` lays out the text;
    it may add identifiers of its own only where ``identified``.
    """

    source: str
    realizations: Mapping[str, tuple[str, ...]]
    pairs: Mapping[tuple[str, str], tuple[str, ...]]
    filler: tuple[str, ...]
    short: Mapping[str, tuple[str, ...]]
    short_filler: tuple[str, ...]
    identifying: tuple[str, ...]
    identifying_by_label: Mapping[str, tuple[str, ...]]
    styles: tuple[Style, ...]
    arrange: Callable[[Random, Sequence[Passage], Style, bool], Passage]


def realize(
    template: str, rng: Random, *, labels: tuple[str, ...] = (), misspelling: float = 0.0
) -> Passage:
    """Fill the slots of ``template``; identifiers become spans, a typist's slips stay outside."""
    pieces: list[str] = []
    spans: list[PiiSpan] = []
    length = 0
    for literal, slot in _parse(template):
        if literal:
            piece = _misspell(literal, rng, misspelling) if misspelling else literal
            pieces.append(piece)
            length += len(piece)
        if slot in IDENTIFIERS:
            label, make = IDENTIFIERS[slot]
            piece = make(rng)
            spans.append(PiiSpan(length, length + len(piece), label))
        elif slot:
            piece = rng.choice(VOCABULARY[slot])
        else:
            continue
        pieces.append(piece)
        length += len(piece)
    return Passage("".join(pieces), tuple(spans), labels)


def concatenate(parts: Iterable[Passage | str]) -> Passage:
    """Join the parts as they are; spans are shifted, labels united in label order."""
    pieces: list[str] = []
    spans: list[PiiSpan] = []
    labels: set[str] = set()
    length = 0
    for part in parts:
        if isinstance(part, str):
            text = part
        else:
            text = part.text
            labels.update(part.labels)
            spans.extend(PiiSpan(s.start + length, s.end + length, s.label) for s in part.pii)
        pieces.append(text)
        length += len(text)
    return Passage("".join(pieces), tuple(spans), tuple(la for la in LABELS if la in labels))


def sentence_case(passage: Passage) -> Passage:
    """Capitalize the first letter, unless an identifier (a handle, say) or a link starts there."""
    text = passage.text
    if (passage.pii and passage.pii[0].start == 0) or text.startswith(("http", "www.")):
        return passage
    return Passage(text[:1].upper() + text[1:], passage.pii, passage.labels)


def lower_case(passage: Passage) -> Passage:
    """Lower all letters. Every letter of the grammar lowers to one code point, so spans hold."""
    return Passage(passage.text.lower(), passage.pii, passage.labels)


@cache
def _parse(template: str) -> tuple[tuple[str, str], ...]:
    """Split into (literal, slot) pairs; the slot is empty after the last literal."""
    pieces = _SLOT.split(template)
    slots = [*pieces[1::2], ""]
    return tuple(zip(pieces[::2], slots, strict=True))


def _misspell(literal: str, rng: Random, probability: float) -> str:
    def slip(match: re.Match[str]) -> str:
        word = match.group()
        return _MISSPELLINGS[word] if rng.random() < probability else word

    return _MISSPELLABLE.sub(slip, literal)
