"""Names of persons: after titles and in contexts, and first names of the lexicon."""

import re
from collections.abc import Iterator
from typing import Final

from psychescale.text.clinical.terms import clinical_spans, is_clinical_word, is_eponym, terms
from psychescale.text.common_words import is_common
from psychescale.text.findings import Finding
from psychescale.text.rules.dates import MONTHS
from psychescale.text.rules.letters import CAPITAL, TITLED, UPPER
from psychescale.text.rules.lexicon import clear_first_names, first_names, surnames
from psychescale.text.rules.rule import Recognizer, View, alternatives, name_found, words

_PARTICLES: Final = "van_der van_den van_de van von de_la de_los de del della di da dos du den der ter bin ibn al el la le st."  # noqa: E501
_PARTICLE: Final = rf"(?:{alternatives(_PARTICLES)})"
_INITIAL: Final = rf"[{UPPER}]\.(?:[{UPPER}]\.)?"
_TITLES: Final = (
    "dr mr mrs ms miss mx prof professor doctor nurse sir lady rev reverend sister pastor rabbi imam judge"  # noqa: E501
    " officer sgt sergeant capt captain lt lieutenant col colonel herr frau señor señora sr sra monsieur"  # noqa: E501
    " madame mme mlle mevrouw dhr mijnheer heer herrn doña dott signor signora uncle aunt auntie grandma grandpa coach"  # noqa: E501
    " detective principal senator president"
)
_TITLE: Final = rf"(?:{alternatives(_TITLES)})"
_PART: Final = rf"(?:{CAPITAL}|{_INITIAL}|[{UPPER}](?![\w.]))"
_CHAIN: Final = rf"{_PART}(?:(?:\ |-|\ {_PARTICLE}\ |\ (?:y|e)\ (?=[{UPPER}])){_PART}){{0,3}}"
_TITLED: Final = re.compile(
    rf"(?P<title>(?i:{_TITLE})\.?\ )(?:(?i:{_TITLE})\.?\ )?(?P<x>(?:{_PARTICLE}\ )?{_CHAIN})"
)
_TITLED_SMALL: Final = re.compile(
    r"(?P<title>dr|mr|mrs|ms|prof)\.?\ (?P<x>[^\W\d_]{3,20}(?:\ [^\W\d_]{3,20})?)(?!\w)"
)
_CREDENTIAL: Final = (
    r"(?:M\.?D|D\.?O|Ph\.?D|R\.?N|N\.?P|P\.?A(?:-C)?|D\.?D\.?S|LCSW|LPC|LMFT"
    r"|Psy\.?D|Pharm\.?D|FNP|MBBS|Esq|Jr|Sr|FRCP)\b"
)
_HAS_CREDENTIAL: Final = re.compile(rf"\ {_CREDENTIAL}")
_SUFFIXED: Final = re.compile(rf"(?<![\w'-])(?P<x>{_PART}(?:\ {_PART}){{1,3}}),?\ {_CREDENTIAL}\.?")
_SELF: Final = re.compile(
    r"(?:(?:my|his|her|their|whose|real|full|maiden|birth|middle|first|last|the)\ (?:real\ |full\ |first\ |last\ |middle\ |maiden\ |legal\ )?name(?:'s|\ is|\ was|:)"  # noqa: E501
    r"|name(?:\ on\ (?:it|the\ \w{1,12}))?\ ?(?:is|:|=)|(?:patient|client|pt|customer|employee|user|contact|caller|mother|father|guardian|spouse|parent|doctor|physician|provider|signed|therapist|attending|name|beneficiary)(?:'s)?(?:\ name)?\ ?:"  # noqa: E501
    r"|(?:patient|pt|patient's|client)(?:\ name)?|named|called|call\ me|names?|known\ as|goes\ by|i\ am|i'm|im|this\ is|signed"  # noqa: E501
    r"|sincerely|regards|cheers|yours(?:\ truly)?|love|xoxo|respectfully|best|thanks|thank\ you|dear|hi|hello|hey|ask\ for|speak\ (?:to|with)|meet)"  # noqa: E501
    r"(?:,?\ ?\n{1,2}\ ?|,\ |:\ ?|\ (?:is\ |was\ |like\ )?)(?:-\ ?)?"
)
_WEAK_SELF: Final = re.compile(
    r"(?:i\ am|i'm|im|this\ is|dear|hi|hello|hey|love|best|thanks|thank\ you|cheers|signed|called|names?|meet|regards"  # noqa: E501
    r"|patient|pt|patient's|client|sincerely|known\ as)\W{0,5}\Z"
)
_NAME_AT: Final = re.compile(rf"(?P<x>(?:{_PARTICLE}\ )?{_CHAIN})")
_SMALL_AT: Final = re.compile(r"(?P<x>[^\W\d_]{2,20}(?:\ [^\W\d_]{2,20}){0,2})(?!\w)")
_RELATION: Final = re.compile(
    r"(?:my|his|her|our|their|your|the)\ (?:\w{1,10}\ )?(?:friend|bff|brother|sister|wife|husband|boyfriend|girlfriend|bf"  # noqa: E501
    r"|gf|ex|partner|fiance|fiancee|fiancé|fiancée|son|daughter|mother|father|mom|mum|dad|cousin|niece|nephew|boss|manager|coworker"
    r"|colleague|roommate|flatmate|neighbou?r|therapist|doctor|psychiatrist|psychologist|counsellor|counselor|nurse|teacher"
    r"|coach|dog|cat|baby|kid|grandson|granddaughter|stepdad|stepmom|bro|sis|buddy|mate|supervisor|landlord|crush)"
    r"(?:,|\ is|\ was|\ named|\ called|'s\ name\ is)?\ (?P<x>[^\W\d_]{2,20})(?!\w)"
)
_APPOSITIVE: Final = re.compile(
    rf"(?i:male|female|man|woman|boy|girl|patient|pt|patients|veteran|child|infant|lady|gentleman|teenager|toddler|newborn"
    rf"|client|person)(?:\ patient|\ pt|\ veteran)?(?:,\ |\ \(|\ (?i:named|called|name|like|is)\ |\ )(?P<x>{_PART}\ (?:{TITLED}|{_INITIAL})|{TITLED})"  # noqa: E501
    r"(?=\ ?[,;.?)(]|'s|\ (?:with|who|was|is|has|had|seen|admitted|treated|residing|living|from|at|on|in|diagnosed|presented|and)(?!\w)|\Z)"  # noqa: E501
)
_PAIR: Final = re.compile(
    rf"(?P<first>{CAPITAL})\ (?P<rest>(?:{_INITIAL}\ |{_PARTICLE}\ )?(?:{CAPITAL}(?:-{CAPITAL})?)|{_INITIAL}|[{UPPER}](?=[,;?)]|'s|\ [a-z]|\Z))"  # noqa: E501
    rf"(?:\ (?P<third>{CAPITAL}))?(?![\w])"
)
_SINGLE: Final = re.compile(rf"{TITLED}(?![\w@/-]|\.\w)")
_LAST_BEFORE: Final = re.compile(rf"(?<![\w'-])(?P<x>{TITLED}),\ \Z")
_INITIAL_AFTER: Final = re.compile(rf"\ {_INITIAL}")
_NOT_NAMES: Final = (
    words(
        "the a an and or but not no yes so very really just still also too sorry sure happy sad going trying"  # noqa: E501
        " looking feeling tired new old here there back home fine good okay ok glad afraid it he she they we"  # noqa: E501
        " you i all everyone everybody guys folks people there thanks this that those what who how why when"  # noqa: E501
        " today tomorrow tonight yesterday again please help god lord jesus christ monday tuesday wednesday"  # noqa: E501
        " thursday friday saturday sunday english spanish french german american british chinese type stage"  # noqa: E501
        " vitamin hepatitis influenza group class plan grade step phase level day week year month unit room"  # noqa: E501
        " is was are were be been has have had will would could should may might can do does did in on at to"  # noqa: E501
        " from of for with by as if my your his her our their its history hx with dr mr mrs ms"
        " mrn dob ssn id email phone insurance male female patient pt age aged admitted seen treated"
        " hospital clinic center university college school street avenue road medical health care"
        " currently recently previously diagnosed taking presenting presented following regarding"
        " facebook twitter google youtube reddit instagram iphone android windows microsoft apple amazon"  # noqa: E501
        " covid aids hiv adhd ptsd ocd bpd copd chf ct mri ecg ekg icu er ed asian african hispanic caucasian"  # noqa: E501
        " latino indian european christian muslim jewish catholic"
        " christmas easter thanksgiving halloween mom dad mum mother father grandma grandpa"
        " happy merry dear hi hello hey love best regards sincerely cheers updated recommended current"
        " management treatment guidelines what which options recommendations prognosis protocol"
    )
    | MONTHS
)
_SMALL_BLOCK: Final = _NOT_NAMES | words(
    "going not sure so just really very still gonna trying looking always never only about into like being"  # noqa: E501
    " doing getting having using taking working almost done over under out off up down one two three"
)


_SHOUT: Final = 80  # characters before a word that tell whether everything is in capitals


def _ok_word(word: str) -> bool:
    return len(word.rstrip(".")) == 1 or word.lower().strip(".'") not in _NOT_NAMES


def _trim_chain(text: str, start: int, end: int) -> int:
    """End of the chain before the first word that is no part of a name."""
    position = start
    for word in text[start:end].split(" "):
        if not _ok_word(word):
            return max(start, position - 1)
        position += len(word) + 1
    return end


def _titled(view: View) -> Iterator[Finding]:
    for spot, _ in view.spots(TITLE_WORDS):
        match = _TITLED.match(view.text, spot)
        if match is None:
            yield from _titled_small(view, spot)
            continue
        end = _trim_chain(view.text, match.start("x"), match.end("x"))
        if end > match.start("x") and not is_eponym(view.low, match.start("x"), end):
            title = match["title"]
            # "MS patients", "DR Congo": a title in capitals without a dot is an abbreviation.
            if title.strip().isupper() and len(title.strip()) == 2 and match["x"].isupper():  # noqa: PLR2004
                continue
            yield name_found(match.start(), end, "title", 0.9)


def _titled_small(view: View, spot: int) -> Iterator[Finding]:
    match = _TITLED_SMALL.match(view.text, spot)
    if match is not None:
        parts = match["x"].split(" ")
        known = parts[0] in surnames() or parts[0] in first_names()
        if parts[0] not in _SMALL_BLOCK and (known or _may_be_surname(parts[0], match["title"])):
            named = len(parts) > 1 and parts[1] in surnames() and parts[1] not in _SMALL_BLOCK
            end = match.end("x") if named else match.start("x") + len(parts[0])
            yield name_found(match.start(), end, "title", 0.7)


def _may_be_surname(word: str, title: str) -> bool:
    """Whether an unknown word in small letters can stand after a title; MS and MR are diseases too."""
    return title in {"dr", "mr", "mrs"} and not (
        is_common(word) or is_clinical_word(word) or word.endswith(_WORD_ENDINGS)
    )


_WORD_ENDINGS: Final = (
    "ing",
    "ed",
    "tion",
    "ments",
    "ment",
    "ly",
    "ness",
    "ous",
    "ity",
    "appt",
    "ies",
)


def _suffixed(view: View) -> Iterator[Finding]:
    if _HAS_CREDENTIAL.search(view.text) is None:
        return
    for match in _SUFFIXED.finditer(view.text):
        start = match.start("x")
        first, _, rest = match["x"].partition(" ")
        if not _ok_word(first):
            start += len(first) + 1
            first = rest.partition(" ")[0]
        if _ok_word(first) and not clinical_spans(match["x"]):
            yield name_found(start, match.end("x"), "suffix", 0.8)


def _introduced(view: View) -> Iterator[Finding]:
    for spot, _ in view.spots(_INTRO_WORDS):
        match = _SELF.match(view.low, spot)
        if match is None:
            continue
        weak = _WEAK_SELF.search(view.low, match.start(), match.end()) is not None
        name = _NAME_AT.match(view.text, match.end())
        if name is not None:
            yield from _capital_name(view, name, weak=weak)
        else:
            yield from _small_name(view, match.end(), weak=weak)


def _capital_name(view: View, name: re.Match[str], *, weak: bool) -> Iterator[Finding]:
    start = name.start("x")
    end = _trim_chain(view.text, start, name.end("x"))
    if end <= start or is_eponym(view.low, start, end):
        return
    first = view.low[start:end].split(" ")[0].split("-")[0].strip(".")
    known = first in clear_first_names() or (first in first_names() and " " in view.text[start:end])
    shouted = (
        view.text[start:end].isupper()
        and end - start > 1
        and view.text[max(0, start - _SHOUT) : start].isupper()
    )
    if known or (not weak and len(first) > 1 and not shouted):
        yield name_found(start, end, "introduced", 0.85 if known else 0.7)


def _small_name(view: View, start: int, *, weak: bool) -> Iterator[Finding]:
    match = _SMALL_AT.match(view.low, start)
    if match is None:
        return
    parts = match["x"].split(" ")
    lexicon = clear_first_names() if weak else first_names()
    if parts[0] in _SMALL_BLOCK or parts[0] not in lexicon:
        return
    end = start + len(parts[0])
    if len(parts) > 1 and parts[1] in surnames() and parts[1] not in _SMALL_BLOCK:
        end += 1 + len(parts[1])
    yield name_found(start, end, "introduced_small", 0.7)


def _related(view: View) -> Iterator[Finding]:
    for spot, _ in view.spots(_RELATIONS):
        match = _RELATION.match(view.low, spot)
        if match is None:
            continue
        word = match["x"]
        capital = view.text[match.start("x")].isupper()
        lexicon = first_names() if capital else clear_first_names()
        if word in lexicon and (capital or word not in _SMALL_BLOCK):
            yield name_found(match.start("x"), match.end("x"), "relation", 0.75)


def _in_brackets(view: View) -> Iterator[Finding]:
    """``Wife (Ji-Soo Kim)`` and ``Hope (roommate)``."""
    for match in _KIN_THEN_NAME.finditer(view.text):
        end = _trim_chain(view.text, match.start("x"), match.end("x"))
        if end > match.start("x") and not clinical_spans(view.text[match.start("x") : end]):
            yield name_found(match.start("x"), end, "bracket", 0.7)
    for match in _NAME_THEN_KIN.finditer(view.text):
        if match["x"].split(" ")[0].lower() in first_names() and not clinical_spans(match["x"]):
            yield name_found(match.start("x"), match.end("x"), "bracket", 0.7)


_KIN: Final = (
    r"(?:wife|husband|mother|mom|mum|father|dad|son|daughter|sister|brother|partner|boyfriend|girlfriend"
    r"|friend|roommate|spouse|aunt|uncle|cousin|grandmother|grandfather|niece|nephew|nok|sponsor|neighbou?r"
    r"|fiancée?|ex|caregiver|guardian|therapist|case\ manager|supervisor|boss|teacher|landlord|carer)"
)
_KIN_THEN_NAME: Final = re.compile(rf"(?i:{_KIN})\ \((?P<x>{_CHAIN})(?=[,;:) ])")
_NAME_THEN_KIN: Final = re.compile(
    rf"(?<![\w'-])(?P<x>{TITLED}(?:\ {TITLED})?)\ \((?i:(?:his|her|their|my|pt's|patient's)\ )?(?i:{_KIN})(?!\w)"  # noqa: E501
)


def _appositives(view: View) -> Iterator[Finding]:
    for spot, _ in view.spots(_PERSON_WORDS):
        match = _APPOSITIVE.match(view.text, spot)
        if match is None:
            continue
        parts = match["x"].split(" ")
        if all(map(_ok_word, parts)) and not is_eponym(view.low, match.start("x"), match.end("x")):
            known = parts[0].lower() in first_names()
            if known or len(parts) > 1:
                yield name_found(match.start("x"), match.end("x"), "appositive", 0.75)


def _known(view: View) -> Iterator[Finding]:
    """First names of the lexicon: with a surname or an initial, or alone if they are unambiguous."""
    text = view.text
    for start, end in view.spots(view.names):
        if not text[start].isupper() or (start and text[start - 1] in "'-@#/_."):
            continue
        finding = _full_name(view, start) or _inverted(view, start, end)
        if finding is None and view.low[start:end] in clear_first_names():
            finding = _single(view, start)
        if finding is not None:
            yield finding


_NO_SURNAME: Final = words(
    "park county airport rd road st street ave avenue blvd lane university college hospital school fashion"  # noqa: E501
    " week news tour band festival brothers bros cable fa way ladies resources rt i up out off and the"
)
_GENERATION: Final = re.compile(r",?\ (?:[Jj][Rr]|[Ss][Rr])(?!\w)\.?|\ I{2,3}(?!\w)|\ IV(?!\w)")
_MORE: Final = re.compile(rf"\ (?P<x>{TITLED})(?![\w])")


def _with_generation(text: str, end: int) -> int:
    match = _GENERATION.match(text, end)
    return match.end() if match else end


def _with_more(text: str, end: int) -> int:
    """After first name and two surnames, a third one."""
    match = _MORE.match(text, end)
    return (
        match.end() if match and match["x"].lower() in surnames() and _ok_word(match["x"]) else end
    )


def _full_name(view: View, start: int) -> Finding | None:
    text = view.text
    match = _PAIR.match(text, start)
    if match is None:
        return None
    first, rest = match["first"].lower(), match["rest"]
    base = first.split("-")[0]
    if base not in first_names() or first in _NOT_NAMES or not _ok_word(rest.split(" ")[-1]):
        return None
    initial = len(rest) <= 4 and rest.rstrip(".").isupper()  # noqa: PLR2004
    clear = base in clear_first_names()
    known = rest.split(" ")[-1].lower().split("-")[0] in surnames()
    if not (clear or known or (initial and base in _WITH_INITIAL)):
        return None
    if rest.split(" ")[-1].lower() in _NO_SURNAME or rest in terms("abbreviations"):
        return None
    end, third = match.end("rest"), match["third"]
    if third and third.lower() in surnames() and _ok_word(third):
        end = _with_more(text, match.end("third"))
    end = _with_generation(text, end)
    if is_eponym(view.low, start, end):
        return None
    return name_found(start, end, "full_name", 0.85 if clear else 0.65)


_SAINTS: Final = (
    "san ",
    "santa ",
    "santo ",
    "saint ",
    "st. ",
    "são ",
    "port ",
    "fort ",
    "mount ",
    "lake ",
)


def _single(view: View, start: int) -> Finding | None:
    match = _SINGLE.match(view.text, start)
    if view.low.endswith(_SAINTS, 0, start):
        return None  # San Francisco, St. Lucia
    if match is None or is_eponym(view.low, start, match.end()) or not _ok_word(match[0]):
        return None
    return name_found(start, match.end(), "first_name", 0.55)


def _inverted(view: View, start: int, end: int) -> Finding | None:
    """As in "Whitlock, Nora": a surname before the first name."""
    if not view.text.endswith(", ", 0, start):
        return None
    before = _LAST_BEFORE.search(view.text, max(0, start - 30), start)
    if before is None or not _ok_word(before["x"]):
        return None
    last = before["x"].lower()
    if last not in surnames() or last in first_names():
        return None
    initial = _INITIAL_AFTER.match(view.text, end)
    return name_found(before.start("x"), initial.end() if initial else end, "inverted", 0.7)


_WITH_INITIAL: Final = words(
    "grace mark rose frank jack ray jean carol daisy violet ruby hazel ivy faith hope joy dean grant chase"  # noqa: E501
    " will bill sue dick ann april june may hunter autumn summer holly heather dawn amber jasmine crystal"  # noqa: E501
    " angel christian austin dallas jordan taylor logan parker carter mason tyler morgan paige brook brooke"  # noqa: E501
    " robin ginger penny peggy melody destiny harmony trinity nick rick dan pat kay kerry lee lance miles"  # noqa: E501
    " roy earl duke louis max art gene guy glen clay cliff clark rusty woody gus leo jim tim tom josh matt"  # noqa: E501
    " mary maria john jane kim tracy sandy bonnie florence victoria virginia georgia"
)


_INTRO_WORDS: Final = words(
    "name names named called call known goes i im this signed sincerely regards cheers yours love xoxo"
    " respectfully best thanks thank dear hi hello hey ask speak meet patient client pt customer employee"  # noqa: E501
    " user contact caller mother father guardian spouse parent doctor physician provider therapist attending"  # noqa: E501
    " beneficiary"
)
_RELATIONS: Final = words("my his her our their your the")

TITLE_WORDS: Final = words(_TITLES)
"""What stands before a name: Dr, Mrs, uncle; lower case."""
PARTICLE_WORDS: Final = words(_PARTICLES.replace("_", " "))
"""What stands within one: van, dos; lower case."""
_PERSON_WORDS: Final = words(
    "male female man woman boy girl patient pt patients veteran child infant lady gentleman teenager"
    " toddler newborn client person"
)

RECOGNIZERS: Final = (
    Recognizer("title", _titled, TITLE_WORDS),
    Recognizer(
        "suffix",
        _suffixed,
        words(
            "md m do d phd ph rn r np n pa p dds lcsw lpc lmft psyd pharmd fnp mbbs esq jr sr frcp"
        ),
        ("a A", "a, A"),
    ),
    Recognizer("introduced", _introduced, _INTRO_WORDS),
    Recognizer("relation", _related, _RELATIONS),
    Recognizer("bracket", _in_brackets, shapes=("a (A", "a (a")),
    Recognizer("appositive", _appositives, _PERSON_WORDS, (", A", " A", "(A")),
    Recognizer("known_name", _known, shapes=("Aa", "AA"), named=True),
)
"""Recognizers of this family."""
