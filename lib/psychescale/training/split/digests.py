"""Keyed digests of training rows: a later evaluation can tell which of its rows training knew.

Whoever has the key can try a text out against them, so both stay in the restricted folder; neither is
ever in the bundle.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import UsageError
from psychescale.training.split.near_duplicates import (
    NEAR_DUPLICATE,
    Shingles,
    candidates,
    canonical,
    sign,
    words_of,
)

DIGESTS_FILE = "rows.npz"
KEY_FILE = "membership.key"
"""Of the restricted folder: the key, where it is not a file of one's own."""
KINDS = ("same text", "near-duplicate", "same author")
"""How training can know a row; a row counts for the first that applies."""

# The share of equal minima estimates the index with a standard deviation of .036 at .8: at .75 nine in
# ten pairs of exactly .8 are found.
_LEAST_EQUAL = NEAR_DUPLICATE - 0.05


def read_key(file: str) -> bytes:
    """The bytes that key the digests of membership.

    Raises:
        UsageError: The file cannot be read, or is empty.
    """
    try:
        key = Path(file).read_bytes().strip()
    except OSError as error:
        raise UsageError(
            f"‹membership_key_file› cannot be read: {error.strerror}.", remedy="Check the path."
        ) from None
    if not key:
        raise UsageError(
            "‹membership_key_file› is empty.", remedy="Write random bytes into it, 32 or more."
        )
    return key


@dataclass(frozen=True)
class RowDigests:
    """Digests of rows under one key.

    Attributes:
        texts: keyed digest (hex) of each text as far as "the same text" goes, shape (n_rows,).
        signatures: uint32, shape (n_rows, n_minima): minima of the keyed words and pairs of words.
        authors: the same of each author, empty where unknown; shape (n_rows,), or (0,) where no
            authors were read.
    """

    texts: NDArray[np.str_]
    signatures: NDArray[np.uint32]
    authors: NDArray[np.str_]

    @classmethod
    def of(cls, key: bytes, texts: Sequence[str], authors: Sequence[object] | None) -> "RowDigests":
        """Digest rows; authors are None where no column names them."""
        return cls(
            np.array([_digest(key, f"text:{canonical(text)}") for text in texts], str),
            sign(_keyed_shingles(key, texts)).T if texts else np.zeros((0, 0), np.uint32),
            np.array([_author(key, one) for one in authors or ()], str),
        )

    def write(self, folder: Path) -> None:
        """Into a restricted folder."""
        np.savez_compressed(
            folder / DIGESTS_FILE, **{f.name: getattr(self, f.name) for f in fields(self)}
        )

    @classmethod
    def read(cls, folder: Path) -> "RowDigests":
        """Out of a restricted folder.

        Raises:
            UsageError: There are none.
        """
        try:
            with np.load(folder / DIGESTS_FILE, allow_pickle=False) as found:
                return cls(**{field.name: found[field.name] for field in fields(cls)})
        except (OSError, ValueError, KeyError, BadZipFile):
            raise UsageError(
                f"‹trained_on› {folder} holds no digests of training rows ({DIGESTS_FILE}).",
                remedy="Give the restricted folder that `psychescale train` left beside the bundle.",
            ) from None


def find_known(trained: RowDigests, judged: RowDigests) -> Mapping[str, NDArray[np.bool_]]:
    """Which rows training knew, by kind; bool, shape (n_judged,).

    A near-duplicate is one by signature: texts that share .75 of their minima, which most pairs do
    that share four fifths of their words and pairs of words.

    Args:
        trained: Rows that a model was fitted on.
        judged: Rows of an evaluation, under the same key.

    Returns:
        ``same author`` is missing where authors of one side were not read.
    """
    found = {
        "same text": np.isin(judged.texts, trained.texts),
        "near-duplicate": _near(trained.signatures, judged.signatures),
    }
    if len(trained.authors) and len(judged.authors):
        named = judged.authors != ""
        found["same author"] = named & np.isin(judged.authors, trained.authors)
    return found


def _near(trained: NDArray[np.uint32], judged: NDArray[np.uint32]) -> NDArray[np.bool_]:
    if not len(trained) or not len(judged):
        return np.zeros(len(judged), np.bool_)
    # A text that thousands repeat costs no more than one.
    distinct, place = np.unique(np.concatenate([trained, judged]), axis=0, return_inverse=True)
    place = place.ravel()
    is_trained = np.zeros(len(distinct), np.bool_)
    is_trained[place[: len(trained)]] = True
    first, second = candidates(np.ascontiguousarray(distinct.T), _LEAST_EQUAL)
    equal = (distinct[first] == distinct[second]).mean(axis=1) >= _LEAST_EQUAL
    known = is_trained.copy()
    for one, other in ((first[equal], second[equal]), (second[equal], first[equal])):
        known[one[is_trained[other]]] = True
    return known[place[len(trained) :]]


def _keyed_shingles(key: bytes, texts: Sequence[str]) -> Shingles:
    """Words and pairs of each text as keyed numbers, the same in every corpus."""
    numbers: dict[str, int] = {}

    def number(shingle: str) -> int:
        if shingle not in numbers:
            digest = hashlib.blake2b(shingle.encode(), key=key[:64], digest_size=8).digest()
            numbers[shingle] = int.from_bytes(digest, "big") >> 1
        return numbers[shingle]

    sets = []
    for text in texts:
        words = words_of(text)
        pairs = (f"{one}\0{other}" for one, other in pairwise(words))
        sets.append(sorted({number(shingle) for shingle in (*words, *pairs)}))
    sizes = [len(one) for one in sets]
    values = np.array([value for one in sets for value in one], np.int64)
    return Shingles(values, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))


def _author(key: bytes, author: object) -> str:
    return "" if author is None else _digest(key, f"author:{author}")


def _digest(key: bytes, value: str) -> str:
    """Keyed BLAKE2b (RFC 7693), which needs no HMAC around it; it takes keys of up to 64 bytes."""
    return hashlib.blake2b(value.encode(), key=key[:64], digest_size=16).hexdigest()
