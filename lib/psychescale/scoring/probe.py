"""A model tried before it is used: one probability a text, whatever stands beside it in a batch."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import ModelError
from psychescale.model.batching import Windows, plan_batches
from psychescale.model.device import choose_device
from psychescale.model.encoding import Ragged, TextEncoder
from psychescale.model.engines.pytorch import TorchEngine
from psychescale.model.spec import Layout, ModelSpec
from psychescale.scoring.options import EXACT_TOLERANCE
from psychescale.scoring.probabilities import to_probabilities
from psychescale.scoring.windows import plan_windows

_PLAIN: Final = (
    "text",
    "I could not sleep again, and work was no better.",
    "Thank you all! My sister came on Sunday and we talked until four in the morning.",
)
_ODD: Final = (
    "?",
    "🙂🙂 1 000,5",
    "眠れない夜が続く",
    "a" * 80,
    "e\u0301\u00a0<b>x</b>\n\n\t y",
    "</s> x <|endoftext|> y [SEP] </s>",
)
_LONGEST: Final = 2_048  # tokens: behind every length at which a kernel known to us changes
_UNBOUNDED: Final = 10**9

_NOT_THE_LIBRARY: Final = "gives other numbers here than in transformers alone"
_OTHER: Final = "psychescale cannot score it reproducibly; use a model of another architecture."


def find_layout(
    encoder: TextEncoder, engine: TorchEngine, spec: ModelSpec, *, pairs: bool
) -> Layout:
    """How windows of this model may stand together, found by trying.

    Short texts and one of a whole window are computed alone, together, alone again, and by the
    tokenizer's and the model's own calls; odd ones alone and together.

    Args:
        encoder: The model's tokenizer.
        engine: The model in fp32 on a processor.
        spec: What is known of it.
        pairs: Whether it must read pairs of texts too.

    Returns:
        The first layout that changes no probability by more than `EXACT_TOLERANCE`: padding on the
        tokenizer's side, on the other, windows of one length, each window by itself; packed, where it
        is padding behind and the layers keep to it without that too.

    Raises:
        ModelError: It cannot compute one of them; a logit is not finite; a text's own number is another
            one than the library's, or changes from call to call.
    """
    room = min(spec.max_length, _LONGEST) - encoder.single.n_special
    plain = _readable(encoder, engine, [*_PLAIN, _filling(encoder, room)], room)
    special = [f"a {token} b" for token in encoder.special_tokens]
    texts = [*plain, *_readable(encoder, engine, [*special, *_ODD], room)]
    if not plain:
        raise ModelError(
            f"{engine.architecture} has no embedding for the tokens of plain words.",
            remedy="The tokenizer belongs to another model; copy the right tokenizer.json.",
        )
    trial = _Trial(encoder, engine, spec)
    try:
        return _try(trial, plain, texts, pairs=pairs)
    except ModelError:
        raise
    except Exception as error:  # noqa: BLE001 - every architecture has its own way to fail
        raise ModelError(
            f"{engine.architecture} cannot score a text by itself ({type(error).__name__}).",
            remedy=_OTHER,
        ) from None


def require_reproducible(model: Any, tokenizer: Any, max_length: int) -> None:
    """Refuse a model to be trained whose numbers could not be kept afterwards.

    Args:
        model: A `PreTrainedModel` of two labels; it is left in evaluation mode on the processor.
        tokenizer: Its tokenizer.
        max_length: Longest window in tokens.

    Raises:
        ModelError: As `find_layout`.
    """
    encoder = TextEncoder(tokenizer)
    engine = TorchEngine(model, pad_id=encoder.pad_id, device=choose_device("cpu"))
    nothing: Any = dict.fromkeys((field.name for field in fields(ModelSpec)), None)
    spec = ModelSpec(**{**nothing, "activation": "sigmoid", "max_length": max_length})
    find_layout(encoder, engine, spec, pairs=False)


def _try(trial: "_Trial", plain: Sequence[str], texts: Sequence[str], *, pairs: bool) -> Layout:
    windows = trial.windows(texts)
    alone = trial.alone(windows)
    trial.compare(trial.alone(windows), alone, "gives a text other numbers from call to call")
    trial.compare(trial.by_library(texts), alone, _NOT_THE_LIBRARY)
    if pairs:
        short = plain[: len(_PLAIN)]
        second = [_PLAIN[0]] * len(short)
        own = trial.alone(trial.windows(short, second))
        trial.compare(trial.by_library(short, second), own, _NOT_THE_LIBRARY)
    layout = trial.find_layout(_with_mirrors(trial.windows(plain)))
    trial.compare(trial.budgeted(windows), alone, "gives a text other numbers beside other texts")
    trial.compare(trial.alone(windows), alone, "gives a text other numbers after other texts")
    return layout


class _Trial:
    """One model, computing the same windows in several ways."""

    def __init__(self, encoder: TextEncoder, engine: TorchEngine, spec: ModelSpec) -> None:
        self._encoder = encoder
        self._engine = engine
        self._spec = spec

    def windows(self, texts: Sequence[str], second: Sequence[str] | None = None) -> Windows:
        """One window a text, cut to what the model reads at once."""
        return plan_windows(
            self._encoder.encode(texts),
            self._encoder.single if second is None else self._encoder.pair,
            max_length=self._spec.max_length,
            policy="truncate",
            stride=0,
            max_windows=1,
            second=None if second is None else self._encoder.encode(second),
        ).windows

    def find_layout(self, windows: Windows) -> Layout:
        """The quickest that changes no number; the engine keeps it."""
        expected = self.alone(windows)
        padded: list[Layout] = ["left", "right"] if self._encoder.pad_left else ["right", "left"]
        layouts: list[Layout] = [*padded, "equal"] if self._engine.pad_id is not None else ["equal"]
        holding = (layout for layout in layouts if self._holds(windows, expected, layout))
        found: Layout = next(holding, "single")
        if found == "right" and self._holds(windows, expected, "packed"):
            found = "packed"
        self._engine.layout = found
        return found

    def alone(self, windows: Windows) -> NDArray[np.float32]:
        """Each window by itself; shape (n_windows, n_labels)."""
        return self._together(windows, np.arange(len(windows)), "single")

    def by_library(
        self, texts: Sequence[str], second: Sequence[str] | None = None
    ) -> NDArray[np.float32]:
        """Each text through the tokenizer's own call and the model's; NaN where that is too long."""
        rows = np.full((len(texts), self._engine.n_labels), np.nan, np.float32)
        for row, text in enumerate(texts):
            inputs = self._encoder.plain(text, None if second is None else second[row])
            if len(inputs["input_ids"]) <= self._spec.max_length:
                rows[row] = self._probabilities(self._engine.plain_logits(inputs)[None])
        return rows

    def budgeted(self, windows: Windows) -> NDArray[np.float32]:
        """As a run would compute them."""
        return self._probabilities(self._engine.logits(windows)[0])

    def _holds(self, windows: Windows, expected: NDArray[np.float32], layout: Layout) -> bool:
        """Whether short windows together, and a short one beside the longest, keep their numbers."""
        order = np.argsort(windows.total_lengths, kind="stable")
        try:
            for rows in (order[:-2], order[[0, -1]], order[-2:]):
                found = self._together(windows, rows, layout)
                if not np.allclose(found, expected[rows], rtol=0, atol=EXACT_TOLERANCE):
                    return False
        except Exception:  # noqa: BLE001 - every architecture has its own way to refuse a batch
            return False
        return True

    def compare(
        self, found: NDArray[np.float32], expected: NDArray[np.float32], problem: str
    ) -> None:
        """Refuse numbers that differ."""
        difference = float(np.nanmax(np.abs(found - expected), initial=0.0))
        if difference > EXACT_TOLERANCE:
            raise ModelError(
                f"{self._engine.architecture} {problem} (a probability differs by {difference:.2g}).",
                remedy=_OTHER,
            )

    def _together(
        self, windows: Windows, rows: NDArray[np.int64], layout: Layout
    ) -> NDArray[np.float32]:
        logits = np.empty((len(rows), self._engine.n_labels), np.float32)
        for part in plan_batches(windows.total_lengths[rows], _UNBOUNDED, layout):
            logits[part] = self._engine.batch_logits(windows, rows[part], layout)
        return self._probabilities(logits)

    def _probabilities(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        if not np.isfinite(logits).all():
            raise ModelError(
                "The model gave a logit that is not a finite number.",
                remedy="The checkpoint is damaged.",
            )
        return to_probabilities(logits, self._spec.activation, self._spec.calibration)


def _readable(
    encoder: TextEncoder, engine: TorchEngine, texts: Sequence[str], room: int
) -> list[str]:
    """Those that have tokens, all of them with an embedding, and fit into one window."""
    content = encoder.encode(texts)
    fits = (content.lengths > 0) & (content.lengths <= room)
    return [
        texts[i] for i in np.flatnonzero(fits & content.all_below(engine.n_embeddings)).tolist()
    ]


def _filling(encoder: TextEncoder, room: int) -> str:
    """Sentences that fill a window, or nearly."""
    (tokens,) = encoder.encode([_PLAIN[1] + " "]).lengths
    for count in range(1 + room // int(tokens), 0, -1):
        text = " ".join([_PLAIN[1]] * count)
        if encoder.encode([text]).lengths[0] <= room:
            return text
    return _PLAIN[0]


def _with_mirrors(windows: Windows) -> Windows:
    """The same windows, and each of them backwards: batches of one length need two."""
    forward = [windows.content[index] for index in windows.text]
    content = Ragged.of([*forward, *(ids[::-1] for ids in forward)])
    n_texts = len(content)
    start = np.zeros(n_texts, np.int64)
    return Windows(content, np.arange(n_texts), start, content.lengths, windows.template)
