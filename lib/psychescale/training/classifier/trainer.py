"""transformers' Trainer, set up so that a run can be killed, resumed and repeated."""

import contextlib
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from psychescale.training.calibration import fit_shared_slope, log_loss
from psychescale.training.classifier.losses import Loss

Precision = Literal["auto", "fp32", "bf16"]
"""Of the matrix products of training: ``auto`` is bf16 on GPUs that have it, else fp32. Weights, loss
and optimizer are fp32 throughout."""

# Improvements of the validation log loss below this are noise.
_LEAST_IMPROVEMENT = 1e-5


@dataclass(frozen=True)
class LoopOptions:
    """What of `FitOptions` the loop needs."""

    epochs: float
    learning_rate: float
    head_learning_rate: float
    batch_size: int
    warmup_share: float
    checks_per_epoch: int
    patience: int
    curve_points: int
    seed: int
    precision: Precision


class LengthGroupedOrder(torch.utils.data.Sampler[int]):
    """Rows in batches of similar length, in an order that depends on seed and epoch alone.

    The sampler of transformers draws from the global generator, whose state in the middle of an
    epoch is not the one at its start: a resumed run would go through other batches.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self._lengths = list(lengths)
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by accelerate before each epoch."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        from transformers.trainer_pt_utils import get_length_grouped_indices

        seed = int(np.random.SeedSequence([self._seed, self._epoch]).generate_state(1)[0])
        generator = torch.Generator().manual_seed(seed)
        order: list[int] = get_length_grouped_indices(  # type: ignore[no-untyped-call]
            self._lengths, self._batch_size, generator=generator
        )
        yield from order


def build_trainer(
    model: Any,
    tokenizer: Any,
    train: list[dict[str, Any]],
    validation: list[dict[str, Any]] | None,
    *,
    loss: Loss,
    options: LoopOptions,
    folder: Path,
    on_share: Callable[[float], None],
) -> Any:
    """A `Trainer` for a multi-label classifier.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        train: Model inputs and float32 `labels`, row by row.
        validation: The same, or None.
        loss: (logits, targets) → scalar.
        options: Choices of the loop.
        folder: For checkpoints.
        on_share: Told the share of all steps that is done.

    Returns:
        A trainer whose `train` keeps, where there is a validation, the weights with its lowest log
        loss.
    """
    from transformers import DataCollatorWithPadding, EarlyStoppingCallback, Trainer
    from transformers.trainer_callback import PrinterCallback, TrainerCallback

    class MultiLabelTrainer(Trainer):
        def compute_loss(
            self,
            model: Any,
            inputs: Any,
            return_outputs: bool = False,
            num_items_in_batch: Any = None,
        ) -> Any:
            del num_items_in_batch
            rest = {name: value for name, value in inputs.items() if name != "labels"}
            outputs = model(**rest)
            value = loss(outputs.logits.float(), inputs["labels"])
            # An encoder–decoder gives more, which is of other shapes from batch to batch.
            return (value, {"logits": outputs.logits}) if return_outputs else value

        def _get_train_sampler(self, train_dataset: Any = None) -> LengthGroupedOrder:
            del train_dataset
            lengths = [len(row["input_ids"]) for row in train]
            return LengthGroupedOrder(lengths, self.args.train_batch_size, options.seed)

    class Report(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            del args, control
            on_share(state.global_step / state.max_steps)

    callbacks: list[Any] = [Report()]
    if validation is not None:
        callbacks.append(EarlyStoppingCallback(options.patience, _LEAST_IMPROVEMENT))
    trainer = MultiLabelTrainer(
        model=model,
        args=_arguments(options, folder, len(train), validates=validation is not None),
        train_dataset=train,
        # Rows of a length together, for little padding; the log loss knows no order.
        eval_dataset=validation and sorted(validation, key=lambda row: len(row["input_ids"])),
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=_log_loss,
        callbacks=callbacks,
        optimizers=(
            make_optimizer(
                model,
                learning_rate=options.learning_rate,
                head_learning_rate=options.head_learning_rate,
            ),
            None,
        ),
    )
    trainer.loss_is_scaled_for_ga = False  # a mean over the batch
    trainer.remove_callback(PrinterCallback)
    return trainer


@contextlib.contextmanager
def matrix_products(precision: Precision) -> Iterator[None]:
    """For as long as the block lasts, fp32 matrix products on processors are made of bf16, if asked.

    oneDNN rounds what it reads and adds up in fp32: quicker on processors with AMX, where autocast,
    which also converts between the products, gains half as much. GPUs have the trainer's autocast.
    """
    before = torch.get_float32_matmul_precision()
    if precision == "bf16" and not torch.cuda.is_available():
        torch.set_float32_matmul_precision("medium")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def _arguments(options: LoopOptions, folder: Path, n_rows: int, *, validates: bool) -> Any:
    from transformers import TrainingArguments

    has_gpu = torch.cuda.is_available()
    # torchrun and TorchDistributor start a process a device; one process alone uses them all.
    n_processes = int(os.environ.get("WORLD_SIZE", "1"))
    n_devices = n_processes if n_processes > 1 else max(1, torch.cuda.device_count())
    steps_per_epoch = math.ceil(n_rows / (options.batch_size * n_devices))
    check_every = max(1, math.ceil(steps_per_epoch / options.checks_per_epoch))
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=options.epochs,
        learning_rate=options.learning_rate,
        per_device_train_batch_size=options.batch_size,
        per_device_eval_batch_size=4 * options.batch_size,  # without gradients there is room
        warmup_steps=options.warmup_share,  # below 1: a share of all steps
        lr_scheduler_type="linear",
        seed=options.seed,
        bf16=has_gpu and options.precision != "fp32" and torch.cuda.is_bf16_supported(),
        # Several processes without GPUs find each other only if both are said.
        use_cpu=n_processes > 1 and not has_gpu,
        ddp_backend="gloo" if n_processes > 1 and not has_gpu else None,
        ddp_find_unused_parameters=False,
        save_strategy="steps",
        save_steps=check_every,
        save_total_limit=2,  # the best and the last
        eval_strategy="steps" if validates else "no",
        eval_steps=check_every,
        load_best_model_at_end=validates,
        metric_for_best_model="log_loss" if validates else None,
        greater_is_better=False if validates else None,
        logging_strategy="steps",
        logging_steps=max(1, round(steps_per_epoch * options.epochs / options.curve_points)),
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=has_gpu,
    )


def _log_loss(prediction: Any) -> dict[str, float]:
    """Mean validation log loss after recalibration with one slope and an intercept per label.

    A loss that weighs positives shifts all logits; what is to be compared from check to check is what
    will be left after calibration.
    """
    logits = np.asarray(prediction.predictions, np.float32)
    targets = np.asarray(prediction.label_ids, np.float32)
    fitted = fit_shared_slope(logits, targets)
    calibrated = logits * fitted.slope + fitted.intercept
    return {"log_loss": float(log_loss(calibrated, targets).mean())}


def make_optimizer(
    model: Any, *, learning_rate: float, head_learning_rate: float
) -> torch.optim.Optimizer:
    """AdamW with a rate of its own for what is above the pretrained layers."""
    prefix = model.base_model_prefix + "."
    body: list[torch.nn.Parameter] = []
    head: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        pretrained = name.startswith(prefix) and ".pooler." not in name
        (body if pretrained else head).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": body, "lr": learning_rate},
            {"params": head, "lr": head_learning_rate},
        ],
        weight_decay=0.0,
        fused=True,  # one pass over weights and moments, where the plain update makes a dozen
    )
