"""Numbers that their context tells: records, accounts, plans, licences, devices, vehicles."""

import re
from collections.abc import Iterator
from typing import Final

from psychescale.text.findings import Finding, PiiType
from psychescale.text.rules import check_digits
from psychescale.text.rules.rule import Recognizer, View, words

# Group name → what may stand before a number. "Strong" contexts take any number of four digits or
# letters with digits; after a "weak" one the number needs a marker (id, no., #, a colon) or the looks
# of an identifier.
_STRONG: Final = {
    "RECORD": r"m\.?r\.?n\.?|mr(?=\ ?\#)|med(?:ical)?\.?\ (?:rec(?:ord)?s?|chart|file)\.?(?:\ shows?)?|e[mh]r"  # noqa: E501
    r"|accession|acc|chart\ (?:no|number)|hospital\ number|medrec|urn|uhid|csn|fin|har|enc|hosp|reg"
    r"|pid|mpi|empi|krankenakte|fallnummer|fall-nr|patientennummer|pat-nr|dossier|expediente"
    r"|historia\ cl[ií]nica|nhc|n[úu]mero\ de\ utente|prontu[áa]rio|patiëntnummer",
    "NATIONAL_ID": r"s\.?s\.?n\.?|social\ security|social|nhs|nino|national\ insurance|s\.?i\.?n|tfn"
    r"|tax\ (?:file|id)|itin|tax\ identification|steuer-?id|steuernummer|bsn|nif|nie|dni|nir|codice\ fiscale"  # noqa: E501
    r"|passport|reisepass|medicare|medicaid|aadhaar|national\ id|identity\ card|personalausweis|ssid"
    r"|cpf|pesel|cnp|personnummer|cpr|hetu|henkilötunnus|tckn|tc\ kimlik|pan|ahv|nuip|curp|rut|ihi"
    r"|hcn|health\ card|ohip|phn|ird|nhi|ppsn?|emirates\ id|nric|sozialversicherungsnummer|svnr"
    r"|n[úu]mero\ de\ seguridad\ social|sécurité\ sociale|rodné\ číslo",
    "LICENSE": r"driver'?s?'?\ licen[sc]e|driving\ licen[sc]e|dl|dea|npi|licen[sc]e|certificate|lic"
    r"|fahrerlaubnis|führerschein|permit|registration",
    "DEVICE": r"imei|udi|serial|s/n|device|pacemaker|implant|meid|iccid",
    "VEHICLE": r"vin|licen[sc]e\ plate|plate|number\ plate|registration\ plate|vehicle|kennzeichen|tag",
    "ACCOUNT": r"acct|account|a/c|iban|routing|sort\ code|bank|member(?:ship)?|subscriber|beneficiary"
    r"|policy|insur(?:ance|er|ed)?|ins|health\ plan|plan|health|hmo|ppo|group|payer|claim|coverage|card"
    r"|prescription\ plan|rx|wallet|customer|client|kundennummer|versicherungsnummer|versichertennummer"
    r"|guarantor|konto",
}
_WEAK: Final = {
    "RECORD": r"record|chart|case|patient|pt|file|specimen|encounter|visit|study|ref(?:erence)?\.?(?:\ code)?"  # noqa: E501
    r"|lab|sample|order|hospital|patient's|referral",
    "OTHER_ID": r"id|i\.d\.|identifier|employee|student|staff|badge|user|confirmation|invoice|tracking"
    r"|booking|reservation|ticket|matriculation|matrikelnummer|participant|subject|unique",
}
_KEYWORD: Final = "|".join(
    [rf"(?P<S_{kind}>{words_})" for kind, words_ in _STRONG.items()]
    + [rf"(?P<W_{kind}>{words_})" for kind, words_ in _WEAK.items()]
)
_BETWEEN: Final = (
    r"(?:'s)?(?:\ (?:plan|policy|insurance|security|health|member|group|account|record|card|code|show))?"  # noqa: E501
    r"(?P<mark>(?:[ ./_-]{0,2}(?:id|i\.d\.|ids|number|num|no|nr|nbr|nummer|code|identifier|ref)(?![a-z])\.?)?"  # noqa: E501
    r"[\"']?(?:\ ?[(\[])?(?:\ ?[:=#\t])?)(?P<verb>(?:\ (?:is|was|of|with|under|it's|issues|as|card|appears|reads))*"  # noqa: E501
    r"[ :=\t\n\"'\[(]{0,4})"
)
_VALUE: Final = (
    r"(?P<x>\#?\ ?(?:(?P<spaced>(?:(?!for|the|and|but|was|not|no|is|of|to|in|on|at|my|or|a\ )[a-z]{1,4}[ -])?\d{1,6}(?:[ .-]\d{2,6}){1,5}(?:[ -]?[a-z\d])?(?!\w))|"  # noqa: E501
    r"(?=[a-z-]{0,12}\d)[a-z0-9]{1,24}+(?:[-/.][a-z0-9]{1,24}+){0,5}+))"
)
_SPACED_DIGITS: Final = 8
_CONTEXT: Final = re.compile(rf"(?:{_KEYWORD}){_BETWEEN}{_VALUE}(?![^\W_])")
_TRIGGERS: Final = words(
    "mrn m med medical emr ehr accession chart medrec urn uhid hospital ssn s social nhs nino national"
    " sin i tfn tax itin steuer steuerid steuernummer bsn nif nie dni nir codice passport reisepass"
    " medicare medicaid aadhaar identity personalausweis driver drivers driving dl dea npi license"
    " licence certificate lic fahrerlaubnis führerschein permit registration imei udi serial n device"
    " pacemaker implant meid iccid vin plate number vehicle kennzeichen tag acct account a iban"
    " routing sort bank member membership subscriber beneficiary policy insur insurance insurer"
    " insured ins health plan hmo ppo group payer claim coverage card prescription rx wallet customer"
    " client kundennummer versicherungsnummer konto record case patient pt file specimen encounter"
    " visit study ref reference lab sample order referral id identifier employee student staff badge"
    " user confirmation invoice tracking booking reservation ticket matriculation matrikelnummer"
    " participant subject unique mr acc csn fin har enc hosp reg pid mpi empi krankenakte fallnummer fall"  # noqa: E501
    " patientennummer pat dossier expediente historia nhc número numero prontuário prontuario"
    " patiëntnummer cpf pesel cnp personnummer cpr hetu henkilötunnus tckn tc pan ahv nuip curp rut ihi"
    " hcn ohip phn ird nhi pps ppsn emirates nric sozialversicherungsnummer svnr sécurité rodné"
    " versichertennummer guarantor"
)
_DIGITS: Final = re.compile(r"\d")
_LETTERS: Final = re.compile(r"[a-z]")
# 12mg, 3rd, 2x, 5th, 10am, 120/80, 3.5, 1990s: a quantity, a year or a ratio, no identifier.
_QUANTITY: Final = re.compile(
    r"\d+(?:[.,]\d+)*(?:st|nd|rd|th|s|x|k|m|mg|mcg|ml|kg|g|cm|mm|hz|h|hr|hrs|am|pm|yo|y|d|wk|min|lb|lbs|oz|"
    r"mmhg|bpm|iu|u|gb|mb|ghz|v|w|kw|px|usd|eur|gbp|%)?|(?:19|20)\d{2}(?:[-/](?:19|20)?\d{2})?|\d{1,3}[/]\d{1,3}"
    r"|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|[a-z]+-?\d{1,2}"
)
_SHORT_FORMS: Final = re.compile(
    r"(?:dl|ins|tag|rx|plan|health|social|card|group|device|bank|sin|lic|claim|nie|nir|acc|fin|har|enc|reg"
    r"|pan|rut|dossier|pid|tc|cpr|ahv)\Z"
)
_LOOSE: Final = re.compile(
    r"(?<![\w./-])(?P<x>[A-Z]{2,5}-(?:\d{6,10}|\d{4}-\d{4,6})|[A-Z]{2}\d{7,10})(?![\w-])"
)
_PLATE: Final = re.compile(
    r"(?<!\w)(?:plate|plates|registration|reg|tag|kennzeichen)(?:\ (?:number|no\.?|is|was|reads|reading))*[ :#]{1,2}"  # noqa: E501
    r"(?P<x>(?=[a-z -]{0,6}\d)[a-z0-9]{1,4}[ -]?[a-z0-9]{1,4}(?:[ -]?[a-z0-9]{1,4})?)(?!\w)"
)
_MIN_DIGITS: Final = 4


def _in_context(view: View) -> Iterator[Finding]:
    for start, _ in view.spots(_TRIGGERS):
        match = _CONTEXT.match(view.low, start)
        kind = _kind(match) if match else None
        if match and kind:
            strong = kind[1]
            yield Finding(
                match.start("x"),
                match.end("x"),
                PiiType[kind[0]],
                f"rule:{kind[0].lower()}_number",
                0.85 if strong else 0.65,
            )


def _kind(match: re.Match[str]) -> tuple[str, bool] | None:
    """Type of the number and whether its context is a strong one; None for no identifier."""
    name = next(group for group in match.re.groupindex if group[1] == "_" and match[group])
    value = match["x"].lstrip("# ")
    n_digits = len(_DIGITS.findall(value))
    lettered = _LETTERS.search(value) is not None
    marked = bool(match["mark"].strip(" (")) or match["x"].startswith("#")
    strong = name.startswith("S_")
    kind = name[2:]
    if kind == "LICENSE" and check_digits.npi(value):
        return kind, True
    if match["spaced"] and " " in value:
        grouped = strong and n_digits >= _SPACED_DIGITS
        return (kind, strong) if grouped else None
    identifier = n_digits >= _MIN_DIGITS and not _QUANTITY.fullmatch(value)
    if lettered or "-" in value:
        looks = identifier and n_digits >= _MIN_DIGITS
    else:
        looks = n_digits >= 6 or (value.startswith("0") and n_digits >= _MIN_DIGITS)  # noqa: PLR2004
    if looks:
        return kind, strong
    weak_word = not strong or _SHORT_FORMS.search(match[name]) is not None
    enough = n_digits >= _MIN_DIGITS or (n_digits >= 3 and marked and lettered)  # noqa: PLR2004
    if weak_word:
        year = len(value) == 4 and value[:2] in {"19", "20"}  # noqa: PLR2004
        return (kind, strong) if marked and enough and not year else None
    if (
        enough
        and (marked or kind in {"RECORD", "NATIONAL_ID"})
        and "." not in value
        and "/" not in value
    ):
        return kind, strong
    return None


def _loose(view: View) -> Iterator[Finding]:
    """Codes that look like nothing but an identifier: HP-987654, not COVID-19 or ISO-9001."""
    for match in _LOOSE.finditer(view.text):
        yield Finding(match.start(), match.end(), PiiType.OTHER_ID, "rule:code", 0.5)


def _plates(view: View) -> Iterator[Finding]:
    for start, _ in view.spots(_PLATE_WORDS):
        match = _PLATE.match(view.low, start)
        if match is None:
            continue
        if len(_DIGITS.findall(match["x"])) >= 2 and _LETTERS.search(match["x"]):  # noqa: PLR2004
            yield Finding(match.start("x"), match.end("x"), PiiType.VEHICLE, "rule:plate", 0.7)


_PLATE_WORDS: Final = words("plate plates registration reg tag kennzeichen")

RECOGNIZERS: Final = (
    Recognizer("number_in_context", _in_context, _TRIGGERS, ("000", "0-0")),
    Recognizer("code", _loose, shapes=("AA-0000", "AA0000000")),
    Recognizer("plate", _plates, _PLATE_WORDS, ("0",)),
)
"""Recognizers of this family."""
