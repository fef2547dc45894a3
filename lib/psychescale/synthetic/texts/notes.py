"""Clinical notes: a header of identifiers, headings, a plan."""

from collections.abc import Sequence
from random import Random
from typing import Final

from psychescale.synthetic.texts.note_clauses import (
    FILLER,
    IDENTIFYING,
    IDENTIFYING_BY_LABEL,
    PAIRS,
    PLAN,
    REALIZATIONS,
    SHORT,
    SHORT_FILLER,
)
from psychescale.synthetic.texts.rendering import (
    Passage,
    Register,
    Style,
    concatenate,
    realize,
    sentence_case,
)

_HEADERS: Final[tuple[str, ...]] = (
    "MRN: {mrn}\nDate: {date}\n",
    "Pt: {name}  MRN {mrn}  Seen {date}\n",
    "{date} - Clinic note - Dr. {surname}\n",
    "Name: {name}\nDOB: {birthday}\nTel: {phone}\n",
    "MRN {mrn}, {name}, {address}\n",
    "Date: {date}. Tel review, {phone}.\n",
)

_PLAIN_HEADERS: Final = ("", "", "Clinic note\n", "Tel review\n", "Progress note\n")
_HEADINGS: Final = ("Hx: ", "Social: ", "Obs: ", "Impression: ", "Discussion: ", "Update: ")


def _arrange(rng: Random, sentences: Sequence[Passage], _style: Style, identified: bool) -> Passage:
    """Put a header over the sentences, a heading before every few, and a plan at the end."""
    parts: list[Passage | str] = []
    if len(sentences) > 1:
        header = rng.choice(_HEADERS if identified else _PLAIN_HEADERS)
        parts.append(realize(header, rng))
    headings = len(sentences) > 2
    left_in_section = 0
    section = 0
    for position, sentence in enumerate(sentences):
        if left_in_section == 0:
            if position:
                parts.append("\n")
            if headings:
                parts.append(_HEADINGS[min(section, len(_HEADINGS) - 1)])
            left_in_section = rng.randrange(2, 5) if section < 4 else rng.randrange(5, 12)
            section += 1
        else:
            parts.append(" ")
        parts.extend((sentence_case(sentence), "" if sentence.text.endswith('"') else "."))
        left_in_section -= 1
    if headings:
        parts.extend(("\nPlan: ", sentence_case(realize(rng.choice(PLAN), rng)), "."))
    return concatenate(parts)


NOTES: Final = Register(
    source="notes",
    realizations=REALIZATIONS,
    pairs=PAIRS,
    filler=FILLER,
    short=SHORT,
    short_filler=SHORT_FILLER,
    identifying=IDENTIFYING,
    identifying_by_label=IDENTIFYING_BY_LABEL,
    styles=(Style(),),
    arrange=_arrange,
)
