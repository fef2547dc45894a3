"""The keys of `evaluate`."""

from typing import Annotated, Literal

from pydantic import Field

from psychescale.model.spec import Activation
from psychescale.settings.config import Names
from psychescale.settings.shared import (
    LabelledConfig,
    ModelConfig,
    RedactorConfig,
)


class EvaluateConfig(LabelledConfig, RedactorConfig, ModelConfig):
    """Judge a model on labelled texts, or what is redacted: measures, a report, a table."""

    task: Literal["labels", "pii"] = Field(
        "labels", description="what is judged: a classifier, or the redaction of identifiers"
    )
    model: str | None = Field(
        None, description="model folder, bundle, or hub id with --revision (or --scores alone)"
    )
    input: str = Field(
        description="labelled texts that the model has not seen; for pii JSON lines with spans"
    )
    output: str = Field(description="folder for measures and report; must not exist")
    scores: str | None = Field(
        None,
        description="score table, read in place of scoring the texts again; alone: at 0.5",
    )
    membership: str | None = Field(
        None, description="membership.jsonl of `train`: of --input only --part is judged"
    )
    part: Literal["validation", "test"] = Field("test", description="part of --membership to judge")
    trained_on: Names = Field(
        (),
        description="restricted folders that `train` left: rows of --input that training knew are "
        "searched for",
    )
    membership_key_file: str | None = Field(
        None, description="key of these folders, where `train` was given one of your own"
    )
    drop_known: bool = Field(
        False, description="leave rows that training knew out, in place of counting them only"
    )
    weight_column: str | None = Field(
        None, description="column with how many documents a document stands for"
    )
    raters: Names = Field(
        (),
        description="columns with the labels of one rater each; with --label-columns: RATER_LABEL",
    )
    only: Names = Field((), description="labels to judge (default: all of the model's)")
    slice_columns: Names = Field((), alias="slice", description="columns to compare groups by")

    label_map: Names = Field(
        (),
        description="for pii: what labels of spans mean, as in CITY=LOCATION; others are no gold",
    )

    against: str | None = Field(None, description="model folder to compare with, paired")
    against_labels: Names = Field(
        (),
        description="names of the labels of --against, in its order, where it does not name them",
    )
    against_activation: Activation | None = Field(
        None, description="sigmoid or softmax, where --against does not say"
    )
    train: str | None = Field(None, description="labelled texts that baselines learn from")
    validation: str | None = Field(
        None, description="rows that choose baselines' thresholds (default: a tenth of --train)"
    )
    baselines: Names = Field(
        ("base-rate", "always-positive", "lexicon", "tfidf"),
        description="baselines, where there are rows to learn from",
    )
    challenge: bool = Field(True, description="put the challenge suite to the model")
    faithfulness_texts: Annotated[int, Field(ge=0)] = Field(
        100, description="texts on which a label-attention head's attention is tested"
    )
    write_card: bool = Field(
        False, description="write the main measures into the model card of --model"
    )

    replicates: Annotated[int, Field(ge=100)] = Field(1000, description="of the bootstrap")
    specificity: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.95, description="at which the sensitivity is read"
    )
    seed: int = Field(0, description="of the bootstrap, and of the tenth of --train")
    banner: str | None = Field(None, description="a warning at the top of the report")
