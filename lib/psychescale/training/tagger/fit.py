"""Fine-tuning a backbone as a BIO token classifier that finds names, places and addresses."""

import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from psychescale.model.quiet import quiet_transformers
from psychescale.model.spec import Precision
from psychescale.training.classifier import fit
from psychescale.training.classifier.trainer import make_optimizer
from psychescale.training.tagger.data import IGNORED, TAGS, TaggedText

BIO: Final = ("O", *(f"{place}-{tag}" for tag in TAGS for place in "BI"))
"""Labels of the token classifier, in the order of its logits (Ramshaw & Marcus 1995)."""

_NO_LOSS: Final = -100  # what torch's cross-entropy leaves out by default
_PATIENCE: Final = 2  # epochs without a better one: one bad epoch may be chance


@dataclass(frozen=True)
class TaggerFit:
    """How a training run ended.

    Attributes:
        epochs: Epochs until the best weights.
        validation_f2: F2 of held-out tokens, identifier or not, of the best epoch.
    """

    epochs: float
    validation_f2: float


def fine_tune_tagger(
    backbone: Path,
    rows: Sequence[TaggedText],
    held_out: Sequence[TaggedText],
    options: fit.FitOptions,
    *,
    output: Path,
    frozen_layers: int = 0,
    precision: Precision = "fp32",
    on_progress: Callable[[int], None] = lambda _: None,
) -> TaggerFit:
    """Train all weights with cross-entropy; keep those of the epoch that is best on `held_out`.

    Every subword of an identifier carries its label: the first ``B-``, all others ``I-``.

    Args:
        backbone: A pretrained model, or a tagger to train on.
        rows: Training texts.
        held_out: Texts of other templates; training stops when two epochs are no better on them.
        options: Choices of the run; `epochs` is the most there can be.
        output: Folder to write model and tokenizer to, a plain Hugging Face folder.
        frozen_layers: Leave the embeddings and so many of the lowest layers as they are (0: train
            all), which makes a second training cheaper.
        precision: ``bf16`` computes matrix products in bfloat16, weights stay in float32: several
            times faster on processors that have such instructions.
        on_progress: Told how many texts have been read so far, counted over epochs.
    """
    from transformers import (
        AutoModelForTokenClassification,
        AutoTokenizer,
        DataCollatorForTokenClassification,
        Trainer,
        TrainingArguments,
        set_seed,
    )
    from transformers.trainer_callback import (
        EarlyStoppingCallback,
        PrinterCallback,
        TrainerCallback,
    )

    class Report(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            del args, control
            on_progress(state.global_step * options.batch_size)

    set_seed(options.seed)
    with quiet_transformers(), tempfile.TemporaryDirectory(prefix="psychescale-train-") as scratch:
        tokenizer = AutoTokenizer.from_pretrained(backbone, local_files_only=True)
        model = AutoModelForTokenClassification.from_pretrained(
            backbone,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=torch.float32,
            num_labels=len(BIO),
            id2label=dict(enumerate(BIO)),
            label2id={name: index for index, name in enumerate(BIO)},
            ignore_mismatched_sizes=True,
        )
        _freeze(model, frozen_layers)
        positions = getattr(model.config, "max_position_embeddings", options.max_length)
        max_length = min(options.max_length, positions, tokenizer.model_max_length)
        trainer = Trainer(
            model=model,
            args=TrainingArguments(
                output_dir=scratch,
                num_train_epochs=options.epochs,
                learning_rate=options.learning_rate,
                per_device_train_batch_size=options.batch_size,
                per_device_eval_batch_size=4 * options.batch_size,
                warmup_steps=0.1,  # below 1: a share of all steps
                lr_scheduler_type="linear",
                train_sampling_strategy="group_by_length",
                seed=options.seed,
                use_cpu=not torch.cuda.is_available(),
                bf16=precision == "bf16",
                eval_strategy="epoch",
                save_strategy="epoch",
                save_total_limit=1,
                save_only_model=True,
                load_best_model_at_end=True,
                metric_for_best_model="f2",
                logging_strategy="no",
                report_to="none",
                disable_tqdm=True,
                dataloader_pin_memory=torch.cuda.is_available(),
            ),
            train_dataset=encode_tagged(tokenizer, rows, max_length),
            eval_dataset=encode_tagged(tokenizer, held_out, max_length),
            data_collator=DataCollatorForTokenClassification(tokenizer),
            compute_metrics=_token_f2,
            callbacks=[Report(), EarlyStoppingCallback(early_stopping_patience=_PATIENCE)],
            optimizers=(
                make_optimizer(
                    model,
                    learning_rate=options.learning_rate,
                    head_learning_rate=options.head_learning_rate,
                ),
                None,
            ),
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        best = max(
            (entry for entry in trainer.state.log_history if "eval_f2" in entry),
            key=lambda entry: float(entry["eval_f2"]),
        )
        model.save_pretrained(output)
        tokenizer.save_pretrained(output)
    return TaggerFit(float(best["epoch"]), float(best["eval_f2"]))


def _freeze(model: Any, layers: int) -> None:
    """Exclude the embeddings and the lowest `layers` layers from training, if any."""
    for name, parameter in model.named_parameters() if layers else ():
        number = re.search(r"\.layers?\.(\d+)\.", name)
        if ".embeddings." in name or (number and int(number[1]) < layers):
            parameter.requires_grad = False


def encode_tagged(
    tokenizer: Any, rows: Sequence[TaggedText], max_length: int
) -> list[dict[str, Any]]:
    """What the model is called with, text by text, before padding; `labels` has one id a token."""
    encodings = tokenizer(
        [row.text for row in rows],
        truncation=True,
        max_length=max_length,
        return_offsets_mapping=True,
    )
    names = [name for name in tokenizer.model_input_names if name in encodings]
    return [
        {
            **{name: encodings[name][index] for name in names},
            "labels": token_labels(encodings["offset_mapping"][index], row.spans),
        }
        for index, row in enumerate(rows)
    ]


def token_labels(
    offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int, str]]
) -> list[int]:
    """Index in `BIO` of every token, or -100 for special tokens and characters to be ignored.

    Args:
        offsets: First code point and first after it of each token; equal for special tokens.
        spans: Of the text, sorted, apart.
    """
    labels, begun = [], -1
    for start, end in offsets:
        if start == end:
            labels.append(_NO_LOSS)
            continue
        index = next((i for i, span in enumerate(spans) if span[0] < end and start < span[1]), None)
        if index is None:
            labels.append(0)
        elif spans[index][2] == IGNORED:
            labels.append(_NO_LOSS)
        else:
            labels.append(BIO.index(f"{'I' if begun == index else 'B'}-{spans[index][2]}"))
            begun = index
    return labels


def _token_f2(prediction: Any) -> dict[str, float]:
    """F2 (recall counts twice) over tokens, identifier or not."""
    counted = prediction.label_ids != _NO_LOSS
    found = (np.argmax(prediction.predictions, axis=-1) > 0)[counted]
    true = (prediction.label_ids > 0)[counted]
    hits = int((found & true).sum())
    missed, false = int(true.sum()) - hits, int(found.sum()) - hits
    return {"f2": 5 * hits / max(1, 5 * hits + 4 * missed + false)}
