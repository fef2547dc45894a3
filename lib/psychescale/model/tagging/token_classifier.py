"""A token classifier that finds entities in texts, through the batching of the scoring engine."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import ModelError, UsageError
from psychescale.model import spec
from psychescale.model.batching import Windows
from psychescale.model.checkpoint import Checkpoint, find_model, open_checkpoint
from psychescale.model.device import choose_device
from psychescale.model.encoding import Ragged, TextEncoder
from psychescale.model.engines.pytorch import TorchEngine
from psychescale.model.lengths import choose_max_length
from psychescale.model.tagging.entities import (
    Aggregation,
    Entity,
    TagScheme,
    find_words,
    join_entities,
    word_probabilities,
)

# Half of it is context on either side of a seam; names rarely need more than a clause.
DEFAULT_STRIDE: Final = 32
# Matrix units want larger products than the default for fp32: 2,048 is a tenth faster than 512, and
# 8,192 slower again (measured with MiniLM-L6 on a Xeon with AMX).
_BF16_CPU_TOKENS: Final = 2048
# Half of a surrogate pair is no character, and no tokenizer takes it; this one keeps the offsets.
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


class TextTagger:
    """Finds entities with one token-classification model.

    It may be kept for the life of a process, but not be shared between threads.

    Attributes:
        labels: Types of entities that it can find, in alphabetical order.
    """

    def __init__(
        self,
        scheme: TagScheme,
        encoder: TextEncoder,
        engine: TorchEngine,
        *,
        max_length: int,
        stride: int = DEFAULT_STRIDE,
        aggregation: Aggregation = "average",
        threshold: float | None = None,
    ) -> None:
        self._scheme = scheme
        self._encoder = encoder
        self._engine = engine
        self._room = max_length - encoder.single.n_special
        self._stride = min(stride, self._room // 2)
        self._aggregation: Aggregation = aggregation
        self._threshold = threshold
        self.labels = tuple(sorted(set(scheme.types) - {""}))

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path,
        *,
        revision: str | None = None,
        max_length: int | None = None,
        stride: int = DEFAULT_STRIDE,
        aggregation: Aggregation = "average",
        threshold: float | None = None,
        precision: spec.Precision = "fp32",
        device: str | None = None,
        max_batch_tokens: int | None = None,
    ) -> "TextTagger":
        """Load a model.

        Args:
            model: A Hugging Face token-classification folder, or a hub id.
            revision: Commit hash (40 hex digits); required with a hub id.
            max_length: Longest window in tokens, special tokens included; None takes the model's.
            stride: Tokens that neighbouring windows of a long text share. Nothing is cut off.
            aggregation: How the tokens of a word decide on its label.
            threshold: A word is part of an entity if the probability of all labels but ``O``
                together reaches this; None: if its most probable label is not ``O``.
            precision: ``fp32`` or ``bf16``.
            device: A torch device; None chooses one.
            max_batch_tokens: Token budget of a batch; None takes the device's default.

        Raises:
            ModelError: The model cannot be used.
            UsageError: `threshold` is not a probability, or `stride` is negative.
        """
        if threshold is not None and not 0 < threshold < 1:
            raise UsageError(
                f"A threshold of {threshold} is no probability.",
                remedy="Give a number between 0 and 1.",
            )
        if stride < 0:
            raise UsageError(f"A stride of {stride} tokens.", remedy="Give 0 or more.")
        checkpoint = open_checkpoint(find_model(str(model), revision=revision))
        _require_token_classifier(checkpoint)
        spec.require_float_weights(checkpoint)
        labels = spec.own_labels(checkpoint)
        encoder = TextEncoder.from_folder(checkpoint.folder)
        chosen = choose_device(device)
        if max_batch_tokens is None and precision == "bf16" and chosen.type == "cpu":
            max_batch_tokens = _BF16_CPU_TOKENS
        engine = TorchEngine.from_folder(
            checkpoint.folder,
            pad_id=encoder.pad_id,
            device=chosen,
            precision=precision,
            max_batch_tokens=max_batch_tokens,
            task="token",
        )
        engine.require_vocabulary(encoder.vocabulary_size)
        engine.require_finite(checkpoint.folder)
        return cls(
            TagScheme.of(labels),
            encoder,
            engine,
            max_length=choose_max_length(checkpoint, max_length),
            stride=stride,
            aggregation=aggregation,
            threshold=threshold,
        )

    def __call__(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Entities of each text, in order of their start; equal texts are computed once.

        Raises:
            ModelError: The model gave something that is no finite number.
        """
        numbers: dict[str, int] = {}
        index = [numbers.setdefault(text, len(numbers)) for text in texts]
        found = self._tag([_SURROGATES.sub("\ufffd", text) for text in numbers])
        return [list(found[number]) for number in index]

    def _tag(self, texts: list[str]) -> list[list[Entity]]:
        content, offsets = self._encoder.encode_with_offsets(texts)
        words = find_words(texts, content.lengths, offsets)
        probabilities = word_probabilities(self._probabilities(content), words, self._aggregation)
        return join_entities(
            words, probabilities, self._scheme, n_texts=len(texts), threshold=self._threshold
        )

    def _probabilities(self, content: Ragged) -> NDArray[np.float32]:
        """float32, shape (n_tokens, n_labels), softmax of the logits."""
        lengths = content.lengths
        step = self._room - self._stride
        n_windows = 1 + np.maximum(0, -(-(lengths - self._room) // step))
        n_windows[lengths == 0] = 0
        text = np.repeat(np.arange(len(content)), n_windows)
        index = np.arange(len(text)) - (np.cumsum(n_windows) - n_windows)[text]
        start = index * step
        length = np.minimum(self._room, lengths[text] - start)
        windows = Windows(content, text, start, length, self._encoder.single)
        logits = self._engine.token_logits(windows)[self._owned(index, n_windows[text], length)]
        if not np.isfinite(logits).all():
            raise ModelError(
                "The token classifier gave a logit that is not a finite number.",
                remedy="With bf16, try fp32; else the checkpoint is damaged.",
            )
        exponents: NDArray[np.float32] = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities: NDArray[np.float32] = exponents / exponents.sum(axis=1, keepdims=True)
        return probabilities

    def _owned(
        self, index: NDArray[np.int64], of: NDArray[np.int64], length: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Which tokens of the windows count: of what two share, each has the half it sees better."""
        window = np.repeat(np.arange(len(length)), length)
        position = np.arange(len(window)) - (np.cumsum(length) - length)[window]
        left = np.where(index > 0, self._stride // 2, 0)
        right = np.where(index < of - 1, self._stride - self._stride // 2, 0)
        owned: NDArray[np.bool_] = (position >= left[window]) & (
            position < (length - right)[window]
        )
        return owned


def _require_token_classifier(checkpoint: Checkpoint) -> None:
    architectures = checkpoint.config.get("architectures") or []
    if not any("ForTokenClassification" in name for name in architectures):
        kind = architectures[0] if architectures else "model of no stated kind"
        raise ModelError(
            f"{checkpoint.folder} holds a {kind}, not a token classifier.",
            remedy="Give a folder whose config.json names an architecture ending in "
            "ForTokenClassification.",
        )
