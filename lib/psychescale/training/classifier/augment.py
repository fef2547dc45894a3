"""More, and other, training rows: word deletion, swap and masking, and copies of rare labels' rows.

Deletion and swap: Wei and Zou 2019, "EDA: easy data augmentation techniques for boosting performance
on text classification tasks". Masking: word dropout, as in Iyyer et al. 2015, "Deep unordered
composition rivals syntactic methods for text classification", with the model's own mask for the word.
Copies: Charte, Rivera, del Jesus and Herrera 2015, "Addressing imbalance in multilabel classification"
(ML-ROS).

What a mental-health label turns on is left as it is: who it is about, whether it is denied, whether it
is certain, and when it was.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEGATORS = _words("""
    no not never none nobody nothing nowhere neither nor without hardly barely scarcely rarely seldom
    cannot cant dont doesnt didnt wont wouldnt shouldnt couldnt isnt arent wasnt werent hasnt havent
    hadnt aint nah nope lack lacks lacking deny denies denied denying absent negative free unable
    stop stopped quit except but
""")
PRONOUNS = _words("""
    i me my mine myself im ive id ill we us our ours ourselves you your yours yourself yourselves he
    him his himself she her hers herself it its itself they them their theirs themselves who whom
    whose someone somebody anyone anybody everyone everybody one
""")
MODALS = _words("""
    can could may might must shall should will would ought need want wanna gonna gotta maybe perhaps
    possibly probably likely unlikely if unless whether seem seems seemed think thought guess suppose
    wish hope wonder imagine almost nearly supposed
""")
TEMPORAL_CUES = _words("""
    now then today tonight yesterday tomorrow ago before after since until till while when whenever
    already still yet anymore once always often sometimes usually again recently lately soon later
    earlier currently previously formerly was were been had did used ever past future last next
    during day days week weeks month months year years hour hours morning night history
    childhood
""")
PROTECTED = NEGATORS | PRONOUNS | MODALS | TEMPORAL_CUES
"""Words (lower case, without apostrophes) that are never deleted, masked or moved."""

_CONTRACTED = re.compile(r"(n['’]t|['’](m|ve|d|ll|re))$")
_POSSESSIVE = re.compile(r"['’]s$")
_MARKER = re.compile(r"^\W*[\[<{].*[\]>}]\W*$")  # what a redactor left for a name
_PARTS = re.compile(r"\w+(?:['’]\w+)*")


@dataclass(frozen=True)
class AugmentOptions:
    """How training rows are multiplied and varied. The defaults change nothing.

    Attributes:
        copies: Varied copies of every row, beside the row itself.
        rare_rows: Rows of a label with fewer rows than this are copied until it has as many, or
            `max_repeats` copies of each.
        max_repeats: Most copies of one row for the sake of rare labels.
        deletion: Probability that a word of a copy is deleted.
        swap: Probability that a word of a copy changes places with its neighbour.
        masking: Probability that a word of a copy is masked.
        seed: Of all choices.
    """

    copies: int = 0
    rare_rows: int = 0
    max_repeats: int = 4
    deletion: float = 0.0
    swap: float = 0.0
    masking: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Augmented:
    """Training rows with their copies.

    Attributes:
        texts: First the rows as they were, then the copies.
        targets: float32, shape (n_texts, n_labels).
        origin: int64, shape (n_texts,): the row that each is, or is a copy of.
    """

    texts: list[str]
    targets: NDArray[np.float32]
    origin: NDArray[np.int64]


def is_protected(word: str) -> bool:
    """Whether a word, with what punctuation hangs on it, carries person, denial, doubt or time."""
    if _MARKER.match(word):
        return True
    return any(_is_cue(part) for part in _PARTS.findall(word.casefold()))


def _is_cue(part: str) -> bool:
    if _CONTRACTED.search(part) or _POSSESSIVE.sub("", part) in PROTECTED:
        return True
    return part.replace("'", "").replace("’", "") in PROTECTED


def augment(
    texts: Sequence[str],
    targets: NDArray[np.float32],
    options: AugmentOptions,
    *,
    mask: str,
) -> Augmented:
    """Rows and their varied copies. For training rows only.

    A second text (a survey item's question) is not varied: take it by `Augmented.origin`.

    Args:
        texts: Training texts.
        targets: 0 or 1, shape (n_texts, n_labels).
        options: How many copies, and how they vary.
        mask: The tokenizer's mask token.
    """
    rng = np.random.default_rng(options.seed)
    every = np.arange(len(texts))
    origin = np.concatenate([every, np.tile(every, options.copies), _repeats(targets, options)])
    copies = [vary(texts[row], options, mask=mask, rng=rng) for row in origin[len(texts) :]]
    return Augmented([*texts, *copies], targets[origin], origin)


def vary(text: str, options: AugmentOptions, *, mask: str, rng: np.random.Generator) -> str:
    """One varied copy of a text: masked, deleted and swapped words, protected ones in their order.

    A text never loses its last word that could be deleted; where nothing changes, white space stays
    as it was too.
    """
    words = text.split()
    free = np.array([not is_protected(word) for word in words], np.bool_)
    draws = rng.random((3, len(words)))
    masked = free & (draws[0] < options.masking)
    deleted = free & ~masked & (draws[1] < options.deletion)
    if deleted.sum() == free.sum():
        deleted[:] = False
    swapped = _swap(free & ~deleted, draws[2] < options.swap)
    if not masked.any() and not deleted.any() and (swapped == np.arange(len(words))).all():
        return text
    varied = [mask if masked[place] else words[place] for place in swapped if not deleted[place]]
    return " ".join(varied)


def _swap(free: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """An order in which some words changed places with the next, where neither is protected."""
    order = np.arange(len(free))
    place = 0
    while place < len(free) - 1:
        if wanted[place] and free[place] and free[place + 1]:
            order[[place, place + 1]] = order[[place + 1, place]]
            place += 1  # a word moves one place at most
        place += 1
    return order


def _repeats(targets: NDArray[np.float32], options: AugmentOptions) -> NDArray[np.int64]:
    """Rows to copy so that rare labels have `rare_rows` rows, the rarest label first."""
    times = np.zeros(len(targets), np.int64)
    for label in np.argsort(targets.sum(axis=0), kind="stable"):
        rows = np.flatnonzero(targets[:, label])
        missing = options.rare_rows - int((1 + times[rows]).sum())
        while missing > 0 and len(rows):
            open_rows = rows[times[rows] < options.max_repeats][:missing]
            if not len(open_rows):
                break
            times[open_rows] += 1
            missing -= len(open_rows)
    return np.repeat(np.arange(len(targets)), times)
