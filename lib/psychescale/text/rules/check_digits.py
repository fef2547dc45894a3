"""Check digits: what tells an identifier from any other number of its length."""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

_WEIGHTS_NHS: Final = (10, 9, 8, 7, 6, 5, 4, 3, 2)
_WEIGHTS_VIN: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN: Final = {char: (i % 8) + 1 for i, char in enumerate("ABCDEFGH")} | dict(
    zip("JKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)
)
_NIF: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# Italian fiscal code: values of characters at odd places (decree of 12 March 1974); at even places
# digits count as themselves and letters from 0.
_CF_ODD: Final = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)  # noqa: RUF005
        + (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24)
        + (23,),
        strict=True,
    )
)
# Lengths of IBANs by country (SWIFT's IBAN registry); 34 is the standard's limit for the others.
_IBAN_LENGTHS: Final = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL", 19: "MK SI", 20: "AT BA EE KZ LT LU XK",
        21: "CH CR HR LI LV", 22: "BG BH DE GB GE IE ME RS VA", 23: "AE GI IL", 24: "AD CZ ES MD PK RO SA SE SK TN",  # noqa: E501
        25: "PT", 26: "IS TR", 27: "FR GR IT MC SM", 28: "AL AZ CY DO GT HU LB PL", 29: "BR PS QA UA",
        30: "JO KW MU", 31: "MT SC",
    }.items()
    for country in countries.split()
}  # fmt: skip
# First digits by length (ISO/IEC 7812-1 as the networks use it); 15 digits are American Express, or
# the IMEI of a telephone.
_CARD_ISSUERS: Final = {
    13: ("4",), 14: ("30", "36", "38", "39"), 15: ("34", "37"), 16: ("2", "3", "4", "5", "6"),
    17: ("6",), 18: ("6",), 19: ("4", "5", "6"),
}  # fmt: skip
_NOT_DIGIT: Final = re.compile(r"[^0-9]+")
_NOT_ALNUM: Final = re.compile(r"[^0-9A-Za-z]+")


def digits(text: str) -> list[int]:
    """The ASCII digits of `text` as numbers."""
    return [int(char) for char in _NOT_DIGIT.sub("", text)]


def _weighted(numbers: Sequence[int], weights: Sequence[int]) -> int:
    return sum(a * b for a, b in zip(numbers, weights, strict=True))


def luhn(text: str) -> bool:
    """Cards, IMEI, Canadian SIN (ISO/IEC 7812-1, annex B)."""
    numbers = digits(text)[::-1]
    return (
        sum(n if i % 2 == 0 else (n * 2 - 9 if n > 4 else n * 2) for i, n in enumerate(numbers))  # noqa: PLR2004
        % 10
        == 0
    )


def card(text: str) -> bool:
    """A payment card: 13 to 19 digits, an issuer's first digits, Luhn."""
    plain = _NOT_DIGIT.sub("", text)
    issuers = _CARD_ISSUERS.get(len(plain), ())
    return plain.startswith(issuers) and luhn(plain)


def iban(text: str) -> bool:
    """ISO 13616: the country's length, remainder 1 modulo 97 (ISO/IEC 7064)."""
    plain = _NOT_ALNUM.sub("", text).upper()
    if not 15 <= len(plain) <= 34 or len(plain) != _IBAN_LENGTHS.get(plain[:2], len(plain)):  # noqa: PLR2004
        return False
    return int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


def nhs(text: str) -> bool:
    """Number of the National Health Service: ten digits, the last modulo 11."""
    numbers = digits(text)
    return (
        len(numbers) == 10 and (11 - _weighted(numbers[:9], _WEIGHTS_NHS) % 11) % 11 == numbers[9]  # noqa: PLR2004
    )


def npi(text: str) -> bool:
    """US National Provider Identifier: ten digits, Luhn with the prefix 80840."""
    return len(digits(text)) == 10 and luhn("80840" + text)  # noqa: PLR2004


def nif(text: str) -> bool:
    """Spanish NIF and NIE: the letter is the number modulo 23."""
    plain = _NOT_ALNUM.sub("", text).upper()
    if plain[0] in "XYZ":
        plain = str("XYZ".index(plain[0])) + plain[1:]
    return len(plain) == 9 and plain[:8].isdigit() and _NIF[int(plain[:8]) % 23] == plain[8]  # noqa: PLR2004


def codice_fiscale(text: str) -> bool:
    """Italian fiscal code: the sixteenth character is the sum of the others modulo 26."""
    plain = text.upper()
    total = sum(
        _CF_ODD[char] if i % 2 == 0 else (int(char) if char.isdigit() else ord(char) - 65)
        for i, char in enumerate(plain[:15])
    )
    return chr(65 + total % 26) == plain[15]


def nir(text: str) -> bool:
    """French social security number: the key is 97 minus the number modulo 97 (Corsica by letter)."""
    plain = _NOT_ALNUM.sub("", text).upper().replace("2A", "19").replace("2B", "18")
    return len(plain) == 15 and plain.isdigit() and 97 - int(plain[:13]) % 97 == int(plain[13:])  # noqa: PLR2004


def vin(text: str) -> bool:
    """Vehicle identification number: the ninth character checks the others (49 CFR 565.15)."""
    values = [int(char) if char.isdigit() else _VIN.get(char, -1) for char in text.upper()]
    if len(values) != 17 or -1 in values:  # noqa: PLR2004
        return False
    return "0123456789X"[_weighted(values, _WEIGHTS_VIN) % 11] == text[8].upper()


def base58check(text: str) -> bool:
    """A wallet address of the older form: the last four bytes hash the others twice."""
    number = 0
    for char in text:
        number = number * 58 + _BASE58.index(char)
    if number.bit_length() > 200:  # noqa: PLR2004 - 25 bytes
        return False
    raw = number.to_bytes(25, "big")
    return hashlib.sha256(hashlib.sha256(raw[:21]).digest()).digest()[:4] == raw[21:]
