"""Forum posts: casual, at times in lower case and misspelled, with handles, links and emoji."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from psychescale.synthetic.features import FAMILY, QUESTION, THANKS, WORK
from psychescale.synthetic.texts.everyday import EVERYDAY, EVERYDAY_SHORT
from psychescale.synthetic.texts.filler import FILLER, FORUM_FILLER, SHORT_FILLER
from psychescale.synthetic.texts.pairs import EVERYDAY_PAIRS
from psychescale.synthetic.texts.prose import set_paragraphs, write_sentences
from psychescale.synthetic.texts.rendering import (
    Passage,
    Register,
    Style,
    concatenate,
    lower_case,
    realize,
)

_IDENTIFYING: Final[tuple[str, ...]] = (
    "{user} wrote something similar {when}",
    "{user} has a good post about {topic}",
    "I agree with {mention} on {topic}",
    "{mention} said {topic} is {feel}",
    "send me a message at {email} if you like {hobby}",
    "you can reach me on {phone} after {clock}",
    "my friend {name} is {mood} about {thing}",
    "my name is {name}, by the way",
    "I moved to {address} {when}",
    "the appointment with Dr. {surname} is on {date}",
    "my landlord {name} lives at {address}",
    "{thing} is on {date} and I am {mood}",
    "my friend {name} lives at {address} with {few} {pets}",
    "{name} from the {shop} told me about {topic}",
    "the book club meets at {address} on {date}",
    "write to {email} for the list of {shop} recipes",
    "call {name} on {phone} about the {furniture}, it is free",
    "I saw {mention} and {user} argue about {food}",
)

_IDENTIFYING_BY_LABEL: Final[Mapping[str, tuple[str, ...]]] = {
    FAMILY: ("my cousin {name} called about {topic} {when}", "my cousin {name} lives at {address}"),
    WORK: ("my boss {name} said the {paper} was {feel}", "my colleague {name} brought {food}"),
    THANKS: ("thank you {mention} for {good}", "thanks to {name} for {good}"),
    QUESTION: ("has anyone talked to {user} about {topic}?", "is {mention} okay?"),
}

_OPENERS: Final = (
    "hi all,",
    "hey everyone,",
    "Long time lurker here.",
    "small rant ahead.",
    "Not sure where to put this.",
    "hello from a {weather} {weekday}.",
    "Okay, here goes.",
    "{weekday} thoughts:",
    "so, a few things.",
    "First post here, I am {mood}.",
)
_CLOSERS: Final = (
    "Anyway, that is all from me.",
    "tl;dr: {topic} is {feel}.",
    "Edit: fixed a few words.",
    "Ok, enough about {topic}.",
    "Have a good {weekday}, everyone.",
    "That's it, carry on.",
    "I'll stop here, {food} is waiting.",
)

_STYLES: Final = (
    Style(emoji=0.03, interjection=0.08, terminators=(".", ".", ".", "!")),
    Style(emoji=0.10, interjection=0.15, misspelling=0.02, terminators=(".", ".", "!", "...")),
    Style(lower_case=True, interjection=0.2, misspelling=0.04, terminators=(".", ".", "...")),
    Style(
        lower_case=True,
        emoji=0.15,
        interjection=0.2,
        misspelling=0.08,
        terminators=("", "...", "."),
    ),
)


def _arrange(rng: Random, sentences: Sequence[Passage], style: Style, identified: bool) -> Passage:
    """An opener and a closer around longer posts, paragraphs in between."""
    opener: Passage | None = None
    closer: Passage | None = None
    if len(sentences) > 2:
        if rng.random() < 0.35:
            opener = realize(rng.choice(_OPENERS), rng)
        if identified and rng.random() < 0.2:
            closer = concatenate(("\n", realize("- {name}", rng)))
        elif rng.random() < 0.2:
            closer = concatenate((" ", realize(rng.choice(_CLOSERS), rng)))
    body = set_paragraphs(rng, write_sentences(rng, sentences, style), at_least=4)
    parts: list[Passage | str] = [body]
    if opener:
        parts[:0] = [lower_case(opener) if style.lower_case else opener, " "]
    if closer:
        parts.append(lower_case(closer) if style.lower_case else closer)
    return concatenate(parts)


FORUM: Final = Register(
    source="forum",
    realizations=EVERYDAY,
    pairs=EVERYDAY_PAIRS,
    filler=FILLER + FORUM_FILLER,
    short=EVERYDAY_SHORT,
    short_filler=SHORT_FILLER,
    identifying=_IDENTIFYING,
    identifying_by_label=_IDENTIFYING_BY_LABEL,
    styles=_STYLES,
    arrange=_arrange,
)
