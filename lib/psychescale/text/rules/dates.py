"""Dates more exact than a year, and ages over 89 (45 CFR 164.514(b)(2)(i)(C)).

A bare year, a duration, a time of day, a weekday and "last week" stay.
"""

import re
from collections.abc import Iterator
from typing import Final

from psychescale.text.findings import Finding, PiiType
from psychescale.text.rules.rule import Recognizer, View, each, words

_MONTHS_EN: Final = (
    "january february march april may june july august september october november december"
    " jan feb mar apr jun jul aug sep sept oct nov dec"
)
# German, French, Spanish, Italian, Dutch, Portuguese.
_MONTHS_OTHER: Final = (
    "januar februar märz mai juni juli oktober dezember jänner"
    " janvier février mars avril juin juillet août septembre octobre novembre décembre"
    " enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre"
    " diciembre gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre"
    " januari februari maart mei augustus janeiro fevereiro março maio junho julho setembro outubro"
    " novembro dezembro"
)
MONTHS: Final = words(f"{_MONTHS_EN} {_MONTHS_OTHER}")
"""Names of months and their abbreviations, lower case."""

_YEAR: Final = r"(?:(?:19|20)\d{2}(?!\d)|'\d{2}(?!\d))"
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])(?:\ ?(?:st|nd|rd|th)(?!\w)|º|\.)?(?!\d)"
_WEEKDAY: Final = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\ )?"
_TIME: Final = (
    r"(?:(?:,?\ |t|\ at\ )\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:\ ?[ap]\.?m\b\.?)?"
    r"(?:z\b|\ ?[+-]\d{2}:?\d{2})?)?"
)
_UNIT: Final = (
    r"(?!\ ?(?:%|mg|mcg|µg|ug|ml|kg|units?|tabs?|tablets?|pills?|times|percent|days|weeks|hours|hrs"
    r"|minutes|mins?|people|patients|years|of\ (?:us|them|my|the)|out\ of)(?![^\W_]))"
)
# What may follow a month: "5th, 2023", "5-7", "2023", "'23"; what may come before: "Monday, 5th of".
_AFTER_MONTH: Final = re.compile(
    rf"\.?(?:\ ?{_DAY}(?:-{_DAY})?{_UNIT}(?:,?\ {{0,2}}(?:of\ )?{_YEAR})?{_TIME}|,?(?:\ |\ of\ |\ de\ |-){_YEAR})"  # noqa: E501
)
_YEAR_AFTER: Final = re.compile(
    rf"\.?(?:(?:(?:[,-]?\ ?|\ de\ |\ del\ |\ of\ ){_YEAR}|-\d{{2}}(?!\d))?{_TIME})"
)
_DAY_BEFORE: Final = re.compile(
    rf"(?<![\w.,:/-]){_WEEKDAY}{_DAY}(?:\ ?-\ ?{_DAY})?[ -]?(?:(?:of|de|di)\ )?\Z"
)
_WEEKDAY_BEFORE: Final = re.compile(rf"(?<!\w){_WEEKDAY[:-1]}\Z")
_CUE: Final = re.compile(
    r"(?<!\w)(?:(?P<cue>in|since|until|till|by|of|during|from|through|early|late|mid|before|after)[ -]"
    r"|(?P<x>(?:last|next|this|past)\ ))\Z"
)
_ISO: Final = re.compile(
    rf"[12](?<![\w./-].)(?:(?<=1)[89]|(?<=2)[01])\d{{2}}(?P<s>[-/.])(?:0?[1-9]|1[0-2])(?P=s)(?:0?[1-9]|[12]\d|3[01])(?!\d){_TIME}"
    r"(?![\w/]|[-.]\d)"
)
_NUMERIC: Final = re.compile(
    rf"(?=[0-9])(?<![\w./-])(?P<a>\d{{1,2}})(?P<s>\ ?[-/.])\ ?(?P<b>\d{{1,2}})(?P=s)\ ?(?P<y>(?:1[89]|20|21)\d{{2}}|\d{{2}})(?!\d){_TIME}"  # noqa: E501
    r"(?![\w/]|[-.]\d)"
)
_MONTH_SLASH_YEAR: Final = re.compile(r"(?<![\w./-])(?:0?[1-9]|1[0-2])/(?:19|20)\d{2}(?![\w/-])")
_CUE_BEFORE: Final = re.compile(
    r"(?:\bon|since|born|dob|birth|date|dated|until|from|by|before|after|appointment|seen|discharged"
    r"|admitted|due|\bam|vom|seit|of|\bel|\ble|\bop|^)(?:\ is|\ was)?:?\ ?\Z"
)
_DAY_SLASH: Final = re.compile(r"(?<![\w./-])(?P<a>\d{1,2})[/](?P<b>\d{1,2})(?![\w/%-]|\.\d)")
_SLASH_CUE: Final = re.compile(
    r"(?:\bon|\bsince|\bborn|dob|birth|\bdated?|\buntil|appointment|\bseen|discharged|admitted)"
    r"(?:\ is|\ was)?:?\ ?\Z"
)
_BIRTH: Final = re.compile(
    r"(?<!\w)(?:d\.?o\.?b\.?|date\ of\ birth|birth\ ?date|born)(?:\ on|\ is)?[ :=-]{1,3}"
    r"(?P<x>\d{6}|\d{8}|(?:19|20)\d{2})(?![\w/.-]\w)"
)

_LAST_MONTH: Final = 12
_LAST_DAY: Final = 31


_AMBIGUOUS: Final = words("may march mar sun jan dec mai mars sep")
_ENGLISH: Final = words(_MONTHS_EN)
_PROOF: Final = re.compile(r"\d(?:st|nd|rd|th)|(?:19|20)\d{2}|'\d{2}")
_REACH: Final = 30


def _named(view: View) -> Iterator[Finding]:
    for month, month_end in view.spots(MONTHS):
        start, end, confidence = _date_around(view, month, month_end)
        # "i may 3 times", "in may": a month that is a common word too is meant with a capital, or
        # with an ordinal or a year.
        if start < end and (
            view.text[month].isupper()
            or view.low[month:month_end] not in _AMBIGUOUS
            or _PROOF.search(view.low, start, end)
        ):
            yield Finding(start, end, PiiType.DATE, "rule:date", confidence)


def _date_around(view: View, month: int, month_end: int) -> tuple[int, int, float]:
    """Span and confidence of the date that a month's name belongs to; an empty span for none."""
    low, reach = view.low, max(0, month - _REACH)
    before = (
        _DAY_BEFORE.search(low, reach, month) if view.shape.find("0", reach, month) >= 0 else None
    )
    if before is not None:
        after = _YEAR_AFTER.match(low, month_end)
        return before.start(), after.end() if after else month_end, 0.9
    after = _AFTER_MONTH.match(low, month_end)
    if after is not None:
        weekday = _WEEKDAY_BEFORE.search(low, max(0, month - 12), month)
        return weekday.start() if weekday else month, after.end(), 0.9
    cue = _CUE.search(low, max(0, month - 9), month)
    if (
        cue is not None
        and low[month:month_end] in _ENGLISH
        and low[month_end : month_end + 1] not in {"'", "-"}
    ):
        return month if cue["cue"] else cue.start(), month_end, 0.6
    return 0, 0, 0.0


def _numeric(view: View) -> Iterator[Finding]:
    low, kind = view.low, PiiType.DATE
    yield from each(_ISO, low, kind, "date_iso", 0.95)
    for match in _NUMERIC.finditer(low):
        first, second = int(match["a"]), int(match["b"])
        if not _is_day_and_month(first, second):
            continue
        short = len(match["y"]) == 2  # noqa: PLR2004
        if (
            match["s"].strip() == "."
            and (second > _LAST_MONTH or short)
            and (
                second > _LAST_MONTH
                or not _CUE_BEFORE.search(low, max(0, match.start() - 16), match.start())
            )
        ):
            continue  # a version number
        yield Finding(match.start(), match.end(), kind, "rule:date_numeric", 0.9)
    if "/" in low:
        yield from each(_MONTH_SLASH_YEAR, low, kind, "date_month", 0.8)
        for match in _DAY_SLASH.finditer(low):
            if _is_day_and_month(int(match["a"]), int(match["b"])) and _SLASH_CUE.search(
                low, max(0, match.start() - 16), match.start()
            ):
                yield Finding(match.start(), match.end(), kind, "rule:date_short", 0.7)


def _is_day_and_month(first: int, second: int) -> bool:
    small, large = sorted((first, second))
    return 1 <= small <= _LAST_MONTH and large <= _LAST_DAY


def _birth(view: View) -> Iterator[Finding]:
    for finding in each(_BIRTH, view.low, PiiType.DATE, "birth", 0.9):
        if finding.end - finding.start > len("1999"):
            yield finding


_OLD: Final = r"(?:9\d|1[0-2]\d)"
_SPELLED: Final = (
    r"(?:ninety(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?"
    r"|(?:one|a)\ hundred(?:(?:\ and)?[ -](?:one|two|three|four|five|six|seven|eight|nine|ten))?)"
)
_AGE: Final = re.compile(
    rf"(?<![\w.$€£/-])(?P<x>{_OLD}|{_SPELLED})(?:[ -]?(?:years?|yrs?)[ -]?olds?|[ -]?yo[mf]?|\ ?y\.?/?o\.?"  # noqa: E501
    r"|[ -]?(?:years?|yrs?)\ of\ age|[ -]year[ -](?:male|female|man|woman))(?!\w)"
)
_AGED: Final = re.compile(
    r"(?<!\w)(?:aged?(?:\ of|:|\ is)?|turn(?:s|ed|ing)?|(?:is|was|am|be|i'm|she's|he's)(?:\ now)?)\ "
    rf"(?P<x>{_OLD}|{_SPELLED})(?!\w|[ -]?(?:%|percent|mg|degrees|pounds|lbs|kg|cm|days|minutes|miles)|[.,:/+-]\w|\+)"  # noqa: E501
)
_AGE_VERBS: Final = re.compile(r"(?:is|was|am|be|'m|'s)(?:\ now)?\ \Z")
_AGE_AFTER: Final = re.compile(r"\ ?(?:[.,;!?)]|and\b|when\b|now\b|\Z)")
_AGE_SUBJECT: Final = re.compile(
    r"(?:grand\w{2,8}|gran|nan|mother|father|mom|mum|dad|aunt|uncle|she|he|patient|neighbou?r)\ ?"
    r"(?:is|was|'s)(?:\ now)?\ \Z"
)


_OLD_NUMBER: Final = re.compile(r"[91](?<![\w.$€£/-].)(?:(?<=9)\d|(?<=1)[0-2]\d)(?!\d)")
_SPELLED_WORDS: Final = words("ninety hundred")


def _ages(view: View) -> Iterator[Finding]:
    if not _OLD_NUMBER.search(view.low) and _SPELLED_WORDS.isdisjoint(view.words):
        return
    yield from each(_AGE, view.low, PiiType.AGE, "age", 0.9)
    for finding in each(_AGED, view.low, PiiType.AGE, "aged", 0.7):
        before = (max(0, finding.start - 24), finding.start)
        if not _AGE_VERBS.search(view.low, *before) or (
            _AGE_SUBJECT.search(view.low, *before) and _AGE_AFTER.match(view.low, finding.end)
        ):
            yield finding


_AGE_HINT: Final = words(
    "year years yr yrs yo yom yof y o old aged age turned turning turns turn ninety hundred"
    " grandmother grandfather grandma grandpa gran nan mother father mom mum dad aunt uncle she he"
)

RECOGNIZERS: Final = (
    Recognizer("date_named", _named, MONTHS),
    Recognizer(
        "date_numeric", _numeric, shapes=("0/0", "0-0", "0.0", "0/ 0", "0- 0", "0. 0", "0 /")
    ),
    Recognizer("birth", _birth, words("dob d born birth birthdate"), ("0000",)),
    Recognizer("age", _ages, _AGE_HINT),
)
"""Recognizers of this family."""
