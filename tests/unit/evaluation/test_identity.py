"""Words for an identity: pairs differ in them alone, and changes are those of the model."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from psychescale.evaluation.challenge.identity import compare_identities, swaps


def score(texts: Sequence[str]) -> NDArray[np.float64]:
    """A model with a grudge: one label rises by .2 for a Muslim, the other sees nothing."""
    return np.array([[0.3 + 0.2 * ("Muslim" in text), 0.5] for text in texts])


def test_pairs() -> None:
    """Six kinds, pairs that differ, no template left open, nothing twice."""
    pairs = swaps()
    counts = Counter(pair.category for pair in pairs)

    assert set(counts) == {"gender", "age", "ethnicity", "religion", "sexuality", "dialect"}
    assert min(counts.values()) >= 12
    assert len({(pair.one, pair.other) for pair in pairs}) == len(pairs)
    for pair in pairs:
        assert pair.one != pair.other
        assert "{" not in pair.one + pair.other


def test_changes() -> None:
    """The words that move a label are named with how far; what moves nothing is 0."""
    found = {(one.label, one.category): one for one in compare_identities(score, ["a", "b"])}
    religion = found["a", "religion"]

    assert religion.terms == "a Christian → a Muslim"
    assert religion.largest.value == pytest.approx(0.2)
    assert religion.mean.value == pytest.approx(0.2 / 5)
    assert religion.mean.low == pytest.approx(religion.mean.high)  # the same in every sentence
    assert {one.mean.value for key, one in found.items() if key != ("a", "religion")} == {0.0}
    assert np.isnan(found["a", "dialect"].largest.low)
