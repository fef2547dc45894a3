"""Kinds of identifiers in kinds of surroundings, and what no surrounding may take."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychescale.text.clinical.terms import scales, terms
from psychescale.text.guard import is_crisis_line
from psychescale.text.layout import undo_layout
from psychescale.text.redact import Redactor
from psychescale.text.rules.lexicon import AMBIGUOUS

REDACT = Redactor().redact


def left(text: str, value: str) -> str:
    """What of `value` is still in the redacted text, letters and digits alone."""
    at = text.index(value)
    gone = {place for f in REDACT(text).findings for place in range(f.start, f.end)}
    return "".join(
        text[place]
        for place in range(at, at + len(value))
        if text[place].isalnum() and place not in gone
    )


IDENTIFIERS = (
    "nora@example.org", "https://example.org/nora", "212-555-0143", "+44 7700 900123", "123-45-6789",
    "4111 1111 1111 1111", "03/14/2021", "2021-03-14", "March 5, 2021", "u/moonpetal", "192.168.4.21",
)  # fmt: skip
BORDERS = (
    "'{}'", '"{}"', "({})", "[{}]", "{{{}}}", "<{}>", "*{}*", "_{}_", "{},", "{};", "{}.", "x: {}",
    "a | {} | b", "a\t{}\tb", "a\n{}\nb", "  {}  ", "see:{}", "({}).", "“{}”", "“{}”,",
)  # fmt: skip


@pytest.mark.parametrize("border", BORDERS)
def test_borders(border: str) -> None:
    """An identifier with a form is found whatever stands at its borders."""
    values = IDENTIFIERS if border not in {"<{}>", "_{}_"} else IDENTIFIERS[:1]

    assert [value for value in values if left(border.format(value), value)] == []


GAPS = (": ", ":", " = ", "=", " # ", ":      ", ":\t", "\t", " | ", ":\n", '": "', " is ", " no. ")
LABELS = ("MRN", "SSN", "Acct", "CSN", "Accession", "Medical record number", "Member ID", "NHS no")


@pytest.mark.parametrize("gap", GAPS)
def test_labels(gap: str) -> None:
    """A number after its label is found whatever the gap."""
    texts = [f"x {label}{gap}84930217 y" for label in LABELS if "no" not in (label + gap)[-5:-1]]

    assert [text for text in texts if left(text, "84930217")] == []


@pytest.mark.parametrize("gap", [": ", ":", ":     ", "\t", " | ", '": "', "=", ":\t"])
@pytest.mark.parametrize("label", ["Name", "Patient", "Patient Name", "NOK", "PCP", "Attending"])
@pytest.mark.parametrize(
    "name", ["Zorvina Quandell", "QUANDELL, ZORVINA", "Q. Quandell", "O'Quandell-Smith"]
)
def test_fields(label: str, gap: str, name: str) -> None:
    """A name that no list has is found in the field of a form."""
    assert left(f"{label}{gap}{name}\nPlan: continue", name) == ""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("i told deepak that", "deepak"), ("so oluwaseun laughed", "oluwaseun"),
        ("saw dr achterberg", "dr achterberg"), ("Hope told me", "Hope"), ("then Joy cried", "Joy"),
        ("Quandell-Ito's mother came", "Quandell-Ito"), ("Nguyễn Văn Bình attended", "Nguyễn Văn Bình"),
        ("Nora Whitlock jr. is here", "Nora Whitlock jr"), ("[NORA]: hello", "NORA"),
        ("thanks\n\n- tess", "tess"), ("患者王小明今天入院", "王小明"), ("Пациент Иван Петров", "Иван Петров"),  # noqa: E501
        ("seen by Nora\nWhitlock today", "Nora\nWhitlock"), ("seen by Nora  Whitlock", "Nora  Whitlock"),  # noqa: E501
        ("patient=Nora%20Whitlock&x=1", "Nora%20Whitlock"), ("Pt M.K. seen", "M.K."),
        ("Pt narne: M1chael Ross", "M1chael Ross"), ("[MRN:00123456]", "00123456"),
        ("f/u 4/14", "4/14"), ("20210503", "20210503"), ("03MAY2021", "03MAY2021"),
        ("on the ninth of March", "ninth of March"), ("Xmas '19 was", "Xmas '19"),
        ("2021年5月3日", "2021年5月3日"), ("5/3-5/7/2021", "5/3-5/7/2021"), ("D0B: O3/14/1958", "O3/14/1958"),  # noqa: E501
        ("thanks @ moonpetal !", "moonpetal"), ("by u / moonpetal", "moonpetal"),
        ("on discord im moonpetal", "moonpetal"), ("cashapp $norawhit", "norawhit"),
        ("nora.carrd.co", "nora.carrd.co"), ("linktr.ee/@nora", "linktr.ee/@nora"),
        ("alice%40example.com", "alice%40example.com"), ("l e n a @ example . org", "l e n a @ example . org"),  # noqa: E501
        ("212-555-0123/212-555-0199", "212-555-0199"), ("2125550123", "2125550123"),
        ("529.982.247-25", "529.982.247-25"), ("SIN 046 454 286", "046 454 286"),
        ("vive en Zaragoza", "Zaragoza"), ("inpatient at quandell twice", "quandell"),
        ("she lived to a hundred and three", "a hundred and three"),
    ],
)  # fmt: skip
def test_kinds(text: str, value: str) -> None:
    """Names and numbers that only their surroundings tell."""
    assert left(text, value) == ""


@pytest.mark.parametrize(
    "form", ["{} 10/12/14", "{}: 120/80 today", "{} score was 18/27", "{} 4.15"]
)
def test_measured(form: str) -> None:
    """What stands after a scale, a vital sign or a value of the laboratory is no identifier."""
    dated = terms("scales", "other") if form.endswith("14") else frozenset()
    texts = [form.format(scale.upper()) for scale in sorted(scales() - dated)]

    assert [REDACT(text).text for text in texts] == texts


@pytest.mark.parametrize("word", ["Seen", "Discharged", "Labs", "Appt", "DOS:", "Admitted"])
def test_dates_after_other_words(word: str) -> None:
    """The guard takes no date from words that are no scales."""
    assert REDACT(f"{word} 10/12/14").text == f"{word} [DATE]"


@pytest.mark.parametrize(
    "form", ["{} was started", "on {}, then off", "Meds: {}, {}", "Dr stopped {}"]
)
def test_drugs_stay(form: str) -> None:
    """Every drug of the list stays, in small letters and with a capital."""
    for drug in sorted(terms("drugs")):
        for written in (drug, drug.capitalize()):
            text = form.format(written, "Zoloft")
            assert REDACT(text).text == text


def test_abbreviations_and_titles_stay() -> None:
    """Abbreviations, also those of states, and titles of sections."""
    for short in sorted(terms("abbreviations")):
        text = f"Denies {short}, {short}; no {short}."
        assert REDACT(text).text == text
    for title in sorted(terms("titles")):
        for written in (title.upper(), title.capitalize()):
            assert REDACT(f"{written}: stable").text == f"{written}: stable"


@pytest.mark.parametrize(
    "text",
    [
        "Parkinson's disease and Wilson's disease", "has Parkinson's", "Bell's palsy", "Hamilton scale",
        "Gilles de la Tourette", "BP 120/80, HR 72", "Apgar 7/9", "24 2/7 weeks", "vision 20/40",
        "took 10/10 pills", "strength 5/5", "fell from 10/12 to 8/12", "9/11 comes up", "24/7",
        "ICD 296.33, CPT 90837", "room 12, bed 4B, 14:30", "MS, PA, OK, OR, ME, HI", "dinner @ home",
        "$AAPL is up", "on discord tonight", "port 9077 ticket #158", "Christmas is hard",
        "may 3 times", "r/depression", "Suboxone clinic", "call 988 or 741741", "1-800-273-8255",
        "0800 111 0 111", "988lifeline.org", "[NAME] and [RELIGION] and [USER:abcdefghijkl]",
    ],
)  # fmt: skip
def test_what_stays(text: str) -> None:
    """Eponyms, scores, codes, lines of help, and our own placeholders."""
    assert REDACT(text).text == text


def test_the_mother_of_a_parkinson() -> None:
    """A surname that is an eponym too is a name where it has a mother or a title."""
    assert REDACT("Dr. Parkinson came").text == "[NAME] came"
    assert "Parkinson" not in REDACT("Parkinson's mother came").text


@pytest.mark.parametrize(
    "number", ["988", "+44 116 123", "1-866-488-7386", "13 11 14", "0800 1111"]
)
def test_crisis_lines(number: str) -> None:
    """Lines are known with and without the code of their country."""
    assert is_crisis_line(number)
    assert not is_crisis_line("212-555-0143")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab \t|:=#%20A4\n/", max_size=60))
def test_layout_keeps_places(text: str) -> None:
    """Every code point of what rules read comes from a place of the source, in order, without gaps."""
    laid = undo_layout(text)

    spans = [laid.to_source(at, at + 1) for at in range(len(laid.text))]
    borders = [border for span in spans for border in span]
    assert borders == sorted(borders)
    assert all(start < end for start, end in spans)
    assert [*{0, len(text)}] == [*{borders[0], borders[-1]}] if text else not spans
    assert all(
        laid.text[at] == text[start]
        for at, (start, end) in enumerate(spans)
        if end - start == 1 and text[start] not in " \t|"
    )


def test_names_that_are_words_are_not_repeated() -> None:
    """A name found once is found again, unless it is a word as well."""
    assert REDACT("Nora Whitlock came. nora and WHITLOCK left").text.count("[NAME]") == 3
    assert "hope" in AMBIGUOUS
    assert "no hope" in REDACT("Hope told me there is no hope").text
