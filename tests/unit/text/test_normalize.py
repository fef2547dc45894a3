"""A normalized text is what the models expect, and every span of it maps back."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychescale.text.normalize import fold, lower, normalize

ANY_TEXT = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "“”‘’…–—\u200b\u200d\u200c\u00ad\u202e\u0301\u0308\ufe0fe\u1160가\uff21１ﬁ𝐚Kа"
        ),
    ),
    max_size=40,
)


class TestOutput:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("“It’s fine” – she said…", '"It\'s fine" - she said...'),
            ("a\u00a0b\u3000c\u2009d", "a b c d"),
            ("one\u2028two\u2029three", "one\ntwo\nthree"),
            ("ｊｏｈｎ＠ｅｘａｍｐｌｅ．ｃｏｍ", "john@example.com"),
            ("𝐉𝐨𝐡𝐧 𝓈𝓂𝒾𝓉𝒽", "John smith"),
            ("oﬀice ﬁle", "office file"),
            ("jo\u200bhn\u00ad \u202ebidi\u202c", "john bidi"),
            ("cafe\u0301", "café"),
            ("a\u200db", "ab"),
            ("می\u200cخواهم 👩\u200d👧", "می\u200cخواهم 👩\u200d👧"),
            ("x² ½ ① ™", "x² ½ ① ™"),
        ],
    )
    def test_punctuation_and_forms(self, text: str, expected: str) -> None:
        """Typography becomes ASCII and invisible characters go; meaning-bearing forms stay."""
        assert normalize(text).text == expected

    @given(text=ANY_TEXT)
    def test_second_time_changes_nothing(self, text: str) -> None:
        """Normalizing is idempotent, and its result is composed, for any Unicode."""
        once = normalize(text).text

        assert normalize(once).text == once
        assert unicodedata.is_normalized("NFC", once)

    def test_plain_ascii_is_untouched(self) -> None:
        """ASCII comes back as the same object, with the identity as its map."""
        text = "plain text, 3.5 mg"

        result = normalize(text)

        assert result.text is text
        assert result.to_original(2, 5) == (2, 5)


class TestOffsets:
    @given(text=ANY_TEXT)
    def test_every_character_maps_to_its_origin(self, text: str) -> None:
        """Each code point's original span, normalized again, holds that code point; order is kept."""
        result = normalize(text)
        spans = [result.to_original(i, i + 1) for i in range(len(result.text))]

        assert spans == sorted(spans)
        for char, (start, end) in zip(result.text, spans, strict=True):
            assert 0 <= start < end <= len(text)
            assert char in normalize(text[start:end]).text or char in "\u200c\u200d\ufe0f"

    @given(before=ANY_TEXT, after=ANY_TEXT)
    def test_a_planted_word_is_found_again(self, before: str, after: str) -> None:
        """The span of a word in the normalized text is that word's span in the original."""
        text = f"{before} Nora {after}"
        result = normalize(text)
        start = len(normalize(f"{before} ").text)
        if result.text[start : start + 4] != "Nora":
            start = result.text.index("Nora")

        low, high = result.to_original(start, start + 4)

        assert text[low:high] == "Nora"

    def test_a_span_covers_what_was_dropped_inside(self) -> None:
        """Zero-width characters inside a span belong to it, those around it do not."""
        text = "x \u200bjo\u200bhn\u200b y"

        assert normalize(text).to_original(2, 6) == (3, 8)

    def test_empty_spans(self) -> None:
        """An empty span maps to an empty span."""
        assert normalize("a…b").to_original(2, 2) == (1, 1)
        assert normalize("…").to_original(3, 3) == (1, 1)


class TestFold:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("jоhn", "john"),  # Cyrillic о
            ("Москва", "Москва"),
            ("Νick", "Nick"),  # Greek capital Nu
            ("٥٥٥-١٢٣٤", "555-1234"),
            ("नमस्ते १२", "नमस्ते 12"),
        ],
    )
    def test_lookalikes_inside_latin_words(self, text: str, expected: str) -> None:
        """Look-alikes become Latin in mixed words only; digits of any script become ASCII."""
        assert fold(text) == expected

    @given(text=ANY_TEXT)
    def test_lengths_stay(self, text: str) -> None:
        """Folding and lower case keep every offset."""
        normal = normalize(text).text

        assert len(fold(normal)) == len(lower(normal)) == len(normal)

    def test_lower_case_of_dotted_i(self) -> None:
        """Letters whose lower case is longer stay as they are."""
        assert lower("İSTANBUL ABC") == "İstanbul abc"
