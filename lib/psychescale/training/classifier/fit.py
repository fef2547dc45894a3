"""Fine-tuning a backbone as a multi-label classifier."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from psychescale.errors import InputError
from psychescale.model.checkpoint import open_checkpoint
from psychescale.model.lengths import choose_max_length
from psychescale.model.quiet import quiet_transformers
from psychescale.training.classifier.augment import AugmentOptions
from psychescale.training.classifier.dataset import Rows, augmented, encode
from psychescale.training.classifier.losses import LossOptions, make_loss
from psychescale.training.classifier.resume import claim
from psychescale.training.classifier.start import Head, load_for_training
from psychescale.training.classifier.trainer import (
    LoopOptions,
    Precision,
    build_trainer,
    matrix_products,
)
from psychescale.training.targets import require_seen

# Points of the training-loss curve: enough to see a divergence.
_CURVE_POINTS = 50


@dataclass(frozen=True)
class FitOptions:
    """Choices of a training run.

    Attributes:
        epochs: Passes over the training rows.
        learning_rate: Peak of a schedule that warms up and then falls linearly to zero.
        head_learning_rate: The same for classifier and pooler, which start from nothing, or from
            another task.
        batch_size: Texts in a step, on each device.
        max_length: Tokens that are read of a text; the rest is cut, in training only.
        seed: Of the new head's weights, the order of rows and dropout.
        head: ``standard``, or ``label-attention``.
        warmup_share: Share of all steps in which the rate rises.
        checks_per_epoch: How often an epoch the validation log loss is measured and a checkpoint
            written.
        patience: Checks without a better validation log loss before training stops.
        precision: Of the matrix products; ``bf16`` on processors pays where they have instructions
            for it (AMX).
    """

    epochs: float
    learning_rate: float
    head_learning_rate: float
    batch_size: int
    max_length: int
    seed: int
    head: Head = "standard"
    warmup_share: float = 0.1
    checks_per_epoch: int = 1
    patience: int = 2
    precision: Precision = "auto"


@dataclass(frozen=True)
class CurvePoint:
    """A point of the loss curve.

    Attributes:
        step: Optimizer steps so far.
        epoch: Passes over the training rows so far.
        training_loss: Mean of the chosen loss since the last such point, or None.
        validation_log_loss: Mean over labels, in nats, of recalibrated logits, or None.
    """

    step: int
    epoch: float
    training_loss: float | None
    validation_log_loss: float | None


@dataclass(frozen=True)
class Fitted:
    """What came of a training run; the model is in its folder.

    Attributes:
        curve: Loss over steps, in order; of the whole run, resumed or not.
        steps: Optimizer steps done.
        best_step: Step whose weights were kept: the lowest validation log loss, or the last step
            where there is no validation.
        stopped_early: Whether patience ran out.
        mean_training_loss: Over the steps of this process.
        n_rows: Training rows, copies included.
        resumed_from: Step of the checkpoint that training went on from, or None.
    """

    curve: tuple[CurvePoint, ...]
    steps: int
    best_step: int
    stopped_early: bool
    mean_training_loss: float
    n_rows: int
    resumed_from: int | None


def label_names(label_sets: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """All labels that occur, in alphabetical order.

    Raises:
        InputError: No row has a label.
    """
    names = sorted({name for labels in label_sets for name in labels})
    if not names:
        raise InputError(
            "No training row has a label.", remedy="Name the column with ‹labels_column›."
        )
    return tuple(names)


def fit(
    backbone: Path,
    train: Rows,
    labels: Sequence[str],
    options: FitOptions,
    *,
    output: Path,
    validation: Rows | None = None,
    loss: LossOptions | None = None,
    augmentation: AugmentOptions | None = None,
    former_labels: Sequence[str] = (),
    checkpoints: Path | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Fitted:
    """Train all weights, and save model and tokenizer.

    May be called in a process of its own; where torch.distributed is set up, every process calls it
    with the same arguments and the first one saves.

    Args:
        backbone: Folder of the pretrained model, or of the bundle to re-train.
        train: Training rows.
        labels: Label order.
        options: Choices of the run.
        output: Folder to write to.
        validation: Rows that stop training early and choose the weights that are kept; None trains
            to the end.
        loss: The loss; None is its default.
        augmentation: How training rows are multiplied and varied; None leaves them as they are.
        former_labels: Labels of the bundle to re-train, in its order.
        checkpoints: Folder for checkpoints, from which the same call resumes after a kill; deleted
            in the end. None keeps them in a temporary folder, which several processes cannot share.
        on_progress: Told how many texts have been read so far, counted over epochs, copies aside.

    Raises:
        InputError: A part is empty, or a label is never seen in training.
        UsageError: `checkpoints` belongs to another run, or masking is asked for without a mask.
        ModelError: The backbone cannot be used.
    """
    from transformers import set_seed

    loss, augmentation = loss or LossOptions(), augmentation or AugmentOptions()
    require_seen(train.targets, labels)
    if validation is not None and not len(validation.texts):
        raise InputError(
            "The validation part holds no row.",
            remedy="Give rows (‹validation›, or ‹validation_share› above 0).",
        )
    checkpoint = open_checkpoint(backbone)
    choose_max_length(checkpoint, options.max_length)
    set_seed(options.seed)
    with quiet_transformers(), tempfile.TemporaryDirectory(prefix="psychescale-train-") as scratch:
        model, tokenizer = load_for_training(
            backbone, labels, options.head, former_labels=former_labels
        )
        rows = augmented(train, augmentation, tokenizer.mask_token)
        folder, resume_from = Path(scratch), None
        if checkpoints is not None:
            everything = (asdict(options), asdict(loss), asdict(augmentation), list(labels))
            folder = checkpoints
            resume_from = claim(
                folder, _fingerprint(everything, checkpoint.content_digest, train, validation)
            )
        plain = bool(model.config.is_encoder_decoder)
        encoded = encode(tokenizer, rows, options.max_length, plain=plain)
        trainer = build_trainer(
            model,
            tokenizer,
            encoded,
            None
            if validation is None
            else encode(tokenizer, validation, options.max_length, plain=plain),
            loss=make_loss(train.targets, loss),
            options=LoopOptions(
                epochs=options.epochs,
                learning_rate=options.learning_rate,
                head_learning_rate=options.head_learning_rate,
                batch_size=options.batch_size,
                warmup_share=options.warmup_share,
                checks_per_epoch=options.checks_per_epoch,
                patience=options.patience,
                curve_points=_CURVE_POINTS,
                seed=options.seed,
                precision=options.precision,
            ),
            folder=folder,
            on_share=_told(on_progress, round(options.epochs * len(train.texts))),
        )
        with matrix_products(options.precision):
            result = trainer.train(resume_from_checkpoint=str(resume_from) if resume_from else None)
        trainer.accelerator.wait_for_everyone()  # others may still be reading the best checkpoint
        if trainer.is_world_process_zero():
            model.save_pretrained(output)
            tokenizer.save_pretrained(output)
            if checkpoints is not None:
                shutil.rmtree(checkpoints)
    state = trainer.state
    return Fitted(
        curve=_curve(state.log_history),
        steps=state.global_step,
        best_step=state.best_global_step or state.global_step,
        stopped_early=state.global_step < state.max_steps,
        mean_training_loss=float(result.training_loss),
        n_rows=len(rows.texts),
        resumed_from=int(resume_from.name.rpartition("-")[2]) if resume_from else None,
    )


def _told(on_progress: Callable[[int], None] | None, total: int) -> Callable[[float], None]:
    return lambda share: on_progress(round(share * total)) if on_progress else None


def _fingerprint(choices: Any, backbone: str, train: Rows, validation: Rows | None) -> str:
    """SHA-256 (hex) over all that the weights depend on."""
    digest = hashlib.sha256(json.dumps([choices, backbone]).encode())
    for rows in filter(None, (train, validation)):
        texts = [list(rows.texts), list(rows.second_texts or [])]
        digest.update(json.dumps(texts).encode())
        digest.update(np.ascontiguousarray(rows.targets).tobytes())
    return digest.hexdigest()


def _curve(history: Sequence[dict[str, Any]]) -> tuple[CurvePoint, ...]:
    points: dict[int, dict[str, Any]] = {}
    for entry in history:
        if "loss" in entry or "eval_log_loss" in entry:
            points.setdefault(int(entry["step"]), {}).update(entry)
    return tuple(
        CurvePoint(step, float(e["epoch"]), e.get("loss"), e.get("eval_log_loss"))
        for step, e in sorted(points.items())
    )
