"""From parts to a fitted model: start, fit, calibrate, choose thresholds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import ModelError, UsageError
from psychescale.model.bundle import require_free
from psychescale.model.checkpoint import WEIGHTS_FILES, find_model, open_checkpoint
from psychescale.model.lengths import choose_max_length
from psychescale.scoring.options import ModelRequest
from psychescale.scoring.probe import require_reproducible
from psychescale.scoring.scorer import Scorer
from psychescale.settings.train import TrainConfig
from psychescale.training.abstention import Abstention, fit_abstention
from psychescale.training.calibration import Calibration, fit_calibration, sigmoid
from psychescale.training.classifier.augment import AugmentOptions
from psychescale.training.classifier.fit import FitOptions, Fitted, fit
from psychescale.training.classifier.losses import LossOptions, positive_weights
from psychescale.training.classifier.start import (
    Head,
    head_of,
    load_for_training,
    open_bundle,
)
from psychescale.training.split.digests import read_key
from psychescale.training.thresholds import (
    Criterion,
    Thresholds,
    fit_thresholds,
    parse_criterion,
    tell_thresholds,
)
from psychescale.workflows.train.exposure import infer_membership
from psychescale.workflows.train.mlflow import require_mlflow
from psychescale.workflows.train.parts import Parts


@dataclass(frozen=True)
class Start:
    """What training starts from.

    Attributes:
        folder: A backbone, or the bundle to re-train.
        weights_digest: SHA-256 (hex) of its weights.
        head: The head of the new model.
        former_labels: Labels of the bundle to re-train, in its order; empty for a backbone.
        criterion: What thresholds are to be chosen for; None chooses none.
    """

    folder: Path
    weights_digest: str
    head: Head
    former_labels: tuple[str, ...]
    criterion: Criterion | None


@dataclass(frozen=True)
class Outcome:
    """A fitted model, and what was fitted on validation rows after it.

    Attributes:
        fitted: What came of the training run.
        calibration: Slope and intercept per label; None where there is no validation, or none is
            asked for.
        thresholds: Per label; None likewise.
        told: What whoever uses the thresholds must know.
        abstention: Bands in which nothing is decided; None where none are asked for.
        exposure: What membership inference showed, a sentence; empty where it was not asked for.
    """

    fitted: Fitted
    calibration: Calibration | None
    thresholds: Thresholds | None
    told: Sequence[str] = ()
    abstention: Abstention | None = None
    exposure: str = ""


def require_ready(config: TrainConfig) -> Start:
    """Check everything that can be refused before Spark starts.

    Raises:
        UsageError: The output is there already, MLflow is not, or options do not fit each other.
        ModelError: What is given cannot be trained on.
    """
    require_free(Path(config.output))
    require_mlflow(config)
    start = starting_point(config)
    _require_reproducible(start)
    if config.membership_key_file is not None:
        read_key(config.membership_key_file)
    return start


def starting_point(config: TrainConfig) -> Start:
    """What training starts from.

    Raises:
        UsageError: Neither a backbone nor a bundle is given, or both; or the criterion is none.
        ModelError: What is given cannot be trained on.
    """
    criterion = None if config.thresholds == "none" else parse_criterion(config.thresholds)
    if criterion is None and config.abstain is not None:
        raise UsageError(
            "‹abstain› needs thresholds to stand around.",
            remedy="Leave ‹thresholds› none out, or ‹abstain›.",
        )
    if (config.backbone is None) == (config.from_bundle is None):
        raise UsageError(
            "One of ‹backbone› and ‹from› says what training starts from.",
            remedy="Give ‹backbone› FOLDER, or ‹from› BUNDLE to train a bundle on.",
        )
    folder = find_model(config.backbone or config.from_bundle or "", revision=config.revision)
    try:
        checkpoint = open_checkpoint(folder)
    except ModelError as error:
        option = "backbone" if config.from_bundle is None else "from"
        problem, remedy = error.template
        remedy = f"{remedy} Or name another folder: ‹{option}› FOLDER."
        raise ModelError(problem, remedy=remedy) from None
    former = () if config.from_bundle is None else _former_labels(checkpoint.folder, config)
    head = config.head or (head_of(checkpoint) if former else "standard")
    digest = checkpoint.digest(*WEIGHTS_FILES)
    return Start(checkpoint.folder, digest, head, former, criterion)


def _require_reproducible(start: Start) -> None:
    """Refuse before training what `score` would refuse after it."""
    try:
        max_length = choose_max_length(open_checkpoint(start.folder), None)
    except ModelError as error:
        raise ModelError(
            error.template[0], remedy="Write model_max_length into its tokenizer_config.json."
        ) from None
    model, tokenizer = load_for_training(start.folder, _TWO_LABELS, start.head)
    require_reproducible(model, tokenizer, max_length)


_TWO_LABELS = ("one", "two")  # how many there will be is not known yet, and of no matter


def _former_labels(folder: Path, config: TrainConfig) -> tuple[str, ...]:
    try:
        return open_bundle(folder, config.former_labels).labels
    except ModelError as error:
        if "labels" not in error.options:
            raise
        raise ModelError(
            error.renamed({"labels": "former_labels"}).template[0],
            remedy="Name them in the model's order: ‹former_labels› NAME,NAME,…",
        ) from None


def fit_parts(
    config: TrainConfig,
    start: Start,
    parts: Parts,
    *,
    on_progress: Callable[[int], None],
    fitter: Callable[..., Fitted] = fit,
) -> Outcome:
    """Train on the training part into the folder ``config.output``, then fit what goes with it.

    Args:
        config: Of the run.
        start: What training starts from.
        parts: The rows.
        on_progress: Told how many texts have been read so far.
        fitter: `fit`, or what calls it in several processes.

    Raises:
        UsageError: The checkpoints belong to another run.
        InputError: Validation is too small for thresholds.
        ModelError: The backbone cannot be used.
    """
    outcome = _fit_and_calibrate(config, start, parts, on_progress=on_progress, fitter=fitter)
    if not config.inference_rows:
        return outcome
    sentence = infer_membership(
        _fitted_scorer(config, parts), parts, outcome.calibration,
        most=config.inference_rows, seed=config.seed,
    )  # fmt: skip
    return replace(outcome, exposure=sentence)


def _fit_and_calibrate(
    config: TrainConfig,
    start: Start,
    parts: Parts,
    *,
    on_progress: Callable[[int], None],
    fitter: Callable[..., Fitted],
) -> Outcome:
    train, validation = parts.to_fit("train"), parts.to_fit("validation")
    if train is None:  # `divide` refuses this
        raise ValueError("no training rows")
    loss = LossOptions(name=config.loss)
    fitted = fitter(
        start.folder,
        train,
        parts.labels,
        config.choices(FitOptions, head=start.head),
        output=Path(config.output),
        validation=validation,
        loss=loss,
        augmentation=config.choices(AugmentOptions),
        former_labels=start.former_labels,
        checkpoints=None if config.checkpoints is None else Path(config.checkpoints),
        on_progress=on_progress,
    )
    if validation is None or (not config.calibrate and start.criterion is None):
        return Outcome(fitted, None, None)
    logits, usable = _validation_logits(config, parts)
    chosen = parts.index("validation")[usable]
    targets = parts.targets[chosen]
    calibration = None
    if config.calibrate:
        weights = positive_weights(train.targets, loss)
        calibration = fit_calibration(logits, targets, positive_weights=weights)
    if start.criterion is None:
        return Outcome(fitted, calibration, None)
    calibrated = logits.astype(np.float64)
    if calibration is not None:
        calibrated = calibrated * calibration.slope + calibration.intercept
    probabilities = sigmoid(calibrated).astype(np.float32)
    groups, seed = parts.groups[chosen], config.seed
    thresholds = fit_thresholds(
        probabilities, targets, criterion=start.criterion, groups=groups, seed=seed
    )
    told = tell_thresholds(
        thresholds, probabilities, targets, parts.labels, groups=groups, seed=seed
    )
    if config.abstain is None:
        return Outcome(fitted, calibration, thresholds, told)
    abstention = fit_abstention(
        probabilities, targets, thresholds.values, risk=config.abstain, groups=groups
    )  # fmt: skip
    return Outcome(fitted, calibration, thresholds, [*told, *abstention.told], abstention)


def _validation_logits(
    config: TrainConfig, parts: Parts
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Raw logits as `score` will compute them, and which rows have any.

    Shapes (n_usable, n_labels) and (n_validation,).
    """
    rows = parts.rows.take(parts.index("validation"))
    scores = _fitted_scorer(config, parts).score(rows.texts, rows.second_texts)
    usable = np.array([error is None for error in scores.errors], np.bool_)
    return scores.logits[usable], usable


def _fitted_scorer(config: TrainConfig, parts: Parts) -> Scorer:
    """The model as `score` will load it, before there is a calibration."""
    checkpoint, spec, options = ModelRequest(
        model=config.output,
        labels=parts.labels,
        activation="sigmoid",
        allow_generic_labels=True,
        long_text=config.long_text,
        stride=config.stride,
    ).resolve()
    return Scorer.load(checkpoint.folder, spec, options)
