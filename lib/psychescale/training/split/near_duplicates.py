"""Near-duplicates: clusters of texts that share at least four fifths of their words and word pairs.

Broder 1997, "On the resemblance and containment of documents": the resemblance of two texts is the
Jaccard index of their shingles; the share of equal minima under random permutations estimates it.
Leskovec, Rajaraman and Ullman 2020, "Mining of massive datasets", section 3.4: bands of minima find
candidates without comparing all pairs.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

NEAR_DUPLICATE = 0.8
"""Jaccard index from which two texts count as near-duplicates."""

# 25 bands of 5 minima: two texts at Jaccard .8 are missed by all bands with probability 5e-5.
_BANDS, _ROWS = 25, 5
# Estimates from 125 minima have a standard deviation of .036 at .8: four of them below.
_SLACK = 0.15
# Neighbours within a bucket that a text is compared with: all of them in buckets up to this size; in
# the huge ones of template text, the nearest by signature (chains through 25 bands do the rest).
_NEIGHBOURS = 50
_PAIRS_AT_ONCE = 200_000
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Shingles:
    """Sets of shingles, end to end.

    Attributes:
        values: int64, shape (n_shingles,): numbers of distinct shingles, ascending within a text.
        offsets: int64, shape (n_texts + 1,): text i has ``values[offsets[i]:offsets[i + 1]]``.
    """

    values: NDArray[np.int64]
    offsets: NDArray[np.int64]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """int64, shape (n_texts,): shingles per text; at least 1."""
        return np.diff(self.offsets)


def canonical(text: str) -> str:
    """A text as far as "the same text" goes: compatibility forms, case and white space aside."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def words_of(text: str) -> list[str]:
    """The words of a text, in order; of a text without words, the text itself."""
    same = canonical(text)
    return _WORD.findall(same) or ["\0" + same]


def shingle(texts: Sequence[str]) -> Shingles:
    """The words and pairs of neighbouring words of each text, as sets.

    Pairs alone would lose a short comment in which one word was changed; words alone would join
    comments of the same words in another order. A text without words is one shingle: itself.
    """
    numbers: dict[str, int] = {}
    words, texts_of = [], []
    for index, one in enumerate(texts):
        found = words_of(one)
        words += [numbers.setdefault(word, len(numbers)) for word in found]
        texts_of += [index] * len(found)
    word, text = np.array(words, np.int64), np.array(texts_of, np.int64)
    inside = text[1:] == text[:-1]
    pair = (word[:-1][inside] + 1) * (len(numbers) + 1) + word[1:][inside]
    keys = np.concatenate([word, pair + len(numbers)])
    _, dense = np.unique(keys, return_inverse=True)
    owner = np.concatenate([text, text[1:][inside]])
    n_shingles = int(dense.max(initial=0)) + 1
    rows = np.unique(owner * n_shingles + dense)
    counts = np.bincount(rows // n_shingles, minlength=len(texts))
    return Shingles(rows % n_shingles, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))


def jaccard(
    shingles: Shingles, first: NDArray[np.int64], second: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Jaccard index of the texts `first` with the texts `second`, pair by pair.

    Args:
        shingles: Sets of all texts.
        first: int64, shape (n_pairs,).
        second: int64, shape (n_pairs,).

    Returns:
        float64, shape (n_pairs,).
    """
    result = np.empty(len(first))
    for start in range(0, len(first), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        result[part] = _jaccard(shingles, first[part], second[part])
    return result


def _jaccard(
    shingles: Shingles, first: NDArray[np.int64], second: NDArray[np.int64]
) -> NDArray[np.float64]:
    width = int(shingles.values.max(initial=0)) + 1
    keys = np.concatenate([_keys(shingles, first, width), _keys(shingles, second, width)])
    keys.sort()
    shared = keys[1:][keys[1:] == keys[:-1]] // width  # each set holds a shingle once
    common = np.bincount(shared, minlength=len(first))
    total: NDArray[np.float64] = common / (shingles.sizes[first] + shingles.sizes[second] - common)
    return total


def _keys(shingles: Shingles, texts: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """One number per (pair, shingle)."""
    sizes = shingles.sizes[texts]
    pair = np.repeat(np.arange(len(texts)), sizes)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    keys: NDArray[np.int64] = pair * width + shingles.values[shingles.offsets[texts][pair] + within]
    return keys


def find_near_duplicates(
    texts: Sequence[str], *, threshold: float = NEAR_DUPLICATE, seed: int = 0
) -> NDArray[np.int64]:
    """Clusters of texts connected by pairs with a Jaccard index of at least `threshold`.

    Candidates come from MinHash with banding; each is verified with the exact index. Connection is
    transitive: the two ends of a chain share a cluster.

    Args:
        texts: The texts.
        threshold: Least Jaccard index of a pair. The bands are laid out for .8; well below .6 pairs
            would be missed.
        seed: Of the permutations.

    Returns:
        int64, shape (n_texts,): the index of the first text of each text's cluster.
    """
    if not len(texts):
        return np.zeros(0, np.int64)
    sets, text_of = _distinct(shingle(texts))
    first, second = candidates(sign(sets, seed), threshold)
    close = jaccard(sets, first, second) >= threshold
    labels = connect(len(sets.sizes), first[close], second[close])
    return first_of_each(labels[text_of])


def first_of_each(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rename groups by the index of their first member; int64, shape (n,)."""
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    named: NDArray[np.int64] = first[inverse]
    return named


def connect(n_items: int, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """Connected components of the pairs (first, second), by union-find.

    Returns:
        int64, shape (n_items,): the smallest member of each item's component.
    """
    parent = list(range(n_items))

    def find(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for one, other in zip(first.tolist(), second.tolist(), strict=True):
        low, high = sorted((find(one), find(other)))
        parent[high] = low
    return np.array([find(item) for item in range(n_items)], np.int64)


def _distinct(shingles: Shingles) -> tuple[Shingles, NDArray[np.int64]]:
    """The distinct sets, and which of them each text has: a meme costs no more than one text."""
    values, offsets = shingles.values, shingles.offsets
    seen: dict[bytes, int] = {}
    text_of = [
        seen.setdefault(values[start:end].tobytes(), len(seen))
        for start, end in pairwise(offsets.tolist())
    ]
    rows = [np.frombuffer(key, np.int64) for key in seen]
    sizes = [len(row) for row in rows]
    distinct = Shingles(np.concatenate(rows), np.concatenate([[0], np.cumsum(sizes)]))
    return distinct, np.array(text_of, np.int64)


def sign(shingles: Shingles, seed: int = 0) -> NDArray[np.uint32]:
    """Minima of each set under random hashes; uint32, shape (bands × rows, n_texts)."""
    rng = np.random.default_rng(seed)
    scrambled = _scramble(shingles.values.astype(np.uint64))
    signatures = np.empty((_BANDS * _ROWS, len(shingles.sizes)), np.uint32)
    factors = rng.integers(1, 2**63, (_BANDS * _ROWS, 2), np.uint64) * np.uint64(2) + np.uint64(1)
    for row, (factor, shift) in enumerate(factors):
        # Multiply-shift (Dietzfelbinger et al. 1997): the high bits of an odd multiple.
        hashes = (scrambled * factor + shift) >> np.uint64(32)
        signatures[row] = np.minimum.reduceat(hashes, shingles.offsets[:-1])
    return signatures


def _scramble(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finalizer of SplitMix64 (Steele, Lea and Flood 2014): running numbers → random ones."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    scrambled: NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(31))
    return scrambled


def candidates(
    signatures: NDArray[np.uint32], threshold: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct pairs that agree in a band and whose estimated index is not far too low."""
    n_texts = signatures.shape[1]
    keys = _unique(
        one * n_texts + other
        for band in range(_BANDS)
        for one, other in _neighbours(signatures[band * _ROWS : (band + 1) * _ROWS])
    )
    first, second = keys // n_texts, keys % n_texts
    keep = np.zeros(len(keys), np.bool_)
    for start in range(0, len(keys), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        equal = signatures[:, first[part]] == signatures[:, second[part]]
        keep[part] = equal.mean(axis=0) >= threshold - _SLACK
    return first[keep], second[keep]


def _unique(parts: Iterable[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.unique(np.concatenate([np.zeros(0, np.int64), *parts]))


def _neighbours(
    band: NDArray[np.uint32],
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs (lower index, higher index) of texts that agree in all rows of a band."""
    order = np.lexsort(band)
    for distance in range(1, min(_NEIGHBOURS, len(order) - 1) + 1):
        one, other = order[:-distance], order[distance:]
        same = (band[:, one] == band[:, other]).all(axis=0)
        if not same.any():  # buckets lie together: none is longer than this
            return
        yield np.minimum(one[same], other[same]), np.maximum(one[same], other[same])
