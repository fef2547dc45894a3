"""A look at a sample of texts before a run: what would fail, what is no text, which languages."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from psychescale.errors import RowError
from psychescale.text.sample.language import guess_language
from psychescale.text.sample.placeholders import is_placeholder

MOST_ROWS = 1_000
"""Of a sample: enough to see what concerns a hundredth of a corpus."""

Exceeds = Callable[[Sequence[str], Sequence[str | None]], Sequence[bool]]
"""Texts, second texts → whether a model reads each in more than one window."""


class SampledRow(NamedTuple):
    """A row of a corpus: its id, text, second text, and what is wrong with it already."""

    id: str | None
    text: str | None
    second: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Look:
    """What a sample holds, in counts of rows.

    Attributes:
        rows: All of them.
        errors: Rows that would have a reason in the place of a score, by reason.
        placeholders: Texts that only stand for one.
        repeated_ids: Rows whose id another row before them has.
        repeated_texts: The same of the text.
        too_long: Texts over one window of the model; None where there is no model.
        languages: Guesses, by language.
    """

    rows: int
    errors: Counter[str] = field(default_factory=Counter)
    placeholders: int = 0
    repeated_ids: int = 0
    repeated_texts: int = 0
    too_long: int | None = None
    languages: Counter[str] = field(default_factory=Counter)


def look_at(rows: Sequence[SampledRow], exceeds: Exceeds | None = None) -> Look:
    """Count what a sample holds.

    Args:
        rows: The sample.
        exceeds: Whether texts are longer than what a model reads at once; None without a model.
    """
    errors = [_error(row) for row in rows]
    sound = [row for row, error in zip(rows, errors, strict=True) if error is None]
    texts = [row.text or "" for row in sound]
    ids = [row.id for row in rows if row.id is not None]
    return Look(
        rows=len(rows),
        errors=Counter(error for error in errors if error is not None),
        placeholders=sum(map(is_placeholder, texts)),
        repeated_ids=len(ids) - len(set(ids)),
        repeated_texts=len(texts) - len(set(texts)),
        too_long=None if exceeds is None else sum(exceeds(texts, [row.second for row in sound])),
        languages=Counter(map(guess_language, texts)),
    )


def _error(row: SampledRow) -> str | None:
    if row.error is not None:
        return row.error
    if row.text is None:
        return RowError.NULL_TEXT.value
    return None if row.text.strip() else RowError.EMPTY_TEXT.value
