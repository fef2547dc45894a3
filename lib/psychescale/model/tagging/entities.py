"""Token probabilities → words → entities, for any of the usual ways of labelling tokens."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import ModelError

Aggregation = Literal["first", "average", "max"]
"""How the tokens of a word decide: its first one, their mean, or the surest one."""

_PREFIXED = re.compile(r"([BIESLU])[-_](.+)", re.DOTALL)


@dataclass(frozen=True)
class Entity:
    """A part of a text that a tagger labels.

    Attributes:
        start: First code point, from 0.
        end: First code point after it.
        label: Type, without the prefix of its scheme.
        probability: That its words are part of any entity, their mean.
    """

    start: int
    end: int
    label: str
    probability: float


@dataclass(frozen=True)
class TagScheme:
    """What a token classifier's labels say.

    BIO, BIOES, BILOU (Ratinov & Roth 2009) or types without prefix; ``O`` is outside.

    Attributes:
        types: Type of each label; empty for the outside.
        begins: bool, shape (n_labels,): the label starts an entity.
        ends: bool, shape (n_labels,): the label ends one.
        outside: Index of ``O``.
    """

    types: tuple[str, ...]
    begins: NDArray[np.bool_]
    ends: NDArray[np.bool_]
    outside: int

    @classmethod
    def of(cls, labels: Sequence[str]) -> "TagScheme":
        """Read the scheme of `labels`.

        Raises:
            ModelError: There is no label ``O``.
        """
        if "O" not in labels:
            raise ModelError(
                "The token classifier has no label O for what is outside of entities.",
                remedy="Give a model with BIO, BIOES or plain labels; name them in config.json "
                "(id2label).",
            )
        matches = [_PREFIXED.fullmatch(label) for label in labels]
        prefixes = [match[1] if match else "" for match in matches]
        types = [match[2] if match else label for match, label in zip(matches, labels, strict=True)]
        return cls(
            types=tuple("" if name == "O" else name for name in types),
            begins=np.array([prefix in ("B", "S", "U") and prefix != "" for prefix in prefixes]),
            ends=np.array([prefix in ("E", "L", "S", "U") and prefix != "" for prefix in prefixes]),
            outside=list(labels).index("O"),
        )


class Words(NamedTuple):
    """Tokens of several texts grouped to words.

    Attributes:
        first: int64, shape (n_words,): index of a word's first token; words are runs of tokens.
        text: int64, shape (n_words,): number of its text.
        start: int64, shape (n_words,): first code point in its text.
        end: int64, shape (n_words,): first code point after it.
    """

    first: NDArray[np.int64]
    text: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


def find_words(
    texts: Sequence[str], lengths: NDArray[np.int64], offsets: NDArray[np.int64]
) -> Words:
    """Group tokens that touch each other with letters, digits or ``_`` on both sides of the seam.

    Args:
        texts: The texts.
        lengths: int64, shape (n_texts,): tokens of each.
        offsets: int64, shape (n_tokens, 2): where tokens start and end in their text.
    """
    text = np.repeat(np.arange(len(texts)), lengths)
    joined = "".join(texts)
    base = np.cumsum([0, *(len(one) for one in texts)])[text]
    codes = np.frombuffer((joined + " ").encode("utf-32-le", "surrogatepass"), np.uint32)
    is_space, is_word = _flags(codes)
    start, end = offsets[:, 0] + base, offsets[:, 1] + base
    # Byte-level tokens may hold the blank before a word.
    blank = is_space[start] & (start < end)
    while blank.any():
        start = start + blank
        blank = is_space[start] & (start < end)
    empty = start >= end
    head = is_word[start] & ~empty
    tail = is_word[np.maximum(end - 1, 0)] & ~empty
    continues = np.zeros(len(text), np.bool_)
    continues[1:] = (text[1:] == text[:-1]) & (start[1:] <= end[:-1]) & head[1:] & tail[:-1]
    first = np.flatnonzero(~continues)
    return Words(
        first,
        text[first],
        start[first] - base[first],
        (np.maximum.reduceat(end, first) if len(first) else end) - base[first],
    )


def word_probabilities(
    tokens: NDArray[np.float32], words: Words, aggregation: Aggregation
) -> NDArray[np.float32]:
    """Label probabilities of words from those of their tokens.

    Args:
        tokens: float32, shape (n_tokens, n_labels).
        words: The words.
        aggregation: How the tokens of a word decide.

    Returns:
        float32, shape (n_words, n_labels).
    """
    if not len(words.first) or aggregation == "first":
        return tokens[words.first]
    if aggregation == "average":
        counts = np.diff(words.first, append=len(tokens))
        return (np.add.reduceat(tokens, words.first) / counts[:, None]).astype(np.float32)
    sureness = tokens.max(axis=1)
    best = np.maximum.reduceat(sureness, words.first)
    word = np.repeat(np.arange(len(words.first)), np.diff(words.first, append=len(tokens)))
    surest = np.flatnonzero(sureness == best[word])
    _, earliest = np.unique(word[surest], return_index=True)
    return tokens[surest[earliest]]


def join_entities(
    words: Words,
    probabilities: NDArray[np.float32],
    scheme: TagScheme,
    *,
    n_texts: int,
    threshold: float | None,
) -> list[list[Entity]]:
    """Entities of every text: runs of words with labels of one type.

    Args:
        words: The words.
        probabilities: float32, shape (n_words, n_labels).
        scheme: What the labels say.
        n_texts: How many texts there are.
        threshold: A word is part of an entity if the probability of all labels but ``O`` together
            reaches this; None: if its most probable label is not ``O``.
    """
    inside = 1.0 - probabilities[:, scheme.outside]
    entity = probabilities.copy()
    entity[:, scheme.outside] = -1.0
    label = entity.argmax(axis=1) if len(words.first) else np.zeros(0, np.int64)
    chosen = (
        probabilities.argmax(axis=1) != scheme.outside if threshold is None else inside >= threshold
    )
    chosen &= words.start < words.end
    found: list[list[Entity]] = [[] for _ in range(n_texts)]
    runs: list[list[int]] = []
    for word in np.flatnonzero(chosen).tolist():
        if runs and _continues(runs[-1][-1], word, words, label, scheme):
            runs[-1].append(word)
        else:
            runs.append([word])
    for run in runs:
        found[words.text[run[0]]].append(
            Entity(
                start=int(words.start[run[0]]),
                end=int(words.end[run[-1]]),
                label=scheme.types[label[run[0]]],
                probability=float(inside[run].mean()),
            )
        )
    return found


def _continues(
    last: int, word: int, words: Words, label: NDArray[np.int64], scheme: TagScheme
) -> bool:
    return bool(
        word == last + 1
        and words.text[word] == words.text[last]
        and scheme.types[label[word]] == scheme.types[label[last]]
        and not scheme.begins[label[word]]
        and not scheme.ends[label[last]]
    )


def _flags(codes: NDArray[np.uint32]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which code points are white space, and which are letters, digits or ``_``."""
    distinct, index = np.unique(codes, return_inverse=True)
    characters = [chr(code) for code in distinct.tolist()]
    space = np.array([character.isspace() for character in characters], np.bool_)
    word = np.array([character.isalnum() or character == "_" for character in characters], np.bool_)
    return space[index], word[index]
