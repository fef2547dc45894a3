"""The label-attention head, made known to transformers' Auto classes where somebody says so."""

from functools import cache


@cache
def register_heads() -> None:
    """Let `AutoConfig` and `AutoModelForSequenceClassification` load bundles with heads of ours.

    psychescale calls it wherever it loads a model; a program that loads a bundle through transformers
    alone calls it first. It imports torch and transformers.
    """
    from transformers import AutoConfig, AutoModelForSequenceClassification

    from psychescale.model.heads.configuration import LabelAttentionConfig
    from psychescale.model.heads.label_attention import LabelAttentionForSequenceClassification

    AutoConfig.register(LabelAttentionConfig.model_type, LabelAttentionConfig, exist_ok=True)
    AutoModelForSequenceClassification.register(
        LabelAttentionConfig, LabelAttentionForSequenceClassification, exist_ok=True
    )
