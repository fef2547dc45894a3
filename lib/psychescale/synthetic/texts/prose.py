"""How everyday sentences follow each other: full stops, joined clauses, emoji, paragraphs."""

from collections.abc import Sequence
from random import Random
from typing import Final

from psychescale.synthetic.texts.rendering import (
    Passage,
    Style,
    concatenate,
    lower_case,
    sentence_case,
)

_JOINTS: Final = (", and ", " and ", "; ", ", plus ", " - ")
_INTERJECTIONS: Final = (
    "honestly, ",
    "tbh ",
    "anyway, ",
    "ngl ",
    "well, ",
    "ok so ",
    "also, ",
    "plus ",
    "so yeah, ",
    "hm, ",
)
_EMOJI: Final = ("😂", "🙃", "😅", "🌧️", "☕", "🐈", "🙏", "👍🏽", "🤷‍♀️", "🎉", "🥲", "🌱")


def write_sentences(rng: Random, sentences: Sequence[Passage], style: Style) -> list[Passage]:
    """Punctuate clauses as ``style`` does; two statements may end up in one sentence."""
    written: list[Passage] = []
    position = 0
    while position < len(sentences):
        parts: list[Passage | str] = []
        first = sentences[position]
        if rng.random() < style.interjection:
            parts.extend((rng.choice(_INTERJECTIONS), first))
        else:
            parts.append(first)
        position += 1
        if position < len(sentences) and rng.random() < 0.18:
            second = sentences[position]
            if not (_is_closed(first) or _is_closed(second)):
                parts.extend((rng.choice(_JOINTS), second))
                position += 1
        sentence = concatenate(parts)
        ending = "" if _is_closed(sentence) else rng.choice(style.terminators)
        if rng.random() < style.emoji:
            ending += " " + rng.choice(_EMOJI)
        written.append(concatenate((sentence_case(sentence), ending)))
    return [lower_case(s) for s in written] if style.lower_case else written


def set_paragraphs(rng: Random, sentences: Sequence[Passage], *, at_least: int) -> Passage:
    """Join sentences with spaces, with an empty line after every ``at_least`` to twice as many."""
    parts: list[Passage | str] = []
    until_break = rng.randrange(at_least, 2 * at_least)
    for position, sentence in enumerate(sentences):
        if position:
            parts.append("\n\n" if until_break == 0 else " ")
        if until_break == 0:
            until_break = rng.randrange(at_least, 2 * at_least)
        until_break -= 1
        parts.append(sentence)
    return concatenate(parts)


def _is_closed(passage: Passage) -> bool:
    """Whether the clause already ends its sentence, or a link must not be glued to what follows."""
    return passage.text.endswith(("?", "!", ".")) or "http" in passage.text
