"""Every window is computed exactly once, within the budget, padded as the tokenizer pads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychescale.model.batching import Windows, collate, plan_batches
from psychescale.model.encoding import Ragged, Template, TextEncoder

LENGTHS = st.lists(st.integers(1, 600), max_size=60)
BUDGETS = st.integers(1, 4096)
WORDS = st.text(alphabet="abcdefgh ij", min_size=1, max_size=40).filter(str.strip)


class TestPlan:
    @given(LENGTHS, BUDGETS)
    def test_every_window_exactly_once(self, lengths: list[int], budget: int) -> None:
        """No window is lost, none comes twice."""
        batches = [rows.tolist() for rows in plan_batches(np.array(lengths, np.int64), budget)]

        assert list(range(len(lengths))) == sorted(row for rows in batches for row in rows)
        assert all(batches)

    @given(LENGTHS, BUDGETS)
    def test_budget_is_kept(self, lengths: list[int], budget: int) -> None:
        """Longest × count exceeds the budget only where a window alone does."""
        for rows in plan_batches(np.array(lengths, np.int64), budget):
            longest = max(lengths[row] for row in rows)
            assert len(rows) * longest <= budget or len(rows) == 1

    @given(LENGTHS, BUDGETS)
    def test_longest_first(self, lengths: list[int], budget: int) -> None:
        """The longest come first: if memory does not suffice, the first batch says so."""
        planned = [
            lengths[row]
            for rows in plan_batches(np.array(lengths, np.int64), budget)
            for row in rows
        ]

        assert sorted(lengths, reverse=True) == planned

    @given(LENGTHS, BUDGETS)
    def test_batches_are_full(self, lengths: list[int], budget: int) -> None:
        """A batch ends only where its next window would not fit any more."""
        batches = list(plan_batches(np.array(lengths, np.int64), budget))

        for rows in batches[:-1]:
            assert (len(rows) + 1) * max(lengths[row] for row in rows) > budget

    @given(st.integers(1, 20), st.integers(1, 30))
    def test_order_of_equals_is_kept(self, count: int, budget: int) -> None:
        """Windows of one length stay in their order, so that a run repeats itself exactly."""
        batches = plan_batches(np.full(count, 5, np.int64), budget)

        assert list(range(count)) == [row for rows in batches for row in rows.tolist()]


@pytest.mark.parametrize("model_type", ["bert", "roberta", "distilbert", "deberta-v2"])
class TestCollate:
    @given(texts=st.lists(WORDS, min_size=1, max_size=5))
    def test_single_texts(
        self,
        model_type: str,
        texts: list[str],
        architecture: Callable[..., Path],
        load_plain: Callable[[Path], tuple[Any, Any]],
    ) -> None:
        """A batch of texts is what the tokenizer's own padding makes of them."""
        tokenizer, encoder = tools(architecture(model_type), load_plain)
        windows = whole_texts(encoder.encode(texts), encoder.single)
        expected = tokenizer(texts, padding=True, return_tensors="np")

        check_equal(windows, expected, pad_id=encoder.pad_id)

    @given(pairs=st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=5))
    def test_pairs(
        self,
        model_type: str,
        pairs: list[tuple[str, str]],
        architecture: Callable[..., Path],
        load_plain: Callable[[Path], tuple[Any, Any]],
    ) -> None:
        """So is a batch of pairs, token types included."""
        tokenizer, encoder = tools(architecture(model_type), load_plain)
        first, second = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        windows = whole_texts(encoder.encode(first), encoder.pair, encoder.encode(second))
        expected = tokenizer(first, second, padding=True, return_tensors="np")

        check_equal(windows, expected, pad_id=encoder.pad_id)


def test_rows_are_laid_out_in_the_order_asked_for() -> None:
    """A batch holds the windows asked for, in that order, each a part of its own text."""
    windows = Windows(
        content=Ragged.of([[11, 12, 13], [21]]),
        text=np.array([0, 0, 1]),
        start=np.array([0, 1, 0]),
        length=np.array([2, 2, 1]),
        template=Template((1,), (), (2,), ((0,), 0, (), 0, (0,))),
    )
    batch = collate(windows, np.array([2, 1]), pad_id=9)

    assert batch.rows.tolist() == [2, 1]
    assert batch.input_ids.tolist() == [[1, 21, 2, 9], [1, 12, 13, 2]]
    assert batch.attention_mask.tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]
    assert batch.token_type_ids is not None
    assert batch.token_type_ids.tolist() == [[0] * 4] * 2
    assert {np.dtype(np.int64)} == {
        batch.input_ids.dtype,
        batch.attention_mask.dtype,
        batch.token_type_ids.dtype,
    }


def test_second_text_belongs_to_the_text_not_to_the_window() -> None:
    """Every window of a text carries that text's second text, with its own token type."""
    windows = Windows(
        content=Ragged.of([[11], [21, 22]]),
        text=np.array([0, 1, 1]),
        start=np.array([0, 0, 1]),
        length=np.array([1, 1, 1]),
        template=Template((1,), (2,), (2,), ((0,), 0, (0,), 1, (1,))),
        second=Ragged.of([[31, 32], [41]]),
    )
    batch = collate(windows, np.array([0, 1, 2]), pad_id=0)

    assert windows.total_lengths.tolist() == [6, 5, 5]
    assert batch.input_ids.tolist() == [
        [1, 11, 2, 31, 32, 2],
        [1, 21, 2, 41, 2, 0],
        [1, 22, 2, 41, 2, 0],
    ]
    assert batch.token_type_ids is not None
    assert batch.token_type_ids.tolist() == [
        [0, 0, 0, 1, 1, 1],
        [0, 0, 0, 1, 1, 0],
        [0, 0, 0, 1, 1, 0],
    ]


_ENCODERS: dict[Path, TextEncoder] = {}


def tools(folder: Path, load_plain: Callable[[Path], tuple[Any, Any]]) -> tuple[Any, TextEncoder]:
    """The plain tokenizer and the encoder of a folder, which may not share their state."""
    if folder not in _ENCODERS:
        _ENCODERS[folder] = TextEncoder.from_folder(folder)
    return load_plain(folder)[0], _ENCODERS[folder]


def whole_texts(content: Ragged, template: Template, second: Ragged | None = None) -> Windows:
    """One window a text."""
    n_texts = len(content)
    start = np.zeros(n_texts, np.int64)
    return Windows(content, np.arange(n_texts), start, content.lengths, template, second)


def check_equal(windows: Windows, expected: Any, *, pad_id: int) -> None:
    batch = collate(windows, np.arange(len(windows)), pad_id=pad_id)

    assert expected["input_ids"].tolist() == batch.input_ids.tolist()
    assert expected["attention_mask"].tolist() == batch.attention_mask.tolist()
    assert expected["attention_mask"].sum(1).tolist() == windows.total_lengths.tolist()
    if "token_type_ids" in expected:
        assert batch.token_type_ids is not None
        assert expected["token_type_ids"].tolist() == batch.token_type_ids.tolist()
    else:
        assert batch.token_type_ids is None
