"""What a training run leaves behind: facts in the bundle, membership in a restricted folder."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from psychescale.disclosure import masked
from psychescale.errors import UsageError
from psychescale.model.bundle import seal_bundle
from psychescale.settings.recalibrate import RecalibrateConfig
from psychescale.settings.train import TrainConfig
from psychescale.training.card import CardFacts, make_card
from psychescale.training.classifier.augment import AugmentOptions
from psychescale.training.classifier.fit import FitOptions
from psychescale.training.split.digests import KEY_FILE, RowDigests, read_key
from psychescale.training.split.strategies import PARTS
from psychescale.workflows.rows import LabelledRows
from psychescale.workflows.train.fit import Outcome, Start
from psychescale.workflows.train.mlflow import track
from psychescale.workflows.train.parts import Parts, column_of

MEMBERSHIP_FILE = "membership.jsonl"
Fitting: TypeAlias = TrainConfig | RecalibrateConfig
"""A job that fits something on rows."""
Mark = tuple[str, str] | None
"""Normalizer and redactor version of the corpus; None for a raw one."""


def write_bundle(
    config: TrainConfig, start: Start, parts: Parts, outcome: Outcome, *, mark: Mark
) -> tuple[dict[str, Any], str | None]:
    """Seal the bundle with its facts and card, keep who was in which part, and track the run.

    Returns:
        Content of `scoring.json`, and the run's id in MLflow, if it is tracked.

    Raises:
        UsageError: A folder cannot be written.
        StorageError: MLflow does not take the run.
    """
    facts = scoring_facts(config, start, parts, outcome, mark=mark)
    keep_membership(restricted_folder(config), parts, outcome)
    fitted = np.sort(np.concatenate([parts.index("train"), parts.index("validation")]))
    keep_digests(config, parts.rows.take(fitted))
    seal_bundle(Path(config.output), facts, card_text(facts, parts))
    return facts, track(config, facts)


def scoring_facts(
    config: TrainConfig, start: Start, parts: Parts, outcome: Outcome, *, mark: Mark
) -> dict[str, Any]:
    """Content of `scoring.json`. It holds no id, no text, and no count of a label's rows."""
    calibration, thresholds = outcome.calibration, outcome.thresholds
    chosen = None if thresholds is None else dict(thresholds.to_json())
    if chosen is not None:
        del chosen["own_weight"]  # positives / 50: it would tell a rare label's count
        chosen["told"] = list(outcome.told)
    normalizer, redactor = mark or (None, None)
    return {
        "labels": list(parts.labels),
        "activation": "sigmoid",
        "long_text": {"policy": config.long_text, "stride": config.stride},
        "calibration": None if calibration is None else calibration.to_json(),
        "thresholds": chosen,
        "membership_inference": outcome.exposure or None,
        "abstention": None if outcome.abstention is None else outcome.abstention.to_json(),
        "normalizer": normalizer,
        "redactor": redactor,
        "split": _split_facts(config, parts),
        "training": _training_facts(config, start, parts, outcome),
        "curve": [asdict(point) for point in outcome.fitted.curve],
    }


def _split_facts(config: TrainConfig, parts: Parts) -> dict[str, Any]:
    given = [part for part in PARTS[1:] if getattr(config, part) is not None]
    key = membership_key(config)
    return {
        "made": config.split,
        "given": given,
        **parts.split.counts(),
        "left_out": masked(len(parts.split.left_out)),
        "dropped": {
            part: {kind: masked(count) for kind, count in kinds.items()}
            for part, kinds in parts.dropped.items()
        },
        "not_annotated": masked(parts.rows.n_unannotated),
        "membership_hmac_sha256": parts.digests(key),
    }


def membership_key(config: Fitting) -> bytes:
    """The key of the digests of membership: the one given, or one made for this bundle.

    Without a key of one's own, a random one is kept beside the ids, readable by nobody else.

    Raises:
        UsageError: The key cannot be read, or not be kept.
    """
    if config.membership_key_file is not None:
        return read_key(config.membership_key_file)
    folder = restricted_folder(config)
    file = folder / KEY_FILE
    try:
        if not file.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(secrets.token_hex(32) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror}.", remedy="Give another ‹restricted›."
        ) from None
    return read_key(str(file))


def _training_facts(
    config: TrainConfig, start: Start, parts: Parts, outcome: Outcome
) -> dict[str, Any]:
    fitted = outcome.fitted
    augmentation = asdict(config.choices(AugmentOptions))
    return {
        "backbone": Path(config.backbone or config.from_bundle or "").name,
        "backbone_weights_sha256": start.weights_digest,
        "retrained": bool(start.former_labels),
        "rows": len(parts.index("train")),
        "rows_with_copies": fitted.n_rows,
        "rows_sha256": parts.rows.digest,
        "second_text": config.second_text_column is not None,
        "accept_raw": config.accept_raw,
        "loss": config.loss,
        **asdict(config.choices(FitOptions, head=start.head)),
        **{f"augment_{name}": value for name, value in augmentation.items() if name != "seed"},
        "mean_training_loss": round(fitted.mean_training_loss, 4),
        "steps": fitted.steps,
        "best_step": fitted.best_step,
        "stopped_early": fitted.stopped_early,
    }


def card_text(facts: Mapping[str, Any], parts: Parts) -> str:
    """The model card, from the facts of `scoring.json` and the counts that may be shown."""
    split = {
        "parts": f"{facts['split']['made']} split"
        + "".join(f", {part} given" for part in facts["split"]["given"]),
        **{name: facts["split"][name] for name in (*PARTS, "left_out")},
        "not annotated, left out": facts["split"]["not_annotated"],
    }
    digests = facts["split"]["membership_hmac_sha256"] or {}
    split |= {f"ids of {part} (HMAC-SHA-256)": value for part, value in digests.items()}
    policy = facts["long_text"]
    after = {
        "calibration": "slope and intercept per label, on validation"
        if facts["calibration"]
        else "none: probabilities are those of the loss",
        "thresholds": f"on validation for {facts['thresholds']['criterion']}"
        if facts["thresholds"]
        else "none",
        "abstention": f"around thresholds, for at most {facts['abstention']['risk']:g} wrong decisions"
        if facts["abstention"]
        else "none",
        "long_texts": f"{policy['policy']}, {policy['stride']} tokens shared",
    }
    return make_card(
        CardFacts(
            labels=parts.labels,
            calibrated=facts["calibration"] is not None,
            training={**facts["training"], **after},
            split=split,
            labelled={share.label: share.positives for share in parts.shares},
            deviations={share.label: share.deviation for share in parts.shares},
            leaks=parts.dropped,
            provenance={"normalizer": facts["normalizer"], "redactor": facts["redactor"]},
            limits=[
                *(facts["thresholds"] or {}).get("told", ()),
                facts["membership_inference"] or "Membership inference was not tried.",
            ],
        )
    )


def restricted_folder(config: Fitting) -> Path:
    """Where the ids go."""
    return Path(config.restricted or f"{config.output.rstrip('/')}-restricted")


def keep_membership(folder: Path, parts: Parts, outcome: Outcome) -> Path:
    """Write which id is in which part, and the thresholds with their weights; mode 0700.

    Raises:
        UsageError: The folder cannot be written.
    """
    part_of = {int(row): part for part in PARTS for row in parts.index(part)}
    lines = (
        json.dumps({"id": name, "part": part_of.get(row, "left_out")}) + "\n"
        for row, name in enumerate(parts.rows.ids)
    )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        (folder / MEMBERSHIP_FILE).write_text("".join(lines), encoding="utf-8")
        if outcome.thresholds is not None:
            content = json.dumps(outcome.thresholds.to_json(), indent=2) + "\n"
            (folder / "thresholds.json").write_text(content, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror}.", remedy="Give another ‹restricted›."
        ) from None
    return folder / MEMBERSHIP_FILE


def keep_digests(config: Fitting, fitted: LabelledRows) -> None:
    """Write keyed digests of the rows that were fitted on beside their key.

    Raises:
        UsageError: The folder cannot be written.
    """
    folder, key = restricted_folder(config), membership_key(config)
    digests = RowDigests.of(key, fitted.texts, column_of(fitted, config.author_column))
    try:
        digests.write(folder)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror}.", remedy="Give another ‹restricted›."
        ) from None
