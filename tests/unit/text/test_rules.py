"""Tier 1: what each rule finds, and what it must leave alone."""

import pytest

from psychescale.text.normalize import fold, normalize
from psychescale.text.overlaps import resolve_overlaps
from psychescale.text.rules import RECOGNIZERS, find
from psychescale.text.rules.rule import View


def found(text: str) -> list[tuple[str, str]]:
    """(type, text) of every finding, overlaps resolved."""
    normal = normalize(text).text
    findings = resolve_overlaps(find(View.of(fold(normal))), normal)
    return [(f.type.value, normal[f.start : f.end]) for f in findings]


POSITIVE = [
    # Names
    ("seen by Dr. Whitlock today", "NAME", "Dr. Whitlock"),
    ("my name is Kwame Okonjo and I cannot sleep", "NAME", "Kwame Okonjo"),
    ("Patient: Ingrid Brandvold", "NAME", "Ingrid Brandvold"),
    ("Sincerely,\nTobias", "NAME", "Tobias"),
    ("a 61-year-old male, Zorblax T., with asthma", "NAME", "Zorblax T."),
    ("my friend sarah left", "NAME", "sarah"),
    ("dr smith was kind", "NAME", "dr smith"),
    ("ask Jean-Luc Moreau, MD about it", "NAME", "Jean-Luc Moreau"),
    ("and then Priya left", "NAME", "Priya"),
    # Networks
    ("thanks u/quiet_otter42!", "USER", "u/quiet_otter42"),
    ("see /u/misty-fern", "USER", "/u/misty-fern"),
    ("cc @amber.comet, please", "USER", "@amber.comet"),
    ("add me: lunarbadger#1234", "USER", "lunarbadger#1234"),
    ("discord: copperfern.99", "USER", "copperfern.99"),
    ("look at https://example.org/u/nora?x=1.", "URL", "https://example.org/u/nora?x=1"),
    ("on www.example.com/profile now", "URL", "www.example.com/profile"),
    ("it is example.co.uk, I think", "URL", "example.co.uk"),
    ("write to nora.whitlock+x@mail.example.org.", "EMAIL", "nora.whitlock+x@mail.example.org"),
    ("nora at example dot com", "EMAIL", "nora at example dot com"),
    ("nora [at] example [dot] org please", "EMAIL", "nora [at] example [dot] org"),
    ("from 192.168.10.44 yesterday", "IP", "192.168.10.44"),
    ("host 2001:db8::8a2e:370:7334 up", "IP", "2001:db8::8a2e:370:7334"),
    ("mac 00:1B:44:11:3A:B7 seen", "MAC", "00:1B:44:11:3A:B7"),
    # Phones
    ("call (312) 555-0134 now", "PHONE", "(312) 555-0134"),
    ("415-555-0199 ext 12", "PHONE", "415-555-0199 ext 12"),
    ("+44 20 7946 0958 in London", "PHONE", "+44 20 7946 0958"),
    ("Tel. 030 901820", "PHONE", "030 901820"),
    ("fax 555-0101", "PHONE", "555-0101"),
    # Addresses
    ("moved to 12 Elm Street, Springfield, IL 62704", "ADDRESS", "12 Elm Street, Springfield, IL 62704"),  # noqa: E501
    ("at 221B Baker Street.", "ADDRESS", "221B Baker Street"),
    ("i live at 45 oak street", "ADDRESS", "45 oak street"),
    ("Adresse: Lindenstraße 14a", "ADDRESS", "Lindenstraße 14a"),
    ("au 12 rue de la Paix, Paris", "ADDRESS", "12 rue de la Paix, Paris"),
    ("en Calle Mayor 5", "ADDRESS", "Calle Mayor 5"),
    ("Keizersgracht 123 is dicht", "ADDRESS", "Keizersgracht 123"),
    ("send it to P.O. Box 1234", "ADDRESS", "P.O. Box 1234"),
    ("ZIP: 94103", "ZIP", "94103"),
    ("in CA 94103 still", "ZIP", "94103"),
    ("near SW1A 1AA somewhere", "ZIP", "SW1A 1AA"),
    ("at K1A 0B1 too", "ZIP", "K1A 0B1"),
    # Dates and ages
    ("on 2021-03-04 at noon", "DATE", "2021-03-04"),
    ("seen 03/14/2023.", "DATE", "03/14/2023"),
    ("seen 31/12/2023.", "DATE", "31/12/2023"),
    ("am 14.3.2023 war", "DATE", "14.3.2023"),
    ("on March 5th, 2021 again", "DATE", "March 5th, 2021"),
    ("the 5th of March", "DATE", "the 5th of March"),
    ("12 Apr '22", "DATE", "12 Apr '22"),
    ("in July 2022", "DATE", "July 2022"),
    ("since last December", "DATE", "last December"),
    ("am 3. März 2020", "DATE", "3. März 2020"),
    ("she is 94 years old", "AGE", "94"),
    ("a 91-year-old man", "AGE", "91"),
    ("aged 102", "AGE", "102"),
    ("my gran is ninety-four years old", "AGE", "ninety-four"),
    ("94 y/o female", "AGE", "94"),
    # Numbers with check digits
    ("ssn 123-45-6789", "NATIONAL_ID", "123-45-6789"),
    ("123-45-6789 is mine", "NATIONAL_ID", "123-45-6789"),
    ("NHS 943 476 5919", "NATIONAL_ID", "943 476 5919"),
    ("NI: AB 12 34 56 C", "NATIONAL_ID", "AB 12 34 56 C"),
    ("NIF 12345678Z", "NATIONAL_ID", "12345678Z"),
    ("cf RSSMRA85T10A562S", "NATIONAL_ID", "RSSMRA85T10A562S"),
    ("BSN 111222333", "NATIONAL_ID", "111222333"),
    ("passport number X1234567", "NATIONAL_ID", "X1234567"),
    ("card 4111 1111 1111 1111 ok", "CARD", "4111 1111 1111 1111"),
    ("to GB82 WEST 1234 5698 7654 32", "IBAN", "GB82 WEST 1234 5698 7654 32"),
    ("btc 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "ACCOUNT", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    ("VIN 1M8GDM9AXKP042788", "VEHICLE", "1M8GDM9AXKP042788"),
    # Numbers that their context tells
    ("MRN: 12345", "RECORD", "12345"),
    ("(MRN: #SG-920311)", "RECORD", "#SG-920311"),
    ("medical record no. 998877", "RECORD", "998877"),
    ("her insurance is HPN-987654", "ACCOUNT", "HPN-987654"),
    ("member id 7788990", "ACCOUNT", "7788990"),
    ("acct# GRM-998877", "ACCOUNT", "GRM-998877"),
    ("license no: CLN-112233", "LICENSE", "CLN-112233"),
    ("NPI 1234567893", "LICENSE", "1234567893"),
    ("IMEI 490154203237518", "DEVICE", "490154203237518"),
    ("serial number SN-7789-001", "DEVICE", "SN-7789-001"),
    ("plate: 7ABC123", "VEHICLE", "7ABC123"),
    ("case #JH-998877", "RECORD", "JH-998877"),
    # Facilities and towns
    ("admitted to Riverfield Medical Center", "FACILITY", "Riverfield Medical Center"),
    ("at the University of Michigan", "FACILITY", "University of Michigan"),
    ("treated at UCSF yesterday", "FACILITY", "UCSF"),
    ("admitted to St. Vincent's on Monday", "FACILITY", "St. Vincent's"),
    ("i work at Globex Industries now", "FACILITY", "Globex Industries"),
    ("she lives in Quimper, with a cat", "LOCATION", "Quimper"),
    ("a man from Chicago", "LOCATION", "Chicago"),
    ("in Rochester, MN", "LOCATION", "Rochester, MN"),
]  # fmt: skip

NEGATIVE = [
    "seen 32/11/2023 there", "seen 13/13/2023 there", "seen 0/11/2023 there",
    "-0.96", "rpc.py", "import os.path", "see notes.md and main.rs", "500 mg twice a day",
    "metformin 500 mg, lisinopril 10mg", "blood pressure 120/80", "PHQ-9 of 21 and GAD-7 of 15",
    "HbA1c of 10", "creatinine 2.1 mg/dL", "INR 2.5", "ICD-10 F32.1", "ICD code E11.9",
    "version 3.11.7", "python 3.12.1 and torch 2.6.0", "v1.2.3.4", "GPT-4 and RTX-4090",
    "in 2019", "since 2021", "diagnosed in 2018?", "for 3 weeks", "at 10:30", "around 5 pm",
    "a 23 y/o student", "a 70-year-old man", "100 years ago", "90% of people", "it costs $1,234.50",
    "COVID-19 and ISO-9001", "Wilson's disease", "Lou Gehrig's disease", "the Framingham risk score",
    "a Wells score of 8", "Type 2 Diabetes", "vitamin D", "i may 3 times", "may 5 mg help?",
    "they march on", "score 8/10", "24/7", "1/2 cup", "ratio 3:1", "the 1990s", "room 12",
    "page 1234", "chapter 11", "5 minutes down the street", "the hospital", "my school was bad",
    "Going to sleep", "I am so Tired", "MS symptoms", "Dr appointment", "I'm Sorry about that",
    "email me", "look at me.it was late", "a@b", "e.g. this", "C++ and C#", "[NAME] told [USER] so",
    "What are the side effects of warfarin in elderly patients with a high CHADS2 score?",
    "Effectiveness of Dapagliflozin vs. Empagliflozin in patients with Type 2 Diabetes since 2019?",
    "CHA2DS2-VASc score of 5", "eGFR of 45 mL/min", "T1DM in a 20yo female", "stage IV lung cancer",
    "12345", "1,000,000 people", "0.5-1.0 mg/kg", "10-20 tablets", "2-3 weeks", "model X-1000",
]  # fmt: skip


class TestFound:
    @pytest.mark.parametrize(("text", "kind", "span"), POSITIVE)
    def test_identifiers(self, text: str, kind: str, span: str) -> None:
        """Each identifier is found whole and under its type."""
        assert (kind, span) in found(text)

    @pytest.mark.parametrize(
        ("text", "kind", "span"),
        [
            ("nora@exam\u200bple.org", "EMAIL", "nora@example.org"),
            ("nоrа@example.org", "EMAIL", "nоrа@example.org"),  # Cyrillic о and а
            ("ｎｏｒａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "EMAIL", "nora@example.org"),
            ("هاتف: ٣١٢-٥٥٥-٠١٣٤ شكرا", "PHONE", "٣١٢-٥٥٥-٠١٣٤"),
            ("\u202enora@example.org\u202c", "EMAIL", "nora@example.org"),
            ("אני nora@example.org תודה", "EMAIL", "nora@example.org"),
            ("Мой адрес нора@пример.рф", "EMAIL", "нора@пример.рф"),
            ("ssn 123–45–6789", "NATIONAL_ID", "123-45-6789"),
        ],
    )
    def test_hidden_ones(self, text: str, kind: str, span: str) -> None:
        """Zero-width, right-to-left, full-width and look-alike characters hide nothing."""
        assert (kind, span) in found(text)


class TestLeftAlone:
    @pytest.mark.parametrize("text", NEGATIVE)
    def test_ordinary_text(self, text: str) -> None:
        """Doses, scores, versions, years, files and eponyms are no identifiers."""
        assert found(text) == []

    @pytest.mark.parametrize(
        ("good", "bad"),
        [
            ("4111 1111 1111 1111", "4111 1111 1111 1112"),
            ("GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 33"),
            ("12345678Z", "12345678A"),
            ("RSSMRA85T10A562S", "RSSMRA85T10A562T"),
            ("1M8GDM9AXKP042788", "1M8GDM9A1KP042788"),
            ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"),
        ],
    )
    def test_check_digits_decide(self, good: str, bad: str) -> None:
        """Without context, a number counts with its right check digit only."""
        kinds = {"CARD", "IBAN", "NATIONAL_ID", "VEHICLE", "ACCOUNT"}

        assert next(kind for kind, _ in found(f"it is {good} there")) in kinds
        assert [kind for kind, _ in found(f"it is {bad} there") if kind in kinds] == []


class TestGates:
    @pytest.mark.parametrize(("text", "span"), [(text, span) for text, _, span in POSITIVE])
    def test_a_gate_stops_nothing_that_is_found(self, text: str, span: str) -> None:
        """Every recognizer asked without its gate finds no more than with it."""
        view = View.of(fold(normalize(text).text))
        ungated = {(f.start, f.end, f.type) for r in RECOGNIZERS for f in r.find(view)}

        assert {(f.start, f.end, f.type) for f in find(view)} == ungated
        assert span in {view.text[start:end] for start, end, _ in ungated}
