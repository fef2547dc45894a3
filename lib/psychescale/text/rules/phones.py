"""Telephone and fax numbers."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from psychescale.text.findings import Finding, PiiType
from psychescale.text.rules.rule import Recognizer, View, words

DEFAULT_REGIONS: Final = ("US", "GB", "DE", "FR", "ES", "NL", "IT", "AU")
"""Regions whose national way of writing is known; international numbers are found everywhere."""

_EXTENSION: Final = r"(?:\ ?(?:x|ext\.?|extension)\ ?\d{1,6})?"
# North America, the grouping alone is enough: 3-3-4.
_NANP: Final = re.compile(
    r"(?<![^\W_])(?<![.$€£#-])(?:(?:\+|00)?1[ .-]?)?(?:\(\d{3}\)[ .-]?|\d{3}[ .-])\d{3}[ .-]\d{4}"
    rf"{_EXTENSION}(?![^\W_]|[-.]\d)"
)
_INTERNATIONAL: Final = re.compile(
    rf"(?<![\w.$€£#/-])\(?(?:\+|00)[1-9](?:[ .()/-]{{0,2}}\d){{6,14}}+{_EXTENSION}(?![\w])"
)
_NATIONAL: Final = re.compile(
    r"(?<![\w.$€£#/:-])(?:\(0\)\ ?|\(?0)[1-9](?:\)?[ ./()-]{0,2}\d){6,11}+(?![\w/]|[-.,]\d)"
)
_LEADING_ZERO: Final = re.compile(r"0(?<!\d0)\)?\ ?[1-9](?:\)?[ ./()-]{0,2}\d){6}")
_BARE: Final = re.compile(r"[2-9](?<![^\W_].)(?<![.$€£#-].)\d{2}[2-9]\d{6}(?![^\W_]|%|[-.,]\d)")
_LOCAL: Final = re.compile(r"(?<![\w.$€£#/-])555-\d{4}(?![\w/]|[-.]\d)")
_ANY: Final = r"\+?\(?\d(?:[ ./()-]{0,2}\d){5,16}+"
_AFTER_CUE: Final = re.compile(
    r"(?<![^\W_])(?:phone|telephone|tel|cell|cellphone|mobile|mob|ph|fax|whatsapp|pager|landline|hotline"
    r"|call|ring|text|dial|contact|reach|answering|handy|telefon|téléphone|teléfono|telefono|telefone|tlf"
    r"|telefoon|telemóvel|móvil|celular|portable|mobiel|number|signal)"
    r"(?:[ _]?(?:number|no\.?|nr\.?|\#|me|us|him|her|them|numbers|records|back|person))?"
    r"(?:\ (?:at|on|is|to|via|are))*(?:[ :.=,;>\u00b7\t\n\"'(-]{0,4})"
    rf"(?P<x>{_ANY}{_EXTENSION})(?![^\W_]|%|[-.,]\d)"
)
_BEFORE_CUE: Final = re.compile(
    rf"(?<![\w.$€£#/-])(?P<x>{_ANY}{_EXTENSION})\ ?[-(]?\ ?(?:office|fax|mobile|cell|phone|home|work)(?!\w)"  # noqa: E501
)
_OTHER_KIND: Final = re.compile(
    r"(?:\d{3}-\d{2}-\d{4}|(?:19|20)\d{2}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2}))(?!\d)"
)
_NOT_DIGIT: Final = re.compile(r"[^0-9]+")
_SEVEN: Final = re.compile(r"\d(?:[ ./()-]{0,2}\d){6}")
_AFTER_WORDS: Final = words(
    "phone telephone tel cell cellphone mobile mob ph fax whatsapp pager landline hotline call ring text"  # noqa: E501
    " dial contact reach answering handy telefon téléphone teléfono telefono telefone tlf telefoon"
    " telemóvel móvil celular portable mobiel number signal"
)
_BEFORE_WORDS: Final = words("office fax mobile cell phone home work")
_CARD_DIGITS: Final = 16


def _grouped(view: View) -> Iterator[Finding]:
    for match in _NANP.finditer(view.low):
        yield _found(match, "nanp", 0.9)


def _international(view: View) -> Iterator[Finding]:
    if "+" not in view.low and "00" not in view.low:
        return
    for match in _INTERNATIONAL.finditer(view.low):
        if _is_possible(match[0]):
            yield _found(match, "international", 0.9)


def _national(view: View) -> Iterator[Finding]:
    if not _LEADING_ZERO.search(view.low):
        return
    for match in _NATIONAL.finditer(view.low):
        if not _OTHER_KIND.match(match[0]) and _is_national(match[0], DEFAULT_REGIONS):
            yield _found(match, "national", 0.75)


def _bare(view: View) -> Iterator[Finding]:
    for match in _BARE.finditer(view.low):
        if _is_national(match[0], ("US",)):
            yield _found(match, "bare", 0.5)


def _local(view: View) -> Iterator[Finding]:
    for match in _LOCAL.finditer(view.low):
        yield _found(match, "local", 0.7)


def _after_cue(view: View) -> Iterator[Finding]:
    for start, _ in view.spots(_AFTER_WORDS):
        yield from _in_context(_AFTER_CUE.match(view.low, start))


def _before_cue(view: View) -> Iterator[Finding]:
    if _SEVEN.search(view.low):
        for match in _BEFORE_CUE.finditer(view.low):
            yield from _in_context(match)


def _in_context(match: re.Match[str] | None) -> Iterator[Finding]:
    if match is not None:
        n_digits = len(_NOT_DIGIT.sub("", match["x"]))
        if n_digits < _CARD_DIGITS and not _OTHER_KIND.match(match["x"]):
            yield Finding(match.start("x"), match.end("x"), PiiType.PHONE, "rule:phone", 0.8)


def _found(match: re.Match[str], source: str, confidence: float) -> Finding:
    return Finding(match.start(), match.end(), PiiType.PHONE, f"rule:phone_{source}", confidence)


@lru_cache(maxsize=4096)
def _is_possible(number: str) -> bool:
    import phonenumbers  # noqa: PLC0415 - half a second, only where numbers are met

    plain = _NOT_DIGIT.sub("", number).removeprefix("00")
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(f"+{plain}", None))
    except phonenumbers.NumberParseException:
        return False


@lru_cache(maxsize=4096)
def _is_national(number: str, regions: tuple[str, ...]) -> bool:
    import phonenumbers  # noqa: PLC0415

    for region in regions:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(number, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False


RECOGNIZERS: Final = (
    Recognizer("phone_nanp", _grouped, shapes=("000-0000", "000.0000", "000 0000")),
    Recognizer("phone_international", _international, shapes=("+0", "00")),
    Recognizer("phone_national", _national, shapes=("0000", "00 0", "00/0", "00-0", "00)")),
    Recognizer("phone_bare", _bare, shapes=("0000000000",)),
    Recognizer("phone_local", _local, shapes=("000-0000",)),
    Recognizer("phone", _after_cue, _AFTER_WORDS, ("00",)),
    Recognizer("phone_labelled", _before_cue, _BEFORE_WORDS, ("00",)),
)
"""Recognizers of this family."""
