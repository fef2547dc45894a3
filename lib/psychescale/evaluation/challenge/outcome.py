"""How a model fares on the challenge suite."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from psychescale.errors import InputError
from psychescale.evaluation.challenge.suite import ALIASES, Category, Pair, suite
from psychescale.evaluation.measures.intervals import Estimate
from psychescale.evaluation.measures.shares import mid_p
from psychescale.evaluation.predictions import Floats


@dataclass(frozen=True)
class SuiteTally:
    """Pairs passed.

    Attributes:
        passed: Pairs whose first sentence has the lower probability.
        n: Pairs.
        rate: Share passed. Its interval says how far the pairs of this suite could vary, as if they
            were a sample of such pairs.
    """

    passed: int
    n: int
    rate: Estimate


@dataclass(frozen=True)
class Challenge:
    """The outcome of the suite.

    Attributes:
        by_category: Categories that have a pair for one of the model's labels.
        failed: Pairs that were not passed, with the model's label.
        untested: States of the suite that no label stands for.
    """

    by_category: Mapping[Category, SuiteTally]
    failed: tuple[tuple[str, Pair], ...]
    untested: tuple[str, ...]

    @property
    def n(self) -> int:
        """Pairs that were put to the model."""
        return sum(tally.n for tally in self.by_category.values())


def challenge(
    score: Callable[[Sequence[str]], Floats],
    labels: Sequence[str],
    pairs: Sequence[Pair] | None = None,
) -> Challenge:
    """Put the suite to a model.

    A pair is passed if the label's probability is lower in the sentence where it does not hold; equal
    probabilities fail.

    Args:
        score: texts → probabilities, shape (n_texts, n_labels).
        labels: Label names, in the order of the columns.
        pairs: Default: the suite.

    Raises:
        InputError: `score` does not give one row a text and one column a label.
    """
    asked = [
        (label, column, pair)
        for pair in (suite() if pairs is None else pairs)
        for column, label in enumerate(labels)
        if label.lower() in ALIASES.get(pair.label, (pair.label,))
    ]
    texts = sorted({text for *_, pair in asked for text in (pair.lower, pair.higher)})
    values = np.asarray(score(texts) if texts else np.zeros((0, len(labels))), np.float64)
    if values.shape != (len(texts), len(labels)):
        raise InputError(
            f"The scorer gave shape {values.shape} for {len(texts)} texts, {len(labels)} labels.",
            remedy="It must give one row a text and one column a label.",
        )
    row = {text: index for index, text in enumerate(texts)}
    passed = [values[row[p.lower], c] < values[row[p.higher], c] for _, c, p in asked]
    kinds = [pair.category for *_, pair in asked]
    tested = {pair.label for *_, pair in asked}
    return Challenge(
        {
            category: _tally(
                [ok for ok, kind in zip(passed, kinds, strict=True) if kind is category]
            )
            for category in Category
            if category in kinds
        },
        tuple((label, pair) for ok, (label, _, pair) in zip(passed, asked, strict=True) if not ok),
        tuple(state for state in ALIASES if state not in tested),
    )


def _tally(passed: Sequence[bool]) -> SuiteTally:
    n, share = len(passed), float(np.mean(passed))
    ends = mid_p(share, n, share * (1 - share) / n)
    return SuiteTally(int(sum(passed)), n, Estimate(share, *ends))
