"""Fine-tuning a backbone as a multi-label classifier."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from psychescale.errors import InputError
from psychescale.model.quiet import quiet_transformers


@dataclass(frozen=True)
class FitOptions:
    """Choices of a training run.

    Attributes:
        epochs: Passes over the training rows.
        learning_rate: Peak of a schedule that warms up over a tenth of the steps and then falls
            linearly to zero.
        head_learning_rate: The same for classifier and pooler, which start from nothing, or from
            another task.
        batch_size: Texts in a step.
        max_length: Tokens that are read of a text; the rest is cut, in training only.
        seed: Of the new head's weights, the order of rows and dropout.
    """

    epochs: float
    learning_rate: float
    head_learning_rate: float
    batch_size: int
    max_length: int
    seed: int


def label_names(label_sets: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """All labels that occur, in alphabetical order.

    Raises:
        InputError: No row has a label.
    """
    names = sorted({name for labels in label_sets for name in labels})
    if not names:
        raise InputError(
            "No training row has a label.", remedy="Name the column with --labels-column."
        )
    return tuple(names)


def fine_tune(
    backbone: Path,
    texts: Sequence[str],
    label_sets: Sequence[Sequence[str]],
    labels: Sequence[str],
    options: FitOptions,
    *,
    output: Path,
    on_progress: Callable[[int], None],
) -> float:
    """Train all weights with binary cross-entropy, and save model and tokenizer.

    Args:
        backbone: Folder of the pretrained model.
        texts: Training texts.
        label_sets: The labels of each text.
        labels: Label order.
        options: Choices of the run.
        output: Folder to write to.
        on_progress: Told how many texts have been read so far, counted over epochs.

    Returns:
        Mean training loss over all steps.
    """
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
        set_seed,
    )
    from transformers.trainer_callback import PrinterCallback, TrainerCallback

    class Report(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            del args, control
            on_progress(state.global_step * options.batch_size)

    set_seed(options.seed)
    with quiet_transformers(), tempfile.TemporaryDirectory(prefix="psychescale-train-") as scratch:
        tokenizer = AutoTokenizer.from_pretrained(backbone, local_files_only=True)
        model = AutoModelForSequenceClassification.from_pretrained(
            backbone,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=torch.float32,
            num_labels=len(labels),
            problem_type="multi_label_classification",
            id2label=dict(enumerate(labels)),
            label2id={name: index for index, name in enumerate(labels)},
            ignore_mismatched_sizes=True,
        )
        trainer = Trainer(
            model=model,
            args=TrainingArguments(
                output_dir=scratch,
                num_train_epochs=options.epochs,
                learning_rate=options.learning_rate,
                per_device_train_batch_size=options.batch_size,
                warmup_steps=0.1,  # below 1: a share of all steps
                lr_scheduler_type="linear",
                train_sampling_strategy="group_by_length",
                seed=options.seed,
                save_strategy="no",
                logging_strategy="no",
                report_to="none",
                disable_tqdm=True,
                dataloader_pin_memory=torch.cuda.is_available(),
            ),
            train_dataset=_rows(tokenizer, texts, _one_hot(label_sets, labels), options.max_length),
            data_collator=DataCollatorWithPadding(tokenizer),
            callbacks=[Report()],
            optimizers=(_optimizer(model, options), None),
        )
        trainer.remove_callback(PrinterCallback)
        result = trainer.train()
        model.save_pretrained(output)
        tokenizer.save_pretrained(output)
    return float(result.training_loss)


def _optimizer(model: Any, options: FitOptions) -> torch.optim.Optimizer:
    """AdamW with a rate of its own for what is above the pretrained layers."""
    prefix = model.base_model_prefix + "."
    body: list[torch.nn.Parameter] = []
    head: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        pretrained = name.startswith(prefix) and ".pooler." not in name
        (body if pretrained else head).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": body, "lr": options.learning_rate},
            {"params": head, "lr": options.head_learning_rate},
        ],
        weight_decay=0.0,
    )


def _rows(
    tokenizer: Any, texts: Sequence[str], targets: Sequence[Any], max_length: int
) -> list[dict[str, Any]]:
    """What the model is called with, text by text, before padding."""
    encodings = tokenizer(list(texts), truncation=True, max_length=max_length)
    names = [name for name in tokenizer.model_input_names if name in encodings]
    return [
        {**{name: encodings[name][index] for name in names}, "labels": target}
        for index, target in enumerate(targets)
    ]


def _one_hot(label_sets: Sequence[Sequence[str]], labels: Sequence[str]) -> list[Any]:
    """float32 rows of shape (n_labels,), 1 where a label holds."""
    index = {name: position for position, name in enumerate(labels)}
    targets = np.zeros((len(label_sets), len(labels)), np.float32)
    for row, names in enumerate(label_sets):
        for name in names:
            targets[row, index[name]] = 1
    return list(targets)
