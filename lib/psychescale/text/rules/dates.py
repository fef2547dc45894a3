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
_ORDINALS: Final = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth"
    " fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth"
)
_ORDINAL: Final = rf"(?:(?:twenty|thirty)[ -])?(?:{'|'.join(_ORDINALS.split())})"
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
    rf"\.?(?:(?:\ ?|\ the\ |-){_DAY}(?:(?:-|\ ?to\ |\ ?and\ ){_DAY})?{_UNIT}(?:(?:,?\ {{0,2}}(?:of\ )?|-){_YEAR})?{_TIME}"  # noqa: E501
    rf"|\ (?:the\ )?{_ORDINAL}(?!\w)(?:,?\ {_YEAR})?|,?(?:\ |\ of\ |\ de\ |-){_YEAR})"
)
_YEAR_AFTER: Final = re.compile(
    rf"\.?(?:(?:(?:[,/-]?\ ?|\ de\ |\ del\ |\ of\ ){_YEAR}|[-/]\d{{2}}(?!\d)|(?<=[a-z])\d{{2}}(?!\d))?{_TIME})"  # noqa: E501
)
_DAY_BEFORE: Final = re.compile(
    rf"(?<![^\W_])(?<![.,:/-])(?:{_WEEKDAY}(?:the\ )?(?:{_DAY}(?:\ ?(?:-|to|and|&)\ ?{_DAY})?|{_ORDINAL})[ /-]?"  # noqa: E501
    rf"(?:(?:of|de|di|day\ of)\ )?)\Z"
)
_ORDINAL_BEFORE: Final = re.compile(r"(?:st|d|th)\ (?:of\ |day\ of\ )?\Z")
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
    r"(?:\bon|\bsince|\bborn|\bdob|birth|\bdated?|\buntil|\btill|\bby|appointment|appt|\bseen|discharged|admitted"
    r"|\bdos|\bdoa|\bdod|\blmp|\bf/?u|follow[ -]?up|\brtc|\bd/c(?:'?d)?|\bdc'?d?|\badm|\badmit|\badmission|\bdue"  # noqa: E501
    r"|\brefill|\bfilled|\bstarted|\bstopped|\bstart|\bstop|\blabs|\bdrawn|\bdone|\bnext|\blast|\bsigned|\bvisit"
    r"|\bscheduled|\bnotes?|\bresults?|\bas\ of|\beffective|\bsurgery|\bcourt|\bsession|\bintake|\bgroup|\bmeeting|\bcall(?:ed)?"  # noqa: E501
    r"|\bstarting|\bending|\bbetween|\bbefore|\bafter|\bfrom|\bthrough|\bthru|\bmon(?:day)?|\btues?(?:day)?"
    r"|\bwed(?:nesday)?|\bthu(?:rs)?(?:day)?|\bfri(?:day)?|\bsat(?:urday)?|\bsun(?:day)?|\bam|\bvom|\bseit|\bbis"
    r"|\ble|\bel|\bop|\bdel|\bdu)"
    r"(?:\ is|\ was|\ on|\ date|\ visit|\ dose|\ for)?[.,]?[:=]?\ ?\(?\Z"
)
# A line of a diary or of a course: "5/3: seen by …", "5/3 - slept", and the second of two dates.
_SCORED: Final = re.compile(
    r"(?:scor|rat|fell|rose|drop|improv|increas|decreas|went|reduc|down|up|strength|pain|mood|anxiety)[a-z]*"
    r"(?:\ [a-z]{1,12})?\ (?:from|between|after|before|last|next|by)\ \Z"
)
_LINE_BEFORE: Final = re.compile(r"(?:\A|\n)[ *-]{0,3}\Z")
_TIME_AFTER: Final = re.compile(r",?\ (?:at\ |@\ ?)?\d{1,2}(?::\d{2}|\ ?[ap]m(?!\w))")
_LINE_AFTER: Final = re.compile(r"\ ?[:-]\ |\t")
_SHORT_RANGE: Final = re.compile(
    r"(?<![\w./-])(?P<a>\d{1,2})/(?P<b>\d{1,2})\ ?(?:-|to|through|thru)\ ?(?P<c>\d{1,2})/(?P<d>\d{1,2})(?P<y>/\d{2}(?:\d{2})?)?"  # noqa: E501
    r"(?![\w/%-]|\.\d)"
)
_LISTED: Final = re.compile(r"\d{1,2}/\d{1,2}(?:/\d{2,4})?(?:,\ ?|\ ?&\ ?|\ and\ |,\ and\ )\Z")
_COMPACT: Final = re.compile(
    r"(?<![^\W_])(?<![.$€£#-])(?:19[3-9]\d|20[0-4]\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:t?\d{4,6}z?)?(?![^\W_]|[-.]\d)"
)
_CJK: Final = re.compile(
    r"(?:\d{4}\ ?年\ ?)?\d{1,2}\ ?月\ ?\d{1,2}\ ?[日号號]|(?:\d{4}\ ?년\ ?)?\d{1,2}\ ?월\ ?\d{1,2}\ ?일"
    r"|[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}[日号號]"
)
_HOLIDAYS: Final = (
    "christmas|xmas|x-mas|easter|thanksgiving|halloween|hanukkah|diwali|new year's|new years|nye|valentine's"  # noqa: E501
    "|valentines|mother's day|father's day|memorial day|labor day|labour day|independence day|boxing day"  # noqa: E501
    "|weihnachten|ostern|silvester|noël|navidad"
)
_HOLIDAY: Final = re.compile(
    rf"(?<!\w)(?P<x>(?:{_HOLIDAYS})(?:\ (?:eve|day|sunday|monday|weekend))?(?:\ of|\ in|,)?\ {_YEAR})"
)
_BIRTH: Final = re.compile(
    r"(?<!\w)(?:d\.?[o0]\.?b\.?|date\ of\ birth|birth\ ?date|born|geb\.?|geburtsdatum|fecha\ de\ nacimiento"  # noqa: E501
    r"|date\ de\ naissance|geboortedatum|data\ de\ nascimento)[\"']?(?:\ on|\ is)?[ :=\t\"'-]{1,4}"
    r"(?P<x>\d{6}|\d{8}|(?:19|20)\d{2})(?![\w/.-]\w)"
)

_LAST_MONTH: Final = 12
_LAST_DAY: Final = 31


_AMBIGUOUS: Final = words("may march mar sun jan dec mai mars sep")
_ENGLISH: Final = words(_MONTHS_EN)
_PROOF: Final = re.compile(
    rf"\d(?:st|nd|rd|th)|(?:19|20)\d{{2}}|'\d{{2}}|{_ORDINAL}|\d[a-z]{{3}}\d"
)
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
        _DAY_BEFORE.search(low, reach, month)
        if view.shape.find("0", reach, month) >= 0 or _ORDINAL_BEFORE.search(low, reach, month)
        else None
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
        yield from _short(low)


def _short(low: str) -> Iterator[Finding]:
    """Dates without a year, where something says that they are dates and no scores."""
    for match in _SHORT_RANGE.finditer(low):
        dated = all(_is_day_and_month(int(match[x]), int(match[y])) for x, y in ("ab", "cd"))
        if dated and (match["y"] or _is_cued(low, match) or _is_span(match)):
            yield Finding(match.start(), match.end(), PiiType.DATE, "rule:date_range", 0.8)
    for match in _DAY_SLASH.finditer(low):
        if _is_day_and_month(int(match["a"]), int(match["b"])) and _is_cued(low, match):
            yield Finding(match.start(), match.end(), PiiType.DATE, "rule:date_short", 0.7)


_SMALL_PARTS: Final = words("2 3 4 8")


def _is_span(match: re.Match[str]) -> bool:
    """``5/6-5/16``, not ``4/5-5/5`` of a muscle or ``1/2-3/4`` of a tablet."""
    return match["b"] != match["d"] and not {match["b"], match["d"]} <= _SMALL_PARTS


def _is_cued(low: str, match: re.Match[str]) -> bool:
    start = match.start()
    reach = (max(0, start - 24), start)
    if _LINE_AFTER.match(low, match.end()) and _LINE_BEFORE.search(low, *reach):
        return True
    if _TIME_AFTER.match(low, match.end()):
        return True
    listed = _LISTED.search(low, *reach)
    reach = (max(0, reach[0] - 24), listed.start()) if listed else reach
    return _SLASH_CUE.search(low, *reach) is not None and _SCORED.search(low, *reach) is None


def _compact(view: View) -> Iterator[Finding]:
    yield from each(_COMPACT, view.low, PiiType.DATE, "date_compact", 0.6)


def _cjk(view: View) -> Iterator[Finding]:
    yield from each(_CJK, view.low, PiiType.DATE, "date_cjk", 0.9)


def _holiday(view: View) -> Iterator[Finding]:
    """A holiday of a year; without one it is a day of every year."""
    yield from each(_HOLIDAY, view.low, PiiType.DATE, "holiday", 0.8)


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
    r"(?<!\w)(?:aged?(?:\ of|:|\ is)?|turn(?:s|ed|ing)?|live[sd]?\ (?:to(?:\ be)?|until)|died\ at|(?:is|was|am|be|i'm|she's|he's)(?:\ now)?)\ "  # noqa: E501
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
    has_number = "00" in view.shape and _OLD_NUMBER.search(view.low)
    if not has_number and _SPELLED_WORDS.isdisjoint(view.words):
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
    " lives lived live died grandmother grandfather grandma grandpa gran nan mother father mom mum dad aunt uncle she he"  # noqa: E501
)

RECOGNIZERS: Final = (
    Recognizer("date_named", _named, MONTHS),
    Recognizer(
        "date_numeric", _numeric, shapes=("0/0", "0-0", "0.0", "0/ 0", "0- 0", "0. 0", "0 /")
    ),
    Recognizer("date_compact", _compact, shapes=("00000000",)),
    Recognizer("date_cjk", _cjk, shapes=("月", "월")),
    Recognizer(
        "holiday",
        _holiday,
        words(
            "christmas xmas x easter thanksgiving halloween hanukkah diwali new nye valentine valentines mother"  # noqa: E501
            " father memorial labor labour independence boxing weihnachten ostern silvester noël navidad"  # noqa: E501
        ),
        (" 0", "'0"),
    ),
    Recognizer(
        "birth",
        _birth,
        words(
            "dob d born birth birthdate geb geburtsdatum nacimiento naissance geboortedatum nascimento"
        ),
        ("0000",),
    ),
    Recognizer("age", _ages, _AGE_HINT),
)
"""Recognizers of this family."""
