"""The keys of `train`."""

from typing import Annotated, Literal

from pydantic import Field

from psychescale.model.spec import LongText
from psychescale.settings.config import JobConfig, Names
from psychescale.settings.places import Inputs, Model, New, Written
from psychescale.settings.shared import (
    AbstainConfig,
    LabelledConfig,
    Positive,
    RestrictedConfig,
    Share,
)


class PartsConfig(JobConfig):
    """Parts."""

    validation: Inputs | None = Field(
        None,
        description="validation rows: they stop training, and calibration and thresholds are fitted on "
        "them (default: a share of ‹train›)",
    )
    test: Inputs | None = Field(
        None,
        description="test rows: nothing is fitted on them (default: a share of ‹train›)",
    )
    split: Literal["random", "time", "source"] = Field(
        "random",
        description="how parts that are not given are made: stratified by label, train before and test "
        "after, or one source for test",
    )
    validation_share: Share = Field(0.1, description="share of ‹train› for validation; 0 for none")
    test_share: Share = Field(
        0.1, description="share of ‹train› for test; 0 for none; ‹split› source does not read it"
    )
    source_column: str | None = Field(
        None, description="column with the source, for ‹split› source"
    )
    held_out: str | None = Field(None, description="source to test on, for ‹split› source")
    on_leak: Literal["refuse", "drop-from-train"] = Field(
        "refuse",
        description="given parts that share a text, a near-duplicate or an author; drop-from-train: "
        "the earlier part loses the rows, test stays",
    )


class CopiesConfig(JobConfig):
    """Copies of training rows."""

    copies: Annotated[int, Field(ge=0)] = Field(
        0, description="varied copies of every training row, beside the row itself"
    )
    rare_rows: Annotated[int, Field(ge=0)] = Field(
        0, description="rows that copies bring a rarer label to, at most four of a row"
    )
    deletion: Share = Field(
        0.0,
        description="probability that a word of a copy is deleted; negators, pronouns, modals and "
        "words of time never are",
    )
    swap: Share = Field(0.0, description="the same for changing places with the next word")
    masking: Share = Field(0.0, description="the same for masking")


class FitConfig(JobConfig):
    """Training."""

    head: Literal["standard", "label-attention"] | None = Field(
        None,
        description="classifier on the backbone; label-attention: one attention query per label "
        "(default: that of ‹from›, or standard)",
    )
    loss: Literal["bce", "weighted-bce", "focal", "asymmetric", "class-balanced"] = Field(
        "weighted-bce", description="what is minimized; calibration undoes its weights"
    )
    epochs: Annotated[float, Field(gt=0)] = Field(2.0, description="passes over the training rows")
    learning_rate: Annotated[float, Field(gt=0)] = Field(
        1e-4, description="peak; falls linearly to zero"
    )
    head_learning_rate: Annotated[float, Field(gt=0)] = Field(
        1e-3, description="the same for classifier and pooler"
    )
    warmup_share: Share = Field(0.1, description="share of all steps in which the rates rise")
    batch_size: Positive = Field(32, description="texts in a training step")
    max_length: Positive = Field(128, description="tokens of a text that training reads")
    checks_per_epoch: Positive = Field(
        1, description="measurements of the validation log loss an epoch, each with a checkpoint"
    )
    patience: Positive = Field(
        2,
        description="checks without a better one before training stops; the best weights are kept",
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto",
        description="of matrix products while training; auto: bf16 on GPUs that have it, else fp32; "
        "bf16 on a processor pays where it has AMX",
    )
    seed: int = Field(0, description="of split, initial weights, copies, order and dropout")


class AfterwardsConfig(JobConfig):
    """After training, on validation."""

    calibrate: bool = Field(True, description="fit slope and intercept per label on validation")
    thresholds: str = Field(
        "f1",
        description="what thresholds are chosen for on validation: f1, youden, prevalence (as many are "
        "given a label as have it), cost=5 (a miss costs five false alarms), sensitivity=.90, "
        "specificity=.95 (floors, kept with 95 % confidence), or none",
    )
    inference_rows: Annotated[int, Field(ge=0)] = Field(
        1000,
        description="random training rows, and test rows, on which membership inference by a threshold "
        "on the loss is tried, for the card; 0 for none",
    )
    long_text: LongText = Field(
        "mean",
        description="policy for long texts that calibration and thresholds are fitted under, and "
        "`score` then uses",
    )
    stride: Annotated[int, Field(ge=0)] = Field(
        64, description="tokens that neighbouring windows share under it"
    )


class PlacesConfig(JobConfig):
    """Where it runs, and what it leaves."""

    checkpoints: Written | None = Field(
        None,
        description="folder for checkpoints: the same command resumes after a kill; deleted in the end",
    )
    processes: Positive = Field(
        1,
        description="processes that train together, one a GPU, started by Spark's TorchDistributor; a "
        "step takes ‹batch_size› texts of each",
    )
    train_on: Literal["driver", "executors"] = Field(
        "driver",
        description="where they run; executors must all see ‹backbone›, ‹output› and ‹checkpoints› "
        "under the same path",
    )
    mlflow: str | None = Field(
        None,
        description="MLflow server, or folder, that the run is written to: choices, loss curve, "
        "counts; needs the extra mlflow",
    )
    mlflow_experiment: str = Field("psychescale", description="experiment of ‹mlflow›")


class TrainConfig(
    LabelledConfig,
    PartsConfig,
    FitConfig,
    CopiesConfig,
    AfterwardsConfig,
    PlacesConfig,
    AbstainConfig,
    RestrictedConfig,
):
    """Fine-tune a backbone on labelled texts and write a bundle that `score` takes."""

    examples = (
        "psychescale train --backbone FOLDER --train labelled.jsonl --output bundle --accept-raw",
        "psychescale train --from bundle --train more.jsonl --output bundle-2 --accept-raw",
    )
    pages = ("docs/training.md",)

    backbone: Model | None = Field(
        None,
        description="model folder, or hub id with ‹revision›; this or ‹from› is required",
    )
    from_bundle: Model | None = Field(
        None,
        alias="from",
        description="bundle to train on from: labels that stay keep their weights",
    )
    former_labels: Names = Field(
        (), description="labels of ‹from›, in its order, where it does not name them"
    )
    train: Inputs = Field(description="labelled texts, in any form that `score` takes")
    output: New = Field(description="folder of the bundle; must not exist")
    revision: str | None = Field(
        None, description="commit of a hub id, 40 hex digits (in quotes in a file)"
    )
    labels: Names = Field(
        (),
        description="labels to train, in this order; others in the rows are ignored (default: all, by "
        "name)",
    )
