"""Survey answers: short free text under a question that was asked."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from psychescale.synthetic.features import (
    BODY,
    CHANGE,
    EXERCISE,
    FAMILY,
    QUESTION,
    SLEEP,
    THANKS,
    WORK,
)
from psychescale.synthetic.texts.everyday import EVERYDAY, EVERYDAY_SHORT
from psychescale.synthetic.texts.filler import FILLER, SHORT_FILLER
from psychescale.synthetic.texts.pairs import EVERYDAY_PAIRS
from psychescale.synthetic.texts.prose import write_sentences
from psychescale.synthetic.texts.rendering import (
    Passage,
    Register,
    Style,
    concatenate,
    lower_case,
    realize,
)

QUESTIONS: Final[tuple[tuple[str, str | None], ...]] = (
    ("How did you sleep over the last two weeks?", SLEEP),
    ("How have things been at work or in your studies?", WORK),
    ("What takes up most of your energy on a weekday?", WORK),
    ("Who do you spend your free time with?", FAMILY),
    ("Is there anything you would like to ask us?", QUESTION),
    ("What was helpful about this programme?", THANKS),
    ("What, if anything, is different from when you started?", CHANGE),
    ("Did you notice any physical tension this week?", BODY),
    ("How active were you this week?", EXERCISE),
    ("How was your week?", None),
    ("What went well, and what did not?", None),
    ("Is there anything else you would like to tell us?", None),
)
"""Question asked, and the feature that answers tend to have (they need not)."""

_IDENTIFYING: Final[tuple[str, ...]] = (
    "please contact me at {email}",
    "my number is {phone}, best after {clock}",
    "{name} at the front desk was {kind}",
    "I saw Dr. {surname} on {date}",
    "my participant letter went to {address}, which is wrong",
    "my name is {name} and I started on {date}",
    "the session on {date} was {very} {feel}",
    "I live at {address} and the {transport} is {feel}",
    "my friend {name} filled this in too",
    "send the results to {email}",
)

_IDENTIFYING_BY_LABEL: Final[Mapping[str, tuple[str, ...]]] = {
    FAMILY: ("my cousin {name} came along on {date}",),
    WORK: ("my manager {name} did not like the {paper}",),
    THANKS: ("thanks to {name} for {good}", "I am grateful to Dr. {surname}"),
    QUESTION: ("can you call me on {phone}?", "is Dr. {surname} there on {date}?"),
}

_STYLES: Final = (
    Style(),
    Style(terminators=(".", ".", "!")),
    Style(lower_case=True, terminators=(".",)),
    Style(lower_case=True, misspelling=0.04, interjection=0.05, terminators=(".", ".", "...")),
)


def _arrange(rng: Random, sentences: Sequence[Passage], style: Style, identified: bool) -> Passage:
    """One paragraph, or a list of dashes; sometimes signed."""
    written = write_sentences(rng, sentences, style)
    dashes = len(written) > 1 and rng.random() < 0.12
    parts: list[Passage | str] = []
    for position, sentence in enumerate(written):
        if dashes:
            parts.append("\n- " if position else "- ")
        elif position:
            parts.append(" ")
        parts.append(sentence)
    if identified and len(sentences) > 1 and rng.random() < 0.15:
        signature = realize("\n({name})", rng)
        parts.append(lower_case(signature) if style.lower_case else signature)
    return concatenate(parts)


SURVEY: Final = Register(
    source="survey",
    realizations=EVERYDAY,
    pairs=EVERYDAY_PAIRS,
    filler=FILLER,
    short=EVERYDAY_SHORT,
    short_filler=SHORT_FILLER,
    identifying=_IDENTIFYING,
    identifying_by_label=_IDENTIFYING_BY_LABEL,
    styles=_STYLES,
    arrange=_arrange,
)
