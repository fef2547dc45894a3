"""Configuration of the label-attention head."""

from typing import Any

from transformers.configuration_utils import PreTrainedConfig

from psychescale.model.lengths import LABEL_ATTENTION


class LabelAttentionConfig(PreTrainedConfig):  # type: ignore[no-untyped-call]
    """An encoder of the BERT family with one attention query per label.

    Args:
        encoder: Configuration of the encoder, as its own `config.json` holds it.
        head_dropout: Dropout of token states before the head, in training.
        arguments: What every configuration takes: `id2label`, `problem_type`, ….
    """

    model_type = LABEL_ATTENTION
    has_no_defaults_at_init = True

    def __init__(
        self, encoder: dict[str, Any] | None = None, head_dropout: float = 0.1, **arguments: Any
    ) -> None:
        self.encoder = dict(encoder or {})
        self.head_dropout = head_dropout
        arguments.setdefault("problem_type", "multi_label_classification")
        super().__init__(**arguments)

    @property
    def hidden_size(self) -> int:
        """Width of a token's state."""
        return int(self.encoder.get("hidden_size") or self.encoder["dim"])
