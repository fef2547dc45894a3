"""The suite is large and sound enough, and counts what a model passes."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from psychescale.errors import InputError
from psychescale.evaluation.challenge.outcome import challenge
from psychescale.evaluation.challenge.suite import ALIASES, Category, Pair, suite
from psychescale.evaluation.comparison.baselines import lexicon


class TestSuite:
    def test_size(self) -> None:
        """At least 150 distinct pairs, at least 20 in each category."""
        pairs = suite()
        counts = Counter(pair.category for pair in pairs)

        assert len(pairs) >= 150
        assert len(set(pairs)) == len(pairs)
        assert all(counts[category] >= 20 for category in Category)

    def test_pairs_are_sound(self) -> None:
        """The two sentences differ, every template is filled, every state has a name in ALIASES."""
        for pair in suite():
            assert pair.lower != pair.higher
            assert "{" not in pair.lower + pair.higher
            assert pair.label in ALIASES

    def test_counting_words_does_not_pass(self) -> None:
        """The lexicon fails negation: it sees the same words on both sides."""
        found = challenge(lexicon(["sadness", "joy", "fear"]), ["sadness", "joy", "fear"])

        assert found.by_category[Category.NEGATION].rate.value < 0.5


PAIRS = (
    Pair(Category.NEGATION, "joy", "not", "yes"),
    Pair(Category.NEGATION, "joy", "never", "yes"),
    Pair(Category.PAST, "joy", "once", "yes"),
    Pair(Category.PAST, "fear", "then", "now"),
)


def scorer(values: dict[str, float]) -> object:
    def score(texts: Sequence[str]) -> NDArray[np.float64]:
        return np.array([[0.0, values[text]] for text in texts])

    return score


class TestCounting:
    def test_tally(self) -> None:
        """Lower passes, equal fails; pairs of labels that the model has not are left out and named."""
        score = scorer({"not": 0.1, "never": 0.5, "once": 0.9, "yes": 0.5})
        found = challenge(score, ["work", "Joy"], PAIRS)  # type: ignore[arg-type]
        negation, past = (found.by_category[c] for c in (Category.NEGATION, Category.PAST))

        assert (negation.passed, negation.n, past.passed, past.n) == (1, 2, 0, 1)
        assert negation.rate.low < 0.5 < negation.rate.high
        assert [pair.lower for _, pair in found.failed] == ["never", "once"]
        assert "fear" in found.untested
        assert found.n == 3

    def test_aliases(self) -> None:
        """A state is tested under each name that the model has for it."""
        found = challenge(lambda texts: np.zeros((len(texts), 2)), ["anxiety", "nervousness"])

        assert {label for label, _ in found.failed} == {"anxiety", "nervousness"}

    def test_no_label_of_the_suite(self) -> None:
        """A model of other labels is not asked anything."""
        found = challenge(lambda texts: np.zeros((len(texts), 1)), ["mentions sleep"])

        assert found.n == 0
        assert set(found.untested) == set(ALIASES)

    def test_wrong_shape(self) -> None:
        """A scorer that loses a text is refused."""
        with pytest.raises(InputError, match="shape"):
            challenge(lambda _: np.zeros((1, 1)), ["joy"])
