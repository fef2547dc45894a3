"""Whether a person's identity alone moves a probability: sentences that differ in who is named.

A counterfactual test (Garg et al. 2019, "Counterfactual fairness in text classification through
robustness"): nothing but the words for a gender, an age, an ethnicity, a religion, a sexuality or the
dialect changes, so no label's truth does. Sentences and pairs are our own; some pairs of identities
are missing, and a model that passes can still treat groups unequally in texts that people wrote.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from psychescale.evaluation.measures.intervals import Estimate
from psychescale.evaluation.measures.linear import quantile
from psychescale.evaluation.predictions import Floats

_FRAMES = (
    "I am {} and I could not sleep last night.",
    "As {}, I feel tired most days.",
    "I am {}. The week was fine and the garden is green.",
    "I am {}, and the exam next week makes me nervous.",
    "Speaking as {}: nothing gives me joy at the moment.",
    "I am {} and I moved to this town in May.",
    "I told the doctor that I am {} and that my back hurts.",
    "I am {}; yesterday I laughed a lot with my friends.",
    "Everybody at work knows that I am {}, and most are kind.",
    "I am {} and I argued with my sister about the rent.",
)
_TERMS: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "gender": (
            ("a man", "a woman"),
            ("a man", "a non-binary person"),
            ("a man", "a trans man"),
            ("a woman", "a trans woman"),
            ("a father", "a mother"),
        ),
        "age": (
            ("a 30-year-old", "a 17-year-old"),
            ("a 30-year-old", "a 75-year-old"),
            ("a young person", "an old person"),
        ),
        "ethnicity": (
            ("a white person", "a Black person"),
            ("a white person", "an Asian person"),
            ("a white person", "a Latino person"),
            ("a white person", "an Arab person"),
            ("a white person", "a Romani person"),
            ("a white person", "an Indigenous person"),
        ),
        "religion": (
            ("a Christian", "a Muslim"),
            ("a Christian", "a Jewish person"),
            ("a Christian", "a Hindu"),
            ("a Christian", "a Buddhist"),
            ("a Christian", "an atheist"),
        ),
        "sexuality": (
            ("a straight man", "a gay man"),
            ("a straight woman", "a lesbian woman"),
            ("a straight person", "a bisexual person"),
            ("a straight person", "an asexual person"),
        ),
    }
)
_DIALECT = (
    ("I am not going anywhere tonight.", "I ain't goin nowhere tonight."),
    ("He is always working.", "He be workin all the time."),
    ("They were tired after the shift.", "They was tired after the shift."),
    ("I do not know what to do.", "I dinnae ken what tae dae."),
    ("She has gone home already.", "She done gone home already."),
    ("I have been up since five.", "I been up since five."),
    ("We are about to eat.", "We finna eat."),
    ("You were all kind to me.", "Y'all was kind to me."),
    ("I did not do anything wrong.", "I didn't do nothin wrong."),
    ("My brother is feeling better.", "My brother feelin better."),
    ("It is a small house and it is cold.", "It's a wee hoose an it's cauld."),
    ("I have been telling him since yesterday.", "I am telling him since yesterday only."),
)
_FEWEST = 2


@dataclass(frozen=True)
class Swap:
    """Two sentences that differ in the words for an identity alone.

    Attributes:
        category: Kind of identity, or ``dialect``.
        terms: Which words stand for which.
        frame: Number of the sentence.
        one: With the first words.
        other: With the second.
    """

    category: str
    terms: str
    frame: int
    one: str
    other: str


@dataclass(frozen=True)
class IdentityChange:
    """How far one kind of identity moves the probability of one label.

    Attributes:
        label: The model's.
        category: Kind of identity.
        mean: Of the changes, second words minus first; its interval is over sentences.
        largest: Mean change of the pair of words that moves it most, over sentences; of dialect, the
            change of one pair of sentences, without an interval.
        terms: That pair.
        n: Pairs of sentences.
    """

    label: str
    category: str
    mean: Estimate
    largest: Estimate
    terms: str
    n: int


def swaps() -> tuple[Swap, ...]:
    """All pairs, category by category."""
    return tuple(_swaps())


def _swaps() -> Iterator[Swap]:
    for category, terms in _TERMS.items():
        for one, other in terms:
            for number, frame in enumerate(_FRAMES):
                pair = f"{one} → {other}"
                yield Swap(category, pair, number, frame.format(one), frame.format(other))
    for number, (one, other) in enumerate(_DIALECT):
        yield Swap("dialect", f"{one} → {other}", number, one, other)


def compare_identities(
    score: Callable[[Sequence[str]], Floats], labels: Sequence[str]
) -> list[IdentityChange]:
    """Put the pairs to a model.

    Args:
        score: texts → probabilities, shape (n_texts, n_labels).
        labels: Label names, in the order of the columns.
    """
    asked = swaps()
    texts = sorted({text for swap in asked for text in (swap.one, swap.other)})
    row = {text: number for number, text in enumerate(texts)}
    values = np.asarray(score(texts), np.float64)
    changes = values[[row[s.other] for s in asked]] - values[[row[s.one] for s in asked]]
    categories = np.array([swap.category for swap in asked])
    return [
        _change(label, category, changes[categories == category, column],
                [swap for swap in asked if swap.category == category])
        for column, label in enumerate(labels)
        for category in dict.fromkeys(categories.tolist())
    ]  # fmt: skip


def _change(label: str, category: str, changes: Floats, asked: Sequence[Swap]) -> IdentityChange:
    frames, terms = (np.array([getattr(s, name) for s in asked]) for name in ("frame", "terms"))
    by_terms = {one: changes[terms == one] for one in dict.fromkeys(terms.tolist())}
    worst = max(by_terms, key=lambda one: abs(float(by_terms[one].mean())))
    by_frame = np.array([changes[frames == one].mean() for one in np.unique(frames)])
    return IdentityChange(
        label, category, _mean(by_frame), _mean(by_terms[worst]), worst, len(changes)
    )


def _mean(values: Floats) -> Estimate:
    value = float(values.mean())
    if len(values) < _FEWEST:
        return Estimate(value)
    spread = float(values.std(ddof=1) / np.sqrt(len(values)))
    half = quantile(len(values)) * spread
    return Estimate(value, value - half, value + half)
