"""National numbers without a word before them: a form, and the check that their country publishes.

The checks are python-stdnum's. Only forms of which at most one random number in twelve passes stand
here; weaker ones (SIN, TFN, BSN, Medicare: one in four passes one of the three of nine digits) count
behind a word alone, in `records`.
"""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Final

from psychescale.text.findings import Finding, PiiType
from psychescale.text.rules.rule import Recognizer, View

_FORMS: Final = {
    # Eleven and thirteen digits: Poland, Turkey, Germany, Norway, Belgium, Brazil; Romania, South Africa.  # noqa: E501
    r"\d{11}": "pl.pesel tr.tckimlik de.idnr no.fodselsnummer be.nn br.cpf",
    r"\d{13}": "ro.cnp za.idnr",
    r"\d{6}[-+]\d{4}": "se.personnummer dk.cpr",
    r"\d{6}/\d{3,4}": "cz.rc",
    r"\d{6}[-+a-f]\d{3}[\da-y]": "fi.hetu",
    r"\d{6}-[1-8]\d{6}": "kr.rrn",
    r"\d{3}\.\d{3}\.\d{3}-\d{2}": "br.cpf",
    r"\d{2}\.\d{2}\.\d{2}[-.]\d{3}[-.]\d{2}": "be.nn",
    r"756\.\d{4}\.\d{4}\.\d{2}": "ch.ssn",
    r"\d{1,2}\.\d{3}\.\d{3}-[\dk]": "cl.rut",
    r"[2-9]\d{3}\ \d{4}\ \d{4}": "in_.aadhaar",
    r"\d{17}[\dx]": "cn.ric",
    r"[a-z]{4}\d{6}[hm][a-z]{5}[\da-z]\d": "mx.curp",
}
_ANY: Final = re.compile(
    r"(?<![\w.$€£#-])(?:"
    + "|".join(f"(?P<f{n}>{form})" for n, form in enumerate(_FORMS))
    + r")(?![\w-]|[.,]\d)"
)
_MODULES: Final = tuple(_FORMS.values())


def _national(view: View) -> Iterator[Finding]:
    for match in _ANY.finditer(view.low):
        names = _MODULES[int(str(match.lastgroup)[1:])]
        if any(import_module(f"stdnum.{name}").is_valid(match[0]) for name in names.split()):
            yield Finding(match.start(), match.end(), PiiType.NATIONAL_ID, "rule:national", 0.85)


RECOGNIZERS: Final = (
    Recognizer(
        "national",
        _national,
        shapes=(
            "00000000000", "000000-000", "000000+000", "000000/000", "000000a000", "000000A000", ".000-0",  # noqa: E501
            "0.00.0", "0.0000.0", "0000 0000 0000", "AAA000000A", "aaa000000a", ".000-k", ".000-K",
        ),
    ),
)  # fmt: skip
"""Recognizers of this family."""
