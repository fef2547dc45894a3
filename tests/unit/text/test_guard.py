"""What a tagger found is taken back where it is clinical, everyone's, or a word of every day."""

import pytest

from psychescale.text.findings import Finding, PiiType
from psychescale.text.guard import keep_clinical
from psychescale.text.redact import Redactor


def kept(text: str, value: str, kind: PiiType = PiiType.NAME) -> list[str]:
    start = text.rindex(value)
    finding = Finding(start, start + len(value), kind, f"model:{kind.value}", 0.9)
    return [text[f.start : f.end] for f in keep_clinical([finding], text, text.lower())]


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("Hope told me that hope is no plan.", "hope", PiiType.NAME),
        ("Rose cried when the nurse rose.", "nurse rose", PiiType.NAME),
        ("he came by w/ weed", "w", PiiType.NAME),
        ("Telefonseelsorge 0800 111 0 111", "0800 111 0 111", PiiType.ADDRESS),
        ("from pt and collateral", "pt and collateral", PiiType.FACILITY),
        ("NHS no 1", "NHS", PiiType.LOCATION),
        ("Past Psych Hx: none", "Hx", PiiType.NAME),
        ("Ramadan starts soon", "Ramadan", PiiType.NAME),
    ],
)
def test_taken_back(text: str, value: str, kind: PiiType) -> None:
    assert kept(text, value, kind) == []


@pytest.mark.parametrize(
    ("text", "value", "left"),
    [
        ("i told hope that i am fine", "hope", "hope"),  # nowhere with a capital
        ("Karolina left, i miss karolina", "karolina", "karolina"),  # no word
        ("Narcan given by EMT Rodriguez", "EMT Rodriguez", "Rodriguez"),
    ],
)
def test_names_stay_found(text: str, value: str, left: str) -> None:
    assert kept(text, value) == [left]


@pytest.mark.parametrize(
    "mail",
    [
        "nora dot whitlock at gmail dot com",
        "nora (dot) whitlock (at) example (dot) org",
        "n dot m dot whitlock at mail dot example dot org",
    ],
)
def test_mail_is_spelled_whole(mail: str) -> None:
    assert Redactor().redact(f"reach me at {mail} please").text == "reach me at [EMAIL] please"
