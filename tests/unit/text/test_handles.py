"""The corpus's own handles, and the gate before the model for names."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychescale.text.gate import may_hold_name
from psychescale.text.handles import Handles
from psychescale.text.normalize import normalize
from psychescale.text.redact import Redactor


def found(handles: list[str], text: str) -> list[str]:
    redactor = Redactor(handles=Handles.of(handles))
    spans = [f for f in redactor.redact(text).findings if f.source == "handles"]
    return sorted({text[f.start : f.end] for f in spans})


class TestHandles:
    @pytest.mark.parametrize(
        ("handle", "text", "expected"),
        [
            ("moonwalker99", "as MoonWalker99 said", ["MoonWalker99"]),
            ("u/quiet_otter", "ask quiet_otter!", ["quiet_otter"]),
            ("quiet-otter", "quiet-otter's post", ["quiet-otter"]),
            ("jane.doe.91", "by jane.doe.91.", ["jane.doe.91"]),
            ("moonwalker99", "moonwalker99-like, _moonwalker99_", ["moonwalker99"]),
            ("moonwalker99", "moonwalker9 moonwalker999", []),
            ("Fuzzy Zorblax", "then fuzzy zorblax left", ["fuzzy zorblax"]),
            ("Çağla_x", "ÇAĞLA_X wrote", ["ÇAĞLA_X"]),
            ("xXмедведьXx", "so xXмедведьXx said", ["xXмедведьXx"]),
            ("mооn_99", "ask moon_99", ["moon_99"]),  # two Cyrillic letters in the handle
            ("moon_99", "ask mооn_99", ["mооn_99"]),  # in the text
            ("moon_99", "ask mo\u200bon_99", ["mo\u200bon_99"]),
            ("צורבלקס_7", "שלום צורבלקס_7, שלום", ["צורבלקס_7"]),
            ("1234567", "said 1234567", ["1234567"]),
        ],
    )
    def test_tokens(self, handle: str, text: str, expected: list[str]) -> None:
        """A handle is found as a token, whatever its case, and never inside another one."""
        assert found([handle], text) == expected

    @pytest.mark.parametrize(
        ("handle", "text", "expected"),
        [
            ("happy", "so happy, Happy, HAPPY", []),
            ("sarah", "Sarah left", []),
            ("HaPPy", "so happy but HaPPy wrote", ["HaPPy"]),
            ("xy", "xy", []),
            ("100", "100 people in 2023", []),
            ("2023", "since 2023", []),
        ],
    )
    def test_words_are_not_handles(self, handle: str, text: str, expected: list[str]) -> None:
        """A handle that is a common word counts in its own odd spelling only (or with a marker)."""
        assert found([handle], text) == expected

    @pytest.mark.parametrize(
        "handle", ["suicidal", "Lithium", "recovery", "PANIC", "self-harm", "Bipolar Recovery"]
    )
    def test_clinical_words_stay(self, handle: str) -> None:
        """A handle that is a clinical word takes that word out of no text, but after a mark."""
        low = handle.lower()
        assert found([handle], f"so {low}, {low}.") == []
        if " " not in handle and "-" not in handle:
            assert Redactor().redact(f"ask u/{handle}").text == "ask [USER]"

    def test_names_of_persons_are_handles(self) -> None:
        """An author whose handle is first name and surname is found, though both are words alone."""
        assert found(["Sarah Connor"], "then sarah connor left") == ["sarah connor"]

    @given(words=st.lists(st.from_regex(r"[a-z]{4}_[0-9]{2}", fullmatch=True), max_size=40))
    @settings(deadline=None, max_examples=20)
    def test_numbers_stand_for_handles(self, words: list[str]) -> None:
        """The list of numbers finds what a plain set of its handles would, under any key."""
        handles, text = set(words[::3]), " ".join(words)
        for secret in (b"", b"k" * 32):
            kept = Handles.of(handles, secret=secret)
            assert {text[f.start : f.end] for f in kept.find(text)} == handles

    def test_digest(self) -> None:
        """The digest tells list and key, not the order, the case or the markers."""
        one = Handles.of(["moon_b", "u/Moon_a", "@moon_a", ""]).digest

        assert one == Handles.of(["moon_a", "Moon_B"]).digest
        assert one != Handles.of(["moon_a"]).digest
        assert one != Handles.of(["moon_a", "moon_b"], secret=b"key").digest

    def test_no_handles(self) -> None:
        """An empty list finds nothing."""
        assert found([], "anything") == []


class TestGate:
    @pytest.mark.parametrize(
        "text",
        [
            "then Zorblax left",
            "my friend sarah",
            "dr who",
            "love, nora",
            "SARAH!",
            "ask J. about it",
        ],
    )
    def test_open(self, text: str) -> None:
        """Unknown capitalized words, first names in any case and name contexts let a row through."""
        assert may_hold_name(text)

    @pytest.mark.parametrize(
        "text", ["", "i feel so tired today", "It was a good day", "500 mg -0.96"]
    )
    def test_closed(self, text: str) -> None:
        """Common words, at the beginning of a sentence too, do not."""
        assert not may_hold_name(text)

    def test_rows_with_persons(self, shared_data: Path) -> None:
        """At least .99 of the development half's rows with a person get through (WNUT 2017)."""
        lines = (
            (shared_data / "pii" / "wnut17_train.jsonl").read_text(encoding="utf-8").splitlines()
        )
        rows = [json.loads(line) for line in lines]
        persons = [
            may_hold_name(normalize(row["text"]).text)
            for row in rows
            if hashlib.sha256(row["id"].encode()).digest()[0] % 2 == 0
            and any(span["label"] == "person" for span in row["spans"])
        ]

        assert sum(persons) / len(persons) >= 0.99
