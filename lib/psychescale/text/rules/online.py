"""What people leave on networks: addresses of mail and machines, links, handles."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from psychescale.text.clinical.terms import is_clinical_word
from psychescale.text.common_words import is_everyday
from psychescale.text.findings import Finding, PiiType
from psychescale.text.rules.rule import Recognizer, View, alternatives, each, words

_EMAIL: Final = re.compile(
    r"(?<![\w.%+'-])(?:['_*]{0,3})(?P<x>[\w%+](?:[\w.%+'-]{0,253}+)@(?:[a-zA-Z0-9\u00a1-\U0010ffff-]{1,63}+\.){1,8}[^\W\d_]{2,24})"
    r"(?![^\W_]|-\w)"
)
# Letter by letter: l e n a @ example . org
_EMAIL_LETTERS: Final = re.compile(
    r"(?<!\S)[a-z0-9](?:\ [a-z0-9._-]){1,30}\ ?(?:@|\(at\)|\[at\]|at)\ ?[a-z0-9-]{1,40}(?:\ [a-z0-9-]){0,20}"  # noqa: E501
    r"\ ?(?:\.|dot)\ ?[a-z]{1,10}(?:\ [a-z]){0,4}(?![^\W_])"
)
_EMAIL_SPELLED: Final = re.compile(
    r"(?<![\w.%+-])[a-z0-9][a-z0-9._%+-]{0,63}+"
    r"(?:(?:\ dot\ |\ ?[\[({<]\ ?(?:dot|\.)\ ?[\])}>]\ ?)[a-z0-9_%+-]{1,63}+){0,3}"
    r"(?:\ ?[\[({<]\ ?(?:at|@)\ ?[\])}>]\ ?|\ at\ |\ ?@\ ?)"
    r"[a-z0-9-]{2,63}+(?:(?:\ ?[\[({<]\ ?(?:dot|\.)\ ?[\])}>]\ ?|\ dot\ |\.)[a-z0-9-]{2,63}+){0,3}?"
    r"(?:\ ?[\[({<]\ ?(?:dot|\.)\ ?[\])}>]\ ?|\ dot\ |\ ?\.\ ?)"
    r"(?:com|org|net|edu|gov|io|info|de|fr|es|nl|uk|ca|au|eu|it|us|me|co)(?![\w-])"
)
# Names of files and words of languages are left out: `rpc.py`, `notes.md`, "tell me.it is".
_TLD: Final = alternatives(
    "com org net edu gov mil int info biz io co.uk ac.uk org.uk nhs.uk gov.uk uk de fr es nl eu ca ch"
    " com.au net.au org.au edu.au gov.au au co.nz nz com.br br co.jp jp co.in ru pl se dk fi cz hu ro"
    " gr pt ie mx ar cl za co.za ua app dev xyz online site shop club tv gg wiki blog tech health care"
    " hr bg sk ee lv lt lu us"
)
_URL_END: Final = r"(?:[^\s<>\"'\]\[(){}|\\^`\ufffc]{0,2048}(?:\([^\s<>\"()\ufffc]{0,200}+\))?)"
_URL: Final = re.compile(
    rf"[hfw](?<![\w.-].)(?:(?:ttps?|tps?|xxps?)://|ww\d?\.)(?=\w){_URL_END}(?<![.,;:!?])"
)
_DOMAIN: Final = re.compile(
    rf"(?<![\w.@/\\-])(?=[\w-]*[a-z])(?:[a-z0-9][a-z0-9-]{{0,62}}+\.){{1,5}}?(?:{_TLD})(?![\w@-]|\.[\w])"
    rf"(?:[/?#:](?=[\w@~%$]){_URL_END}(?<![.,;:!?]))?"
)
# Hosts whose names end as words do; what stands before or after them names a person or a plea.
_PERSONAL: Final = (
    r"youtu\.be|t\.me|wa\.me|fb\.me|m\.me|bit\.ly|redd\.it|t\.co|linktr\.ee|discord\.gg|goo\.gl|instagr\.am"
    r"|last\.fm|about\.me|twitch\.tv|paypal\.me|cash\.app|cash\.me|venmo\.me|monzo\.me|revolut\.me|ko-fi\.co"
    r"|gofund\.me|gf\.me|throne\.me|wishlist\.link|amzn\.to|amzn\.eu|a\.co|carrd\.co|bio\.link|lnk\.bio|msha\.ke"
    r"|solo\.to|beacons\.ai|beacons\.page|campsite\.bio|tap\.bio|linkin\.bio|bsky\.social|mastodon\.social|threads\.net"
    r"|ask\.fm|curiouscat\.me|curiouscat\.qa|tellonym\.me|ngl\.link|onlyfans\.me|fansly\.me|chng\.it|igg\.me|kck\.st"
    r"|pic\.twitter\.com|substack\.co|write\.as|notion\.site|github\.io|itch\.io|ipernity\.me|micro\.blog|bandcamp\.co"
)
_PERSONAL_NAMES: Final = words(
    "carrd bsky mastodon bandcamp substack github itch notion twitter beacons bio campsite write micro"
)
_PROFILE_HOSTS: Final = re.compile(
    rf"(?<![\w.@/-])(?:(?:{_PERSONAL})/(?=[\w@~$]){_URL_END}(?<![.,;:!?])"
    rf"|[a-z0-9][a-z0-9-]{{1,40}}\.(?:{_PERSONAL})(?![\w-])(?:/{_URL_END}(?<![.,;:!?]))?)"
)
_IPV4: Final = re.compile(
    r"[0-9](?<![\w.-].)\d{0,2}\.(?:\d{1,3}\.){2}\d{1,3}(?:/\d{1,2})?(?![\w-]|\.\d)"
)
_VERSION_BEFORE: Final = re.compile(r"(?:version|ver\.?|release|build|v\.?|[=~<>])\s?\Z")
_IPV6: Final = re.compile(
    r"(?<![\w:.])(?=[0-9a-f]*:[0-9a-f]*:)[0-9a-f:]{3,39}+(?:(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])"
)
_MAC: Final = re.compile(
    r"(?<![\w:.-])(?:(?:[0-9a-f]{2}:){5}|(?:[0-9a-f]{2}-){5})[0-9a-f]{2}(?![\w:-])"
    r"|(?<![\w.])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![\w.])"
)
_CISCO: Final = re.compile(r"\.[0-9a-f]{4}\.[0-9a-f]{4}")
_REDDIT: Final = re.compile(r"(?<![\w/.])/?\ ?u\ ?/\ ?[a-z0-9_-]{2,30}(?![\w-])")
_MENTION_SPACED: Final = re.compile(
    r"(?<!\S)@\ (?P<x>(?=\d{0,30}+[^\W\d])\w[\w.-]{1,38})(?<![.-])(?![\w@])"
)
_PAYMENT: Final = re.compile(r"(?<![\w$])\$(?=[a-z0-9_-]{0,19}[a-z])[a-z][a-z0-9_-]{2,20}(?![\w$])")
_PAYMENT_WORDS: Final = words("cashapp cash venmo paypal zelle tag donate donations help app")
_MENTION: Final = re.compile(r"@(?<![\w@.+/-]@)(?=\d{0,30}+[^\W\d])[\w.-]{1,39}(?<![.-])(?![\w@])")
_DISCORD: Final = re.compile(r"(?<![\w.#@/-])[^\W\d][\w.]{1,31}#\d{4}(?!\w)")
_SERVICES: Final = (
    "discord snapchat snap instagram insta ig kik telegram twitter tiktok tumblr twitch skype"
    " facebook fb username handle psn steam xbox wechat viber"
)
_NAMED_HANDLE: Final = re.compile(
    rf"(?<![\w/])(?:{alternatives(_SERVICES)})(?:\ ?(?:tag|id|name|username|handle|account))?"
    r"(?:\ is\ |\ ?[:=-]\ ?|\t)[\"']?(?P<x>@?[a-z0-9_][\w.-]{1,31})(?<![.-])(?!\w)"
)
# "on discord im moonpetal", "insta moon_petal", "my snap moonpetal91"
_BESIDE: Final = re.compile(
    rf"(?<![\w/])(?:{alternatives(_SERVICES)})(?:\ ?(?:as|under|im|i'm|i\ am|its|it's|called|user|name|username|@|->|>))?"  # noqa: E501
    r"\ (?P<x>[a-z0-9_][\w.-]{2,31})(?<![.-])(?!\w)"
)
_INTRODUCED: Final = re.compile(r"(?:\ ?(?:as|under|im|i'm|i\ am|called|user|username|@|->|>))\ \Z")
_SERVICE_WORDS: Final = words(_SERVICES)
# A word after "my snap is" may be plain English ("my insta is private"): a handle shows a digit,
# an underscore or a dot, or was introduced by a colon.
_PLAIN_WORD: Final = re.compile(r"[a-z]+")


_HOST: Final = re.compile(r"@[\w-]{1,63}\.")


def _email_letters(view: View) -> Iterator[Finding]:
    yield from each(_EMAIL_LETTERS, view.low, PiiType.EMAIL, "email_letters", 0.85)


def _email(view: View) -> Iterator[Finding]:
    if _HOST.search(view.text):
        yield from each(_EMAIL, view.text, PiiType.EMAIL, "email", 0.99)


def _email_spelled(view: View) -> Iterator[Finding]:
    for finding in each(_EMAIL_SPELLED, view.low, PiiType.EMAIL, "email_spelled", 0.8):
        span = view.low[finding.start : finding.end]
        # "look at example.com" is a preposition and a link.
        if " dot " in span or any(bracket in span for bracket in "[({<") or "@" in span:
            yield finding


def _url(view: View) -> Iterator[Finding]:
    yield from each(_URL, view.low, PiiType.URL, "url", 0.95)


def _domain(view: View) -> Iterator[Finding]:
    yield from each(_DOMAIN, view.low, PiiType.URL, "domain", 0.7)
    if "/" in view.low or not view.words.isdisjoint(_PERSONAL_NAMES):
        yield from each(_PROFILE_HOSTS, view.low, PiiType.URL, "profile", 0.9)


def _ip(view: View) -> Iterator[Finding]:
    if view.low.count(".") < 3:  # noqa: PLR2004 - four parts
        return
    for finding in each(_IPV4, view.low, PiiType.IP, "ipv4", 0.9, _is_address):
        if not _VERSION_BEFORE.search(view.low, max(0, finding.start - 10), finding.start):
            yield finding


def _ipv6(view: View) -> Iterator[Finding]:
    if view.low.count(":") > 1:
        yield from each(_IPV6, view.low, PiiType.IP, "ipv6", 0.9, _is_address)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return sum(char.isalnum() for char in text) > 1


def _mac(view: View) -> Iterator[Finding]:
    if max(view.low.count(":"), view.low.count("-")) > 4 or _CISCO.search(view.low):  # noqa: PLR2004
        yield from each(_MAC, view.low, PiiType.MAC, "mac", 0.95)


def _reddit(view: View) -> Iterator[Finding]:
    yield from each(_REDDIT, view.low, PiiType.USER, "reddit", 0.95)


def _mention(view: View) -> Iterator[Finding]:
    yield from each(_MENTION, view.low, PiiType.USER, "mention", 0.9)


def _mention_spaced(view: View) -> Iterator[Finding]:
    """Mentions with a blank, as tokenizers leave it; "dinner @ home" has a word of every day."""
    for match in _MENTION_SPACED.finditer(view.low):
        if not _is_plain(match["x"]):
            yield Finding(match.start(), match.end(), PiiType.USER, "rule:mention", 0.7)


def _payment(view: View) -> Iterator[Finding]:
    """``$name`` of a payment service; a share's sign is in capitals."""
    for match in _PAYMENT.finditer(view.low):
        ticker = view.text[match.start() : match.end()].isupper() and len(match[0]) <= _TICKER
        if not ticker and (match.end() - match.start() > _TICKER or view.words & _PAYMENT_WORDS):
            yield Finding(match.start(), match.end(), PiiType.USER, "rule:payment", 0.7)


_TICKER: Final = 6


def _is_plain(word: str) -> bool:
    bare = word.strip(".-")
    return bare.isalpha() and (
        is_everyday(bare) or is_clinical_word(bare) or len(bare) < _SHORT_HANDLE
    )


_SHORT_HANDLE: Final = 4


def _beside(view: View) -> Iterator[Finding]:
    for start, _ in view.spots(_SERVICE_WORDS):
        match = _BESIDE.match(view.low, start)
        if match is None or _is_plain(match["x"]):
            continue
        introduced = _INTRODUCED.search(view.low, match.start(), match.start("x")) is not None
        handle = match["x"]
        if introduced or not handle.isalpha():
            yield Finding(match.start("x"), match.end("x"), PiiType.USER, "rule:named_handle", 0.7)


def _discord(view: View) -> Iterator[Finding]:
    yield from each(_DISCORD, view.low, PiiType.USER, "discord", 0.9)


def _named_handle(view: View) -> Iterator[Finding]:
    for finding in each(_NAMED_HANDLE, view.low, PiiType.USER, "named_handle", 0.8):
        if finding.end - finding.start < _SHORT_HANDLE - 1:
            continue  # SNAP-IV is a scale
        by_verb = view.low.startswith(" is ", finding.start - 4)
        if not (by_verb and _PLAIN_WORD.fullmatch(view.low, finding.start, finding.end)):
            yield finding


RECOGNIZERS: Final = (
    Recognizer("email", _email, shapes=("@",)),
    Recognizer("email_spelled", _email_spelled, words("at")),
    Recognizer("email_spaced", _email_spelled, shapes=(" @", "@ ", "[@", "(@")),
    Recognizer("email_letters", _email_letters, shapes=("a a a",)),
    Recognizer("url", _url, words("http https ftp ftps hxxp hxxps www")),
    Recognizer("domain", _domain, shapes=("a.a", "0.a", "A.A", "A.a", "a.A")),
    Recognizer("ipv4", _ip, shapes=("0.0",)),
    Recognizer("ipv6", _ipv6, shapes=(":",)),
    Recognizer("mac", _mac, shapes=(":", "-", ".")),
    Recognizer("reddit", _reddit, words("u")),
    Recognizer("mention", _mention, shapes=("@a", "@A", "@0", "@_")),
    Recognizer("mention_spaced", _mention_spaced, shapes=("@ ",)),
    Recognizer("payment", _payment, shapes=("$a", "$A")),
    Recognizer("named_beside", _beside, _SERVICE_WORDS),
    Recognizer("discord", _discord, shapes=("#0000",)),
    Recognizer("named_handle", _named_handle, words(_SERVICES)),
)
"""Recognizers of this family."""
