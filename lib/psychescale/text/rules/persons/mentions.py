"""Names that what people do and are to each other gives away: "Hope told me", "tell deepak"."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from psychescale.text.clinical.terms import clinical_spans, is_clinical_word, is_eponym
from psychescale.text.common_words import is_common
from psychescale.text.findings import Finding
from psychescale.text.rules.cities import CITIES, NOT_A_TOWN
from psychescale.text.rules.dates import MONTHS
from psychescale.text.rules.letters import LOWER, TITLED, UPPER
from psychescale.text.rules.lexicon import AMBIGUOUS, clear_first_names, first_names
from psychescale.text.rules.rule import Recognizer, View, name_found, words

_DOES: Final = words(
    "told said says asked asks called calls texted texts cried cries laughed smiled yelled screamed shouted"  # noqa: E501
    " hugged kissed left came comes went wants wanted thinks thought knows knew loves loved hates hated"
    " reports reported denies denied endorses endorsed states stated presents presented attended brought"  # noqa: E501
    " died passed moved lives lived works worked helped visited replied answered insisted promised lied"
    " cheated messaged emailed drove picked dropped sat stood walked stayed slept woke apologized apologised"  # noqa: E501
    " admitted agreed met married divorced dumped ghosted blocked hit hurt raped abused touched grabbed"
    " pushed gave took made sent wrote read bought paid got invited suggested recommended refused"
    " feels felt seems seemed looked looks is was has had does did doesn didn isn wasn won"
)
# After "is" or "was" a name that is a word needs more: "Grace is my sister", not "Hope is lost".
_WEAK_DOES: Final = words(
    "is was has had does did seems seemed looked looks feels felt made got won hit read"
)
_NAME_VERB: Final = re.compile(
    rf"(?P<x>{TITLED})(?:\ (?:also|just|then|never|always|still|finally|later|once))?\ (?P<verb>[a-z]+)"
)
_KIN: Final = (
    "wife husband mother mom mum father dad parents parent son daughter sister brother partner boyfriend"  # noqa: E501
    " girlfriend fiancé fiancée family friend therapist psychiatrist doctor nurse teacher boss room chart"  # noqa: E501
    " house place car phone birthday funeral death wedding mood grandmother grandfather aunt uncle cousin"  # noqa: E501
    " roommate ex school care file case caseworker lawyer attorney probation sponsor"
)
_POSSESSIVE: Final = re.compile(
    rf"(?<![\w'-])(?P<x>{TITLED}(?:-{TITLED})?(?:\ {TITLED})?)(?:'s|s'|')\ (?:\w{{2,12}}\ )?(?:{'|'.join(_KIN.split())})(?!\w)"  # noqa: E501
)
_TOLD: Final = words(
    "tell told telling ask asked asking miss missed missing love loved hate hated call called text texted"  # noqa: E501
    " texting met meet meeting dating dated with and saw seeing visited visit married marry dumped blocked"  # noqa: E501
    " lost hugged kissed trust forgive forgave from for to sorry bye goodbye hi hey hello dear thanks"
    " thank love rip like about by thx ty than named know knew see"
)
_SMALL: Final = re.compile(r"[a-z]+(?:-[a-z]+)?")
_MIN_SMALL: Final = 4
_I_AM: Final = re.compile(
    rf"(?i:am|m|im|is|name's|me)\ (?P<x>{TITLED})(?=\ (?:and|from|here|but|i|i'm|your|one|a|the|\d)(?!\w)|[.,!?\n]|\Z)"  # noqa: E501
)
_PRESENTING: Final = words("am m im is me")
_ADJECTIVE: Final = re.compile(
    r".*(?:an|ish|ese|ic|ist|al|ar|ous|ive|ed|ing|less|ful|able|ent|ant|ly|y|in|er|or|ian)"
)
# Family names that come first, with and without their marks; short ones that are words of English are
# left out.
_FAMILY: Final = words(
    "nguyen tran pham huynh hoang phan dang bui ngo duong truong dinh trinh vuong luong nguyễn trần phạm"  # noqa: E501
    " huỳnh hoàng đặng bùi ngô dương trương đinh trịnh vương lương đỗ hồ vũ võ lê lý"
    " kwon choi jeong hwang zhang huang zhao zhou zheng jiang xiao xie liang"
)
_EASTERN: Final = re.compile(
    rf"[{UPPER}][{LOWER}]{{1,7}}(?P<given>(?:\ [{UPPER}][{LOWER}]{{1,9}}(?:-[{LOWER}{UPPER}]+)?){{1,3}})(?!\w)"  # noqa: E501
)


def _doing(view: View) -> Iterator[Finding]:
    """A first name that is a word as well, before what a person does."""
    for start, _ in view.spots(view.names & AMBIGUOUS):
        match = _NAME_VERB.match(view.text, start)
        if match is None or match["x"].lower() not in AMBIGUOUS or match["verb"] in _WEAK_DOES:
            continue
        if match["verb"] in _DOES and match["x"].lower() not in _PLACES:
            yield name_found(start, match.end("x"), "doing", 0.6)


_PLACES: Final = NOT_A_TOWN - MONTHS


def _told(view: View) -> Iterator[Finding]:
    """The same after what is done to a person: "called Bill", "I love Grace"."""
    for start, end in view.spots(view.names & AMBIGUOUS):
        if (
            view.text[start].isupper()
            and view.text[start + 1 : end].islower()
            and view.low[end : end + 1] != "-"
        ):
            before = view.low[max(0, start - 12) : start].split()
            if before and before[-1] in _TOLD_WHOM and view.low[start:end] not in _NOT_TOLD:
                yield name_found(start, end, "told", 0.55)


_TOLD_WHOM: Final = words(
    "tell told ask asked texted texting text called met married dating dated hugged kissed love loved miss missed"  # noqa: E501
    " hate hated forgive forgave dumped blocked thank thanked named says said call calls calling contact see saw"  # noqa: E501
    " visit visits visited email emailed"
)
_SEASONS: Final = words(
    "summer autumn winter spring christian german roman indie santa heaven love peace"
)


_NOT_TOLD: Final = _PLACES | _SEASONS


def _possessive(view: View) -> Iterator[Finding]:
    """Whose mother, whose room: ``Ji-Soo's mother``."""
    if "'" not in view.text:
        return
    for match in _POSSESSIVE.finditer(view.text):
        start, value = match.start("x"), match["x"]
        parts = value.split(" ")
        while parts and _is_word(parts[0]):
            start += len(parts[0]) + 1
            parts = parts[1:]
        if (
            parts
            and not clinical_spans(" ".join(parts))
            and not is_eponym(view.low, start, match.end("x"))
        ):
            yield name_found(start, match.end("x"), "possessive", 0.65)


def _is_word(word: str) -> bool:
    low = word.lower()
    return low not in clear_first_names() and (
        is_common(low)
        or low in NOT_A_TOWN
        or low in CITIES
        or low in _CALENDAR
        or is_clinical_word(low)
    )


_CALENDAR: Final = words(
    "today yesterday tomorrow tonight everyone everybody someone somebody nobody anyone women men children"  # noqa: E501
    " god mother father mom mum dad grandma grandpa brother sister"
)


def _small(view: View) -> Iterator[Finding]:
    """Names in small letters after what introduces them: "tell deepak", "i miss you oluwaseun"."""
    for start, end in view.spots(view.names & _clear_small()):
        if not view.text[start].islower() or end - start < _MIN_SMALL:
            continue
        if (
            view.low[end : end + 1] in {"_", "@", "/", "."}
            and view.low[end + 1 : end + 2].isalnum()
        ):
            continue
        if start and view.low[start - 1] in "@#/_.-":
            continue
        if _is_told(view.low, start) or _acts(view.low, end):
            yield name_found(start, end, "small", 0.6)


def _is_told(low: str, start: int) -> bool:
    before = low[max(0, start - 24) : start].split()
    told = [word.strip(",.!\"'") for word in before[-2:]]
    return bool(told) and (
        told[-1] in _TOLD or (told[-1] in {"you", "u", "my"} and told[0] in _TOLD)
    )


def _acts(low: str, end: int) -> bool:
    match = _VERB.match(low, end)
    return match is not None and match["verb"] in _DOES


_VERB: Final = re.compile(
    r"\ (?:(?:also|just|then|never|always|still|finally|later|once|only|even|really|already)\ )?(?P<verb>[a-z]+)"  # noqa: E501
)


@cache
def _clear_small() -> frozenset[str]:
    return frozenset(
        name
        for name in clear_first_names() - CITIES
        if len(name) >= _MIN_SMALL and not (is_common(name) or is_clinical_word(name))
    )


def _presented(view: View) -> Iterator[Finding]:
    """Who somebody is, as in "I am Tunde", where the word is nothing else that a person can be."""
    for start, end in view.spots(_PRESENTING):
        match = _I_AM.match(view.text, start) if view.text[end + 1 : end + 2].isupper() else None
        if match is None:
            continue
        low = match["x"].lower()
        known = low in first_names()
        if known or not (_is_word(low) or _ADJECTIVE.fullmatch(low) or clinical_spans(match["x"])):
            yield name_found(match.start("x"), match.end("x"), "presented", 0.6)


def _eastern(view: View) -> Iterator[Finding]:
    """A family name, then given ones: "Nguyễn Thị Hạnh"."""
    for start, _ in view.spots(_FAMILY):
        match = _EASTERN.match(view.text, start)
        if match is None:
            continue
        end, given = match.end(), match["given"].split()
        while given and (is_common(given[-1].lower()) or clinical_spans(given[-1])):
            end -= len(given.pop()) + 1
        if given:
            yield name_found(start, end, "eastern", 0.7)


RECOGNIZERS: Final = (
    Recognizer("doing", _doing, _DOES, ("Aa",), named=True),
    Recognizer("told", _told, _TOLD_WHOM, (" Aa",), named=True),
    Recognizer("possessive", _possessive, words(_KIN), ("a'", "A'")),
    Recognizer("small", _small, named=True),
    Recognizer("presented", _presented, _PRESENTING, (" Aa",)),
    Recognizer("eastern", _eastern, _FAMILY),
)
"""Recognizers of this family."""
