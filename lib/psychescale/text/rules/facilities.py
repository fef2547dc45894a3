"""Organizations and towns: hospitals, clinics, schools, employers; where somebody lives."""

import re
from collections.abc import Iterator
from typing import Final

from psychescale.text.clinical.terms import clinical_spans, is_clinical_word
from psychescale.text.common_words import is_common
from psychescale.text.findings import Finding, PiiType
from psychescale.text.rules.cities import CITIES, NOT_A_TOWN
from psychescale.text.rules.dates import MONTHS
from psychescale.text.rules.letters import CAPITAL
from psychescale.text.rules.lexicon import first_names
from psychescale.text.rules.locations import STATES
from psychescale.text.rules.rule import Recognizer, View, alternatives, words

_NOUNS: Final = (
    "Hospital Hospitals Hosp Clinic Clinics Infirmary Sanatorium Hospice University College Institute"
    " School Academy Polytechnic Kindergarten Krankenhaus Klinikum Klinik Universität Hôpital Clinique"
    " Ziekenhuis Policlinico Ospedale Université Hospice Healthcare Pharmacy Church Mosque Synagogue"
    " Seminary Daycare Preschool Rehab"
)
_PAIRS: Final = (
    "Medical_Center Medical_Centre Med_Center Med._Center Med_Ctr Health_Center Health_Centre"
    " Cancer_Center Cancer_Centre Heart_Center Treatment_Center Recovery_Center Counseling_Center"
    " Nursing_Home Nursing_Center Care_Home Care_Center Medical_Group Medical_Practice Medical_School"
    " Health_System Health_Services Health_Network Health_Clinic Mental_Health_Center High_School"
    " Middle_School Elementary_School Primary_School Secondary_School Law_School Community_College"
    " Community_Center Foundation_Trust NHS_Trust Wellness_Center Surgery_Center Day_Surgery"
    " Diagnostic_Center Behavioral_Health Urgent_Care Langone_Health Health_Institute Trauma_Center"
    " Children's_Center Women's_Center Family_Practice Family_Medicine Assisted_Living Retirement_Home"
    " Research_Center Rehabilitation_Center Imaging_Center Eye_Center Care_Facility"
)
# Last word of a noun → whether it stands alone ("Clinic") or after which words ("Medical Center").
_ALONE: Final = frozenset(noun.lower() for noun in _NOUNS.split())
_LAST: Final = frozenset(pair.lower().split("_")[-1] for pair in _PAIRS.split()) | _ALONE
_WHOLE: Final = frozenset(
    pair.lower().replace("_", " ").replace(".", "") for pair in _PAIRS.split()
)
_CAP: Final = rf"(?:St\.|Mt\.|Ft\.|U\.S\.|{CAPITAL}(?:'s|s')?|VA|[A-Z]\.)"
_CHAIN_WORD: Final = re.compile(rf"{_CAP}(?:-{_CAP})?,?")
_JOINING: Final = words("of and for & the de la")
_MONTH_START: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_AFTER_NOUN: Final = re.compile(
    rf"(?:\.(?=\ [a-z]))?(?:\ (?:of|at|for|in)\ (?:the\ )?(?!{_MONTH_START}){_CAP}(?:\ {_CAP}){{0,3}}(?:,\ [A-Z]{{2}}(?!\w))?"  # noqa: E501
    rf"|,?\ (?!{_MONTH_START}|ICU|ED|ER){_CAP}(?:\ {_CAP})?(?=[ ,.?;)]|\Z))?"
)
_OF: Final = re.compile(
    rf"(?P<x>(?:University|College|School|Institute|Hospital|Church|Bank|Universidad|Universidade|Université"
    rf"|Università|Universität|Hochschule|Center|Clinic)\ (?:of|for|de|di|at)\ (?:the\ )?{_CAP}(?:(?:\ |\ and\ |\ of\ ){_CAP}){{0,3}})"  # noqa: E501
)
_LEADING: Final = words(
    "the a an our my your his her their at in to from of for and or with by on is was are i we he she they"  # noqa: E501
    " what which when where why how who this that these those any some each every latest updated current"  # noqa: E501
    " recommended guidelines management treatment patient patients does did do has had have after before"  # noqa: E501
    " since while if but not no yes also best per via see seen visit call ask dear hi hello"
    " local high elementary middle primary medical went attended"
    " monday tuesday wednesday thursday friday saturday sunday last next dr doctor mr mrs ms miss prof nurse"  # noqa: E501
    " graduated studied teaching sunday medical law business art film med grad old nursing"
)
_CUES: Final = words(
    "seen treated evaluated admitted presented presenting presents diagnosed hospitalized hospitalised"
    " followed referred transferred appointment visited visits visit reviewed checked discharged surgery"  # noqa: E501
    " procedure check checkup check-up consult consultation consulted care scheduled follow follow-up"
    " followup operated performed done out examined assessed works work working worked employed studies"
    " studying studied student enrolled teaches teacher intern interned nurse stay stayed staying born"
    " delivered treatment labs test tests scan mri biopsy hospitalization monitored cared received"
    " receiving admission assessment colonoscopy transplant bypass tx'd dx'd txd dxd documented came"
    " therapy chemotherapy followed-up rehab physician doctor surgeon oncologist cardiologist patient job"  # noqa: E501
    " shift interview ward icu underwent had replacement post-op"
)
_NAME_ONLY: Final = re.compile(rf"{_CAP}(?:(?:\ |-|\ (?:of|and|&|de|la|for)\ ){_CAP}){{0,5}}")
_LIVES: Final = re.compile(
    r"(?:lives?|living|lived|resid(?:es?|ed|ing)|based|born|raised|grew\ up|moved|relocated|moving|stay(?:s|ing|ed)?"  # noqa: E501
    r"|resident|native|hometown|city|town|county|visit(?:ed|ing)?|arrived|flew|originally|travell?ed|here)"
    r"(?:\ (?:in|from|to|at|of|near|outside|is|here|back|now|just)){1,3}\ (?:the\ |downtown\ |north\ |south\ |east\ |west\ )?"  # noqa: E501
    r"(?P<x>\S.{1,60}?)(?=\Z|[;:?!()\n]|[.,](?:\s|\Z)|\ (?:on|in|for|with|who|last|this|and|where|because|but|when|as|by|since|is|was|from|to|it|street|morning))"  # noqa: E501
)
_TOWN_AT: Final = re.compile(rf"(?:the\ |downtown\ )?(?P<x>{CAPITAL}(?:[ -]{CAPITAL}){{0,3}})")
_TOWN_BEFORE: Final = words("from in near at our to outside around via of and")
_STATE_AFTER: Final = re.compile(
    rf"(?<![\w'-])(?P<x>{CAPITAL}(?:[ -]{CAPITAL}){{0,2}}),\ (?P<state>{alternatives(' '.join(STATES))})(?![\w'])"  # noqa: E501
)
_SITE_AFTER: Final = re.compile(
    r"\ (?:office|facility|clinic|branch|campus|site|location|VA|Med|Health)(?!\w)"
)
# Care at a place in small letters, and saints' hospitals: "inpatient at mclean", "St. Brigid's".
_CARE_AT: Final = re.compile(
    r"(?:inpatient|in-patient|outpatient|admitted|detox(?:ed)?|rehab|residential|php|iop|psych\ ward|hospitali[sz]ed"  # noqa: E501
    r"|sectioned|committed|stayed|treated|nurse|therapist|resident|er|ed|icu)\ (?:stay\ |treatment\ |unit\ |twice\ |program\ |again\ )?"  # noqa: E501
    r"(?:at|to|from|@)\ (?P<x>[^\W\d_]{4,20}(?:\ [^\W\d_]{4,20}(?=[ ,.;!?]|\Z))?)(?![\w'])"
)
_CARE_WORDS: Final = words(
    "inpatient in outpatient admitted detox detoxed rehab residential php iop psych hospitalized hospitalised"  # noqa: E501
    " sectioned committed stayed treated nurse therapist resident er ed icu"
)
_SAINT: Final = re.compile(
    rf"(?P<x>(?:St\.?|Saint|Mt\.?|Mount)\ {CAPITAL}(?:'s|s')?(?:\ {CAPITAL})?)(?!\w)"
)
_SAINT_BEFORE: Final = words("at from to in of near the by")
# Where somebody lives, in other languages: vive en, wohnt in, habite à, woont in, mora em.
_LIVES_ABROAD: Final = re.compile(
    r"(?<!\w)(?:viv(?:e|o|ía|en)\ en|wohn(?:t|e|haft)\ in|lebt\ in|aus|habit(?:e|ait)\ (?:à|a)|woont\ in|mora\ em|vive\ (?:em|a)"  # noqa: E501
    r"|reside\ (?:en|em)|nacid[oa]\ en|né[e]?\ à|geboren\ in|bor\ i|mieszka\ w)\ "
)
_COUNTY: Final = re.compile(rf"(?<![\w'-])(?P<x>{CAPITAL}(?:\ {CAPITAL})?\ County)(?!\w)")
_WINDOW: Final = 90


def _facilities(view: View) -> Iterator[Finding]:
    text = view.text
    for noun, end in view.spots(_LAST):
        start, last_alone = _chain_before(text, noun), view.low[noun:end] in _ALONE
        if start == noun or not (last_alone or _is_pair(view, start, end)):
            continue
        if not text[noun].isupper() and not last_alone and text[noun - 2].isupper():
            continue
        kept = _skip_leading(text, start, end)
        if kept is not None and not _is_treatment(text[kept:noun]):
            tail = _AFTER_NOUN.match(text, end)
            yield Finding(kept, tail.end() if tail else end, PiiType.FACILITY, "rule:facility", 0.8)
    for noun, _ in view.spots(_OF_WORDS):
        match = _OF.match(text, noun)
        if match is not None:
            yield Finding(noun, match.end("x"), PiiType.FACILITY, "rule:facility", 0.8)


def _is_treatment(name: str) -> bool:
    """A clinic of a drug or an illness, which many towns have."""
    return is_clinical_word(name.strip().lower())


def _is_pair(view: View, start: int, end: int) -> bool:
    tail = view.low[start:end].replace(".", "").rsplit(" ", 2)
    return " ".join(tail[-2:]) in _WHOLE or " ".join(tail) in _WHOLE


def _chain_before(text: str, noun: int) -> int:
    """Start of the words with capitals, joining words between them, that end at `noun`."""
    start = position = noun
    for _ in range(8):
        if position == 0 or text[position - 1] not in " -":
            break
        cut = max(text.rfind(" ", 0, position - 1), text.rfind("\n", 0, position - 1)) + 1
        if position - cut > _WINDOW:
            break
        word = text[cut : position - 1]
        if _CHAIN_WORD.fullmatch(word):
            start = cut
            if word.endswith(",") and start != cut:
                break
        elif word not in _JOINING and not (start == noun and word.lower() in _FIRST_HALVES):
            break
        position = cut
    return start


_FIRST_HALVES: Final = frozenset(pair.split(" ")[0] for pair in _WHOLE)
_OF_WORDS: Final = words(
    "university college school institute hospital church bank universidad universidade université"
    " università universität hochschule center clinic"
)


def _skip_leading(text: str, start: int, end: int) -> int | None:
    """Start of the name proper; None where no proper word is left before the noun."""
    position = start
    while position < end:
        word = text[position:end].split(" ", 1)[0]
        if word.lower().strip(".,") not in _LEADING:
            break
        position += len(word) + 1
    rest = text[position:end]
    return position if " " in rest or "-" in rest else None


_PLACES: Final = (" at ", " to ", " @ ", " from ")


def _cued(view: View) -> Iterator[Finding]:
    """A name with capitals after "at" or "to", with a word of care or work shortly before."""
    low = view.low
    for preposition in _PLACES:
        position = low.find(preposition)
        while position >= 0:
            at = position + len(preposition)
            position = low.find(preposition, at)
            if low.startswith("the ", at) or low.startswith("our ", at):
                at += 4
            name = _NAME_ONLY.match(view.text, at)
            if (
                name is not None
                and _is_proper(name[0])
                and not _CUES.isdisjoint(
                    low[max(0, at - _WINDOW // 2) : at].replace(",", "").split()
                )
                and (preposition != " from " or name[0].lower() in _KNOWN or name[0].isupper())
            ):
                yield Finding(name.start(), name.end(), PiiType.FACILITY, "rule:at", 0.6)


def _known(view: View) -> Iterator[Finding]:
    for start, end in view.spots(_KNOWN_FIRST):
        for name in _KNOWN_BY_FIRST[view.low[start:end]]:
            if (
                view.low.startswith(name, start)
                and not view.low[start + len(name) : start + len(name) + 1].isalnum()
            ):
                yield Finding(start, start + len(name), PiiType.FACILITY, "rule:known", 0.7)


# Names of hospitals without a noun that would tell them.
_KNOWN: Final = frozenset(
    name.replace("_", " ")
    for name in [
        "johns_hopkins",
        "cedars-sinai",
        "cedars_sinai",
        "cedar_sinai",
        "mount_sinai",
        "mt._sinai",
        "mt_sinai",
        "mass_general",
        "massachusetts_general",
        "nyu_langone",
        "ucsf",
        "ucla",
        "kaiser_permanente",
        "memorial_sloan_kettering",
        "sloan_kettering",
        "md_anderson",
        "new_york_presbyterian",
        "new_york-presbyterian",
        "ny_presbyterian",
        "columbia_presbyterian",
        "beth_israel",
        "intermountain",
        "geisinger",
        "charité",
        "bethesda_naval",
        "walter_reed",
        "st._jude",
        "bellevue",
        "mclean_hospital",
        "menninger",
        "sheppard_pratt",
        "mayo_clinic",
        "cleveland_clinic",
        "hazelden",
        "betty_ford",
        "austen_riggs",
        "silver_hill",
        "maudsley_hospital",
        "broadmoor",
        "bethlem",
        "western_psych",
        "zucker_hillside",
        "butler_hospital",
        "rogers_behavioral",
        "timberline_knolls",
        "sierra_tucson",
        "lenox_hill",
        "dartmouth-hitchcock",
        "vanderbilt_medical",
    ]
)
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_KNOWN_BY_FIRST: Final = {
    first: tuple(name for name in sorted(_KNOWN) if _LETTERS.match(name)[0] == first)  # type: ignore[index]
    for first in {_LETTERS.match(name)[0] for name in _KNOWN}  # type: ignore[index]
}
_KNOWN_FIRST: Final = frozenset(_KNOWN_BY_FIRST)


def _is_proper(name: str) -> bool:
    first = name.split(" ", 1)[0].lower().strip(".'")
    return (
        first not in _LEADING
        and first not in MONTHS
        and first not in NOT_A_TOWN
        and name.lower() not in NOT_A_TOWN
        and len(name) > 2  # noqa: PLR2004
    )


def _homes(view: View) -> Iterator[Finding]:
    for start, _ in view.spots(_HOME_WORDS):
        match = _LIVES.match(view.low, start)
        if match is None:
            continue
        name = _NAME_ONLY.match(view.text, match.start("x"), match.end("x"))
        if name is not None and _is_proper(name[0]):
            yield Finding(name.start(), name.end(), PiiType.LOCATION, "rule:lives_in", 0.6)
        elif view.low[match.start("x") : match.end("x")] in CITIES:
            yield Finding(match.start("x"), match.end("x"), PiiType.LOCATION, "rule:lives_in", 0.6)


def _towns(view: View) -> Iterator[Finding]:
    """A town of the list after "from", "in" and the like."""
    low = view.low
    for start, _ in view.spots(_CITY_WORDS):
        if not view.text[start].isupper() or _word_before(low, start) not in _TOWN_BEFORE:
            continue
        match = _TOWN_AT.match(view.text, start)
        end = match.end("x") if match else start
        while end > start:
            if low[start:end] in CITIES:
                site = _SITE_AFTER.match(view.text, end)
                kind = PiiType.FACILITY if site else PiiType.LOCATION
                yield Finding(start, site.end() if site else end, kind, "rule:city", 0.6)
                break
            end = max(low.rfind(" ", start, end), start)


def _word_before(low: str, start: int) -> str:
    parts = low[max(0, start - 20) : start].split()
    word = parts[-1] if parts else ""
    return parts[-2] if word in {"the", "downtown"} and len(parts) > 1 else word


_NUMBER_AFTER: Final = re.compile(r"[ :#]{1,3}[A-Z]{0,4}\d")
_DEGREES: Final = frozenset({"MD", "PA"})


def _with_state(view: View) -> Iterator[Finding]:
    for match in _STATE_AFTER.finditer(view.text):
        start = _skip_small(view, match.start("x"), match.end("x"))
        first = view.low[start : match.end("x")].replace("-", " ").split(" ")[0]
        if match["state"] in _DEGREES and first in first_names():
            continue  # a physician
        if match["state"] == "ID" and _NUMBER_AFTER.match(view.text, match.end()):
            continue  # "Aetna, ID W1234"
        if clinical_spans(view.text[start : match.end("x")]):
            continue  # "Denies SI, HI"
        yield Finding(start, match.end(), PiiType.LOCATION, "rule:city_state", 0.7)


def _skip_small(view: View, start: int, end: int) -> int:
    while (cut := view.low.find(" ", start, end)) > 0 and view.low[start:cut] in _LEADING:
        start = cut + 1
    return start


def _care_at(view: View) -> Iterator[Finding]:
    for spot, _ in view.spots(_CARE_WORDS):
        match = _CARE_AT.match(view.low, spot)
        if match is None:
            continue
        end, parts = match.end("x"), match["x"].split(" ")
        if len(parts) > 1 and _is_said(parts[1]):
            end = match.start("x") + len(parts[0])
        if view.text[match.start("x")].islower() and not _is_said(parts[0]):
            yield Finding(match.start("x"), end, PiiType.FACILITY, "rule:care_at", 0.6)


def _is_said(word: str) -> bool:
    return (
        is_common(word)
        or is_clinical_word(word)
        or word in _LEADING
        or word in NOT_A_TOWN
        or word in _TIMES
    )


_TIMES: Final = words(
    "twice once again least first several times bedside home age discharge noon midnight night work school"  # noqa: E501
    " presentation admission triage intake baseline hospital there here same risk years weeks months days"  # noqa: E501
)


def _saints(view: View) -> Iterator[Finding]:
    for start, _ in view.spots(_SAINT_WORDS):
        match = _SAINT.match(view.text, start)
        if match is not None and _word_before(view.low, start) in _SAINT_BEFORE:
            yield Finding(start, match.end("x"), PiiType.FACILITY, "rule:saint", 0.6)


_SAINT_WORDS: Final = words("st saint mt mount")


def _abroad(view: View) -> Iterator[Finding]:
    for match in _LIVES_ABROAD.finditer(view.low):
        name = _NAME_ONLY.match(view.text, match.end())
        if name is not None and _is_proper(name[0]) and not name[0].isupper():
            yield Finding(name.start(), name.end(), PiiType.LOCATION, "rule:lives_in", 0.6)


def _counties(view: View) -> Iterator[Finding]:
    for match in _COUNTY.finditer(view.text):
        start = _skip_small(view, match.start("x"), match.end("x"))
        if view.low[start : match.end()] != "county":
            yield Finding(start, match.end(), PiiType.LOCATION, "rule:county", 0.6)


_CITY_WORDS: Final = frozenset(city.split()[0].split("-")[0].strip(".") for city in CITIES)
_HOME_WORDS: Final = words(
    "lives live living lived resides reside resided residing based born raised grew moved relocated"
    " moving stay stays staying stayed resident native hometown city town county visit visited visiting"
    " arrived flew originally traveled travelled here"
)

RECOGNIZERS: Final = (
    Recognizer("facility", _facilities, _LAST | _OF_WORDS),
    Recognizer("known_facility", _known, _KNOWN_FIRST),
    Recognizer("at", _cued, shapes=(" aa A", " @ A", " aaa A", " aaaa A")),
    Recognizer("lives_in", _homes, _HOME_WORDS),
    Recognizer("city", _towns, _CITY_WORDS),
    Recognizer("city_state", _with_state, shapes=(", AA", ", AAA")),
    Recognizer(
        "care_at",
        _care_at,
        _CARE_WORDS,
        (" at a", " aa a", " aaaa a", "@ a"),
    ),
    Recognizer("saint", _saints, _SAINT_WORDS, ("a A", ". A")),
    Recognizer(
        "lives_abroad",
        _abroad,
        words(
            "vive vivo vivía viven wohnt wohne wohnhaft lebt aus habite habitait woont mora reside nacido nacida"  # noqa: E501
            " né née geboren bor mieszka"
        ),
    ),
    Recognizer("county", _counties, words("county")),
)
"""Recognizers of this family."""
