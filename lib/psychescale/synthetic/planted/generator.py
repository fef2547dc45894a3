"""Short texts with planted identifiers and their spans, to train and test a tagger.

Half of what is written holds something that only looks like an identifier: eponyms, drugs, scales,
months, brands, capitalized first words. The same arguments give the same texts with the same faker.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from psychescale.synthetic.documents import PiiSpan
from psychescale.synthetic.planted.makers import Makers
from psychescale.synthetic.planted.templates import FORUM, HARD_WORDS, LETTERS, NOTES, PLAIN
from psychescale.synthetic.texts.slot_words import VOCABULARY

_SLOT: Final = re.compile(r"\{(\w+)\}")
_REGISTERS: Final = (FORUM, FORUM, NOTES, LETTERS)
_PLAIN_SHARE: Final = 0.35
_LOWER_SHARE: Final = {True: 0.35, False: 0.05}  # of forum texts and of others: how people type
_UPPER_SHARE: Final = 0.02


@dataclass(frozen=True, slots=True)
class PlantedText:
    """A text and the identifiers in it.

    Attributes:
        text: The text.
        spans: Sorted, without overlaps; labels ``NAME``, ``USER``, ``LOCATION``, ``FACILITY`` and
            ``ADDRESS``.
        template: What the text was made from, for splits that keep wordings apart.
    """

    text: str
    spans: tuple[PiiSpan, ...]
    template: str


def generate_planted(rows: int, *, seed: int) -> Iterator[PlantedText]:
    """Texts of one to three sentences.

    Args:
        rows: How many.
        seed: Of every choice.
    """
    rng = Random(seed)
    makers = Makers(rng)
    for _ in range(rows):
        yield _write(rng, makers)


def _write(rng: Random, makers: Makers) -> PlantedText:
    register = rng.choice(_REGISTERS)
    forum = register is FORUM
    templates = [
        rng.choice(PLAIN if rng.random() < _PLAIN_SHARE else register)
        for _ in range(rng.choice((1, 1, 2, 3)))
    ]
    text, spans = "", []
    for template in templates:
        sentence, found = _fill(template, rng, makers)
        if not text:
            separator = ""
        else:
            separator = rng.choice((". ", ". ", "\n", "! ", ", ") if forum else (". ", ".\n"))
            separator = separator if text[-1] not in ".?!," else " "
        begin = len(text) + len(separator)
        if not forum and not (found and found[0].start == 0):
            sentence = sentence[:1].upper() + sentence[1:]
        text += separator + sentence
        spans += [PiiSpan(s.start + begin, s.end + begin, s.label) for s in found]
    text += rng.choice(("", "", ".")) if text[-1] not in ".?!," else ""
    return PlantedText(_recase(text, rng, forum=forum), tuple(spans), " ".join(templates))


def _fill(template: str, rng: Random, makers: Makers) -> tuple[str, list[PiiSpan]]:
    text, spans, position = "", [], 0
    for match in _SLOT.finditer(template):
        text += template[position : match.start()]
        position = match.end()
        slot = match[1]
        if slot in makers.by_slot:
            label, make = makers.by_slot[slot]
            value = make()
            spans.append(PiiSpan(len(text), len(text) + len(value), label))
        elif slot == "year":
            value = str(rng.randrange(1960, 2025))
        else:
            value = rng.choice(HARD_WORDS.get(slot) or VOCABULARY[slot])
        text += value
    return text + template[position:], spans


def _recase(text: str, rng: Random, *, forum: bool) -> str:
    """Lower or upper case for some texts, unless that would move the spans."""
    draw = rng.random()
    if draw < _UPPER_SHARE:
        changed = text.upper()
    elif draw < _UPPER_SHARE + _LOWER_SHARE[forum]:
        changed = text.lower()
    else:
        return text
    return changed if len(changed) == len(text) else text
