"""The grammar of planted identifiers keeps what it promises."""

import re

import pytest

from psychescale.synthetic.planted.generator import PlantedText, generate_planted
from psychescale.synthetic.planted.makers import LOCALES, Makers
from psychescale.synthetic.planted.templates import FORUM, HARD_WORDS, LETTERS, NOTES, PLAIN
from psychescale.synthetic.texts.slot_words import VOCABULARY
from psychescale.training.tagger.data import TAGS

REGISTERS = {"forum": FORUM, "notes": NOTES, "letters": LETTERS, "plain": PLAIN}


@pytest.fixture(scope="module")
def planted() -> list[PlantedText]:
    return list(generate_planted(1000, seed=3))


@pytest.fixture(scope="module")
def slots() -> set[str]:
    """Slots that plant an identifier."""
    from random import Random

    return set(Makers(Random(0)).by_slot)


class TestTexts:
    def test_same_seed_same_texts(self, planted: list[PlantedText]) -> None:
        """A seed stands for its texts, another one for others."""
        assert planted[:50] == list(generate_planted(50, seed=3))
        assert planted[:50] != list(generate_planted(50, seed=4))

    def test_spans(self, planted: list[PlantedText]) -> None:
        """Spans are in order, apart, inside of their text, not empty, and of a known label."""
        for row in planted:
            borders = [border for span in row.spans for border in (span.start, span.end)]

            assert sorted(borders) == borders
            assert not borders or borders[-1] <= len(row.text)
            assert all(row.text[s.start : s.end].strip() for s in row.spans)
        assert set(TAGS) == {span.label for row in planted for span in row.spans}

    def test_spans_are_what_was_planted(self) -> None:
        """What stands in a span is the value of its slot: every other word is of the template."""
        for row in generate_planted(200, seed=9):
            outside, position = [], 0
            for span in row.spans:
                outside.append(row.text[position : span.start])
                position = span.end
            words = re.findall(r"[a-z]+", " ".join([*outside, row.text[position:]]).lower())
            known = set(re.findall(r"[a-z]+", row.template.lower()))
            fillers = {
                word
                for values in (*HARD_WORDS.values(), *VOCABULARY.values())
                for value in values
                for word in re.findall(r"[a-z]+", value.lower())
            }

            assert set(words) <= known | fillers

    def test_shares(self, planted: list[PlantedText]) -> None:
        """Between a tenth and a third hold no identifier; some are all lower or upper case."""
        empty = sum(not row.spans for row in planted)

        assert 100 < empty < 350
        assert sum(row.text == row.text.lower() for row in planted) > 100
        assert any(row.text == row.text.upper() for row in planted)


class TestTemplates:
    @pytest.mark.parametrize("register", sorted(REGISTERS))
    def test_slots_are_known(self, register: str, slots: set[str]) -> None:
        """Every slot plants an identifier, a look-alike or an everyday word."""
        used = {slot for t in REGISTERS[register] for slot in re.findall(r"\{(\w+)\}", t)}

        assert set() == used - slots - set(HARD_WORDS) - set(VOCABULARY) - {"year"}

    def test_plain_sentences_plant_nothing(self, slots: set[str]) -> None:
        """Hard negatives hold look-alikes only."""
        assert not [t for t in PLAIN if set(re.findall(r"\{(\w+)\}", t)) & slots]

    def test_all_makers_are_used(self, slots: set[str]) -> None:
        """No maker is dead."""
        used = {
            slot for ts in REGISTERS.values() for t in ts for slot in re.findall(r"\{(\w+)\}", t)
        }

        assert set() == slots - used

    def test_many_countries(self) -> None:
        """Names come from many countries, each once."""
        assert len(LOCALES) == len(set(LOCALES)) >= 25
