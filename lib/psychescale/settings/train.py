"""The keys of `train`."""

from typing import Annotated, Literal

from pydantic import Field

from psychescale.model.spec import LongText
from psychescale.settings.config import Names
from psychescale.settings.shared import LabelledConfig, Positive, Share


class TrainConfig(LabelledConfig):
    """Fine-tune a backbone on labelled texts and write a bundle that `score` takes."""

    backbone: str | None = Field(None, description="model folder, or hub id with --revision")
    from_bundle: str | None = Field(
        None, alias="from", description="bundle to train on from, in place of --backbone"
    )
    former_labels: Names = Field(
        (), description="labels of --from, in its order, where it does not name them"
    )
    train: str = Field(description="labelled texts, in any form that `score` takes")
    validation: str | None = Field(
        None, description="validation rows (default: a share of --train)"
    )
    test: str | None = Field(None, description="test rows (default: a share of --train)")
    output: str = Field(description="folder of the bundle; must not exist")
    restricted: str | None = Field(
        None, description="folder for the ids of each part, mode 0700 (default: OUTPUT-restricted)"
    )
    revision: str | None = Field(None, description="commit of a hub id, 40 hex digits")
    labels: Names = Field((), description="labels to train, in this order (default: all, by name)")

    split: Literal["random", "time", "source"] = Field(
        "random", description="how parts that are not given are made"
    )
    validation_share: Share = Field(0.1, description="share of --train for validation")
    test_share: Share = Field(0.1, description="share of --train for test")
    source_column: str | None = Field(
        None, description="column with the source, for --split source"
    )
    held_out: str | None = Field(None, description="source to test on, for --split source")
    on_leak: Literal["refuse", "drop-from-train"] = Field(
        "refuse", description="what to do with rows that a later given part repeats"
    )
    membership_key_file: str | None = Field(
        None,
        description="file whose bytes key the digest of each part's ids (default: made beside them)",
    )

    head: Literal["standard", "label-attention"] | None = Field(
        None, description="classifier on the backbone (default: that of --from, or standard)"
    )
    loss: Literal["bce", "weighted-bce", "focal", "asymmetric", "class-balanced"] = Field(
        "weighted-bce", description="what is minimized; calibration undoes its weights"
    )
    copies: Annotated[int, Field(ge=0)] = Field(
        0, description="varied copies of every training row, beside the row itself"
    )
    rare_rows: Annotated[int, Field(ge=0)] = Field(
        0, description="rows that copies bring a rarer label to"
    )
    deletion: Share = Field(0.0, description="probability that a word of a copy is deleted")
    swap: Share = Field(0.0, description="probability that a word of a copy is moved by one")
    masking: Share = Field(0.0, description="probability that a word of a copy is masked")

    epochs: Annotated[float, Field(gt=0)] = Field(2.0, description="passes over the training rows")
    learning_rate: Annotated[float, Field(gt=0)] = Field(1e-4, description="peak, decays to zero")
    head_learning_rate: Annotated[float, Field(gt=0)] = Field(
        1e-3, description="the same for classifier and pooler"
    )
    warmup_share: Share = Field(0.1, description="share of all steps in which the rates rise")
    batch_size: Positive = Field(32, description="texts in a training step")
    max_length: Positive = Field(128, description="tokens of a text that training reads")
    checks_per_epoch: Positive = Field(
        1, description="measurements of the validation log loss, and checkpoints, an epoch"
    )
    patience: Positive = Field(2, description="checks without a better one before training stops")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="of matrix products; auto: bf16 on GPUs that have it, else fp32"
    )
    checkpoints: str | None = Field(
        None, description="folder for checkpoints, from which the same command resumes"
    )
    seed: int = Field(0, description="of split, initial weights, copies, order and dropout")
    processes: Positive = Field(
        1, description="processes that train together, one a GPU; a step takes --batch-size of each"
    )
    train_on: Literal["driver", "executors"] = Field(
        "driver", description="where they run; on executors all folders must be shared storage"
    )

    mlflow: str | None = Field(
        None, description="MLflow server or folder that the run is written to (extra: mlflow)"
    )
    mlflow_experiment: str = Field("psychescale", description="experiment of --mlflow")

    calibrate: bool = Field(True, description="fit slope and intercept per label on validation")
    thresholds: str = Field(
        "f1", description="f1, sensitivity=.90, specificity=.95, or none; chosen on validation"
    )
    long_text: LongText = Field(
        "mean", description="policy for long texts that calibration and thresholds hold under"
    )
    stride: Annotated[int, Field(ge=0)] = Field(
        64, description="tokens that neighbouring windows share under it"
    )
