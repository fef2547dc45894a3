"""The label-attention head: one learned query per label, attending over the encoder's token states.

Mullenbach et al. 2018, "Explainable prediction of medical codes from clinical text", section 2.2 (there
over the states of a convolution, here of a BERT-family encoder, with the dot product scaled as in
Vaswani et al. 2017).

A label's logit is read from its own mean of the token states:

    weights_l = softmax(q_l · h_t / √d over tokens t);  logit_l = w_l · Σ_t weights_lt h_t + b_l

The Auto classes are imported inside functions: as soon as transformers has loaded them, it calls
`register` here (see `psychescale/__init__.py`), and by then this module must be complete.
"""

import math
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits
from transformers.modeling_outputs import SequenceClassifierOutput
from transformers.modeling_utils import PreTrainedModel

from psychescale.model.heads.configuration import LabelAttentionConfig

_OF_THE_CLASSIFIER = (
    "id2label",
    "label2id",
    "problem_type",
    "architectures",
    "dtype",
    "transformers_version",
    "_name_or_path",  # a place on this machine
)


class LabelAttentionForSequenceClassification(PreTrainedModel):  # type: ignore[no-untyped-call]
    """A BERT-family encoder with a label-attention head.

    Args:
        config: Holds the encoder's own configuration; its class must be one of transformers.
    """

    config_class = LabelAttentionConfig
    base_model_prefix = "encoder"
    supports_gradient_checkpointing = True
    _supports_sdpa = True

    def __init__(self, config: LabelAttentionConfig) -> None:
        from transformers import AutoConfig, AutoModel

        super().__init__(config)
        inner = dict(config.encoder)
        encoder_config = AutoConfig.for_model(inner.pop("model_type"), **inner)
        self.encoder = AutoModel.from_config(  # type: ignore[no-untyped-call]
            encoder_config, trust_remote_code=False
        )
        if getattr(self.encoder, "pooler", None) is not None:
            self.encoder.pooler = None  # reads the first token only; nothing here would train it
        self.dropout = nn.Dropout(config.head_dropout)
        n_labels = int(config.num_labels or 0)
        size = (n_labels, config.hidden_size)
        self.query = nn.Parameter(torch.empty(size))
        self.output = nn.Parameter(torch.empty(size))
        self.bias = nn.Parameter(torch.zeros(n_labels))
        self.post_init()  # type: ignore[no-untyped-call]

    @classmethod
    def from_backbone(
        cls, folder: Path, *, head_dropout: float = 0.1, **arguments: Any
    ) -> "LabelAttentionForSequenceClassification":
        """A new head on the pretrained encoder of `folder`.

        Args:
            folder: A model folder; a classifier's own head is left behind.
            head_dropout: Dropout of token states before the head, in training.
            arguments: For the configuration: `id2label`, `label2id`.
        """
        from transformers import AutoModel

        pretrained = AutoModel.from_pretrained(
            folder,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=torch.float32,
        )
        inner = pretrained.config.to_dict()
        for key in _OF_THE_CLASSIFIER:
            inner.pop(key, None)
        model = cls(LabelAttentionConfig(encoder=inner, head_dropout=head_dropout, **arguments))
        states = {
            name: tensor
            for name, tensor in pretrained.state_dict().items()
            if not name.startswith("pooler.")
        }
        model.encoder.load_state_dict(states)
        return model

    def _init_weights(self, module: nn.Module) -> None:
        """Queries near zero: at first every label reads the mean of all tokens."""
        if module is self:
            spread = float(self.config.encoder.get("initializer_range", 0.02))
            nn.init.normal_(self.query, std=spread)
            nn.init.normal_(self.output, std=spread)
            nn.init.zeros_(self.bias)
        else:
            super()._init_weights(module)  # type: ignore[no-untyped-call]

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        **_: Any,
    ) -> SequenceClassifierOutput:
        """Logits, and the binary cross-entropy where `labels` are given.

        Args:
            input_ids: int64, shape (batch, tokens).
            attention_mask: 1 where there is a token; all of them by default.
            token_type_ids: For encoders that take them.
            labels: 0 or 1, shape (batch, n_labels).

        Returns:
            Logits of shape (batch, n_labels).
        """
        states, weights = self._attend(input_ids, attention_mask, token_type_ids)
        contexts = weights.to(states.dtype) @ states  # (batch, n_labels, hidden)
        logits = (contexts * self.output).sum(-1) + self.bias
        loss = None
        if labels is not None:
            loss = binary_cross_entropy_with_logits(logits, labels.to(logits.dtype))
        return SequenceClassifierOutput(loss=loss, logits=logits)

    def label_attention(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Where each label's query looks; shape (batch, n_labels, tokens), 1 in sum over tokens."""
        return self._attend(input_ids, attention_mask, token_type_ids)[1]

    def _attend(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None,
        token_type_ids: torch.Tensor | None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if attention_mask is None:
            attention_mask = torch.ones_like(input_ids)
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask}
        if token_type_ids is not None:
            inputs["token_type_ids"] = token_type_ids
        states = self.dropout(self.encoder(**inputs).last_hidden_state)
        scores = self.query @ states.transpose(1, 2) / math.sqrt(states.shape[-1])
        scores = scores.float().masked_fill(attention_mask[:, None, :] == 0, -torch.inf)
        return states, scores.softmax(-1)
