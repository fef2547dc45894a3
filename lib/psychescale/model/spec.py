"""What must be known of a model before a text is scored with it, and how it comes to be known."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard, cast, get_args

from psychescale.errors import ModelError
from psychescale.labels import column_suffixes
from psychescale.model.checkpoint import (
    CONFIG_FILES,
    TOKENIZER_FILES,
    WEIGHTS_FILES,
    Checkpoint,
    find_model,
    open_checkpoint,
)
from psychescale.model.lengths import choose_max_length

Activation = Literal["sigmoid", "softmax"]
Precision = Literal["fp32", "bf16"]
LongText = Literal["mean", "max", "head-tail", "truncate"]
Layout = Literal["packed", "right", "left", "equal", "single"]
"""How windows stand together in a batch: filled up behind or in front, windows of one length only, or
each by itself; ``packed`` is filled up behind, but not between the model's first layer and its last. No
number may depend on it; which ones keep to that is a model's own."""

# Enough context for a window's first words to be read in a sentence; costs an eighth of the work on
# long texts where windows hold 510 tokens.
DEFAULT_STRIDE = 64
_OTHER_HEADS = (
    "Model",
    "ForCausalLM",
    "ForConditionalGeneration",
    "ForMaskedLM",
    "ForMultipleChoice",
    "ForNextSentencePrediction",
    "ForPreTraining",
    "ForQuestionAnswering",
    "ForTokenClassification",
    "WithLMHead",
)
_FLOAT_DTYPES = {"F64", "F32", "F16", "BF16"}


@dataclass(frozen=True)
class ModelSpec:
    """A model, with everything said that its folder left open.

    Attributes:
        labels: Label names, in the order of the logits.
        columns: Column suffixes of the labels, in the same order.
        activation: ``sigmoid`` (each label by itself) or ``softmax`` (labels compete).
        max_length: Longest window in tokens, special tokens included.
        long_text: The policy for longer texts that the bundle was validated with; ``mean`` for a
            plain folder.
        stride: Tokens that neighbouring windows share under that policy.
        calibration: Slope and intercept per label in logits, or None for the identity.
        thresholds: Per label, the probability from which it is assigned; None if none are frozen.
            They change no score, so that they are no part of the scoring id.
        bands: Per label, the lowest and the highest probability at which the bundle abstains, or None
            for nowhere; None if it never does. No part of the scoring id either.
        normalizer: Version of the text normalizer of the training texts; None if none is recorded.
        redactor: Version of the redactor of the training texts; None if none is recorded.
        model_type: Architecture, as in `config.json`.
        weights_digest: SHA-256 (hex) of the weights.
        tokenizer_digest: SHA-256 (hex) of the tokenizer's files.
        config_digest: SHA-256 (hex) of `config.json`.
        layout: How its windows may stand together in a batch; None if that was not tried yet. It
            changes no score, so that it is no part of the scoring id.
    """

    labels: tuple[str, ...]
    columns: tuple[str, ...]
    activation: Activation
    max_length: int
    long_text: LongText
    stride: int
    calibration: Mapping[str, Sequence[float]] | None
    normalizer: str | None
    redactor: str | None
    model_type: str
    weights_digest: str
    tokenizer_digest: str
    config_digest: str
    thresholds: tuple[float, ...] | None = None
    bands: tuple[tuple[float, float] | None, ...] | None = None
    layout: Layout | None = None


def read_model(
    model: str,
    *,
    revision: str | None = None,
    labels: Sequence[str] = (),
    allow_generic_labels: bool = False,
    activation: Activation | None = None,
    max_length: int | None = None,
) -> tuple[Checkpoint, ModelSpec]:
    """Find a model and settle what it is, without loading it.

    Args:
        model: A folder, or a hub id together with `revision`.
        revision: Commit hash (40 hex digits) for a hub id.
        labels: Names that replace the checkpoint's, in the order of the logits.
        allow_generic_labels: Accept names such as ``LABEL_0``.
        activation: Overrides what the checkpoint says.
        max_length: Longest window in tokens, special tokens included; at most the model's own.

    Raises:
        ModelError: Something is missing or ambiguous; the message names the flag to add.
    """
    checkpoint = open_checkpoint(find_model(model, revision=revision))
    _require_classifier(checkpoint)
    require_float_weights(checkpoint)
    names = _choose_labels(checkpoint, labels, allow_generic=allow_generic_labels)
    spec = ModelSpec(
        labels=names,
        columns=column_suffixes(names),
        activation=_choose_activation(checkpoint, activation, n_labels=len(names)),
        max_length=choose_max_length(checkpoint, max_length),
        long_text=_read_long_text(checkpoint),
        stride=_read_stride(checkpoint),
        calibration=_read_calibration(checkpoint, names),
        normalizer=checkpoint.scoring.get("normalizer"),
        redactor=checkpoint.scoring.get("redactor"),
        model_type=str(checkpoint.config.get("model_type", "")),
        weights_digest=checkpoint.digest(*WEIGHTS_FILES),
        tokenizer_digest=checkpoint.digest(*TOKENIZER_FILES),
        config_digest=checkpoint.digest(*CONFIG_FILES),
        thresholds=_read_thresholds(checkpoint, names),
        bands=_read_bands(checkpoint, names),
    )
    return checkpoint, spec


def _require_classifier(checkpoint: Checkpoint) -> None:
    config, folder = checkpoint.config, checkpoint.folder
    if config.get("quantization_config"):
        raise ModelError(
            f"{folder} is quantized (quantization_config in config.json).",
            remedy="Give the model in float32, float16 or bfloat16.",
        )
    if config.get("problem_type") == "regression":
        raise ModelError(
            f"{folder} is a regression model: its outputs are no label probabilities.",
            remedy="Give a classification model.",
        )
    # A name that is none of transformers' (…ForMultiLabel…) says nothing; whether the weights fit does.
    architectures = config.get("architectures") or []
    if architectures and all(str(name).endswith(_OTHER_HEADS) for name in architectures):
        raise ModelError(
            f"{folder} holds a {architectures[0]}, which has no trained classifier.",
            remedy="Fine-tune it first: psychescale train ‹backbone› FOLDER ‹train› LABELLED "
            "‹output› BUNDLE; then pass ‹model› BUNDLE.",
        )


def require_float_weights(checkpoint: Checkpoint) -> None:
    """Refuse weights that are not floating-point numbers.

    Raises:
        ModelError: They are not, or a file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    for path in checkpoint.weights:
        try:
            with safe_open(path, framework="numpy") as tensors:
                dtypes = {name: tensors.get_slice(name).get_dtype() for name in tensors.keys()}  # noqa: SIM118
        except SafetensorError:
            raise ModelError(
                f"{path} is no whole safetensors file.", remedy="Copy the model folder again."
            ) from None
        # Buffers such as position ids are integers; a weight in integers lacks its scale.
        for name, dtype in dtypes.items():
            if dtype.startswith("F8") or (name.endswith("weight") and dtype not in _FLOAT_DTYPES):
                raise ModelError(
                    f"{path}: {name} is of type {dtype}.",
                    remedy="Give the model in float32, float16 or bfloat16.",
                )


def _choose_labels(
    checkpoint: Checkpoint, given: Sequence[str], *, allow_generic: bool
) -> tuple[str, ...]:
    if given:
        own = own_labels(checkpoint, lenient=True)
        if own and len(given) != len(own):
            raise ModelError(
                f"‹labels› names {len(given)} labels; {checkpoint.folder} has {len(own)}.",
                remedy="Name every label once, in the model's order.",
            )
        if len(set(given)) != len(given):
            raise ModelError("‹labels› names a label twice.", remedy="Name every label once.")
        return tuple(given)
    own = own_labels(checkpoint)
    if not own:
        raise ModelError(
            f"{checkpoint.folder} does not say how many labels it has.",
            remedy="Name them in the model's order: ‹labels› NAME,NAME,…",
        )
    if not allow_generic and all(name == f"LABEL_{i}" for i, name in enumerate(own)):
        raise ModelError(
            f"{checkpoint.folder} does not name its {len(own)} labels (LABEL_0, …).",
            remedy="Name them in the model's order: ‹labels› NAME,NAME,… or accept the generic "
            "names: ‹allow_generic_labels›.",
        )
    return own


def own_labels(checkpoint: Checkpoint, *, lenient: bool = False) -> tuple[str, ...]:
    """Label names that the folder states; generic ones where it states only their number.

    With `lenient` a faulty numbering gives no names instead of an error.
    """
    stated = checkpoint.scoring.get("labels")
    if stated:
        if not isinstance(stated, list) or not all(isinstance(name, str) for name in stated):
            raise ModelError(
                f"{checkpoint.folder}: labels in scoring.json is no list of names.",
                remedy="Pack or train the bundle again.",
            )
        return tuple(stated)
    id2label = checkpoint.config.get("id2label")
    if id2label:
        try:
            named = {} if None in id2label.values() else id2label
            by_index = {int(index): str(name) for index, name in named.items()}
        except (ValueError, AttributeError):
            by_index = {}
        if sorted(by_index) != list(range(len(by_index))) or not by_index:
            if lenient:
                return ()
            raise ModelError(
                f"{checkpoint.folder}: id2label in config.json does not number its labels 0, 1, …",
                remedy="Correct config.json, or name them: ‹labels› NAME,NAME,…",
            )
        if not lenient:
            _require_one_order(checkpoint, by_index)
        return tuple(by_index[index] for index in range(len(by_index)))
    # transformers leaves id2label out of config.json when a model has its default of two labels.
    n_labels = checkpoint.config.get("num_labels", 2)
    count = n_labels if isinstance(n_labels, int) else 0
    return tuple(f"LABEL_{index}" for index in range(count))


def _require_one_order(checkpoint: Checkpoint, by_index: Mapping[int, str]) -> None:
    """Refuse two numberings of the same names: one of them gives every label another's numbers."""
    label2id = checkpoint.config.get("label2id")
    if not isinstance(label2id, dict) or set(label2id) != set(by_index.values()):
        return  # generic names stay in label2id where someone named the labels afterwards
    if any(str(label2id[name]) != str(index) for index, name in by_index.items()):
        raise ModelError(
            f"{checkpoint.folder}: id2label and label2id in config.json number the labels otherwise.",
            remedy="Correct config.json, or name them in the model's order: ‹labels› NAME,NAME,…",
        )


def _choose_activation(
    checkpoint: Checkpoint, given: Activation | None, *, n_labels: int
) -> Activation:
    stated = checkpoint.scoring.get("activation")
    if stated is None:
        by_problem = {
            "multi_label_classification": "sigmoid",
            "single_label_classification": "softmax",
        }
        stated = by_problem.get(str(checkpoint.config.get("problem_type")))
    chosen = given or stated
    if chosen is None:
        raise ModelError(
            f"{checkpoint.folder} does not say how its logits become probabilities (no "
            "problem_type in config.json).",
            remedy="Add ‹activation› sigmoid if it was trained multi-label (each label by itself), "
            "or ‹activation› softmax if exactly one label holds for a text.",
        )
    if chosen not in get_args(Activation):
        raise ModelError(
            f"{checkpoint.folder} names the activation {chosen!r}.",
            remedy="Add ‹activation› sigmoid or ‹activation› softmax.",
        )
    if chosen == "softmax" and n_labels == 1:
        raise ModelError(
            f"{checkpoint.folder} has one label; its softmax is always 1.",
            remedy="Add ‹activation› sigmoid.",
        )
    return cast(Activation, chosen)


def _read_long_text(checkpoint: Checkpoint) -> LongText:
    policy = _section(checkpoint, "long_text").get("policy", "mean")
    if policy not in get_args(LongText):
        raise ModelError(
            f"{checkpoint.folder}: scoring.json names the unknown long-text policy {policy!r}.",
            remedy="Pack or train the bundle again.",
        )
    return cast(LongText, policy)


def _read_stride(checkpoint: Checkpoint) -> int:
    stride = _section(checkpoint, "long_text").get("stride", DEFAULT_STRIDE)
    if not isinstance(stride, int) or stride < 0:
        raise ModelError(
            f"{checkpoint.folder}: scoring.json names the long-text stride {stride!r}.",
            remedy="Pack or train the bundle again.",
        )
    return stride


def _read_calibration(
    checkpoint: Checkpoint, labels: tuple[str, ...]
) -> Mapping[str, Sequence[float]] | None:
    if checkpoint.scoring.get("calibration") is None:
        return None
    calibration = _section(checkpoint, "calibration")
    slope, intercept = calibration.get("slope"), calibration.get("intercept")
    if not (_are_numbers(slope, len(labels)) and _are_numbers(intercept, len(labels))):
        raise ModelError(
            f"{checkpoint.folder}: the calibration in scoring.json does not fit {len(labels)} labels.",
            remedy="Pack or train the bundle again.",
        )
    return {"slope": tuple(slope), "intercept": tuple(intercept)}


def _read_thresholds(checkpoint: Checkpoint, labels: tuple[str, ...]) -> tuple[float, ...] | None:
    if checkpoint.scoring.get("thresholds") is None:
        return None
    values = _section(checkpoint, "thresholds").get("values")
    if not _are_numbers(values, len(labels)):
        raise ModelError(
            f"{checkpoint.folder}: the thresholds in scoring.json do not fit {len(labels)} labels.",
            remedy="Pack or train the bundle again.",
        )
    return tuple(values)


def _read_bands(
    checkpoint: Checkpoint, labels: tuple[str, ...]
) -> tuple[tuple[float, float] | None, ...] | None:
    if checkpoint.scoring.get("abstention") is None:
        return None
    bands = _section(checkpoint, "abstention").get("bands")
    found = bands if isinstance(bands, list) else []
    if len(found) != len(labels) or not all(one is None or _are_numbers(one, 2) for one in found):
        raise ModelError(
            f"{checkpoint.folder}: the abstention in scoring.json does not fit {len(labels)} labels.",
            remedy="Pack or train the bundle again.",
        )
    return tuple(None if one is None else (one[0], one[1]) for one in found)


def _are_numbers(values: object, count: int) -> TypeGuard[list[float]]:
    return (
        isinstance(values, list)
        and len(values) == count
        and all(isinstance(v, (int, float)) and math.isfinite(v) for v in values)
    )


def _section(checkpoint: Checkpoint, name: str) -> dict[str, Any]:
    """A part of scoring.json that is an object, empty where it is null or left out."""
    section = checkpoint.scoring.get(name)
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise ModelError(
            f"{checkpoint.folder}: {name} in scoring.json is no object.",
            remedy="Pack or train the bundle again.",
        )
    return section
