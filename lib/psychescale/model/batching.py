"""Windows → batches: longest first, filled up to a token budget."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychescale.model.encoding import Ragged, Template
from psychescale.model.spec import Layout


@dataclass(frozen=True)
class Windows:
    """Pieces of texts, each to be read by the model at once.

    Attributes:
        content: Content tokens of each text.
        text: int64, shape (n_windows,): the text that a window belongs to; ascending.
        start: int64, shape (n_windows,): first token of the window within its text.
        length: int64, shape (n_windows,): content tokens of the window.
        template: Special tokens around them.
        second: Content tokens of each text's second text, or None; every window of a text has all
            of them.
    """

    content: Ragged
    text: NDArray[np.int64]
    start: NDArray[np.int64]
    length: NDArray[np.int64]
    template: Template
    second: Ragged | None = None

    def __len__(self) -> int:
        return len(self.text)

    @property
    def total_lengths(self) -> NDArray[np.int64]:
        """int64, shape (n_windows,): tokens that the model reads, special tokens included."""
        lengths = self.length + self.template.n_special
        return lengths if self.second is None else lengths + self.second.lengths[self.text]


@dataclass(frozen=True)
class Batch:
    """Windows padded to the longest of them.

    Attributes:
        rows: int64, shape (n,): which windows.
        input_ids: int64, shape (n, longest).
        attention_mask: int64, shape (n, longest): 1 where there is a token.
        token_type_ids: int64, shape (n, longest), or None where the model takes none.
    """

    rows: NDArray[np.int64]
    input_ids: NDArray[np.int64]
    attention_mask: NDArray[np.int64]
    token_type_ids: NDArray[np.int64] | None

    @property
    def lengths(self) -> NDArray[np.int64]:
        """int64, shape (n,): tokens of each window."""
        lengths: NDArray[np.int64] = self.attention_mask.sum(axis=1)
        return lengths

    @property
    def longest(self) -> int:
        """Tokens of the longest window."""
        return int(self.input_ids.shape[1])


def plan_batches(
    lengths: NDArray[np.int64], max_batch_tokens: int, layout: Layout = "right"
) -> Iterator[NDArray[np.int64]]:
    """Group windows so that longest × count stays within the budget.

    Packed, the budget is of the tokens themselves, with at most as much padding again around the
    layers. The longest come first: if memory does not suffice, the first batch says so. A window that
    is longer than the budget gets a batch of its own.

    Args:
        lengths: int64, shape (n_windows,): tokens of each window.
        max_batch_tokens: Budget of one batch, in tokens with padding, if it is computed.
        layout: Which windows may stand together.

    Yields:
        int64 arrays: indices of the windows of a batch. Each window occurs in exactly one.
    """
    order = np.argsort(-lengths, kind="stable")
    position = 0
    while position < len(order):
        longest = int(lengths[order[position]])
        count = 1 if layout == "single" else max(1, max_batch_tokens // max(1, longest))
        if layout == "packed":
            following = lengths[order[position : position + 2 * count]].cumsum()
            count = max(1, int((following <= max_batch_tokens).sum()))
        elif layout == "equal":
            count = int((lengths[order[position : position + count]] == longest).sum())
        yield order[position : position + count]
        position += count


def collate(
    windows: Windows, rows: NDArray[np.int64], *, pad_id: int, layout: Layout = "right"
) -> Batch:
    """Lay the windows `rows` out as one batch, filled up with `pad_id` to its longest window."""
    template, second = windows.template, windows.second
    totals = windows.total_lengths[rows]
    shape = (len(rows), int(totals.max()))
    ids = np.full(shape, pad_id, np.int64)
    types = np.full(shape, template.pad_type, np.int64) if template.types is not None else None
    first = shape[1] - totals if layout == "left" else np.zeros_like(totals)
    for line, row in enumerate(rows):
        text, start = windows.text[row], windows.start[row]
        tokens = windows.content[text][start : start + windows.length[row]]
        other = second[text] if second is not None else ()
        pieces = (template.before, tokens, template.between, other, template.after)
        position = int(first[line])
        for index, piece in enumerate(pieces):
            end = position + len(piece)
            ids[line, position:end] = piece
            if types is not None and template.types is not None:
                types[line, position:end] = template.types[index]
            position = end
    column = np.arange(shape[1])
    mask = (first[:, None] <= column) & (column < (first + totals)[:, None])
    return Batch(rows, ids, mask.astype(np.int64), types)
