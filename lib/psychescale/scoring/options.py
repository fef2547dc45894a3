"""How texts are scored, and what a person states of a model: everything that may change a number.

The scoring id names it all.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from psychescale.errors import UsageError
from psychescale.model.checkpoint import Checkpoint
from psychescale.model.spec import Activation, LongText, ModelSpec, Precision, read_model

# Raised when the same model and options would give other numbers than before.
SEMANTICS_VERSION = 1

RAW = ("raw", "raw")
"""Normalizer and redactor version of texts that went through neither."""

Calibrated = Literal["all", "one-window", "none"]
"""Which texts a bundle's calibration is applied to."""

EXACT_TOLERANCE = 1e-5
"""Two computations of one probability under one scoring id may be this far apart."""


@dataclass(frozen=True)
class ScoringOptions:
    """Choices of a run.

    Attributes:
        long_text: Policy for texts that are longer than one window; None takes the model's own.
        stride: Tokens that two neighbouring windows share (the meaning transformers gives the word),
            at most half of a window; None takes the model's own.
        max_windows: Most windows read of one text; what lies behind sets `truncated`.
        precision: Number format of weights and computation.
        device: A torch device; None chooses one.
        max_batch_tokens: Token budget of a batch; None takes the device's default. Changes speed and
            memory, not numbers.
    """

    long_text: LongText | None = None
    stride: int | None = None
    max_windows: int = 64
    precision: Precision = "fp32"
    device: str | None = None
    max_batch_tokens: int | None = None

    def __post_init__(self) -> None:
        _require_one_of("long_text", self.long_text, LongText)
        _require_one_of("precision", self.precision, Precision)
        if self.max_batch_tokens is not None and self.max_batch_tokens < 1:
            raise UsageError(
                f"‹max_batch_tokens› {self.max_batch_tokens} holds no token.",
                remedy="Give 1 or more, or leave it out.",
            )
        if self.stride is not None and self.stride < 0:
            raise UsageError(
                f"‹stride› {self.stride} is negative.", remedy="Give a number of tokens."
            )
        if self.max_windows < 1:
            raise UsageError(
                f"‹max_windows› {self.max_windows} leaves nothing to read.",
                remedy="Give 1 or more.",
            )


@dataclass(frozen=True, kw_only=True)
class ModelRequest(ScoringOptions):
    """A model, and everything that may be said of it; the keys of `score` have the same names.

    Attributes:
        model: A folder, or a hub id with `revision`.
        revision: Commit of a hub id, 40 hex digits.
        labels: Names that replace the checkpoint's, in the order of the logits.
        allow_generic_labels: Accept names such as ``LABEL_0``.
        activation: Where the checkpoint does not say.
        max_length: Longest window in tokens; None takes the model's own.
    """

    model: str
    revision: str | None = None
    labels: Sequence[str] = ()
    allow_generic_labels: bool = False
    activation: Activation | None = None
    max_length: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_one_of("activation", self.activation, Activation)
        if isinstance(self.labels, str):
            raise UsageError(
                f"‹labels› is one string, {self.labels!r}.",
                remedy="Give a list of names, in the model's order.",
            )

    def resolve(self) -> tuple[Checkpoint, ModelSpec, ScoringOptions]:
        """The model's files, what is known of it, and how it scores; without loading it.

        Raises:
            ModelError: Something is missing or ambiguous; the message names the option to add.
        """
        checkpoint, spec = read_model(
            self.model,
            revision=self.revision,
            labels=self.labels,
            allow_generic_labels=self.allow_generic_labels,
            activation=self.activation,
            max_length=self.max_length,
        )
        own = {field.name: getattr(self, field.name) for field in fields(ScoringOptions)}
        return checkpoint, spec, ScoringOptions(**own)


def _require_one_of(key: str, value: object, kind: Any) -> None:
    """Refuse a value that is none of a Literal's; None leaves the choice to the model."""
    if value is not None and value not in get_args(kind):
        raise UsageError(
            f"‹{key}› {value!r} is unknown.", remedy=f"Give {', '.join(get_args(kind))}."
        )


@dataclass(frozen=True)
class Applied:
    """What a run really applies, once model and options meet.

    Attributes:
        long_text: The policy in force.
        stride: Tokens that neighbouring windows share.
        calibrated: The texts that the bundle's calibration is applied to. A text that is read whole in
            one window has the same logits under every policy, so that it keeps its calibration.
        set_aside: Why a calibration that the bundle holds is not applied to all texts, or None.
    """

    long_text: LongText
    stride: int
    calibrated: Calibrated
    set_aside: str | None

    def describe(self) -> str:
        """What a person is told of the calibration."""
        if self.calibrated == "all":
            return "applied"
        extent = "not applied" if self.calibrated == "none" else "of texts of one window alone"
        return f"{extent}: {self.set_aside or 'the model has none'}"


def settle(spec: ModelSpec, options: ScoringOptions) -> Applied:
    """Decide policy and calibration: a calibration holds only for what it was fitted on."""
    policy = options.long_text or spec.long_text
    stride = spec.stride if options.stride is None else options.stride
    return Applied(policy, stride, *_calibrated(spec, policy))


def _calibrated(spec: ModelSpec, policy: LongText) -> tuple[Calibrated, str | None]:
    if spec.calibration is None:
        return "none", None
    if spec.activation == "softmax":
        return "none", "it was fitted per label, and softmax makes the labels compete"
    if policy != spec.long_text:
        reason = f"it was fitted under --long-text {spec.long_text}, this run uses {policy}"
        return "one-window", reason
    return "all", None


def of_texts(spec: ModelSpec, mark: tuple[str, str] | None) -> ModelSpec:
    """The model as it meets texts that went through a normalizer and a redactor of these versions.

    They take the place of the versions that the model learned from, so that the scoring id knows what
    was read: the same corpus, redacted anew, is scored anew, and so is a redacted one read raw.

    Args:
        spec: What is known of the model.
        mark: Versions of normalizer and redactor; None for raw texts, which are another version to a
            model that learned from redacted ones, and change nothing for one that records none.
    """
    if mark is None:
        mark = None if spec.normalizer is None and spec.redactor is None else RAW
    return spec if mark is None else replace(spec, normalizer=mark[0], redactor=mark[1])


def compute_scoring_id(
    spec: ModelSpec, options: ScoringOptions, *, second_text: bool = False, engine: str = "torch"
) -> str:
    """SHA-256 (hex) over all that determines the numbers, but for the texts themselves.

    Two runs with the same id give the same numbers within 1e-5, whatever the batches, partitions
    or machines.
    """
    applied = settle(spec, options)
    identity = {
        "semantics": SEMANTICS_VERSION,
        "weights": spec.weights_digest,
        "tokenizer": spec.tokenizer_digest,
        "config": spec.config_digest,
        "labels": spec.labels,
        "activation": spec.activation,
        "calibration": None if applied.calibrated == "none" else dict(spec.calibration or {}),
        "max_length": spec.max_length,
        "long_text": applied.long_text,
        "stride": applied.stride,
        "max_windows": options.max_windows,
        "second_text": second_text,
        "normalizer": spec.normalizer,
        "redactor": spec.redactor,
        "engine": engine,
        "precision": options.precision,
    }
    if applied.calibrated == "one-window":  # told only here, so that ids of other runs stay
        identity["calibrated"] = applied.calibrated
    canonical = json.dumps(identity, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
