"""Digests of training rows: they find what training knew, and tell nothing without the key."""

from pathlib import Path

import numpy as np
import pytest

from psychescale.errors import UsageError
from psychescale.synthetic import generate_labelled
from psychescale.training.split.digests import DIGESTS_FILE, RowDigests, find_known

KEY = b"k" * 64
TEXTS = list(dict.fromkeys(one.text or "" for one in generate_labelled(400, seed=1)))
LONG = [text for text in TEXTS if len(text.split()) > 25]


Authors = list[str | None] | None


def known(
    trained: list[str], judged: list[str], authors: tuple[Authors, Authors] = (None, None)
) -> dict[str, list[bool]]:
    """What is found, by kind."""
    one, other = (
        RowDigests.of(KEY, texts, names)
        for texts, names in zip((trained, judged), authors, strict=True)
    )
    return {kind: found.tolist() for kind, found in find_known(one, other).items()}


def test_kinds() -> None:
    """The same text in other spelling, one word more, the same author; strangers are strangers."""
    judged = [LONG[0].upper() + "  ", LONG[1] + " indeed", "nothing of that kind was ever said", ""]
    names: Authors = ["x", "y", "a", None]
    found = known(LONG[:5], judged, (["a"] * 4 + [None], names))
    assert found["same text"] == [True, False, False, False]
    assert found["near-duplicate"] == [True, True, False, False]
    assert found["same author"] == [False, False, True, False]
    assert "same author" not in known(LONG[:5], judged, (None, names))


def test_near_duplicates_are_found_at_any_place() -> None:
    """A word changed anywhere in any long text is found; other words are not the same text."""
    rng = np.random.default_rng(0)
    changed = []
    for text in LONG:
        words = text.split()
        words[rng.integers(len(words))] = "zzz"
        changed.append(" ".join(words))
    assert np.mean(known(LONG, changed)["near-duplicate"]) > 0.95
    half = len(LONG) // 2
    strangers = [f"{text.split()[0]} {' '.join(text.split()[:3:-1])}" for text in LONG[half:]]
    assert not any(known(LONG[:half], strangers)["same text"])


def test_nothing_without_the_key(tmp_path: Path) -> None:
    """Files hold no text and no author, another key gives other digests, and they come back whole."""
    digests = RowDigests.of(KEY, LONG[:3], ["moonbeam", "x", None])
    digests.write(tmp_path)
    content = (tmp_path / DIGESTS_FILE).read_bytes()
    again = RowDigests.read(tmp_path)
    other = RowDigests.of(b"another", LONG[:3], ["moonbeam", "x", None])

    assert b"moonbeam" not in content
    assert (again.texts == digests.texts).all()
    assert (again.signatures == digests.signatures).all()
    assert again.authors[2] == ""
    assert not np.isin(other.texts, digests.texts).any()
    assert not np.isin(other.authors[:2], digests.authors).any()
    assert (other.signatures == digests.signatures).mean() < 0.01
    assert not find_known(digests, RowDigests.of(KEY, [], []))["same text"].any()
    assert not find_known(RowDigests.of(KEY, [], []), digests)["near-duplicate"].any()


def test_refusal(tmp_path: Path) -> None:
    """A folder without digests, or with something else of that name, is refused with the remedy."""
    for content in (None, b"not an archive"):
        if content is not None:
            (tmp_path / DIGESTS_FILE).write_bytes(content)
        with pytest.raises(UsageError, match=r"--trained-on.*restricted folder"):
            RowDigests.read(tmp_path)
