"""The scoring id: a name for everything that determines the numbers."""

import hashlib
import json
from dataclasses import dataclass, replace

from psychescale.model.spec import LongText, ModelSpec
from psychescale.scoring.options import ScoringOptions

# Raised when the same model and options would give other numbers than before.
SEMANTICS_VERSION = 1


@dataclass(frozen=True)
class Applied:
    """What a run really applies, once model and options meet.

    Attributes:
        long_text: The policy in force.
        stride: Tokens that neighbouring windows share.
        calibrated: Whether the bundle's calibration is applied.
        set_aside: Why a calibration that the bundle holds is not applied, or None.
    """

    long_text: LongText
    stride: int
    calibrated: bool
    set_aside: str | None


def settle(spec: ModelSpec, options: ScoringOptions) -> Applied:
    """Decide policy and calibration: a calibration holds only for what it was fitted on."""
    policy = options.long_text or spec.long_text
    reason = None
    if spec.calibration is not None:
        if policy != spec.long_text:
            reason = f"it was fitted under --long-text {spec.long_text}, this run uses {policy}"
        elif spec.activation == "softmax":
            reason = "it was fitted per label, and softmax makes the labels compete"
    stride = spec.stride if options.stride is None else options.stride
    return Applied(policy, stride, spec.calibration is not None and reason is None, reason)


def of_texts(spec: ModelSpec, mark: tuple[str, str] | None) -> ModelSpec:
    """The model as it meets texts that went through a normalizer and a redactor of these versions.

    They take the place of the versions that the model learned from, so that the scoring id knows what
    was read: the same corpus, redacted anew, is scored anew.

    Args:
        spec: What is known of the model.
        mark: Versions of normalizer and redactor; None for raw texts, which change nothing.
    """
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
        "calibration": dict(spec.calibration) if spec.calibration and applied.calibrated else None,
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
    canonical = json.dumps(identity, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
