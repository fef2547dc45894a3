"""Takes back findings that are no identifiers: drugs, eponyms, scores, crisis lines.

Rules and taggers find too much on purpose. What stays clinical must stay readable: a finding goes
where all of its words are terms of `terms`, and is cut where its edges are.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from psychescale.text.clinical.terms import clinical_spans, is_eponym, scales, terms
from psychescale.text.common_words import is_common
from psychescale.text.findings import Finding, PiiType
from psychescale.text.rules.lexicon import AMBIGUOUS, first_names, surnames

_NAMED: Final = frozenset({PiiType.NAME, PiiType.LOCATION})
_WORDED: Final = _NAMED | {PiiType.FACILITY}
_MODELLED: Final = _WORDED | {PiiType.ADDRESS, PiiType.USER}
_NUMBERED: Final = frozenset(
    {
        PiiType.PHONE, PiiType.RECORD, PiiType.ACCOUNT, PiiType.OTHER_ID, PiiType.ZIP, PiiType.DATE,
        PiiType.LICENSE, PiiType.DEVICE, PiiType.VEHICLE, PiiType.AGE, PiiType.ADDRESS,
        PiiType.NATIONAL_ID, PiiType.USER, PiiType.NAME, PiiType.LOCATION, PiiType.FACILITY,
    }
)  # fmt: skip
_SURE: Final = ("rule:title", "rule:labelled", "rule:suffix")
_REACH: Final = 40
_LONGEST_VALUE: Final = 6  # digits of a value of the laboratory; "HR 555 0123" is an office
# Between a scale and its numbers: "CIWA scores today were 10/12/14", "BP (sitting): 120/80".
_FILLER: Final = frozenset(
    [
        "score",
        "scores",
        "scored",
        "total",
        "totals",
        "was",
        "were",
        "is",
        "are",
        "of",
        "at",
        "now",
        "today",
        "remains",
        "remained",
        "stable",
        "down",
        "up",
        "to",
        "from",
        "fell",
        "rose",
        "improved",
        "worsened",
        "about",
        "around",
        "approx",
        "sitting",
        "standing",
        "lying",
        "supine",
        "left",
        "right",
        "baseline",
        "currently",
        "repeat",
        "repeated",
        "last",
        "code",
        "codes",
        "level",
        "levels",
        "value",
        "values",
        "reading",
        "readings",
    ]
)
_TOKEN: Final = re.compile(r"[a-z0-9][a-z0-9&/₂-]*")
_LEFT_OUT: Final = re.compile(r"[.;!?\n]\s|\n")
_NUMBER: Final = re.compile(r"[\d /.,x%^-]+")
_SHORT_DATE: Final = re.compile(r"\d{1,2}([/.-])\d{1,2}(?:\1\d{2})?")
_UNIT_AFTER: Final = re.compile(
    r"\ ?(?:mg|mcg|µg|ug|ml|kg|mmhg|bpm|iu|units?|meq|mmol|nmol|ng|g|/hr|/min|%|x\ ?10|cells?|copies"
    r"|weeks?|wks?|hours?|hrs?|days?|times|pts|points)(?![^\W_])"
)
_HOST: Final = re.compile(r"(?:[a-z]+://|www\.|.*@)*(?:www\.)?([a-z0-9.-]+)", re.DOTALL)
_NOT_DIGIT: Final = re.compile(r"[^0-9]+")
_COUNTRY: Final = ("1", "44", "49", "33", "34", "31", "41", "43", "61", "64", "353")


def keep_clinical(findings: Iterable[Finding], text: str, low: str) -> list[Finding]:
    """`findings` without, or cut to less than, what is clinical or everyone's.

    Args:
        findings: Spans in `text`, of rules and taggers alike.
        text: Normalized and folded.
        low: `text` in small letters.
    """
    return [part for finding in findings for part in _parts(finding, text, low)]


def _parts(finding: Finding, text: str, low: str) -> Iterator[Finding]:
    value = text[finding.start : finding.end]
    modelled = finding.source.startswith("model:")
    called = finding.type is PiiType.PHONE or (modelled and _NUMBER.fullmatch(value))
    if called and is_crisis_line(value):
        return
    if finding.type in {PiiType.URL, PiiType.EMAIL} and _is_public(value.lower()):
        return
    if finding.type in _NUMBERED and _is_measured(finding, low):
        return
    if finding.type in (_MODELLED if modelled else _NAMED) and finding.source not in _SURE:
        for part in _without_terms(finding, text, low, cut=modelled):
            if not (modelled and _is_said(part, text)):
                yield part
    else:
        yield finding


def _without_terms(finding: Finding, text: str, low: str, *, cut: bool) -> Iterator[Finding]:
    """What of a name is no term: nothing, all, or the middle where terms stand at its edges."""
    start, end = finding.start, finding.end
    if is_eponym(low, start, end) or (cut and _is_part_of_term(text, start, end)):
        return
    spans = clinical_spans(text[start:end])
    if not spans:
        yield finding
        return
    left, right = 0, end - start
    for first, last in spans:
        if not _lettered(text[start + left : start + first]):
            left = last
    for first, last in reversed(spans):
        if first >= left and not _lettered(text[start + last : start + right]):
            right = first
    if left < right and _lettered(text[start + left : start + right]):
        if not cut:
            yield finding
            return
        value = text[start + left : start + right]
        left += len(value) - len(value.lstrip(" ,.;:/&-'"))
        right -= len(value) - len(value.rstrip(" ,.;:/&-'"))
        yield Finding(start + left, start + right, finding.type, finding.source, finding.confidence)


def _is_part_of_term(text: str, start: int, end: int) -> bool:
    """Whether a tagger has found a word of a longer term: "Tourette" in "Gilles de la Tourette"."""
    left = text.rfind(" ", 0, max(0, start - _AROUND)) + 1
    spans = clinical_spans(text[left : end + _AROUND])
    return any(left + first <= start and end <= left + last for first, last in spans)


def _is_said(finding: Finding, text: str) -> bool:
    """Whether all words are words of every day in small letters, or single ones, and no names.

    A word that is a name too is said where the text writes it with a capital elsewhere: whoever
    writes "Hope told me that hope is no plan" tells them apart.
    """
    value = text[finding.start : finding.end]
    return (
        value.islower()
        and finding.type in _WORDED
        and all(
            word.capitalize() in text and word in AMBIGUOUS
            if _is_name(word)
            else len(word) == 1 or is_common(word)
            for word in value.split()
        )
    )


def _is_name(word: str) -> bool:
    return word in first_names() or word in surnames()


_AROUND: Final = 32  # characters beside a finding, as long as the terms of several words


def _lettered(value: str) -> bool:
    return any(char.isalnum() for char in value.replace("'s", ""))


def _is_measured(finding: Finding, low: str) -> bool:
    """Whether a number is a score, a vital sign, a value with its unit or a code."""
    if not low[finding.start].isdigit() and finding.type is not PiiType.ADDRESS:
        return False
    value = low[finding.start : finding.end]
    if finding.type is PiiType.ADDRESS:
        value = value.removeprefix("bp ")
    if _NUMBER.fullmatch(value) is None:
        return False
    named = finding.type in {PiiType.NAME, PiiType.LOCATION, PiiType.FACILITY, PiiType.USER}
    if finding.type is PiiType.DATE:
        return _SHORT_DATE.fullmatch(value) is not None and _guard_before(low, finding.start) in (
            scales("series", "named")
        )
    if finding.type in {PiiType.AGE, PiiType.NATIONAL_ID} or _is_long(value):
        return False
    if _UNIT_AFTER.match(low, finding.end):
        return True
    return not named and _guard_before(low, finding.start) in scales()


def _is_long(value: str) -> bool:
    return "/" not in value and len(_NOT_DIGIT.sub("", value)) > _LONGEST_VALUE


def _guard_before(low: str, start: int) -> str:
    """The word before a number, without filler; empty where a sentence ends in between."""
    before = low[max(0, start - _REACH) : start]
    cuts = [match.end() for match in _LEFT_OUT.finditer(before)]
    tokens = _TOKEN.findall(before[cuts[-1] if cuts else 0 :])
    while len(tokens) > 1 and tokens[-1] in _FILLER:
        tokens.pop()
    return tokens[-1] if tokens else ""


def is_crisis_line(number: str) -> bool:
    """Whether a telephone number is a published line for people in need, or an emergency number."""
    plain = _NOT_DIGIT.sub("", number).removeprefix("00")
    lines = terms("crisis", "numbers")
    bare = [plain.removeprefix(code) for code in _COUNTRY if plain.startswith(code)]
    return plain in lines or any(rest in lines or f"0{rest}" in lines for rest in bare)


def _is_public(value: str) -> bool:
    match = _HOST.match(value)
    host = match[1].rstrip(".") if match else ""
    parts = host.split(".")
    return any(".".join(parts[n:]) in terms("crisis", "hosts") for n in range(len(parts)))
