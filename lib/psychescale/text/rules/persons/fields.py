"""Names where a layout puts them: fields of forms, inverted names, signatures, speakers, other scripts."""  # noqa: E501

import re
from collections.abc import Iterator
from typing import Final

from psychescale.text.clinical.terms import clinical_spans
from psychescale.text.common_words import is_common
from psychescale.text.findings import Finding
from psychescale.text.rules.letters import CAPITAL, LOWER, UPPER
from psychescale.text.rules.lexicon import clear_first_names, first_names, surnames
from psychescale.text.rules.rule import Recognizer, View, name_found, words

# "n[ar]r?ne" is what a scanner makes of "name".
_FIELD: Final = re.compile(
    r"(?:(?:patient|pt|client|resident|member|subscriber|insured|guarantor|guardian|contact|emergency\ contact"  # noqa: E501
    r"|next\ of\ kin|nok|mother|father|spouse|partner|parent|caregiver|carer|attending|physician|provider|doctor"  # noqa: E501
    r"|pcp|gp|therapist|counsell?or|psychiatrist|psychologist|nurse|rn|case\ manager|social\ worker|keyworker"  # noqa: E501
    r"|care\ coordinator|care\ co-ordinator|consultant|referrer|referring\ (?:provider|physician)|author|staff"  # noqa: E501
    r"|supervisor|interpreter|witness|informant|accompanied\ by|full|first|last|middle|maiden|family|given|legal"  # noqa: E501
    r"|preferred|user|account|employee|student|parent)(?:'s)?[ _]?(?:'s\ )?(?:full\ |legal\ |preferred\ )?)?"  # noqa: E501
    r"(?:names?|narne|nane|surname|forename|patient|pt|client|nok|next\ of\ kin|emergency\ contact|attending"  # noqa: E501
    r"|provider|pcp|gp|therapist|counsell?or|psychiatrist|psychologist|case\ manager|social\ worker|keyworker"  # noqa: E501
    r"|care\ coordinator|care\ co-ordinator|consultant|author|dictated\ by|transcribed\ by|cc|carer|caregiver"  # noqa: E501
    r"|signed|signed\ by|electronically\ signed\ by|reviewed\ by|entered\ by|completed\ by|witness|facilitator"  # noqa: E501
    r"|nombre|paciente|nom|prénom|patiente|naam|patiënt|nome|nachname|vorname|versicherter|patientin|utente)"
    r"[\"']?(?:\ ?[:=]|\t)[ \t]?[\"']?\n?"
)
_FIELD_WORDS: Final = words(
    "name names narne nane surname forename patient pt client nok kin contact attending provider pcp gp"
    " therapist counselor counsellor psychiatrist psychologist manager worker keyworker coordinator"
    " ordinator consultant author by cc carer caregiver signed witness facilitator nombre paciente nom"
    " prénom patiente naam patiënt nome nachname vorname versicherter patientin utente"
)
_CAP: Final = rf"(?:{CAPITAL}|[{UPPER}]\.?(?![\w]))"
_LOW: Final = rf"(?:van|von|de|der|den|del|da|di|la|le|al|el|bin|dos|du|ter|{CAPITAL})"
_VALUE: Final = re.compile(
    rf"(?:(?:Dr|Mr|Mrs|Ms|Prof|Miss)\.?\ )?(?P<x>{CAPITAL},\ ?{_CAP}(?:\ {_CAP}){{0,2}}"
    rf"|(?:[{UPPER}]\.\ ?){{2,3}}(?!\w)|{_CAP}(?:[ -](?:{_LOW}\ ){{0,2}}{_CAP}){{0,3}})"
)
_SMALL: Final = re.compile(
    r"(?P<x>[^\W\d_]{2,20}(?:\ [^\W\d_]{2,20}){0,2})(?=\s*(?:[,;\n\t\"'}]|\Z))"
)
_INVERTED: Final = re.compile(
    rf"(?<![\w'.-])(?P<last>[{UPPER}]{{2,24}}(?:['-][{UPPER}]{{2,24}})?),\ ?(?P<first>[{UPPER}]{{2,24}})(?:\ [{UPPER}](?![\w]))?"  # noqa: E501
    r"(?![\w'-])"
)
_SIGNATURE: Final = re.compile(
    r"\n\ ?(?:[-~*]{1,3}|xo+x?o?|love|yours|best|thanks|cheers)[,!]?[ \n]{0,2}(?P<x>[^\W\d_]{2,16}(?:\ [^\W\d_]{1,16})?)[.! ]{0,2}\s*\Z",  # noqa: E501
    re.IGNORECASE,
)
_SPEAKER: Final = re.compile(rf"^(?P<x>{CAPITAL}(?:\ {_CAP})?):(?=[ \n])(?!\ \d+/)", re.MULTILINE)
_BRACKETED: Final = re.compile(rf"\[(?P<x>{CAPITAL}(?:\ {_CAP})?)\]")
_INITIALLED: Final = re.compile(
    rf"(?<![\w.])(?P<x>[{UPPER}]\.(?:[ -]?[{UPPER}]\.)?\ (?P<last>[{UPPER}](?:['.][{UPPER}])?[{LOWER}]{{2,}}(?:-[{UPPER}][{LOWER}]+)?))(?!\w)"  # noqa: E501
)
# A patient, or "my name is", in scripts and languages without a rule of their own.
_FOREIGN: Final = re.compile(
    r"(?:المريضة|المريض|اسمي|الدكتورة|الدكتور|السيدة|السيد)\s:?\s?(?P<ar>[\u0621-\u064a]{2,12}(?:\s[\u0621-\u064a]{2,12})??(?=\s|[.,،:]|\Z))"
    r"|(?:患者|病人|我叫|我是|姓名)[:：]?\s?(?P<zh>[\u4e00-\u9fff]{2,3}?(?=[,，。、:：\s\d]|\Z|今|在|的|说|昨|因|于|有|服|被|想|已))"
    r"|(?P<ja>[\u4e00-\u9fff\u3040-\u30ff]{1,6})(?:さん|様|先生|氏)"
    r"|(?P<ko>[가-힣]{2,4})(?:\s?씨|\s?님|\s환자)"
    r"|(?:[Пп]ациент(?:ка|у|ки)?|[Бб]ольн(?:ой|ая)|[Мм]еня\ зовут|[Дд]октор|[Пп]ацієнт(?:ка)?)\ (?P<ru>[А-ЯЁІЇЄ][а-яёіїє]+(?:\ [А-ЯЁІЇЄ][а-яёіїє]+){0,2})"  # noqa: E501
    r"|(?:ο\ ασθενής|η\ ασθενής|με\ λένε)\ (?P<el>[Α-ΩΆ-Ώ][α-ωά-ώ]+(?:\ [Α-ΩΆ-Ώ][α-ωά-ώ]+)?)"
    r"|(?:מטופלת?|קוראים\ לי|החולה)\ (?P<he>[א-ת]{2,10}(?:\ [א-ת]{2,10})?)"
    r"|(?:मरीज़?|रोगी|श्रीमती|श्री|मेरा\ नाम)\ (?P<hi>[\u0900-\u097f]{2,14}(?:\ [\u0900-\u097f]{2,14})??(?=\s|[।.,]|\Z))"  # noqa: E501
)
_FOREIGN_LETTER: Final = re.compile(
    r"[\u0370-\u03ff\u0400-\u052f\u0590-\u06ff\u0900-\u097f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]"
)
_BLOCKED: Final = words(
    "unknown none same self see per not no yes na n/a not pending tbd the a an and or with on in is was has"  # noqa: E501
    " seen here today id mrn dob date age sex male female he she they it to for of"
)


_INITIALS: Final = re.compile(
    r"(?:pt|patient|client|resident)\.?:?\ (?P<x>(?:[a-z]\.\ ?){2,3})(?=[ ,;:)]|\Z)", re.IGNORECASE
)


def _is_name(value: str) -> bool:
    """Whether a field's value can be a name: words, none of them a term, the first no common word."""
    first = re.split(r"[ ,]", value)[0].lower()
    if first in _BLOCKED or clinical_spans(value):
        return False
    return first in first_names() or first in surnames() or not is_common(first)


def _fields(view: View) -> Iterator[Finding]:
    for spot, _ in view.spots(_FIELD_WORDS):
        label = _FIELD.match(view.low, spot)
        if label is None:
            continue
        value = _VALUE.match(view.text, label.end())
        if value is not None:
            end = _end_of_value(view.text, value)
            if end > value.start("x") and _is_name(view.text[value.start("x") : end]):
                yield name_found(value.start(), end, "labelled", 0.85)
        else:
            small = _SMALL.match(view.low, label.end())
            if small is not None and small["x"].split(" ")[0] in first_names():
                yield name_found(small.start("x"), small.end("x"), "labelled", 0.7)


def _end_of_value(text: str, value: re.Match[str]) -> int:
    """End of the name before what is a label of the next field or a term: "CHIDI M ROOM:12"."""
    end = value.end("x")
    while True:
        words_ = text[value.start("x") : end].split(" ")
        last = words_[-1].strip(".,")
        ends_label = text[end : end + 1] in {":", "#", "="} or last.lower() in _BLOCKED
        if len(words_) == 1 or not (ends_label or (len(last) > 1 and clinical_spans(last))):
            return value.start("x") if ends_label else end
        end -= len(words_[-1]) + 1


def _initials(view: View) -> Iterator[Finding]:
    """Initials after who it is: "Pt M.K. seen"."""
    for spot, _ in view.spots(_PATIENT):
        match = _INITIALS.match(view.text, spot)
        if match is not None:
            yield name_found(
                match.start("x"), match.start("x") + len(match["x"].rstrip()), "labelled", 0.8
            )


_PATIENT: Final = words("pt patient client resident")


def _inverted(view: View) -> Iterator[Finding]:
    for match in _INVERTED.finditer(view.text):
        last, first = match["last"].lower(), match["first"].lower()
        known = first in first_names() and not clinical_spans(match["first"])
        if known and (last in surnames() or (first in clear_first_names() and not is_common(last))):
            yield name_found(match.start(), match.end(), "inverted", 0.75)


def _signatures(view: View) -> Iterator[Finding]:
    match = _SIGNATURE.search(view.text, max(0, len(view.text) - 60))
    if match is not None:
        first = match["x"].split(" ")[0].lower()
        if first in first_names() or not (is_common(first) or clinical_spans(match["x"])):
            yield name_found(match.start("x"), match.end("x"), "signature", 0.7)


def _speakers(view: View) -> Iterator[Finding]:
    for pattern in (_SPEAKER, _BRACKETED) if "[" in view.text else (_SPEAKER,):
        for match in pattern.finditer(view.text):
            first = match["x"].split(" ")[0].lower()
            if first in view.names and not clinical_spans(match["x"]) and not is_common(first):
                yield name_found(match.start("x"), match.end("x"), "speaker", 0.7)


def _initialled(view: View) -> Iterator[Finding]:
    for match in _INITIALLED.finditer(view.text):
        last = match["last"].lower()
        if last in surnames() or not (is_common(last) or clinical_spans(match["last"])):
            yield name_found(match.start("x"), match.end("x"), "initialled", 0.6)


def _foreign(view: View) -> Iterator[Finding]:
    if _FOREIGN_LETTER.search(view.text):
        for match in _FOREIGN.finditer(view.text):
            group = str(match.lastgroup)
            yield name_found(match.start(group), match.end(group), "foreign", 0.6)


RECOGNIZERS: Final = (
    Recognizer("labelled", _fields, _FIELD_WORDS, (":", "=", "\t")),
    Recognizer("initials", _initials, _PATIENT, ("A.A", "A. A")),
    Recognizer("inverted", _inverted, shapes=("AA,A", "AA, A")),
    Recognizer("signature", _signatures, shapes=("\n",)),
    Recognizer("speaker", _speakers, shapes=("a:", "A:", "A]", "a]"), named=True),
    Recognizer("initialled", _initialled, shapes=("A. A",)),
    Recognizer("foreign", _foreign, foreign=True),
)
"""Recognizers of this family."""
