"""The scorer: a model that takes texts and gives one row of probabilities a text."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import ModelError, RowError, UsageError
from psychescale.model.device import choose_device
from psychescale.model.encoding import Ragged, TextEncoder
from psychescale.model.engines.pytorch import TorchEngine
from psychescale.model.spec import Activation, LongText, ModelSpec, Precision
from psychescale.scoring.options import Applied, ModelRequest, ScoringOptions, settle
from psychescale.scoring.probabilities import to_probabilities
from psychescale.scoring.probe import find_layout
from psychescale.scoring.windows import WindowPlan, aggregate, plan_windows

Scalar = TypeVar("Scalar", bound=np.generic)
Item = TypeVar("Item")


@dataclass(frozen=True)
class TextScores:
    """Scores of a batch of texts, in the order in which they were given.

    Attributes:
        probabilities: float32, shape (n_texts, n_labels); NaN where there is an error.
        logits: float32, shape (n_texts, n_labels), before calibration; NaN where there is an error.
        n_tokens: int32, shape (n_texts,): content tokens of a text; 0 where there is an error.
        n_windows: int32, shape (n_texts,): windows read of it; 0 where there is an error.
        truncated: bool, shape (n_texts,): tokens were left unread.
        errors: A reason, or None, per text.
        computed_tokens: int64, shape (n_texts,): tokens that the model computed for this text,
            padding included; 0 for a text that equals an earlier one of the batch.
    """

    probabilities: NDArray[np.float32]
    logits: NDArray[np.float32]
    n_tokens: NDArray[np.int32]
    n_windows: NDArray[np.int32]
    truncated: NDArray[np.bool_]
    errors: list[RowError | None]
    computed_tokens: NDArray[np.int64]


class Scorer:
    """Scores texts with one model, without Spark.

    A scorer may be kept for the life of a process. It is not safe to share between threads.

    Attributes:
        labels: Label names, in the order of the columns of every result.
        spec: What is known of the model.
        options: How texts are scored.
        applied: The long-text policy and calibration in force.
    """

    def __init__(
        self, spec: ModelSpec, options: ScoringOptions, encoder: TextEncoder, engine: TorchEngine
    ) -> None:
        self.spec = spec
        self.options = options
        self.applied: Applied = settle(spec, options)
        self._encoder = encoder
        self._engine = engine
        self._vocabulary_size = encoder.vocabulary_size

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path,
        *,
        revision: str | None = None,
        labels: Sequence[str] = (),
        allow_generic_labels: bool = False,
        activation: Activation | None = None,
        max_length: int | None = None,
        long_text: LongText | None = None,
        stride: int | None = None,
        max_windows: int = 64,
        precision: Precision = "fp32",
        device: str | None = None,
        max_batch_tokens: int | None = None,
    ) -> "Scorer":
        """Load a model for scoring.

        Args:
            model: A Hugging Face sequence-classification folder, a bundle, or a hub id.
            revision: Commit hash (40 hex digits); required with a hub id.
            labels: Names that replace the checkpoint's, in the order of the logits.
            allow_generic_labels: Accept names such as ``LABEL_0``.
            activation: ``sigmoid`` or ``softmax``, where the checkpoint does not say.
            max_length: Longest window in tokens, special tokens included.
            long_text: Policy for longer texts; None takes the model's own.
            stride: Tokens that neighbouring windows share; None takes the model's own.
            max_windows: Most windows read of one text.
            precision: ``fp32`` (exact) or ``bf16``.
            device: A torch device; None chooses one.
            max_batch_tokens: Token budget of a batch; None takes the device's default.

        Raises:
            ModelError: The model cannot be used as it is; the message says what to add.
            UsageError: An option is out of its range.
        """
        checkpoint, spec, options = ModelRequest(
            model=str(model),
            revision=revision,
            labels=labels,
            allow_generic_labels=allow_generic_labels,
            activation=activation,
            max_length=max_length,
            long_text=long_text,
            stride=stride,
            max_windows=max_windows,
            precision=precision,
            device=device,
            max_batch_tokens=max_batch_tokens,
        ).resolve()
        return cls.load(checkpoint.folder, spec, options)

    @classmethod
    def load(
        cls,
        folder: Path,
        spec: ModelSpec,
        options: ScoringOptions,
        *,
        gpu_addresses: Sequence[str] = (),
        pairs: bool = True,
    ) -> "Scorer":
        """Load the files of a model that is already known, and try it if nobody has yet.

        Args:
            folder: The model folder.
            spec: What `read_model` said of it, perhaps on another machine.
            options: How to score.
            gpu_addresses: GPUs that Spark gave to this task.
            pairs: Whether a model that is tried must read pairs of texts too.

        Raises:
            ModelError: Tokenizer or weights cannot be loaded, do not fit each other, are not finite;
                or the numbers of a text depend on the texts beside it.
        """
        encoder = TextEncoder.from_folder(folder)
        engine = TorchEngine.from_folder(
            folder,
            pad_id=encoder.pad_id,
            device=choose_device(options.device, gpu_addresses=gpu_addresses),
            precision=options.precision,
            max_batch_tokens=options.max_batch_tokens,
            layout=spec.layout or "single",
        )
        if spec.layout is None:
            spec = _tried(folder, spec, encoder, _exact(engine, folder, options), pairs=pairs)
            engine.layout = spec.layout or "single"
        return cls(spec, options, encoder, engine)

    @property
    def labels(self) -> tuple[str, ...]:
        """Label names, in the order of the result's columns."""
        return self.spec.labels

    def __call__(
        self, texts: Sequence[str | None], text_pairs: Sequence[str | None] | None = None
    ) -> NDArray[np.float32]:
        """Label probabilities of `texts`.

        Args:
            texts: The texts; None and empty ones are allowed.
            text_pairs: A second text for each (a survey item's question), read together with it.

        Returns:
            float32, shape (n_texts, n_labels), labels in the order of `labels`. A row is NaN where
            the text cannot be scored; `score` says why.
        """
        return self.score(texts, text_pairs).probabilities

    def score(
        self, texts: Sequence[str | None], text_pairs: Sequence[str | None] | None = None
    ) -> TextScores:
        """Score `texts`, one row out for each, with tokens, windows and reasons."""
        return self._compute(self._prepare(texts, text_pairs))

    def score_batches(
        self,
        batches: Iterable[tuple[Sequence[str | None], Sequence[str | None] | None]],
        *,
        on_progress: Callable[[], None] | None = None,
    ) -> Iterator[TextScores]:
        """Score batch after batch.

        On a GPU the next batch is fetched and tokenized while the GPU computes; on a CPU that would
        only take turns with the computation.

        Args:
            batches: (texts, second texts or None), batch by batch.
            on_progress: Called before every batch of tokens.

        Yields:
            The scores of each batch, in order.
        """
        prepared = (self._prepare(texts, second) for texts, second in batches)
        for item in _one_ahead(prepared) if self._engine.is_asynchronous else prepared:
            yield self._compute(item, on_progress)

    def _prepare(
        self, texts: Sequence[str | None], second_texts: Sequence[str | None] | None
    ) -> "_Prepared":
        first, seconds = _paired(texts, second_texts)
        errors = [_fault(*both) for both in zip(first, seconds, strict=True)]
        numbers: dict[tuple[str, str | None], int] = {}  # distinct (text, second text), numbered
        distinct = np.full(len(first), -1, np.int64)
        for index, (text, second, error) in enumerate(zip(first, seconds, errors, strict=True)):
            if error is None and isinstance(text, str):
                key = text, second if isinstance(second, str) and second.strip() else None
                distinct[index] = numbers.setdefault(key, len(numbers))
        keys = list(numbers)
        paired = np.array([second is not None for _, second in numbers], np.bool_)
        content = self._encoder.encode([text for text, _ in keys])
        second_content = self._encoder.encode([second for _, second in keys if second is not None])
        known = self._are_known(content)
        known[paired] &= self._are_known(second_content)
        n_tokens = np.where(known, content.lengths, 0)
        for row in np.flatnonzero(distinct >= 0):
            if n_tokens[distinct[row]] == 0:
                has_tokens = content.lengths[distinct[row]] > 0
                errors[row] = RowError.NO_EMBEDDING if has_tokens else RowError.NO_TOKENS
                distinct[row] = -1
        alone = np.flatnonzero(~paired & (n_tokens > 0))
        both = paired & (n_tokens > 0)
        plans = []
        if len(alone):
            plans.append(self._plan(content.take(alone.tolist()), alone, None))
        if both.any():
            members, of_both = np.flatnonzero(both), np.flatnonzero(both[paired])
            beside = second_content.take(of_both.tolist())
            plans.append(self._plan(content.take(members.tolist()), members, beside))
        return _Prepared(errors, distinct, n_tokens, plans)

    def _are_known(self, content: Ragged) -> NDArray[np.bool_]:
        """Which texts have tokens alone that the model has embeddings for; shape (n_texts,)."""
        if self._vocabulary_size <= self._engine.n_embeddings:
            return np.ones(len(content), np.bool_)
        return content.all_below(self._engine.n_embeddings)

    def _plan(
        self, content: Ragged, members: NDArray[np.int64], second: Ragged | None
    ) -> "_PlannedTexts":
        """Windows of the texts `members`, which all have a second text or all have none."""
        plan = plan_windows(
            content,
            self._encoder.single if second is None else self._encoder.pair,
            max_length=self.spec.max_length,
            policy=self.applied.long_text,
            stride=self.applied.stride,
            max_windows=self.options.max_windows,
            second=second,
        )
        return _PlannedTexts(members, plan)

    def _compute(
        self, prepared: "_Prepared", on_progress: Callable[[], None] | None = None
    ) -> TextScores:
        n_distinct, n_labels = len(prepared.n_tokens), len(self.labels)
        logits = np.full((n_distinct, n_labels), np.nan, np.float32)
        computed = np.zeros(n_distinct, np.int64)
        n_windows = np.zeros(n_distinct, np.int32)
        truncated = np.zeros(n_distinct, np.bool_)
        for members, plan in prepared.plans:
            window_logits, window_tokens = self._engine.logits(plan.windows, on_batch=on_progress)
            logits[members] = aggregate(plan, window_logits, self.applied.long_text)
            computed[members] = np.add.reduceat(window_tokens, plan.first_window)
            n_windows[members] = plan.n_windows
            truncated[members] = plan.truncated
        return self._spread(prepared, logits, n_windows, truncated, computed)

    def _spread(
        self,
        prepared: "_Prepared",
        logits: NDArray[np.float32],
        n_windows: NDArray[np.int32],
        truncated: NDArray[np.bool_],
        computed: NDArray[np.int64],
    ) -> TextScores:
        """From distinct texts back to the texts as given."""
        if not np.isfinite(logits[prepared.n_tokens > 0]).all():
            raise ModelError(
                "The model gave a logit that is not a finite number.",
                remedy="With ‹precision› bf16, try fp32; else the checkpoint is damaged.",
            )
        scored = prepared.distinct >= 0
        index = prepared.distinct[scored]
        _, first_use = np.unique(index, return_index=True)
        own = np.zeros(len(index), np.bool_)
        own[first_use] = True
        whole = (n_windows == 1) & ~truncated
        return TextScores(
            probabilities=_scatter(scored, self._probabilities(logits, whole)[index], np.nan),
            logits=_scatter(scored, logits[index], np.nan),
            n_tokens=_scatter(scored, prepared.n_tokens[index].astype(np.int32), 0),
            n_windows=_scatter(scored, n_windows[index], 0),
            truncated=_scatter(scored, truncated[index], fill=False),
            errors=prepared.errors,
            computed_tokens=_scatter(scored, np.where(own, computed[index], 0), 0),
        )

    def _probabilities(
        self, logits: NDArray[np.float32], whole: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Probabilities, calibrated where the calibration holds.

        Args:
            logits: float32, shape (n_texts, n_labels).
            whole: bool, shape (n_texts,): read whole in one window.
        """
        activation, calibration = self.spec.activation, self.spec.calibration
        if calibration is None or self.applied.calibrated == "none":
            return to_probabilities(logits, activation)
        calibrated = to_probabilities(logits, activation, calibration)
        if self.applied.calibrated == "all":
            return calibrated
        return np.where(whole[:, None], calibrated, to_probabilities(logits, activation))


def _exact(engine: TorchEngine, folder: Path, options: ScoringOptions) -> TorchEngine:
    """The model in fp32 on this machine's processor: the engine itself, where it is that."""
    if options.precision == "fp32" and engine.device.type == "cpu":
        return engine
    return TorchEngine.from_folder(folder, pad_id=engine.pad_id, device=choose_device("cpu"))


def _tried(
    folder: Path, spec: ModelSpec, encoder: TextEncoder, engine: TorchEngine, *, pairs: bool
) -> ModelSpec:
    """The model as it may be used, after a trial."""
    if engine.n_labels != len(spec.labels):
        raise ModelError(
            f"{folder} gives {engine.n_labels} logits, but {len(spec.labels)} labels are named.",
            remedy="Name every label once, in the model's order: ‹labels› NAME,NAME,…",
        )
    engine.require_finite(folder)
    for template in (encoder.single, encoder.pair) if pairs else (encoder.single,):
        engine.require_vocabulary(
            1 + max((*template.before, *template.between, *template.after), default=0)
        )
    return replace(spec, layout=find_layout(encoder, engine, spec, pairs=pairs))


class _PlannedTexts(NamedTuple):
    """Windows of some of the distinct texts."""

    members: NDArray[np.int64]
    plan: WindowPlan


@dataclass(frozen=True)
class _Prepared:
    """Texts after tokenization.

    Attributes:
        errors: A reason, or None, per text.
        distinct: int64, shape (n_texts,): index among the distinct texts, -1 where there is an error.
        n_tokens: int64, shape (n_distinct,).
        plans: Windows; together they cover every distinct text that has tokens.
    """

    errors: list[RowError | None]
    distinct: NDArray[np.int64]
    n_tokens: NDArray[np.int64]
    plans: list[_PlannedTexts]


def _as_texts(values: Sequence[object], what: str) -> list[str | bytes | None]:
    """Texts as they may come from a list, an array or a column; bytes are UTF-8, or no text.

    Args:
        values: Strings, bytes, and what stands for nothing: None, NaN, pandas' NA.
        what: Name of the argument, for the message.

    Returns:
        A list of strings, of bytes that are not UTF-8, and of None.

    Raises:
        UsageError: It is one string, or holds something else.
    """
    if isinstance(values, (str, bytes)):
        raise UsageError(f"{what} is one text.", remedy=f"Give a list: [{what[:-1]}].")
    return [_as_text(value, index, what) for index, value in enumerate(values)]


def _paired(
    texts: Sequence[object], second: Sequence[object] | None
) -> tuple[list[str | bytes | None], list[str | bytes | None]]:
    """Texts, and as many second texts."""
    first = _as_texts(texts, "texts")
    if second is None:
        return first, [None] * len(first)
    others = _as_texts(second, "text_pairs")
    if len(others) != len(first):
        raise UsageError(
            f"There are {len(first)} texts and {len(others)} text_pairs.",
            remedy="Give one for each text, or None.",
        )
    return first, others


def _as_text(value: object, index: int, what: str) -> str | bytes | None:
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, (bytes, bytearray)):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return bytes(value)
    is_nan = isinstance(value, (float, np.floating)) and bool(np.isnan(value))
    if is_nan or type(value).__name__ in ("NAType", "NaTType"):
        return None
    raise UsageError(
        f"{what}[{index}] is of type {type(value).__name__}.",
        remedy="A text is a string, UTF-8 bytes, or None.",
    )


def _fault(text: str | bytes | None, second: str | bytes | None) -> RowError | None:
    if text is None:
        return RowError.NULL_TEXT
    if isinstance(text, bytes) or isinstance(second, bytes):
        return RowError.INVALID_UNICODE
    if not text or text.isspace():
        return RowError.EMPTY_TEXT
    sound = _is_encodable(text) and (second is None or _is_encodable(second))
    return None if sound else RowError.INVALID_UNICODE


def _is_encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _scatter(where: NDArray[np.bool_], values: NDArray[Scalar], fill: float) -> NDArray[Scalar]:
    """An array with `values` at `where` and `fill` elsewhere."""
    result = np.full((len(where), *values.shape[1:]), fill, values.dtype)
    result[where] = values
    return result


def _one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, each made in a thread while the one before it is in use."""
    with ThreadPoolExecutor(1, thread_name_prefix="psychescale-encode") as pool:
        following = pool.submit(next, items, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, items, None)
            yield item
