"""The scorer equals plain transformers, one text at a time, whatever stands around a text."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import psychescale
from psychescale.errors import ModelError, RowError, UsageError
from psychescale.model.encoding import TextEncoder
from psychescale.model.engines.pytorch import TorchEngine
from psychescale.model.spec import Activation, LongText, read_model
from psychescale.scoring.options import ScoringOptions, compute_scoring_id
from psychescale.scoring.scorer import Scorer, TextScores
from psychescale.synthetic import generate_labelled

MakeModel = Callable[..., Path]
Architecture = Callable[..., Path]
LoadPlain = Callable[[Path], tuple[Any, Any]]
Oracle = Callable[..., NDArray[np.float64]]

CPU = torch.device("cpu")
TOLERANCE = 1e-5
LABELS = ("sleep", "work", "family", "thanks", "body")
SAMPLES = [document.text or "" for document in generate_labelled(60, seed=3)]
LONG = " ".join(SAMPLES[:8])
ODDITIES = [None, "", " ", "\n\t\r", "\u3000", "\u200b", "\x00", "\u00ad", "\ufeff"]
TEXTS = st.one_of(
    st.sampled_from(SAMPLES),
    st.text(max_size=30),
    st.sampled_from(
        [*ODDITIES, "🙂🙂", "眠れない夜が続く", "e\u0301", "[SEP] x [CLS]", LONG, "a" * 200]
    ),
)
QUESTIONS = ["How did you sleep?", "What about work", "?", "Tell us more about your family."]


@st.composite
def draw_batches(draw: st.DrawFn) -> list[list[str | None]]:
    """Batches in any order, with the same few texts again and again."""
    pool = draw(st.lists(TEXTS, min_size=1, max_size=6))
    return draw(st.lists(st.lists(st.sampled_from(pool), max_size=8), min_size=1, max_size=3))


class Kit(NamedTuple):
    """A scorer, and the engine inside it, whose budget tests change."""

    scorer: Scorer
    engine: TorchEngine


def build(
    folder: Path,
    *,
    engine_class: type[TorchEngine] = TorchEngine,
    activation: Activation | None = None,
    max_length: int | None = None,
    **options: Any,
) -> Kit:
    _, spec = read_model(str(folder), activation=activation, max_length=max_length)
    encoder = TextEncoder.from_folder(folder)
    engine = engine_class.from_folder(folder, pad_id=encoder.pad_id, device=CPU)
    return Kit(Scorer(spec, ScoringOptions(**options), encoder, engine), engine)


class Asynchronous(TorchEngine):
    """The engine, as if a GPU computed beside the processor."""

    @property
    def is_asynchronous(self) -> bool:
        """Whether the processor is free while a batch is computed."""
        return True


@pytest.fixture(scope="module")
def truncating(tiny_model: Path) -> Kit:
    """Reads the first window only, as plain transformers does."""
    return build(tiny_model, long_text="truncate")


@pytest.fixture(scope="module")
def one_ahead(tiny_model: Path) -> Kit:
    """The same, but it prepares the next batch in a thread."""
    return build(tiny_model, engine_class=Asynchronous, long_text="truncate")


@pytest.fixture(scope="module")
def averaging(tiny_model: Path) -> Kit:
    """Reads everything in windows that share 10 tokens."""
    return build(tiny_model, long_text="mean", stride=10)


class ByHand:
    """Plain transformers, window by window, with its own overflow."""

    def __init__(self, tokenizer: Any, model: Any) -> None:
        self.tokenizer = tokenizer
        self.model = model

    def reason(self, text: str | None) -> RowError | None:
        """Why a text has no score, told without psychescale."""
        if text is None:
            return RowError.NULL_TEXT
        if not text.strip():
            return RowError.EMPTY_TEXT
        return None if self.count(text) else RowError.NO_TOKENS

    def count(self, text: str) -> int:
        """Content tokens of a text."""
        return len(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def logits(self, ids: Sequence[int], types: Sequence[int] | None = None) -> NDArray[np.float64]:
        """Logits of one window, shape (n_labels,)."""
        inputs = {"input_ids": torch.tensor([list(ids)])}
        if types is not None:
            inputs["token_type_ids"] = torch.tensor([list(types)])
        with torch.no_grad():
            result: NDArray[np.float64] = self.model(**inputs).logits[0].double().numpy()
        return result

    def windows(
        self, text: str, second: str | None = None, *, max_length: int = 64, stride: int = 0
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Logits of every window, shape (n_windows, n_labels); tokens of the first text in each."""
        encoding = self.tokenizer(
            text,
            second,
            truncation="only_first",
            max_length=max_length,
            stride=stride,
            return_overflowing_tokens=True,
        )
        types = encoding.get("token_type_ids") or [None] * len(encoding["input_ids"])
        logits = [self.logits(i, t) for i, t in zip(encoding["input_ids"], types, strict=True)]
        tokens = [encoding.sequence_ids(i).count(0) for i in range(len(logits))]
        return np.array(logits), np.array(tokens)

    def mean(self, text: str, second: str | None = None, *, stride: int = 0) -> NDArray[np.float64]:
        """Logits weighted by the tokens that a window adds, shape (n_labels,)."""
        logits, tokens = self.windows(text, second, stride=stride)
        tokens[1:] -= stride
        result: NDArray[np.float64] = np.average(logits, axis=0, weights=tokens)
        return result


@pytest.fixture(scope="module")
def by_hand(tiny_model: Path, load_plain: LoadPlain) -> ByHand:
    return ByHand(*load_plain(tiny_model))


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(torch.from_numpy(np.asarray(logits)).sigmoid())


def check(
    scores: TextScores,
    texts: Sequence[str | None],
    by_hand: ByHand,
    probabilities: Callable[[list[str]], NDArray[np.float64]],
) -> None:
    """Every row has its reason, or the probabilities of its own text."""
    reasons = [by_hand.reason(text) for text in texts]
    scorable = [
        text for text, reason in zip(texts, reasons, strict=True) if reason is None and text
    ]
    scored = np.array([reason is None for reason in reasons], bool)

    assert reasons == scores.errors
    assert (len(texts), len(LABELS)) == scores.probabilities.shape
    assert np.isnan(scores.probabilities[~scored]).all()
    assert np.isnan(scores.logits[~scored]).all()
    assert not scores.n_tokens[~scored].any()
    assert not scores.n_windows[~scored].any()
    assert not scores.truncated[~scored].any()
    assert not scores.computed_tokens[~scored].any()
    assert [by_hand.count(text) for text in scorable] == scores.n_tokens[scored].tolist()
    if scorable:
        np.testing.assert_allclose(
            scores.probabilities[scored], probabilities(scorable), rtol=0, atol=TOLERANCE
        )


class TestAnyBatch:
    @settings(max_examples=200)
    @given(batches=draw_batches(), budget=st.integers(1, 4096))
    def test_equals_plain_transformers(
        self,
        *,
        truncating: Kit,
        oracle: Oracle,
        by_hand: ByHand,
        tiny_model: Path,
        batches: list[list[str | None]],
        budget: int,
    ) -> None:
        """Any texts, in any order, batches and budget: each row is its own text's, to 1e-5."""
        truncating.engine.max_batch_tokens = budget
        results = list(truncating.scorer.score_batches((batch, None) for batch in batches))

        assert len(batches) == len(results)
        for batch, scores in zip(batches, results, strict=True):
            check(scores, batch, by_hand, lambda texts: oracle(tiny_model, texts))

    @settings(max_examples=100)
    @given(batches=draw_batches(), budget=st.integers(1, 4096))
    def test_windows_equal_plain_transformers(
        self, averaging: Kit, by_hand: ByHand, batches: list[list[str | None]], budget: int
    ) -> None:
        """So it is where long texts are read in windows."""
        averaging.engine.max_batch_tokens = budget
        results = averaging.scorer.score_batches((batch, None) for batch in batches)

        for batch, scores in zip(batches, results, strict=True):
            check(
                scores,
                batch,
                by_hand,
                lambda texts: sigmoid(np.array([by_hand.mean(text, stride=10) for text in texts])),
            )

    @pytest.mark.parametrize("empty", ["", None, "\u200b"])
    @pytest.mark.parametrize("position", [1, 2, 3, 5, 8, 16])
    def test_empty_row_shifts_nothing(
        self, truncating: Kit, oracle: Oracle, tiny_model: Path, position: int, empty: str | None
    ) -> None:
        """An empty row in the middle leaves the rows after it where they are."""
        texts: list[str | None] = [*SAMPLES[:20]]
        expected = oracle(tiny_model, SAMPLES[:20])
        texts.insert(position, empty)
        result = truncating.scorer(texts)

        assert np.isnan(result[position]).all()
        np.testing.assert_allclose(
            np.delete(result, position, axis=0), expected, rtol=0, atol=TOLERANCE
        )

    def test_texts_differ(self, truncating: Kit) -> None:
        """The tiny model tells texts apart by far more than the tolerance: a mix-up would show."""
        result = truncating.scorer(SAMPLES)
        distances = np.abs(result[:, None] - result[None, :]).max(axis=2)
        np.fill_diagonal(distances, np.inf)

        assert distances.min() > 100 * TOLERANCE

    @pytest.mark.parametrize("model_type", ["roberta", "distilbert", "deberta-v2"])
    def test_other_architectures(
        self, architecture: Architecture, oracle: Oracle, model_type: str
    ) -> None:
        """RoBERTa, DistilBERT and DeBERTa-v2 are scored as plain transformers scores them."""
        folder = architecture(model_type)
        scorer, engine = build(folder, long_text="truncate")
        engine.max_batch_tokens = 300

        np.testing.assert_allclose(
            scorer([*SAMPLES, LONG]), oracle(folder, [*SAMPLES, LONG]), rtol=0, atol=TOLERANCE
        )

    def test_real_texts(
        self, shared_data: Path, truncating: Kit, oracle: Oracle, tiny_model: Path
    ) -> None:
        """Two hundred real Reddit comments (GoEmotions) are scored as plain transformers does."""
        lines = (shared_data / "goemotions" / "test.tsv").read_text(encoding="utf-8").split("\n")
        texts = [line.split("\t")[0] for line in lines[:200]]

        assert len(set(texts)) > 190
        np.testing.assert_allclose(
            truncating.scorer(texts), oracle(tiny_model, texts), rtol=0, atol=TOLERANCE
        )

    def test_lone_surrogate(self, truncating: Kit) -> None:
        """A text that is no valid Unicode does not take its neighbours down."""
        assert not np.isnan(truncating.scorer(["fine", "broken \ud800"])[0]).any()


class TestRows:
    def test_reasons(self, truncating: Kit) -> None:
        """A row without a score says why."""
        scores = truncating.scorer.score([None, "", " \n", "\u200b", "fine"])

        assert scores.errors == [
            RowError.NULL_TEXT,
            RowError.EMPTY_TEXT,
            RowError.EMPTY_TEXT,
            RowError.NO_TOKENS,
            None,
        ]

    def test_missing_values_of_pandas(self, truncating: Kit) -> None:
        """NaN where a text should be is a missing text."""
        texts: list[Any] = [float("nan"), np.float64("nan"), pd.NA, pd.NaT, None]

        assert truncating.scorer.score(texts).errors == [RowError.NULL_TEXT] * 5

    @pytest.mark.parametrize("texts", [[], [None, ""]])
    def test_shapes_and_dtypes(self, truncating: Kit, texts: list[str | None]) -> None:
        """Without any text to score, shapes and dtypes are as ever."""
        scores = truncating.scorer.score(texts)
        n_texts = len(texts)

        assert (n_texts, 5) == scores.probabilities.shape == scores.logits.shape
        assert np.dtype(np.float32) == scores.probabilities.dtype == scores.logits.dtype
        assert (n_texts,) == scores.n_tokens.shape == scores.n_windows.shape
        assert np.dtype(np.int32) == scores.n_tokens.dtype == scores.n_windows.dtype
        assert ((n_texts,), np.dtype(bool)) == (scores.truncated.shape, scores.truncated.dtype)
        assert np.dtype(np.int64) == scores.computed_tokens.dtype
        assert n_texts == len(scores.errors)

    def test_call_gives_probabilities(self, truncating: Kit) -> None:
        """Calling the scorer gives the probabilities alone, float32, with labels as columns."""
        result = truncating.scorer(SAMPLES)

        np.testing.assert_array_equal(result, truncating.scorer.score(SAMPLES).probabilities)
        assert np.dtype(np.float32) == result.dtype
        assert (len(SAMPLES), len(truncating.scorer.labels)) == result.shape
        assert truncating.scorer.labels == LABELS

    def test_logits_are_raw(self, truncating: Kit) -> None:
        """Probabilities are the activation of the logits."""
        scores = truncating.scorer.score(SAMPLES)

        np.testing.assert_allclose(
            scores.probabilities, sigmoid(scores.logits.astype(np.float64)), rtol=0, atol=1e-7
        )

    def test_duplicates_are_computed_once(self, truncating: Kit) -> None:
        """A text that equals an earlier one has its numbers and costs nothing."""
        truncating.engine.max_batch_tokens = 1  # no padding
        first, second = SAMPLES[0], SAMPLES[1]
        scores = truncating.scorer.score([first, second, first, None, second, first])
        n_first, n_second = (int(n) for n in scores.n_tokens[:2])

        assert [n_first + 2, n_second + 2, 0, 0, 0, 0] == scores.computed_tokens.tolist()
        assert [n_first, n_second, n_first, 0, n_second, n_first] == scores.n_tokens.tolist()
        for row, same in [(2, 0), (5, 0), (4, 1)]:
            assert scores.probabilities[row].tolist() == scores.probabilities[same].tolist()

    def test_computed_tokens_include_padding(self, truncating: Kit) -> None:
        """A short text beside a long one is charged what the model computed for it."""
        truncating.engine.max_batch_tokens = 4096
        scores = truncating.scorer.score(["sleep", LONG])

        assert scores.computed_tokens.tolist() == [64, 64]

    def test_tokens_windows_truncated(self, truncating: Kit, averaging: Kit) -> None:
        """Tokens are those of the whole text, windows those read, truncated whether all were."""
        n_tokens = int(averaging.scorer.score([LONG]).n_tokens[0])
        n_windows = 1 + -(-(n_tokens - 62) // 52)
        whole = averaging.scorer.score([LONG, "sleep"])
        first = truncating.scorer.score([LONG, "sleep"])

        assert n_tokens > 62 + 52
        assert [n_tokens, 1] == whole.n_tokens.tolist() == first.n_tokens.tolist()
        assert [n_windows, 1] == whole.n_windows.tolist()
        assert first.n_windows.tolist() == [1, 1]
        assert whole.truncated.tolist() == [False, False]
        assert first.truncated.tolist() == [True, False]


class TestPairs:
    @given(
        rows=st.lists(
            st.tuples(TEXTS, st.sampled_from([None, "", "  ", *QUESTIONS])), min_size=1, max_size=8
        ),
        budget=st.integers(1, 4096),
    )
    def test_equal_the_tokenizers_pairs(
        self,
        averaging: Kit,
        by_hand: ByHand,
        rows: list[tuple[str | None, str | None]],
        budget: int,
    ) -> None:
        """Rows with and without a second text, mixed: each is encoded as its own tokenizer does.

        A second text without a word in it is none.
        """
        averaging.engine.max_batch_tokens = budget
        texts, seconds = [text for text, _ in rows], [second for _, second in rows]
        scores = averaging.scorer.score(texts, seconds)

        assert [by_hand.reason(text) for text in texts] == scores.errors
        for row, (text, second) in enumerate(rows):
            if scores.errors[row] is None and text is not None:
                asked = second if second and second.strip() else None
                expected = sigmoid(by_hand.mean(text, asked, stride=10))
                np.testing.assert_allclose(
                    scores.probabilities[row], expected, rtol=0, atol=TOLERANCE
                )

    @pytest.mark.parametrize("model_type", ["bert", "roberta", "distilbert", "deberta-v2"])
    def test_other_architectures(
        self, architecture: Architecture, oracle: Oracle, model_type: str
    ) -> None:
        """Pairs equal plain transformers on every architecture."""
        folder = architecture(model_type)
        short = [text[:60] for text in SAMPLES[:12]]
        questions = [QUESTIONS[index % len(QUESTIONS)] for index in range(12)]

        np.testing.assert_allclose(
            build(folder).scorer(short, questions),
            oracle(folder, short, second_texts=questions),
            rtol=0,
            atol=TOLERANCE,
        )

    def test_second_text_matters(self, averaging: Kit) -> None:
        """One text under two questions is two texts, neither taken for the other's duplicate."""
        scores = averaging.scorer.score(["I slept well"] * 3, [QUESTIONS[0], None, QUESTIONS[1]])

        assert (scores.computed_tokens > 0).all()
        assert np.abs(np.diff(scores.probabilities, axis=0)).max(axis=1).min() > 100 * TOLERANCE

    def test_long_second_text_is_cut_to_half(self, averaging: Kit, by_hand: ByHand) -> None:
        """A question longer than half of a window is cut there, and the row says so."""
        tokenizer = by_hand.tokenizer
        question = tokenizer(LONG, add_special_tokens=False)["input_ids"][: (64 - 3) // 2]
        answer = tokenizer("yes", add_special_tokens=False)["input_ids"]
        ids = [2, *answer, 3, *question, 3]
        types = [0] * (len(answer) + 2) + [1] * (len(question) + 1)
        scores = averaging.scorer.score(["yes"], [LONG])

        np.testing.assert_allclose(
            scores.probabilities[0], sigmoid(by_hand.logits(ids, types)), rtol=0, atol=TOLERANCE
        )
        assert scores.truncated.tolist() == [True]

    def test_lists_of_different_lengths(self, averaging: Kit) -> None:
        """A second text too many or too few is refused, not paired with another row's."""
        with pytest.raises(UsageError, match="2 texts and 1 text_pairs"):
            averaging.scorer(["a", "b"], ["c"])


class TestLongTexts:
    @pytest.mark.parametrize("stride", [0, 10, 31])
    def test_mean(self, tiny_model: Path, by_hand: ByHand, stride: int) -> None:
        """`mean`: logits of the tokenizer's own windows, weighted by the tokens each adds."""
        scores = build(tiny_model, long_text="mean", stride=stride).scorer.score([LONG])

        np.testing.assert_allclose(
            scores.logits[0], by_hand.mean(LONG, stride=stride), rtol=0, atol=TOLERANCE
        )
        assert scores.n_windows[0] == len(by_hand.windows(LONG, stride=stride)[0])

    def test_default_is_mean_with_at_most_half_a_window_shared(
        self, tiny_model: Path, by_hand: ByHand
    ) -> None:
        """A plain folder is read with `mean` and 64 tokens shared, here half of a window of 62."""
        logits = build(tiny_model).scorer.score([LONG]).logits[0]

        np.testing.assert_allclose(logits, by_hand.mean(LONG, stride=31), rtol=0, atol=TOLERANCE)

    def test_max(self, tiny_model: Path, by_hand: ByHand) -> None:
        """`max`: the highest logit of each label over the windows."""
        scores = build(tiny_model, long_text="max", stride=10).scorer.score([LONG])
        logits, _ = by_hand.windows(LONG, stride=10)

        np.testing.assert_allclose(scores.logits[0], logits.max(axis=0), rtol=0, atol=TOLERANCE)
        assert len(set(logits.argmax(axis=0).tolist())) > 1

    def test_truncate(self, truncating: Kit, by_hand: ByHand) -> None:
        """`truncate`: the first window alone."""
        scores = truncating.scorer.score([LONG])

        np.testing.assert_allclose(
            scores.logits[0], by_hand.windows(LONG)[0][0], rtol=0, atol=TOLERANCE
        )

    def test_head_tail(self, architecture: Architecture, load_plain: LoadPlain) -> None:
        """`head-tail`: the first 128 tokens and as many of the last as fit, as one window."""
        folder = architecture("bert", 192)
        plain = ByHand(*load_plain(folder))
        text = " ".join(SAMPLES[:20])
        ids = plain.tokenizer(text, add_special_tokens=False)["input_ids"]
        expected = plain.logits([2, *ids[:128], *ids[-62:], 3])
        scores = build(folder, long_text="head-tail").scorer.score([text, "short"])

        assert len(ids) > 192
        np.testing.assert_allclose(scores.logits[0], expected, rtol=0, atol=TOLERANCE)
        assert scores.truncated.tolist() == [True, False]
        assert scores.n_windows.tolist() == [1, 1]

    def test_max_windows(self, tiny_model: Path, by_hand: ByHand) -> None:
        """--max-windows reads the first windows only and says so."""
        scores = build(tiny_model, stride=10, max_windows=2).scorer.score([LONG, "short"])
        logits, tokens = by_hand.windows(LONG, stride=10)
        expected = np.average(logits[:2], axis=0, weights=[tokens[0], tokens[1] - 10])

        np.testing.assert_allclose(scores.logits[0], expected, rtol=0, atol=TOLERANCE)
        assert scores.n_windows.tolist() == [2, 1]
        assert scores.truncated.tolist() == [True, False]

    def test_max_length(self, tiny_model: Path, oracle: Oracle) -> None:
        """--max-length is the window, special tokens included."""
        scorer, _ = build(tiny_model, long_text="truncate", max_length=20)

        np.testing.assert_allclose(
            scorer(SAMPLES), oracle(tiny_model, SAMPLES, max_length=20), rtol=0, atol=TOLERANCE
        )

    @pytest.mark.parametrize("policy", ["mean", "max", "head-tail", "truncate"])
    def test_policies_agree_on_short_texts(
        self, tiny_model: Path, averaging: Kit, policy: LongText
    ) -> None:
        """A text of one window has the same numbers under every policy."""
        short = [text[:80] for text in SAMPLES]

        np.testing.assert_allclose(
            build(tiny_model, long_text=policy).scorer(short),
            averaging.scorer(short),
            rtol=0,
            atol=TOLERANCE,
        )


class TestActivation:
    def test_softmax_equals_the_model_card(self, tiny_model: Path, load_plain: LoadPlain) -> None:
        """--activation softmax gives what model cards show: one padded batch, softmax over labels."""
        tokenizer, model = load_plain(tiny_model)
        inputs = tokenizer(SAMPLES, padding=True, truncation=True, return_tensors="pt")
        with torch.no_grad():
            expected = torch.nn.functional.softmax(model(**inputs).logits, dim=-1).numpy()
        result = build(tiny_model, activation="softmax", long_text="truncate").scorer(SAMPLES)

        np.testing.assert_allclose(result, expected, rtol=0, atol=TOLERANCE)
        np.testing.assert_allclose(result.sum(axis=1), 1, atol=1e-6)

    def test_single_label_model(self, make_model: MakeModel, oracle: Oracle) -> None:
        """A single-label model is scored with softmax without being told."""
        folder = make_model(config={"problem_type": "single_label_classification"})

        np.testing.assert_allclose(
            build(folder, long_text="truncate").scorer(SAMPLES),
            oracle(folder, SAMPLES, "softmax"),
            rtol=0,
            atol=TOLERANCE,
        )


class TestCalibration:
    CALIBRATION = {"slope": [0.5, 1, 2, 1, 1], "intercept": [0, 1, -1, 0, 0.25]}  # noqa: RUF012 - read only

    @pytest.fixture
    def bundle(self, make_model: MakeModel) -> Path:
        """A folder with a calibration that changes three labels."""
        return make_model(scoring={"calibration": self.CALIBRATION})

    def test_applied(self, bundle: Path, averaging: Kit) -> None:
        """Probabilities are calibrated, logits stay raw."""
        scores = build(bundle, stride=10).scorer.score(SAMPLES)
        raw = averaging.scorer.score(SAMPLES).logits
        slope, intercept = self.CALIBRATION["slope"], self.CALIBRATION["intercept"]
        expected = sigmoid(raw.astype(np.float64) * slope + intercept)

        np.testing.assert_allclose(scores.logits, raw, rtol=0, atol=TOLERANCE)
        np.testing.assert_allclose(scores.probabilities, expected, rtol=0, atol=TOLERANCE)

    @pytest.mark.parametrize("policy", ["max", "truncate", "head-tail"])
    def test_other_policy(self, bundle: Path, tiny_model: Path, policy: str) -> None:
        """A text read whole in one window has the numbers of the model's own policy; others are raw."""
        scores = build(bundle, long_text=policy).scorer.score(SAMPLES)
        whole = (scores.n_windows == 1) & ~scores.truncated
        own, plain = (
            build(bundle).scorer(SAMPLES),
            build(tiny_model, long_text=policy).scorer(SAMPLES),
        )

        assert 0 < whole.sum() < len(SAMPLES)
        np.testing.assert_allclose(
            scores.probabilities, np.where(whole[:, None], own, plain), rtol=0, atol=TOLERANCE
        )

    def test_softmax(self, bundle: Path, tiny_model: Path) -> None:
        """Where labels compete, numbers are those of the plain model."""
        np.testing.assert_allclose(
            build(bundle, activation="softmax").scorer(SAMPLES),
            build(tiny_model, activation="softmax").scorer(SAMPLES),
            rtol=0,
            atol=1e-7,
        )


class TestScoreBatches:
    BATCHES: tuple[tuple[list[str | None], list[str | None] | None], ...] = (
        ([SAMPLES[0], None, SAMPLES[1]], None),
        ([], None),
        ([LONG, "", SAMPLES[0]], [QUESTIONS[0], None, None]),
        ([SAMPLES[2]] * 3, None),
    )

    @pytest.mark.parametrize("engine_class", [TorchEngine, Asynchronous])
    def test_equals_score(self, tiny_model: Path, engine_class: type[TorchEngine]) -> None:
        """Batch after batch gives what each batch gives alone, one ahead or not."""
        scorer, _ = build(tiny_model, engine_class=engine_class)
        expected = [scorer.score(*batch) for batch in self.BATCHES]
        results = list(scorer.score_batches(iter(self.BATCHES)))

        assert len(expected) == len(results)
        for one, other in zip(expected, results, strict=True):
            assert one.errors == other.errors
            for name in TextScores.__dataclass_fields__:
                if name != "errors":
                    np.testing.assert_array_equal(getattr(one, name), getattr(other, name))

    @settings(max_examples=30)
    @given(batches=draw_batches())
    def test_one_ahead_equals_plain_transformers(
        self,
        one_ahead: Kit,
        oracle: Oracle,
        by_hand: ByHand,
        tiny_model: Path,
        batches: list[list[str | None]],
    ) -> None:
        """Preparing one batch ahead changes no number and no order."""
        results = one_ahead.scorer.score_batches((batch, None) for batch in batches)

        for batch, scores in zip(batches, results, strict=True):
            check(scores, batch, by_hand, lambda texts: oracle(tiny_model, texts))

    @pytest.mark.parametrize("engine_class", [TorchEngine, Asynchronous])
    def test_no_batches(self, tiny_model: Path, engine_class: type[TorchEngine]) -> None:
        """No batches, no results."""
        assert list(build(tiny_model, engine_class=engine_class).scorer.score_batches([])) == []

    @pytest.mark.parametrize(("engine_class", "ahead"), [(TorchEngine, 0), (Asynchronous, 1)])
    def test_at_most_one_ahead(
        self, tiny_model: Path, engine_class: type[TorchEngine], ahead: int
    ) -> None:
        """Of an endless source no more than one batch ahead is ever held."""
        fetched = []

        def source() -> Iterator[tuple[list[str], None]]:
            for number in range(100):
                fetched.append(number)
                yield [SAMPLES[number % 10]], None

        results = build(tiny_model, engine_class=engine_class).scorer.score_batches(source())
        for _ in range(3):
            next(results)
        results.close()  # type: ignore[attr-defined]

        assert 3 <= len(fetched) <= 3 + ahead

    def test_next_batch_is_prepared_meanwhile(self, tiny_model: Path) -> None:
        """While the caller holds the first scores, the second batch is fetched already."""
        second_asked_for = threading.Event()

        def source() -> Iterator[tuple[list[str], None]]:
            yield [SAMPLES[0]], None
            second_asked_for.set()
            yield [SAMPLES[1]], None

        results = build(tiny_model, engine_class=Asynchronous).scorer.score_batches(source())
        next(results)

        assert second_asked_for.wait(timeout=60)
        assert len(list(results)) == 1

    @pytest.mark.parametrize("engine_class", [TorchEngine, Asynchronous])
    def test_failing_source(self, tiny_model: Path, engine_class: type[TorchEngine]) -> None:
        """An error of the source comes through, after the batches before it."""

        def source() -> Iterator[tuple[list[str], None]]:
            yield ["fine"], None
            raise OSError("source is gone")

        results = build(tiny_model, engine_class=engine_class).scorer.score_batches(source())

        assert next(results).errors == [None]
        with pytest.raises(OSError, match="source is gone"):
            next(results)

    def test_no_thread_is_left(self, tiny_model: Path) -> None:
        """A caller who stops in the middle leaves no thread behind."""
        results = build(tiny_model, engine_class=Asynchronous).scorer.score_batches(
            iter(self.BATCHES)
        )
        next(results)
        results.close()  # type: ignore[attr-defined]

        assert [t for t in threading.enumerate() if t.name.startswith("psychescale")] == []


class TestLoading:
    @pytest.mark.parametrize("kind", [str, Path])
    def test_from_pretrained(self, tiny_model: Path, truncating: Kit, kind: type) -> None:
        """One call loads a folder, with every option by its name."""
        scorer = psychescale.Scorer.from_pretrained(
            kind(tiny_model),
            labels=["v", "w", "x", "y", "z"],
            activation="sigmoid",
            max_length=64,
            long_text="truncate",
            stride=3,
            max_windows=5,
            device="cpu",
            max_batch_tokens=100,
        )

        assert scorer.labels == ("v", "w", "x", "y", "z")
        expected = ScoringOptions("truncate", 3, 5, "fp32", "cpu", 100)
        assert expected == scorer.options
        np.testing.assert_allclose(
            scorer(SAMPLES), truncating.scorer(SAMPLES), rtol=0, atol=TOLERANCE
        )

    def test_wrong_number_of_labels(self, make_model: MakeModel) -> None:
        """A bundle that names three labels for five logits is refused with both numbers."""
        folder = make_model(scoring={"labels": ["a", "b", "c"]})

        with pytest.raises(ModelError) as refusal:
            Scorer.from_pretrained(folder, device="cpu")

        assert f"{folder} gives 5 logits, but 3 labels are named." == refusal.value.problem
        assert "--labels NAME,NAME,…" in refusal.value.remedy

    def test_tokens_without_an_embedding(self, make_model: MakeModel) -> None:
        """A text that needs a token which the model lacks has a reason; the others are scored."""
        from transformers import AutoTokenizer

        folder = make_model()
        tokenizer = AutoTokenizer.from_pretrained(folder)
        tokenizer.add_tokens(["<user>"])
        tokenizer.save_pretrained(folder)
        scorer = Scorer.from_pretrained(folder, device="cpu")

        scores = scorer.score(
            ["work", "<user> work", "work", None], [None, "a", "<user>", "<user>"]
        )
        reasons = [None, RowError.NO_EMBEDDING, RowError.NO_EMBEDDING, RowError.NULL_TEXT]
        assert scores.errors == reasons
        assert np.isnan(scores.probabilities).all(axis=1).tolist() == [False, True, True, True]
        np.testing.assert_array_equal(scores.probabilities[:1], scorer(["work"]))

    def test_another_models_tokenizer(self, make_model: MakeModel) -> None:
        """A model that embeds none of the tokens of plain words is refused."""

        def shrink(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            name = "bert.embeddings.word_embeddings.weight"
            return {**tensors, name: tensors[name][:6].clone()}

        with pytest.raises(ModelError, match="no embedding for the tokens of plain words"):
            Scorer.from_pretrained(make_model(tensors=shrink, config={"vocab_size": 6}))

    def test_nan(self, make_model: MakeModel) -> None:
        """NaN in the weights is refused by the tensor's name."""

        def damage(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            tensors["bert.pooler.dense.weight"][0, 0] = float("nan")
            return tensors

        folder = make_model(tensors=damage)
        with pytest.raises(ModelError, match=r"bert\.pooler\.dense\.weight holds NaN"):
            Scorer.from_pretrained(folder, device="cpu")

    def test_logits_that_overflow(self, make_model: MakeModel) -> None:
        """Finite weights that give an infinite logit are refused, not written as a probability."""

        def inflate(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            return {**tensors, "classifier.weight": torch.full((5, 32), 3e38)}

        with pytest.raises(ModelError, match="not a finite number"):
            Scorer.from_pretrained(make_model(tensors=inflate), device="cpu")

    def test_unknown_attribute(self) -> None:
        """The package's lazy import hides no mistyped name."""
        with pytest.raises(AttributeError, match="no attribute 'Scorre'"):
            psychescale.Scorre  # noqa: B018


class TestArguments:
    @pytest.mark.parametrize("texts", ["one text", b"one text"])
    def test_one_text(self, truncating: Kit, texts: Any) -> None:
        """A string is no list of letters."""
        with pytest.raises(UsageError, match=r"texts is one text\. Give a list: \[text\]"):
            truncating.scorer(texts)
        with pytest.raises(UsageError, match="text_pairs is one text"):
            truncating.scorer(["a"], texts)

    @pytest.mark.parametrize(
        "value", [3, 1.5, ["a"], np.array(["a", "b"]), {"text": "a"}, object()]
    )
    def test_no_text(self, truncating: Kit, value: Any) -> None:
        """What is neither a text nor nothing is named by place and type, never scored."""
        with pytest.raises(UsageError, match=rf"texts\[1\] is of type {type(value).__name__}"):
            truncating.scorer(["a", value])

    def test_bytes(self, truncating: Kit) -> None:
        """Bytes are UTF-8, as in a corpus; others have a reason, as half of a surrogate pair has."""
        texts: list[Any] = ["Grüße".encode(), "Grüße".encode("latin-1"), "\ud800", "x", "x"]
        pairs: list[Any] = [None, None, None, b"\xff", "\udc00"]
        scores = truncating.scorer.score(texts, pairs)
        assert scores.errors == [None, *[RowError.INVALID_UNICODE] * 4]
        np.testing.assert_array_equal(scores.probabilities[:1], truncating.scorer(["Grüße"]))

    def test_columns(self, truncating: Kit) -> None:
        """A column of pandas and an array of numpy are lists of texts."""
        expected = truncating.scorer(SAMPLES)
        for texts in (pd.Series(SAMPLES, index=range(7, 67)), np.array(SAMPLES), tuple(SAMPLES)):
            np.testing.assert_array_equal(truncating.scorer(texts), expected)

    @pytest.mark.parametrize(
        ("options", "key"),
        [
            ({"long_text": "avrage"}, "long_text"),
            ({"precision": "fp16"}, "precision"),
            ({"activation": "relu"}, "activation"),
            ({"device": "gpu"}, "device"),
            ({"labels": "abcde"}, "labels"),
            ({"stride": -1}, "stride"),
            ({"max_windows": 0}, "max_windows"),
            ({"max_batch_tokens": 0}, "max_batch_tokens"),
        ],
    )
    def test_options(self, tiny_model: Path, options: dict[str, Any], key: str) -> None:
        """An option that is none is refused by its key, not scored as something else."""
        with pytest.raises(UsageError) as refusal:
            Scorer.from_pretrained(tiny_model, **options)
        assert refusal.value.options[0] == key
        assert refusal.value.remedy

    def test_absent_device(self, tiny_model: Path) -> None:
        """A device that this machine lacks is said to be absent."""
        with pytest.raises(UsageError, match="torch sees no cuda:99"):
            Scorer.from_pretrained(tiny_model, device="cuda:99")

    def test_overflow(self, make_model: MakeModel) -> None:
        """An infinite logit of one text fails the call; it is not written as a probability."""

        def inflate(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            return {**tensors, "classifier.weight": torch.full((5, 32), 3e38)}

        with pytest.raises(ModelError, match="--precision bf16, try fp32"):
            build(make_model(tensors=inflate)).scorer(["text"])


class TestPrecision:
    def test_bf16_is_close_and_named(self, tiny_model: Path, truncating: Kit) -> None:
        """bf16 is within 0.05 of fp32, is not fp32, and has a scoring id of its own."""
        scorer = Scorer.from_pretrained(
            tiny_model, precision="bf16", long_text="truncate", device="cpu"
        )
        result, exact = scorer(SAMPLES), truncating.scorer(SAMPLES)

        assert np.dtype(np.float32) == result.dtype
        np.testing.assert_allclose(result, exact, rtol=0, atol=0.05)
        assert np.abs(result - exact).max() > TOLERANCE
        assert scorer.options.precision == "bf16"
        assert compute_scoring_id(scorer.spec, scorer.options) != compute_scoring_id(
            truncating.scorer.spec, truncating.scorer.options
        )
