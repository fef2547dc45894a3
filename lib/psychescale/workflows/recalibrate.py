"""From a bundle and labelled rows of another place or time to a bundle calibrated for them."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychescale.disclosure import told
from psychescale.errors import InputError, ModelError, UsageError
from psychescale.model.bundle import CARD_FILE, require_free, seal_bundle
from psychescale.model.checkpoint import CHECKSUMS_FILE, SCORING_FILE, Checkpoint
from psychescale.model.spec import ModelSpec
from psychescale.scoring.options import ModelRequest, ScoringOptions, compute_scoring_id
from psychescale.scoring.scorer import Scorer
from psychescale.settings.recalibrate import RecalibrateConfig
from psychescale.training.abstention import Abstention, fit_abstention
from psychescale.training.calibration import sigmoid
from psychescale.training.card import with_recalibration
from psychescale.training.recalibration import Chosen, Update, choose_updates, describe
from psychescale.training.split.digests import read_key
from psychescale.training.split.near_duplicates import find_near_duplicates
from psychescale.training.split.strategies import group_rows, numbered
from psychescale.training.targets import to_targets
from psychescale.training.thresholds import (
    Criterion,
    Thresholds,
    fit_thresholds,
    parse_criterion,
    tell_thresholds,
)
from psychescale.workflows.rows import LabelledRows
from psychescale.workflows.train.parts import column_of
from psychescale.workflows.train.record import keep_digests

_KEEP = "keep"


@dataclass(frozen=True)
class FormerBundle:
    """The bundle that is updated.

    Attributes:
        checkpoint: Its files.
        spec: What is known of it.
        options: How it scores: its own long-text policy.
        criterion: What thresholds are to be chosen for; None keeps them.
    """

    checkpoint: Checkpoint
    spec: ModelSpec
    options: ScoringOptions
    criterion: Criterion | None


@dataclass(frozen=True)
class Updated:
    """What was fitted on the rows.

    Attributes:
        updates: One a label.
        calibration: Slope and intercept per label of the raw logits; None as before.
        thresholds: Chosen anew; None where they are kept.
        told: What whoever uses the thresholds must know.
        abstention: Bands chosen anew; None where none are asked for: older ones hold no more.
    """

    updates: list[Update]
    calibration: Mapping[str, list[float]] | None
    thresholds: Thresholds | None
    told: list[str]
    abstention: Abstention | None

    def sentences(self, labels: Sequence[str]) -> list[str]:
        """What became of each label, and of the thresholds: for console and card."""
        return [*describe(self.updates, labels), *self.told]


def open_former(config: RecalibrateConfig) -> FormerBundle:
    """Check everything that can be refused before Spark starts.

    Raises:
        UsageError: The output is there already, or the criterion is none.
        ModelError: The folder is no bundle, or its probabilities compete (softmax).
    """
    require_free(Path(config.output))
    criterion = None if config.thresholds == _KEEP else parse_criterion(config.thresholds)
    if config.membership_key_file is not None:
        read_key(config.membership_key_file)
    checkpoint, spec, options = ModelRequest(
        model=config.from_bundle, allow_generic_labels=True
    ).resolve()
    if not checkpoint.scoring or not (checkpoint.folder / CARD_FILE).is_file():
        raise ModelError(
            f"{checkpoint.folder} is no bundle.", remedy="Give one that `psychescale train` wrote."
        )
    if spec.activation == "softmax":
        raise ModelError(
            f"{checkpoint.folder}: its probabilities compete within a text (softmax).",
            remedy="A calibration per label needs a sigmoid model.",
        )
    if config.abstain is not None and criterion is None and spec.thresholds is None:
        raise UsageError(
            "‹abstain› needs thresholds to stand around, and the bundle has none.",
            remedy="Add ‹thresholds› f1, or leave ‹abstain› out.",
        )
    return FormerBundle(checkpoint, spec, options, criterion)


def targets_of(former: FormerBundle, rows: LabelledRows) -> NDArray[np.float32]:
    """Truth of the rows in the order of the bundle's labels; float32, shape (n_rows, n_labels).

    Raises:
        InputError: The rows have other labels than the bundle, or lack one as a column.
    """
    labels = former.spec.labels
    known = set(rows.label_names) | {name for names in rows.label_sets for name in names}
    missing = [name for name in labels if rows.label_names and name not in rows.label_names]
    if known - set(labels) or missing:
        other = next(iter([*missing, *sorted(known - set(labels))]))
        raise InputError(
            f"‹validation› and the bundle do not have the same labels: {other!r} is of one alone.",
            remedy=f"Annotate {', '.join(labels)}, all of them, and leave other labels out.",
        )
    return to_targets(rows.label_sets, labels)


def update(config: RecalibrateConfig, former: FormerBundle, rows: LabelledRows) -> Updated:
    """Score the rows as `score` will, choose an update per label, and thresholds where asked for.

    Raises:
        InputError: The rows are too few, or have other labels.
        ModelError: The model cannot be loaded.
    """
    targets = targets_of(former, rows)
    scorer = Scorer.load(former.checkpoint.folder, former.spec, former.options)
    scores = scorer.score(rows.texts, rows.second_texts)
    usable = np.array([error is None for error in scores.errors], np.bool_)
    authors = column_of(rows, config.author_column)
    clusters = find_near_duplicates(rows.texts)
    groups = group_rows(*([clusters] if authors is None else [clusters, numbered(authors)]))
    logits = _calibrated(scores.logits[usable].astype(np.float64), former.spec.calibration)
    targets, groups = targets[usable], groups[usable]
    updates = choose_updates(logits, targets, groups)
    calibration = _composed(former.spec, updates)
    slope, intercept = (np.array([getattr(u, name) for u in updates]) for name in _PARAMETERS)
    probabilities = sigmoid(slope * logits + intercept).astype(np.float32)
    labels, seed = former.spec.labels, config.seed
    thresholds, told = None, []
    if former.criterion is not None:
        thresholds = fit_thresholds(
            probabilities, targets, criterion=former.criterion, groups=groups, seed=seed
        )
        told = tell_thresholds(thresholds, probabilities, targets, labels, groups=groups, seed=seed)
    abstention = None
    if config.abstain is not None:
        cuts = np.array(former.spec.thresholds) if thresholds is None else thresholds.values
        abstention = fit_abstention(
            probabilities, targets, cuts, risk=config.abstain, groups=groups
        )
        told += abstention.told
    return Updated(updates, calibration, thresholds, told, abstention)


_PARAMETERS = ("slope", "intercept")


def _calibrated(
    logits: NDArray[np.float64], calibration: Mapping[str, Any] | None
) -> NDArray[np.float64]:
    if calibration is None:
        return logits
    slope, intercept = (np.array(calibration[name]) for name in _PARAMETERS)
    return np.asarray(slope * logits + intercept, np.float64)


def _composed(spec: ModelSpec, updates: list[Update]) -> dict[str, list[float]] | None:
    """The update behind the calibration that the bundle has; what is kept everywhere stays as it is."""
    before = spec.calibration
    if all(one.chosen is Chosen.KEPT for one in updates):
        return None if before is None else {name: list(before[name]) for name in _PARAMETERS}
    old = before or {"slope": [1.0] * len(updates), "intercept": [0.0] * len(updates)}
    pairs = list(zip(updates, old["slope"], old["intercept"], strict=True))
    return {
        "slope": [one.slope * slope for one, slope, _ in pairs],
        "intercept": [one.slope * intercept + one.intercept for one, _, intercept in pairs],
    }


def write_updated(
    config: RecalibrateConfig, former: FormerBundle, rows: LabelledRows, updated: Updated
) -> dict[str, Any]:
    """Write the new bundle, sealed, and keyed digests of the rows into the restricted folder.

    Returns:
        Content of its `scoring.json`.

    Raises:
        UsageError: A folder cannot be written.
    """
    facts = scoring_facts(config, former, rows, updated)
    keep_digests(config, rows)
    folder = Path(config.output)
    folder.mkdir(parents=True)
    for file in sorted(former.checkpoint.folder.iterdir()):
        if file.is_file() and file.name not in (SCORING_FILE, CARD_FILE, CHECKSUMS_FILE):
            shutil.copyfile(file, folder / file.name)
    card = (former.checkpoint.folder / CARD_FILE).read_text(encoding="utf-8")
    known = facts["recalibration"]
    on = {
        "of the bundle": known["from"],
        "validation rows": told(len(rows)),
        "normalizer": facts["normalizer"] or "none recorded",
        "redactor": facts["redactor"] or "none recorded",
        "thresholds": known["thresholds"],
        "abstention": f"for at most {config.abstain:g} wrong decisions"
        if config.abstain
        else "none",
    }
    seal_bundle(folder, facts, with_recalibration(card, on, updated.sentences(former.spec.labels)))
    return facts


def scoring_facts(
    config: RecalibrateConfig, former: FormerBundle, rows: LabelledRows, updated: Updated
) -> dict[str, Any]:
    """Content of `scoring.json`: the bundle's, with what was fitted anew, and on what.

    It holds no id, no text, and no count of a label's rows.
    """
    before = former.checkpoint.scoring
    thresholds = before.get("thresholds")
    if updated.thresholds is not None:
        thresholds = {**updated.thresholds.to_json(), "told": updated.told}
        del thresholds["own_weight"]  # positives / 50: it would tell a rare label's count
    normalizer, redactor = rows.mark or (None, None)
    calibration = updated.calibration
    return {
        **before,
        "calibration": None
        if calibration is None
        else {**(before.get("calibration") or {}), **calibration},
        "thresholds": thresholds,
        "abstention": None if updated.abstention is None else updated.abstention.to_json(),
        "normalizer": normalizer,
        "redactor": redactor,
        "recalibration": {
            "from": former.checkpoint.folder.name,
            "from_scoring_id": compute_scoring_id(former.spec, former.options),
            "rows": len(rows),
            "rows_sha256": rows.digest,
            "accept_raw": config.accept_raw,
            "labels": {
                label: {"chosen": str(one.chosen), "pooled": one.pooled,
                        "slope": one.slope, "intercept": one.intercept}
                for label, one in zip(former.spec.labels, updated.updates, strict=True)
            },
            "thresholds": "kept" if updated.thresholds is None else str(former.criterion),
        },
    }  # fmt: skip
