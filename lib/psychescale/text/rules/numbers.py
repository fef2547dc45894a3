"""Numbers that carry their own proof: cards, accounts and national numbers with check digits."""

import re
from collections.abc import Iterator
from typing import Final

from psychescale.text.findings import Finding, PiiType
from psychescale.text.rules import check_digits
from psychescale.text.rules.rule import Recognizer, View, each

_CARD: Final = re.compile(r"[2-6](?<![\w.-].)(?:[ -]?\d){12,18}+(?![\w-]|\.\d)")
_IBAN: Final = re.compile(
    r"(?<!\w)[a-z]{2}\d{2}(?:[ -]?[a-z0-9]{4}){2,7}(?:[ -]?[a-z0-9]{1,3})?(?!\w)"
)
_SSN: Final = re.compile(r"[0-9](?<![\w-].)\d{2}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-]|\.\d)")
_NINO: Final = re.compile(
    r"(?<!\w)(?!bg|gb|kn|nk|nt|tn|zz)[a-ceghj-prstw-z][a-ceghj-nprstw-z]\ ?\d{2}\ ?\d{2}\ ?\d{2}\ ?[a-d](?!\w)"  # noqa: E501
)
_NHS: Final = re.compile(r"[0-9](?<![\w.-].)\d{2}[ -]\d{3}[ -]\d{4}(?![\w-])")
_NIF: Final = re.compile(r"(?<!\w)(?:\d{8}|[xyz]-?\d{7})-?[a-z](?!\w)")
_CODICE: Final = re.compile(r"(?<!\w)[a-z]{6}\d{2}[abcdehlmprst]\d{2}[a-z]\d{3}[a-z](?!\w)")
_NIR: Final = re.compile(
    r"(?<!\w)[12]\ ?\d{2}\ ?(?:0[1-9]|1[0-2])\ ?(?:\d{2}|2[ab])\ ?\d{3}\ ?\d{3}\ ?\d{2}(?!\w)"
)
_VIN: Final = re.compile(r"(?<!\w)(?=[a-z]*\d)(?=\d*[a-z])[a-hj-npr-z0-9]{17}(?!\w)")
_WALLET: Final = re.compile(r"(?<!\w)(?:0x[0-9a-f]{40}|bc1[ac-hj-np-z02-9]{25,60})(?!\w)")
_BASE58: Final = re.compile(r"(?<!\w)[13][1-9A-HJ-NP-Za-km-z]{25,34}(?!\w)")


def _cards(view: View) -> Iterator[Finding]:
    yield from each(_CARD, view.low, PiiType.CARD, "card", 0.95, check_digits.card)


def _ibans(view: View) -> Iterator[Finding]:
    yield from each(_IBAN, view.low, PiiType.IBAN, "iban", 0.99, check_digits.iban)


def _ssn(view: View) -> Iterator[Finding]:
    yield from each(_SSN, view.low, PiiType.NATIONAL_ID, "ssn", 0.9)


def _nino(view: View) -> Iterator[Finding]:
    yield from each(_NINO, view.low, PiiType.NATIONAL_ID, "nino", 0.85)


def _nif(view: View) -> Iterator[Finding]:
    yield from each(_NIF, view.low, PiiType.NATIONAL_ID, "nif", 0.9, check_digits.nif)


def _codice(view: View) -> Iterator[Finding]:
    kind = PiiType.NATIONAL_ID
    yield from each(_CODICE, view.low, kind, "codice_fiscale", 0.99, check_digits.codice_fiscale)


def _nhs(view: View) -> Iterator[Finding]:
    # One in eleven phone numbers has the right check digit.
    confidence = 0.95 if "nhs" in view.words else 0.6
    yield from each(_NHS, view.low, PiiType.NATIONAL_ID, "nhs", confidence, check_digits.nhs)


def _nir(view: View) -> Iterator[Finding]:
    yield from each(_NIR, view.low, PiiType.NATIONAL_ID, "nir", 0.95, check_digits.nir)


_LONG: Final = re.compile(r"[Aa0]{17}")


def _long_tokens(view: View) -> Iterator[Finding]:
    if _LONG.search(view.shape):
        yield from each(_VIN, view.low, PiiType.VEHICLE, "vin", 0.9, check_digits.vin)
        yield from each(_WALLET, view.low, PiiType.ACCOUNT, "wallet", 0.9)
        yield from each(
            _BASE58, view.text, PiiType.ACCOUNT, "wallet", 0.95, check_digits.base58check
        )


RECOGNIZERS: Final = (
    Recognizer("card", _cards, shapes=("0000 0000", "0000-0000", "0000000000000", "0000 000000 0")),
    Recognizer("iban", _ibans, shapes=("AA00", "aa00", "Aa00")),
    Recognizer("ssn", _ssn, shapes=("000-00-0000", "000 00 0000")),
    Recognizer(
        "nino",
        _nino,
        shapes=("AA000000A", "aa000000a", "00 00 00 A", "00 00 00 a", "0 00 00A", "0 00 00a"),
    ),
    Recognizer("nif", _nif, shapes=("0000000A", "0000000a", "0000000-A", "0000000-a")),
    Recognizer("codice_fiscale", _codice, shapes=("00A00A000A", "00a00a000a")),
    Recognizer("nhs", _nhs, shapes=("000 000 0000", "000-000-0000")),
    Recognizer("nir", _nir, shapes=("0 00 00 ", "00000000000", "0000000A", "0000000a")),
    Recognizer(
        "long_token", _long_tokens, shapes=("000", "00A", "0A0", "A00", "0a0", "a00", "00a")
    ),
)
"""Recognizers of this family."""
