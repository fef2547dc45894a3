"""Near-duplicates are those of the definition, found without comparing all pairs."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychescale.training.split.near_duplicates import (
    NEAR_DUPLICATE,
    canonical,
    find_near_duplicates,
    jaccard,
    shingle,
)

WORDS = st.sampled_from(["sleep", "work", "day", "tired", "again", "never", "happy", "Work"])
TEXTS = st.lists(st.lists(WORDS, max_size=12).map(" ".join), max_size=20)


def obvious_shingles(text: str) -> set[object]:
    """Words and pairs, the slow way; for texts of plain words."""
    words = text.lower().split()
    return {*words, *pairwise(words)} or {"nothing"}


def obvious_clusters(texts: Sequence[str]) -> list[int]:
    """All pairs, then the smallest index that can be reached."""
    sets = [obvious_shingles(text) for text in texts]
    labels = list(range(len(texts)))
    for _ in texts:
        for one, first in enumerate(sets):
            for other, second in enumerate(sets):
                if len(first & second) / len(first | second) >= NEAR_DUPLICATE:
                    labels[one] = min(labels[one], labels[other])
    return labels


class TestJaccard:
    @given(TEXTS)
    def test_equals_sets(self, texts: list[str]) -> None:
        """The index of all pairs is that of Python's sets."""
        first, second = (grid.ravel() for grid in np.indices((len(texts), len(texts))))
        sets = [obvious_shingles(text) for text in texts]
        expected = [
            len(sets[one] & sets[other]) / len(sets[one] | sets[other])
            for one, other in zip(first, second, strict=True)
        ]

        np.testing.assert_allclose(
            jaccard(shingle(texts), first, second) if texts else [], expected
        )


class TestClusters:
    @given(TEXTS)
    def test_equal_those_of_all_pairs(self, texts: list[str]) -> None:
        """Banding, estimate and union-find give what comparing all pairs gives."""
        assert obvious_clusters(texts) == find_near_duplicates(texts).tolist()

    def test_planted_in_many(self, corpus_texts: list[str]) -> None:
        """A changed word in twenty, other case and added punctuation are found among 2,000 texts."""
        texts = list(dict.fromkeys(corpus_texts))
        long = [index for index, text in enumerate(texts) if len(text.split()) >= 20][:50]
        changed = [" ".join([*texts[i].split()[:-1], f"zebra{i}"]) for i in long]
        shouted = [texts[i].upper() + " !!" for i in long]
        found = find_near_duplicates([*texts, *changed, *shouted])
        groups = found.tolist()

        assert [groups[i] for i in long] == groups[len(texts) : len(texts) + len(long)]
        assert [groups[i] for i in long] == groups[len(texts) + len(long) :]

    @pytest.mark.parametrize("n_words", [8, 9, 10, 15])
    def test_one_changed_word(self, n_words: int) -> None:
        """One word of eight or more changed, wherever it stands, is a near-duplicate."""
        words = [f"word{i}" for i in range(n_words)]
        texts = [" ".join([*words[:i], "other", *words[i + 1 :]]) for i in range(n_words)]

        assert find_near_duplicates([" ".join(words), *texts]).tolist() == [0] * (n_words + 1)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("great day 😀", "great day 😢"),
            ("sure :)", "sure :("),
            ("so in ❤️ with him", "so in 💔 with him"),
        ],
    )
    def test_emoji_are_words(self, one: str, other: str) -> None:
        """The same words with the opposite face are two texts; the same face in other skin is one."""
        assert find_near_duplicates([one, other]).tolist() == [0, 1]
        assert find_near_duplicates(["well done 👍🏽", "well done 👍"]).tolist() == [0, 0]

    def test_order_of_words_counts(self) -> None:
        """The same words in another order are another text."""
        texts = ["he left me and she did not care", "she left he care and me not did"]

        assert find_near_duplicates(texts).tolist() == [0, 1]

    @pytest.mark.parametrize("texts", [["😀 😀", "😀  😀", "😢"], ["", " ", "x"]])
    def test_texts_without_words(self, texts: list[str]) -> None:
        """A text without words equals only itself."""
        assert find_near_duplicates(texts).tolist() == [0, 0, 2]

    def test_a_meme_costs_no_more_than_one_text(self) -> None:
        """Equal texts are compared once, however many there are, and all end up together."""
        texts = ["happy cake day to you all"] * 20_000 + ["a text of its own entirely"]
        found = find_near_duplicates(texts)

        assert dict(zip(*np.unique(found, return_counts=True), strict=True)) == {
            0: 20_000,
            20_000: 1,
        }

    def test_template_texts(self) -> None:
        """A bucket larger than the window of comparisons still becomes one cluster."""
        frame = " ".join(f"word{i}" for i in range(40))
        texts = [f"{frame} case{number}" for number in range(400)]

        assert find_near_duplicates(texts).tolist() == [0] * 400


def test_canonical() -> None:
    """Compatibility forms, case and white space do not make another text."""
    assert canonical("  Ｆine\u00a0\n STRASSE ") == canonical("fine straße")
