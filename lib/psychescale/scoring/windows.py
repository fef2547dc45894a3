"""Long texts: from content tokens to windows, and from window logits back to one row a text."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychescale.model.batching import Windows
from psychescale.model.encoding import Ragged, Template
from psychescale.model.spec import LongText

# Sun et al. 2019, "How to fine-tune BERT for text classification", section 5.3.1.
HEAD_TOKENS = 128


@dataclass(frozen=True)
class WindowPlan:
    """Windows of a set of texts, and what is needed to put their logits together again.

    Attributes:
        windows: The windows, texts in order.
        weights: int64, shape (n_windows,): tokens that a window contributes to its text. A token
            that two windows share counts for the earlier one, so a text's weights add up to the
            tokens read of it.
        first_window: int64, shape (n_texts,): index of each text's first window.
        n_windows: int64, shape (n_texts,).
        truncated: bool, shape (n_texts,): some tokens of the text were not read.
    """

    windows: Windows
    weights: NDArray[np.int64]
    first_window: NDArray[np.int64]
    n_windows: NDArray[np.int64]
    truncated: NDArray[np.bool_]


def plan_windows(
    content: Ragged,
    template: Template,
    *,
    max_length: int,
    policy: LongText,
    stride: int,
    max_windows: int,
    second: Ragged | None = None,
) -> WindowPlan:
    """Cut texts into windows of at most `max_length` tokens, special tokens included.

    Args:
        content: Content tokens; every text has at least one.
        template: Special tokens around them.
        max_length: Longest window in tokens.
        policy: ``mean`` and ``max`` read the whole text in overlapping windows, ``head-tail`` its
            first 128 and last tokens as one window, ``truncate`` its first window.
        stride: Tokens that neighbouring windows share, at most half of a window.
        max_windows: Most windows of one text.
        second: Second texts (a survey item's question); each is repeated in every window and cut to
            half of the window if it is longer.
    """
    room = max_length - template.n_special
    cut = np.zeros(len(content), np.bool_)
    if second is not None:
        second, cut = _keep_first(second, np.full(len(second), room // 2))
        capacity = room - second.lengths
    else:
        capacity = np.full(len(content), room)
    if policy == "truncate":
        content, beyond = _keep_first(content, capacity)
    elif policy == "head-tail":
        content, beyond = _keep_head_and_tail(content, capacity)
    else:
        beyond = np.zeros(len(content), np.bool_)

    lengths = content.lengths
    shared = np.minimum(stride, capacity // 2)
    step = capacity - shared
    needed = 1 + np.maximum(0, -(-(lengths - capacity) // step))
    n_windows = np.minimum(needed, max_windows)
    first_window = np.cumsum(n_windows) - n_windows
    text = np.repeat(np.arange(len(content)), n_windows)
    index = np.arange(len(text)) - first_window[text]
    start = index * step[text]
    length = np.minimum(capacity[text], lengths[text] - start)
    weights = np.where(index == 0, length, length - shared[text])
    return WindowPlan(
        windows=Windows(content, text, start, length, template, second),
        weights=weights,
        first_window=first_window,
        n_windows=n_windows,
        truncated=cut | beyond | (needed > max_windows),
    )


def aggregate(
    plan: WindowPlan, logits: NDArray[np.float32], policy: LongText
) -> NDArray[np.float32]:
    """Window logits → text logits.

    Args:
        plan: The windows that `logits` belong to.
        logits: float32, shape (n_windows, n_labels).
        policy: ``max`` takes the elementwise maximum; every other policy the mean weighted by the
            tokens that each window contributes.

    Returns:
        float32, shape (n_texts, n_labels). A text of one window keeps its logits bit for bit.
    """
    if policy == "max":
        return np.maximum.reduceat(logits, plan.first_window, axis=0)
    weights = plan.weights.astype(np.float64)
    sums = np.add.reduceat(logits * weights[:, None], plan.first_window, axis=0)
    totals = np.add.reduceat(weights, plan.first_window)
    return (sums / totals[:, None]).astype(np.float32)


def _keep_first(content: Ragged, limit: NDArray[np.int64]) -> tuple[Ragged, NDArray[np.bool_]]:
    over = content.lengths > limit
    if not over.any():
        return content, over
    return Ragged.of([content[i][: limit[i]] for i in range(len(content))]), over


def _keep_head_and_tail(
    content: Ragged, limit: NDArray[np.int64]
) -> tuple[Ragged, NDArray[np.bool_]]:
    over = content.lengths > limit
    if not over.any():
        return content, over

    def keep(index: int) -> NDArray[np.int32]:
        tokens, room = content[index], int(limit[index])
        if not over[index]:
            return tokens
        head = min(HEAD_TOKENS, room)
        return np.concatenate([tokens[:head], tokens[len(tokens) - (room - head) :]])

    return Ragged.of([keep(i) for i in range(len(content))]), over
