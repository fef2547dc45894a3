"""Street addresses, boxes and postcodes of several countries."""

import re
from collections.abc import Iterator
from typing import Final

from psychescale.text.findings import Finding, PiiType
from psychescale.text.rules.letters import CAPITAL, LOWER, UPPER
from psychescale.text.rules.rule import Recognizer, View, alternatives, each, words

STATES: Final = words(
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY"
    " NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR VI GU AS MP AA AE AP"
    " AB BC MB NB NL NS ON PE QC SK NSW VIC QLD TAS ACT NT"
)
"""Postal abbreviations of US states and territories, Canadian provinces, Australian states."""
_STATE: Final = alternatives(" ".join(STATES))

_TYPES_SAFE: Final = (
    "street st str avenue ave av road rd lane ln boulevard blvd drive dr court ct terrace ter crescent"
    " cres highway hwy parkway pkwy turnpike pike expressway freeway alley circle cir square sq trail"
    " trl place pl close grove gardens mews row way walk loop plaza point pt ridge run crossing"
    " manor heights hill park green wharf quay parade rise view vale esplanade causeway route rte"
)
_TYPE: Final = alternatives(_TYPES_SAFE)
_TYPE_SMALL: Final = alternatives(
    "street st avenue ave road rd lane ln boulevard blvd drive court terrace"
)
# A full stop belongs to an abbreviation, not to "Street".
_DOT: Final = r"(?:(?<=[ \w][sS][tTqQ])\.|(?<=\ [rR]d)\.|(?<=\ [lL]n)\.|(?<=\ [dD]r)\.|(?<=\ [cC]t)\.|(?<=\ [pP]l)\.|(?<=\ [aA]v)\.|(?<=\ [aA]ve)\.|(?<=\ [bB]lvd)\.)?"  # noqa: E501
_WORD: Final = rf"(?:{CAPITAL}\.?|\d{{1,3}}(?:st|nd|rd|th)|[{UPPER}]\.)"
_NUMBER: Final = r"(?:[0-9](?<![\w.,$€£/-].)\d{0,5}[A-Za-z]?(?:\ ?[-/]\ ?\d{1,5}[A-Za-z]?)?)"
_UNIT: Final = (
    r"(?:(?:,\ ?|\ |\ ?\n\ ?)(?i:suite|ste|apartment|apt|unit|flat|floor|fl|room|rm|bldg|building|no|nr|top|bus"  # noqa: E501
    r"|bte|étage|piso|escalera|interno)\.?\ ?\#?\ ?(?:\d{1,5}[A-Za-z]?|[A-Za-z])(?!\w)|(?:,\ ?|\ )\#\ ?\d{1,5}[A-Za-z]?)"  # noqa: E501
)
_ENGLISH: Final = re.compile(
    rf"{_NUMBER}(?:\ \d{{1,6}})?,?\ (?:(?:[NSEW]|NE|NW|SE|SW|North|South|East|West)\.?\ )?(?:{_WORD}\ ){{1,4}}"  # noqa: E501
    rf"(?i:{_TYPE})(?!\w){_DOT}(?:\ (?:NE|NW|SE|SW|[NSEW])(?!\w))?"
)
_SMALL: Final = re.compile(
    rf"(?<![\w.,$€£/-])\d{{1,5}}[a-z]?\ (?P<words>(?:[a-z'\d]{{2,20}}\ ){{1,3}})(?:{_TYPE_SMALL})(?!\w)"
)
_SMALL_NOT: Final = words(
    "minutes minute hours hour days day weeks week months month years year blocks block miles mile km of"  # noqa: E501
    " the a an in on at to from down up people men women cars guys kids per mg ml more other different"
    " big long short left right and or for with when my your his her their our this that times"
)
_NAMED_TYPES: Final = words("street avenue boulevard lane road")
_WORDS_BEFORE: Final = re.compile(rf"(?<![\w'.-])(?!The\ )(?:{_WORD}\ ){{1,3}}\Z")
_PREFIX: Final = (
    r"(?:rue|avenue|av\.|boulevard|bd\.?|place|chemin|allée|impasse|quai|cours|route|faubourg|square"
    r"|calle|c/|c\.|avenida|avda\.?|plaza|paseo|camino|ronda|carretera|carrera|via|viale|v\.le|piazza|corso|largo"
    r"|vicolo|strada|rua|travessa|praça|estrada|alameda|ulica|ul\.|al\.|trg|cesta|calea|bulevardul|strasse|straße)"
)
_NAME_WORD: Final = rf"(?:(?:de|du|des|del|della|dei|delle|di|da|do|dos|das|la|le|les|el|los|las|den|der|van|y|e|et)\ |[dl]'|\d{{1,2}}\ |{_WORD}[ ,]?-?)"  # noqa: E501
_ROMANCE: Final = re.compile(
    rf"(?<!\w)(?:(?P<n>\d{{1,5}}[A-Za-z]?(?:\ (?:bis|ter))?(?:\ \d{{1,5}})?),?\ )?(?i:{_PREFIX})\ (?={_NAME_WORD}|[dl]')"  # noqa: E501
    rf"(?:{_NAME_WORD}){{1,6}}(?:,?\ ?(?:(?i:n\.?[º°]?|nr\.?|no\.?)\ ?)?(?P<m>\d{{1,5}}(?:[A-Za-z]|[/-]\d{{1,4}})?)(?!\w))?"  # noqa: E501
)
_GERMANIC: Final = re.compile(
    rf"(?<!\w)(?:\d{{1,4}}\ )?(?:(?:{_WORD}|[A-Z]\.|Am|An|Auf|Im|In|Alte|Neue|der|den|dem|van|het|de)[ -]){{0,4}}"  # noqa: E501
    rf"[{UPPER}]?[{LOWER}]{{0,24}}(?i:straße|strasse|str\.|gasse|platz|allee|ufer|damm|weg|steig|chaussee|straat|laan|plein"
    rf"|kade|gracht|dijk|singel|dreef|hof|pad|lei|vägen|gatan|gata|väg|vej|gade|allé|veien|vegen|katu|tie|kuja"
    rf"|utca|útja|tér|bakken|stræde|vangen|plads)\ \d{{1,5}}\ ?[a-zA-Z]?(?:-\d{{1,4}})?(?!\w)"
)
_BOX: Final = re.compile(
    r"(?<!\w)(?:p\.?\ ?o\.?\ ?box|post\ ?box|postfach|postbus|apartado(?:\ de\ correos)?|boîte\ postale|b\.p\."  # noqa: E501
    r"|casella\ postale|private\ bag|gpo\ box|locked\ bag)\ ?(?:no\.?\ ?|\#)?\d{1,6}(?!\w)"
    # BP is blood pressure too: a French box has a postcode after it.
    r"|(?<!\w)bp\ \d{1,6}(?=,?\ ?\n?(?:f-)?\d{5}\ [a-z])"
    r"|(?<!\w)(?:psc|unit|cmr)\ \d{1,5},?\ box\ \d{1,5}(?:,?\s(?:apo|fpo|dpo)\ a[aep]\ \d{5}(?:-\d{4})?)?"  # noqa: E501
    r"|(?<!\w)(?:uss|usns|usnv)\ \w{2,20}(?:,?\s(?:apo|fpo|dpo)\ a[aep]\ \d{5})"
)
# After a street: unit, town, region, postcode, country, each as far as it is there.
_TOWN: Final = rf"(?:{CAPITAL}\.?)(?:[ -]{CAPITAL}|\ (?:am|an|der|de|la|le|sur|nad|del|di|du)\ {CAPITAL}){{0,3}}"  # noqa: E501
_GAP: Final = r"(?:\ ?,\ ?\n?\ {0,2}|\ ?\n\ ?,?\ {0,2}|\ )"
_TAIL: Final = re.compile(
    rf"(?P<unit>{_UNIT})?(?:(?:\ ?,\ ?\n?\ {{0,2}}|\ ?\n\ {{0,2}})(?P<town>(?:\d{{4,5}}\ )?{_TOWN}))?"
    rf"(?:{_GAP}(?P<state>{_STATE})(?!\w))?"
    rf"(?:{_GAP}(?P<zip>\d{{5}}(?:-\d{{4}})?|[A-Z]{{1,2}}\d[A-Z\d]?\ \d[A-Z]{{2}}|[A-Z]\d[A-Z]\ ?\d[A-Z]\d|\d{{4}}(?:\ [A-Z]{{2}})?)(?!\w))?"  # noqa: E501
)
_UNIT_THEN_TOWN: Final = re.compile(rf"{_UNIT}\ {_TOWN}")

_TRIGGERS: Final = words(_TYPES_SAFE)
_ROMANCE_TRIGGERS: Final = words(
    "rue avenue av boulevard bd place chemin allée impasse quai cours route faubourg square calle c avenida"  # noqa: E501
    " avda plaza paseo camino ronda carretera carrera via viale v piazza corso largo vicolo strada rua"
    " travessa praça estrada alameda ulica ul al trg cesta calea bulevardul strasse straße"
)
_GERMANIC_ENDS: Final = tuple(  # noqa: C409
    [
        "straße",
        "strasse",
        "str",
        "gasse",
        "platz",
        "allee",
        "ufer",
        "damm",
        "weg",
        "steig",
        "chaussee",
        "straat",
        "laan",
        "plein",
        "kade",
        "gracht",
        "dijk",
        "singel",
        "dreef",
        "hof",
        "pad",
        "lei",
        "vägen",
        "gatan",
        "gata",
        "väg",
        "vej",
        "gade",
        "allé",
        "veien",
        "vegen",
        "katu",
        "tie",
        "kuja",
        "utca",
        "útja",
        "tér",
        "bakken",
        "stræde",
        "vangen",
        "plads",
    ]
)


def _english(view: View) -> Iterator[Finding]:
    if "0" in view.shape:
        for match in _ENGLISH.finditer(view.text):
            yield _with_tail(view, match.start(), match.end(), "street", 0.9)
        for match in _SMALL.finditer(view.low):
            middle = match["words"].split()
            if _SMALL_NOT.isdisjoint(middle) and not middle[-1].isdigit():
                yield _with_tail(view, match.start(), match.end(), "street", 0.7)
    for start, end in view.spots(_NAMED_TYPES):
        name = _WORDS_BEFORE.search(view.text, max(0, start - 60), start)
        if name is not None and view.text[start].isupper():
            yield Finding(name.start(), end, PiiType.ADDRESS, "rule:street_name", 0.5)


def _romance(view: View) -> Iterator[Finding]:
    for match in _ROMANCE.finditer(view.text):
        if match["n"] or match["m"]:
            end = match.start() + len(match[0].rstrip(" ,-"))
            yield _with_tail(view, match.start(), end, "street", 0.85)


def _germanic(view: View) -> Iterator[Finding]:
    if any(word.endswith(_GERMANIC_ENDS) for word in view.words):
        for match in _GERMANIC.finditer(view.text):
            yield _with_tail(view, match.start(), match.end(), "street", 0.85)


def _with_tail(view: View, start: int, end: int, source: str, confidence: float) -> Finding:
    tail = _UNIT_THEN_TOWN.match(view.text, end) or _TAIL.match(view.text, end)
    if tail is not None:
        more = _TAIL.match(view.text, tail.end())
        end = more.end() if more is not None else tail.end()
    return Finding(start, end, PiiType.ADDRESS, f"rule:{source}", confidence)


def _boxes(view: View) -> Iterator[Finding]:
    for match in _BOX.finditer(view.low):
        yield _with_tail(view, match.start(), match.end(), "box", 0.9)


_ZIP_WITH_STATE: Final = re.compile(rf"(?<!\w)(?:{_STATE}),?\ (?P<x>\d{{5}}(?:-\d{{4}})?)(?![\w-])")
_ZIP_IN_CONTEXT: Final = re.compile(
    r"(?<!\w)(?:zip|zip\ ?code|post\ ?code|postal\ code|plz|postleitzahl|code\ postal|código\ postal|cap)"  # noqa: E501
    r"(?:\ is|\ of)?[ :=]{1,2}(?P<x>\d{5}(?:-\d{4})?|\d{4}(?:\ ?[a-z]{2})?|[a-z]\d[a-z]\ ?\d[a-z]\d|[a-z]{1,2}\d[a-z\d]?\ ?\d[a-z]{2})(?!\w)"  # noqa: E501
)
# Royal Mail's format; the area letters are those in use.
_AREAS: Final = alternatives(
    "AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH"  # noqa: E501
    " EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME"  # noqa: E501
    " MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY"  # noqa: E501
    " TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE"
)
_POSTCODE_UK: Final = re.compile(
    rf"(?<![\w-])(?:{_AREAS})\d[A-Z\d]?\ \d[ABD-HJLNP-UW-Z]{{2}}(?![\w-])"
    rf"|(?<![\w-])(?:{_AREAS})\d{{1,2}}[A-Z]?\d[ABD-HJLNP-UW-Z]{{2}}(?![\w-])"
)
_POSTCODE_CA: Final = re.compile(
    r"(?<![\w-])[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z]\ ?\d[ABCEGHJ-NPRSTV-Z]\d(?![\w-])"
)


def _zip_with_state(view: View) -> Iterator[Finding]:
    yield from each(_ZIP_WITH_STATE, view.text, PiiType.ZIP, "zip", 0.85)


def _postcode_uk(view: View) -> Iterator[Finding]:
    yield from each(_POSTCODE_UK, view.text, PiiType.ZIP, "postcode_uk", 0.7)


def _postcode_ca(view: View) -> Iterator[Finding]:
    yield from each(_POSTCODE_CA, view.text, PiiType.ZIP, "postcode_ca", 0.8)


def _zip_in_context(view: View) -> Iterator[Finding]:
    yield from each(_ZIP_IN_CONTEXT, view.low, PiiType.ZIP, "zip_context", 0.9)


RECOGNIZERS: Final = (
    Recognizer("street", _english, _TRIGGERS),
    Recognizer("street_romance", _romance, _ROMANCE_TRIGGERS, (" 0", "0 ")),
    Recognizer("street_germanic", _germanic, shapes=("a 0", "A 0", ". 0")),
    Recognizer(
        "box",
        _boxes,
        words(
            "box postbox pobox postfach postbus apartado bp b boîte casella bag psc uss usns usnv"
        ),
        ("0",),
    ),
    Recognizer("zip", _zip_with_state, shapes=("AA 00000", "AA, 00000")),
    Recognizer("postcode_uk", _postcode_uk, shapes=("0 0AA", "A 0AA", "00AA", "A0AA")),
    Recognizer("postcode_ca", _postcode_ca, shapes=("A0A",)),
    Recognizer(
        "zip_context",
        _zip_in_context,
        words("zip zipcode postcode post postal plz postleitzahl code código cap"),
        ("0",),
    ),
)
"""Recognizers of this family."""
