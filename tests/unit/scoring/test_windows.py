"""Windows are those of the tokenizer's own overflow; their logits come back as one row a text."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from psychescale.model.batching import collate
from psychescale.model.encoding import Ragged, Template, TextEncoder
from psychescale.model.spec import LongText
from psychescale.scoring.windows import HEAD_TOKENS, WindowPlan, aggregate, plan_windows

SINGLE = Template((2,), (), (3,), ((0,), 0, (), 0, (0,)))
PAIR = Template((2,), (3,), (3,), ((0,), 0, (0,), 1, (1,)))
WORDS = st.lists(
    st.sampled_from([*"abcdefghij", "sleep", "unbelievably"]), min_size=1, max_size=150
)
TEXTS = WORDS.map(" ".join)
QUESTIONS = st.text("kl", min_size=1, max_size=10)
LENGTHS = st.lists(st.integers(1, 300), min_size=1, max_size=5)
MAX_LENGTHS = st.integers(8, 64)
STRIDES = st.integers(0, 80)
ENDLESS = 10**6


@pytest.fixture(scope="module")
def encoder(tiny_model: Path) -> TextEncoder:
    return TextEncoder.from_folder(tiny_model)


@pytest.fixture(scope="module")
def tokenizer(tiny_model: Path, load_plain: Callable[[Path], tuple[Any, Any]]) -> Any:
    return load_plain(tiny_model)[0]


def plan(
    lengths: list[int],
    *,
    max_length: int = 12,
    policy: LongText = "mean",
    stride: int = 0,
    max_windows: int = ENDLESS,
    second: list[int] | None = None,
) -> WindowPlan:
    """A plan for texts whose token number i is 100 + i."""
    return plan_windows(
        tokens_of(lengths),
        SINGLE if second is None else PAIR,
        max_length=max_length,
        policy=policy,
        stride=stride,
        max_windows=max_windows,
        second=None if second is None else tokens_of(second),
    )


def tokens_of(lengths: list[int]) -> Ragged:
    return Ragged.of([list(range(100, 100 + length)) for length in lengths])


def contents(plan: WindowPlan) -> list[list[int]]:
    """Content tokens of every window."""
    windows = plan.windows
    return [
        windows.content[text][start : start + length].tolist()
        for text, start, length in zip(windows.text, windows.start, windows.length, strict=True)
    ]


class TestAgainstTheTokenizer:
    @given(texts=st.lists(TEXTS, min_size=1, max_size=4), max_length=MAX_LENGTHS, stride=STRIDES)
    def test_single_texts(
        self, encoder: TextEncoder, tokenizer: Any, texts: list[str], max_length: int, stride: int
    ) -> None:
        """Windows equal `return_overflowing_tokens` with the same stride, special tokens included."""
        stride = min(stride, (max_length - 2) // 2)
        planned = plan_windows(
            encoder.encode(texts),
            encoder.single,
            max_length=max_length,
            policy="mean",
            stride=stride,
            max_windows=ENDLESS,
        )
        expected = [
            tokenizer(
                text,
                truncation=True,
                max_length=max_length,
                stride=stride,
                return_overflowing_tokens=True,
            )
            for text in texts
        ]

        check_windows(expected, planned)

    @given(
        pairs=st.lists(st.tuples(TEXTS, QUESTIONS), min_size=1, max_size=4),
        max_length=st.integers(24, 48),
        stride=STRIDES,
    )
    def test_pairs(
        self,
        encoder: TextEncoder,
        tokenizer: Any,
        pairs: list[tuple[str, str]],
        max_length: int,
        stride: int,
    ) -> None:
        """So do those of pairs, where only the first text is cut and the second is in each window."""
        first, second = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        questions = encoder.encode(second)
        planned = plan_windows(
            encoder.encode(first),
            encoder.pair,
            max_length=max_length,
            policy="mean",
            stride=stride,
            max_windows=ENDLESS,
            second=questions,
        )
        expected = [
            tokenizer(
                text,
                question,
                truncation="only_first",
                max_length=max_length,
                stride=min(stride, (max_length - 3 - int(length)) // 2),
                return_overflowing_tokens=True,
            )
            for text, question, length in zip(first, second, questions.lengths, strict=True)
        ]

        check_windows(expected, planned)


def check_windows(expected: list[Any], planned: WindowPlan) -> None:
    batch = collate(planned.windows, np.arange(len(planned.windows)), pad_id=0)
    lengths = batch.attention_mask.sum(1)
    ids = [row[:n].tolist() for row, n in zip(batch.input_ids, lengths, strict=True)]
    assert batch.token_type_ids is not None
    types = [row[:n].tolist() for row, n in zip(batch.token_type_ids, lengths, strict=True)]

    assert [row for encoding in expected for row in encoding["input_ids"]] == ids
    assert [row for encoding in expected for row in encoding["token_type_ids"]] == types
    assert [len(encoding["input_ids"]) for encoding in expected] == planned.n_windows.tolist()
    assert not planned.truncated.any()


class TestWholeText:
    @given(LENGTHS, MAX_LENGTHS, STRIDES)
    def test_every_token_is_read(self, lengths: list[int], max_length: int, stride: int) -> None:
        """Windows cover their text from its first token to its last, without a hole."""
        planned = plan(lengths, max_length=max_length, stride=stride)
        read: list[set[int]] = [set() for _ in lengths]
        for text, tokens in zip(planned.windows.text, contents(planned), strict=True):
            read[text].update(tokens)

        assert [set(range(100, 100 + length)) for length in lengths] == read

    @given(LENGTHS, MAX_LENGTHS, STRIDES)
    def test_windows_fit(self, lengths: list[int], max_length: int, stride: int) -> None:
        """No window is longer than asked for, and none is empty."""
        planned = plan(lengths, max_length=max_length, stride=stride)

        assert planned.windows.total_lengths.max() <= max_length
        assert planned.windows.length.min() >= 1

    @given(LENGTHS, MAX_LENGTHS, STRIDES, st.integers(1, 9))
    def test_weights_are_the_tokens_that_a_window_adds(
        self, lengths: list[int], max_length: int, stride: int, max_windows: int
    ) -> None:
        """A shared token counts for the earlier window: weights add up to the tokens read."""
        planned = plan(lengths, max_length=max_length, stride=stride, max_windows=max_windows)
        seen: list[set[int]] = [set() for _ in lengths]
        expected = []
        for text, tokens in zip(planned.windows.text, contents(planned), strict=True):
            expected.append(len(set(tokens) - seen[text]))
            seen[text].update(tokens)

        assert expected == planned.weights.tolist()
        assert min(expected) >= 1
        assert [len(tokens) for tokens in seen] == np.add.reduceat(
            planned.weights, planned.first_window
        ).tolist()

    @given(LENGTHS, MAX_LENGTHS, STRIDES, st.integers(1, 9))
    def test_max_windows(
        self, lengths: list[int], max_length: int, stride: int, max_windows: int
    ) -> None:
        """--max-windows keeps the first windows of a text; `truncated` tells where more were left."""
        whole = plan(lengths, max_length=max_length, stride=stride)
        bounded = plan(lengths, max_length=max_length, stride=stride, max_windows=max_windows)

        assert np.minimum(whole.n_windows, max_windows).tolist() == bounded.n_windows.tolist()
        assert (whole.n_windows > max_windows).tolist() == bounded.truncated.tolist()
        for text in range(len(lengths)):
            start, count = whole.first_window[text], bounded.n_windows[text]
            own = bounded.first_window[text]
            assert contents(whole)[start : start + count] == contents(bounded)[own : own + count]

    def test_example(self) -> None:
        """25 tokens in windows of 10 with 4 shared: three steps of 6, and a rest of 7."""
        planned = plan([25], max_length=12, stride=4)

        assert planned.windows.start.tolist() == [0, 6, 12, 18]
        assert planned.windows.length.tolist() == [10, 10, 10, 7]
        assert planned.weights.tolist() == [10, 6, 6, 3]

    @pytest.mark.parametrize("stride", [5, 6, 10, 1000])
    def test_stride_is_at_most_half_a_window(self, stride: int) -> None:
        """More than half shared would only repeat work: the stride is half a window then."""
        assert contents(plan([40], stride=5)) == contents(plan([40], stride=stride))

    def test_text_that_just_fits(self) -> None:
        """As many tokens as a window holds are one window, one token more are two."""
        planned = plan([10, 11], max_length=12, stride=4)

        assert planned.n_windows.tolist() == [1, 2]
        assert planned.first_window.tolist() == [0, 1]
        assert planned.weights.tolist() == [10, 10, 1]

    @given(LENGTHS, MAX_LENGTHS, STRIDES)
    def test_max_reads_the_same_windows_as_mean(
        self, lengths: list[int], max_length: int, stride: int
    ) -> None:
        """`max` and `mean` differ in what they make of the logits only."""
        mean = plan(lengths, max_length=max_length, stride=stride)
        maximum = plan(lengths, max_length=max_length, stride=stride, policy="max")

        assert contents(mean) == contents(maximum)
        assert not maximum.truncated.any()


class TestOneWindow:
    def test_truncate(self) -> None:
        """`truncate` reads the first window and says where there was more."""
        planned = plan([3, 10, 11], policy="truncate")

        assert [list(range(100, 100 + n)) for n in (3, 10, 10)] == contents(planned)
        assert planned.truncated.tolist() == [False, False, True]
        assert planned.weights.tolist() == [3, 10, 10]

    def test_head_tail(self) -> None:
        """`head-tail` reads the first 128 tokens and as many of the last as fit."""
        planned = plan([198, 199, 500], max_length=200, policy="head-tail")
        head = list(range(100, 100 + HEAD_TOKENS))

        assert contents(planned) == [
            list(range(100, 298)),
            [*head, *range(299 - 70, 299)],
            [*head, *range(600 - 70, 600)],
        ]
        assert planned.truncated.tolist() == [False, True, True]
        assert planned.n_windows.tolist() == [1, 1, 1]

    def test_head_tail_in_a_short_window(self) -> None:
        """A window of no more than 128 tokens is all head."""
        planned = plan([300], max_length=64, policy="head-tail")

        assert [list(range(100, 162))] == contents(planned)

    @given(LENGTHS, MAX_LENGTHS, st.sampled_from(["truncate", "head-tail"]))
    def test_always_one(self, lengths: list[int], max_length: int, policy: LongText) -> None:
        """Both policies read one window of every text, as full as it can be."""
        planned = plan(lengths, max_length=max_length, policy=policy)
        room = max_length - 2

        assert [1] * len(lengths) == planned.n_windows.tolist()
        assert [min(length, room) for length in lengths] == planned.windows.length.tolist()
        assert [length > room for length in lengths] == planned.truncated.tolist()


class TestSecondTexts:
    def test_windows_leave_room(self) -> None:
        """A window holds its second text whole, and what remains of the first."""
        planned = plan([20], max_length=13, second=[3])

        assert planned.windows.length.tolist() == [7, 7, 6]
        assert planned.windows.total_lengths.tolist() == [13, 13, 12]

    def test_long_second_text_is_cut_to_half(self) -> None:
        """A second text longer than half of a window is cut there, and that is told."""
        planned = plan([4, 4], max_length=13, second=[5, 6])

        assert planned.windows.second is not None
        assert planned.windows.second.lengths.tolist() == [5, 5]
        assert planned.truncated.tolist() == [False, True]

    @given(st.data(), MAX_LENGTHS, STRIDES, st.sampled_from(["mean", "truncate", "head-tail"]))
    def test_every_window_fits(
        self, data: st.DataObject, max_length: int, stride: int, policy: LongText
    ) -> None:
        """Whatever the second texts, no window is longer than asked for."""
        lengths = data.draw(LENGTHS)
        second = data.draw(
            st.lists(st.integers(0, 90), min_size=len(lengths), max_size=len(lengths))
        )
        planned = plan(lengths, max_length=max_length, stride=stride, policy=policy, second=second)

        assert planned.windows.total_lengths.max() <= max_length
        assert planned.windows.length.min() >= 1


class TestAggregate:
    @given(st.data())
    def test_mean_is_weighted_by_tokens(self, data: st.DataObject) -> None:
        """`mean` equals the mean over tokens, where a token has the logits of its window."""
        planned = plan(data.draw(LENGTHS), stride=data.draw(STRIDES))
        logits = draw_logits(data, len(planned.windows))
        expected = [
            np.repeat(logits[own], planned.weights[own], axis=0).mean(0, dtype=np.float64)
            for own in windows_by_text(planned)
        ]

        np.testing.assert_allclose(
            aggregate(planned, logits, "mean"), expected, rtol=1e-5, atol=1e-5
        )

    @given(st.data())
    def test_max_is_elementwise(self, data: st.DataObject) -> None:
        """`max` takes the highest logit of each label, from whichever window."""
        planned = plan(data.draw(LENGTHS), stride=data.draw(STRIDES), policy="max")
        logits = draw_logits(data, len(planned.windows))
        expected = [logits[own].max(0).tolist() for own in windows_by_text(planned)]

        assert expected == aggregate(planned, logits, "max").tolist()

    @pytest.mark.parametrize("policy", ["mean", "max", "head-tail", "truncate"])
    @given(st.data())
    def test_one_window_keeps_its_logits(self, policy: LongText, data: st.DataObject) -> None:
        """A text of one window keeps its logits bit for bit."""
        lengths = data.draw(st.lists(st.integers(1, 10), min_size=1, max_size=5))
        planned = plan(lengths, policy=policy)
        logits = draw_logits(data, len(lengths))
        result = aggregate(planned, logits, policy)

        assert logits.tobytes() == result.tobytes()
        assert np.dtype(np.float32) == result.dtype


def draw_logits(data: st.DataObject, n_windows: int) -> NDArray[np.float32]:
    """Logits of three labels."""
    seed = data.draw(st.integers(0, 2**32 - 1))
    return np.random.default_rng(seed).normal(0, 5, (n_windows, 3)).astype(np.float32)


def windows_by_text(planned: WindowPlan) -> list[NDArray[np.int64]]:
    return [
        np.flatnonzero(planned.windows.text == text) for text in range(len(planned.first_window))
    ]
