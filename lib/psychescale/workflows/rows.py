"""Labelled texts in memory, whatever they were read from."""

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from psychescale.text.look import MOST_ROWS, SampledRow
from psychescale.text.placeholders import is_placeholder

Item = TypeVar("Item")


@dataclass(frozen=True)
class LabelledRows:
    """Labelled texts, in the order of their ids.

    Attributes:
        ids: Their ids.
        texts: The texts; none is blank.
        label_sets: The labels of each.
        second_texts: A second text for each (a survey item's question), or None where none were read.
        columns: Further columns by name, a value a row: author, time, source, slices, weights.
        n_left_out: Rows that had no text, or could not be parsed.
        label_names: Names of all label columns, also of those that are 0 everywhere; empty where
            labels came as lists.
        unannotated: The columns of rows with a text that nobody has annotated: left out.
        mark: Normalizer and redactor version that the texts went through; None for raw ones.
    """

    ids: list[str]
    texts: list[str]
    label_sets: list[tuple[str, ...]]
    second_texts: list[str | None] | None = None
    columns: Mapping[str, list[object]] = field(default_factory=dict)
    n_left_out: int = 0
    label_names: tuple[str, ...] = ()
    unannotated: Mapping[str, list[object]] = field(default_factory=dict)
    mark: tuple[str, str] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def n_unannotated(self) -> int:
        """Rows with a text that nobody has annotated."""
        return len(next(iter(self.unannotated.values()), ()))

    def take(self, rows: NDArray[np.int64]) -> "LabelledRows":
        """Some of the rows, in the order of `rows`."""

        def pick(values: Sequence[Item]) -> list[Item]:
            return [values[row] for row in rows.tolist()]

        return replace(
            self,
            ids=pick(self.ids),
            texts=pick(self.texts),
            label_sets=pick(self.label_sets),
            second_texts=None if self.second_texts is None else pick(self.second_texts),
            columns={name: pick(values) for name, values in self.columns.items()},
        )

    @property
    def n_placeholders(self) -> int:
        """Texts that only stand for one (``[deleted]``)."""
        return sum(map(is_placeholder, self.texts))

    def sample(self) -> list[SampledRow]:
        """The first of the rows, to be looked at."""
        seconds = self.second_texts or [None] * len(self)
        rows = zip(self.ids, self.texts, seconds, strict=True)
        return [SampledRow(*row) for row in itertools.islice(rows, MOST_ROWS)]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over ids, texts, second texts and labels."""
        digest = hashlib.sha256()
        seconds = self.second_texts or [None] * len(self)
        for row in zip(self.ids, self.texts, seconds, self.label_sets, strict=True):
            digest.update(json.dumps(row).encode())
        return digest.hexdigest()


def join_rows(parts: Sequence[LabelledRows]) -> LabelledRows:
    """All rows, part after part; all parts have the same columns."""
    first = parts[0]
    seconds = [part.second_texts for part in parts]
    return replace(
        first,
        ids=[one for part in parts for one in part.ids],
        texts=[text for part in parts for text in part.texts],
        label_sets=[labels for part in parts for labels in part.label_sets],
        second_texts=None
        if first.second_texts is None
        else [text for texts in seconds for text in texts or []],
        columns={
            name: [value for part in parts for value in part.columns[name]]
            for name in first.columns
        },
        n_left_out=sum(part.n_left_out for part in parts),
        unannotated={
            name: [value for part in parts for value in part.unannotated[name]]
            for name in first.unannotated
        },
    )
