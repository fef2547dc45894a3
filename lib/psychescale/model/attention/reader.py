"""Where a label-attention head looked, for a reader in a notebook.

Attention is not an explanation (Jain and Wallace 2019): read it together with what `heads_faithfulness`
measures of it.
"""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from psychescale.errors import ModelError, PrivacyError
from psychescale.model.encoding import TextEncoder
from psychescale.model.engines.pytorch import load_classifier
from psychescale.model.heads.label_attention import LabelAttentionForSequenceClassification
from psychescale.model.quiet import quiet_transformers
from psychescale.model.spec import read_model


@dataclass(frozen=True)
class TextAttention:
    """Where each label's query looked in one text.

    Attributes:
        tokens: The tokens, special ones included.
        weights: float32, shape (n_labels, n_tokens): in sum over tokens 1.
        logits: float32, shape (n_labels,): raw.
    """

    tokens: tuple[str, ...]
    weights: NDArray[np.float32]
    logits: NDArray[np.float32]


class Reader:
    """A classifier and its tokenizer, for looking at single texts.

    Attributes:
        labels: Label names, in the order of every result.
        max_length: Tokens that are read of a text, special ones included; one window.
    """

    def __init__(
        self, model: torch.nn.Module, tokenizer: Any, labels: Sequence[str], max_length: int
    ) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.labels = tuple(labels)
        self.max_length = max_length

    @classmethod
    def from_folder(cls, folder: Path) -> "Reader":
        """Load a bundle, or a model folder that names its labels.

        Raises:
            ModelError: The folder cannot be used as it is.
        """
        from transformers import AutoTokenizer

        checkpoint, spec = read_model(str(folder))
        TextEncoder.from_folder(checkpoint.folder)  # the same refusals as when scoring
        with quiet_transformers():
            tokenizer = AutoTokenizer.from_pretrained(checkpoint.folder, local_files_only=True)
        return cls(load_classifier(checkpoint.folder), tokenizer, spec.labels, spec.max_length)

    def attention(
        self, texts: str | Sequence[str], *, from_corpus: bool = False
    ) -> list[TextAttention]:
        """Attention weights per label and token.

        Args:
            texts: A text typed by the reader, or a list of such.
            from_corpus: Say so if the texts are a corpus's: what a notebook shows, it stores.

        Raises:
            PrivacyError: `texts` is a column, a frame or an array, without `from_corpus`.
            ModelError: The model has no label-attention head.
        """
        if not self.has_attention:
            raise ModelError(
                "This model has no label attention.",
                remedy="Train one: psychescale train ‹head› label-attention.",
            )
        return [self._attend(text) for text in typed_texts(texts, from_corpus=from_corpus)]

    def encode(self, text: str) -> list[int]:
        """Token ids of a text as the model reads it."""
        ids: list[int] = self.tokenizer(text, truncation=True, max_length=self.max_length)[
            "input_ids"
        ]
        return ids

    def logits(self, sequences: Sequence[Sequence[int]]) -> NDArray[np.float64]:
        """Raw logits of token sequences; float64, shape (n_sequences, n_labels)."""
        rows = []
        with torch.inference_mode():
            for start in range(0, len(sequences), _AT_ONCE):
                part = sequences[start : start + _AT_ONCE]
                batch = self.tokenizer.pad({"input_ids": list(part)}, return_tensors="pt")
                output = self.model(
                    input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]
                )
                rows.append(output.logits.double().numpy())
        return np.concatenate(rows)

    def label_attention(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Where each label's query looks among some tokens; float32, shape (n_labels, n_tokens)."""
        with torch.inference_mode():
            weights = self.model.label_attention(torch.tensor([ids]))  # type: ignore[operator]
        result: NDArray[np.float32] = weights[0].float().numpy()
        return result

    @property
    def has_attention(self) -> bool:
        """Whether the model has a label-attention head."""
        return isinstance(self.model, LabelAttentionForSequenceClassification)

    def _attend(self, text: str) -> TextAttention:
        ids = self.encode(text)
        weights = self.label_attention(ids)
        tokens: list[str] = self.tokenizer.convert_ids_to_tokens(ids)
        return TextAttention(tuple(tokens), weights, self.logits([ids])[0].astype(np.float32))


_AT_ONCE = 64


def typed_texts(texts: str | Iterable[str], *, from_corpus: bool) -> list[str]:
    """The texts as a list; anything that looks like a corpus only when that is meant.

    Raises:
        PrivacyError: `texts` is neither a string nor a list or tuple of strings, and `from_corpus`
            is not set.
    """
    if isinstance(texts, str):
        return [texts]
    typed = isinstance(texts, (list, tuple)) and all(isinstance(text, str) for text in texts)
    if not typed and not from_corpus:
        raise PrivacyError(
            "This looks like a corpus's texts (a column, a frame or an array).",
            remedy="Type a text of your own, or pass from_corpus=True: notebook outputs are stored, "
            "and shared with the notebook.",
        )
    if from_corpus:
        warnings.warn(
            "Notebook outputs are stored in the notebook's file: clear them before it leaves the "
            "place where the corpus may be.",
            UserWarning,
            stacklevel=3,
        )
    return [str(text) for text in texts]
