"""What people leave on networks: addresses of mail and machines, links, handles."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from psychescale.text.findings import Finding, PiiType
from psychescale.text.rules.rule import Recognizer, View, alternatives, each, words

_EMAIL: Final = re.compile(
    r"(?<![\w.%+'-])[\w%+](?:[\w.%+'-]{0,253}+)@(?:[\w-]{1,63}+\.){1,8}[^\W\d_]{2,24}(?![\w-])"
)
_EMAIL_SPELLED: Final = re.compile(
    r"(?<![\w.%+-])[a-z0-9][a-z0-9._%+-]{0,63}+"
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
    rf"(?:[/?#:](?=\w){_URL_END}(?<![.,;:!?]))?"
)
_PROFILE_HOSTS: Final = re.compile(
    r"(?<![\w.@/-])(?:youtu\.be|t\.me|wa\.me|fb\.me|bit\.ly|redd\.it|t\.co|linktr\.ee|discord\.gg|goo\.gl"
    rf"|instagr\.am|last\.fm|about\.me|twitch\.tv)/(?=\w){_URL_END}(?<![.,;:!?])"
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
_REDDIT: Final = re.compile(r"(?<![\w/.])/?u/[a-z0-9_-]{2,30}(?![\w-])")
_MENTION: Final = re.compile(r"@(?<![\w@.+/-]@)(?=\d{0,30}+[^\W\d])[\w.-]{1,39}(?<![.-])(?![\w@])")
_DISCORD: Final = re.compile(r"(?<![\w.#@/-])[^\W\d][\w.]{1,31}#\d{4}(?!\w)")
_SERVICES: Final = (
    "discord snapchat snap instagram insta ig kik telegram twitter tiktok tumblr twitch skype"
    " facebook fb username handle psn steam xbox wechat viber"
)
_NAMED_HANDLE: Final = re.compile(
    rf"(?<![\w/])(?:{alternatives(_SERVICES)})(?:\ ?(?:tag|id|name|username|handle|account))?"
    r"(?:\ is\ |\ ?[:=-]\ ?)(?P<x>@?[a-z0-9][\w.-]{1,31})(?<![.-])(?!\w)"
)
# A word after "my snap is" may be plain English ("my insta is private"): a handle shows a digit,
# an underscore or a dot, or was introduced by a colon.
_PLAIN_WORD: Final = re.compile(r"[a-z]+")


_HOST: Final = re.compile(r"@[\w-]{1,63}\.")


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
    if "/" in view.low:
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


def _discord(view: View) -> Iterator[Finding]:
    yield from each(_DISCORD, view.low, PiiType.USER, "discord", 0.9)


def _named_handle(view: View) -> Iterator[Finding]:
    for finding in each(_NAMED_HANDLE, view.low, PiiType.USER, "named_handle", 0.8):
        by_verb = view.low.startswith(" is ", finding.start - 4)
        if not (by_verb and _PLAIN_WORD.fullmatch(view.low, finding.start, finding.end)):
            yield finding


RECOGNIZERS: Final = (
    Recognizer("email", _email, shapes=("@",)),
    Recognizer("email_spelled", _email_spelled, words("at")),
    Recognizer("email_spaced", _email_spelled, shapes=(" @", "@ ", "[@", "(@")),
    Recognizer("url", _url, words("http https ftp ftps hxxp hxxps www")),
    Recognizer("domain", _domain, shapes=("a.a", "0.a", "A.A", "A.a", "a.A")),
    Recognizer("ipv4", _ip, shapes=("0.0",)),
    Recognizer("ipv6", _ipv6, shapes=(":",)),
    Recognizer("mac", _mac, shapes=(":", "-", ".")),
    Recognizer("reddit", _reddit, words("u")),
    Recognizer("mention", _mention, shapes=("@a", "@A", "@0", "@_")),
    Recognizer("discord", _discord, shapes=("#0000",)),
    Recognizer("named_handle", _named_handle, words(_SERVICES)),
)
"""Recognizers of this family."""
