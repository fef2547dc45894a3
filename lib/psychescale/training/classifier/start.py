"""What training starts from: a backbone with a new head, or a bundle that learns on."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import torch

from psychescale.errors import ModelError, UsageError
from psychescale.model.checkpoint import Checkpoint, open_checkpoint
from psychescale.model.heads.registration import register_heads
from psychescale.model.lengths import LABEL_ATTENTION
from psychescale.model.quiet import quiet_transformers
from psychescale.model.spec import ModelSpec, read_model

Head = Literal["standard", "label-attention"]

# One row a label, in the classes of transformers and in ours.
_LABEL_TENSORS = (
    "classifier.weight",
    "classifier.bias",
    "classifier.out_proj.weight",
    "classifier.out_proj.bias",
    "classification_head.out_proj.weight",
    "classification_head.out_proj.bias",
    "logits_proj.weight",
    "logits_proj.bias",
    "score.weight",
    "query",
    "output",
    "bias",
)


def head_of(checkpoint: Checkpoint) -> Head:
    """The head that a classifier's folder holds."""
    attends = checkpoint.config.get("model_type") == LABEL_ATTENTION
    return "label-attention" if attends else "standard"


def open_bundle(folder: Path, labels: Sequence[str] = (), **flags: Any) -> ModelSpec:
    """The classifier to re-train (`train --from`), with its labels known.

    Args:
        folder: A bundle, or a classifier's folder.
        labels: Names for one that has only ``LABEL_0``, …
        flags: Others of `read_model`.

    Raises:
        ModelError: It is no classifier, or does not name its labels.
    """
    # The old activation says nothing of the new model, which is multi-label in any case.
    return read_model(str(folder), labels=labels, activation="sigmoid", **flags)[1]


def load_for_training(
    folder: Path, labels: Sequence[str], head: Head, *, former_labels: Sequence[str] = ()
) -> tuple[Any, Any]:
    """Model and tokenizer to fine-tune.

    Args:
        folder: Backbone, or the bundle to re-train.
        labels: Label order of the new model.
        head: The new model's head.
        former_labels: Labels of the bundle to re-train, in its order. Labels that stay keep their
            weights, wherever they stand; new ones start at random.

    Returns:
        A `PreTrainedModel` in float32 and its tokenizer.

    Raises:
        UsageError: The folder holds another head.
        ModelError: The folder cannot be loaded, or the tokenizer is another model's.
    """
    checkpoint = open_checkpoint(folder)
    if head not in get_args(Head):
        raise UsageError(
            f"There is no head {head!r}.", remedy=f"Heads: {', '.join(get_args(Head))}."
        )
    if head == "standard" and head_of(checkpoint) == "label-attention":
        raise UsageError(
            f"{folder} has a label-attention head.", remedy="Add ‹head› label-attention."
        )
    with quiet_transformers(), warnings.catch_warnings():
        try:
            tokenizer, model = _load(folder, labels, head, head_of(checkpoint))
        except Exception as error:  # noqa: BLE001 - whatever a broken folder makes the library raise
            raise ModelError(
                f"{folder} cannot be loaded for training ({type(error).__name__}).",
                remedy="Check that config.json, tokenizer.json and model.safetensors belong "
                "together, and that this version of transformers knows the architecture.",
            ) from None
    _require_padding(folder, tokenizer, model)
    _require_vocabulary(folder, tokenizer, model)
    if former_labels:
        _carry_over(checkpoint, model, labels, former_labels)
    return model, tokenizer


def _load(folder: Path, labels: Sequence[str], head: Head, own: Head) -> tuple[Any, Any]:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from psychescale.model.heads.label_attention import LabelAttentionForSequenceClassification

    names: dict[str, Any] = {
        "id2label": dict(enumerate(labels)),
        "label2id": {name: index for index, name in enumerate(labels)},
    }
    register_heads()
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if head == "label-attention" and own == "standard":
        return tokenizer, LabelAttentionForSequenceClassification.from_backbone(folder, **names)
    model = AutoModelForSequenceClassification.from_pretrained(
        folder,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
        dtype=torch.float32,
        num_labels=len(labels),
        problem_type="multi_label_classification",
        ignore_mismatched_sizes=True,
        **names,
    )
    return tokenizer, model


def _require_padding(folder: Path, tokenizer: Any, model: Any) -> None:
    """Settle which token fills a batch up: the tokenizer's, the model's, or that of the end."""
    config = model.config.get_text_config()
    if tokenizer.pad_token is None:
        stated = getattr(config, "pad_token_id", None)
        chosen = tokenizer.eos_token_id if stated is None else stated
        if chosen is None:
            raise ModelError(
                f"{folder} has neither a padding token nor one that ends a text.",
                remedy="Name a pad_token in its tokenizer_config.json.",
            )
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(chosen)
    if getattr(config, "pad_token_id", None) is None:
        config.pad_token_id = tokenizer.pad_token_id


def _require_vocabulary(folder: Path, tokenizer: Any, model: Any) -> None:
    highest = max(tokenizer.get_vocab().values())
    rows = model.get_input_embeddings().weight.shape[0]
    if highest >= rows:
        raise ModelError(
            f"{folder}: the tokenizer has {highest + 1} tokens, but the model embeds {rows}.",
            remedy="The tokenizer belongs to another model; copy the backbone's own tokenizer.json.",
        )


def _carry_over(
    checkpoint: Checkpoint, model: Any, labels: Sequence[str], former: Sequence[str]
) -> None:
    """Give every label that stays the rows that it had."""
    from safetensors.torch import load_file

    saved: dict[str, torch.Tensor] = {}
    for path in checkpoint.weights:
        saved |= {n: t for n, t in load_file(path).items() if n in _LABEL_TENSORS}
    new = [index for index, name in enumerate(labels) if name in former]
    old = [former.index(labels[index]) for index in new]
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, tensor in saved.items():
            if name in parameters and len(tensor) == len(former):
                fresh = torch.empty_like(parameters[name])
                if fresh.dim() > 1:
                    fresh.normal_(std=0.02)
                else:
                    fresh.zero_()
                fresh[new] = tensor[old].to(fresh)
                parameters[name].copy_(fresh)
