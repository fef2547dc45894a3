"""The keys of `evaluate`."""

from typing import Annotated, Literal

from pydantic import Field

from psychescale.model.spec import Activation
from psychescale.settings.config import JobConfig, Names
from psychescale.settings.places import Inputs, Model, New, There
from psychescale.settings.shared import (
    LabelledConfig,
    ModelConfig,
    RedactorConfig,
)


class ComparisonConfig(JobConfig):
    """Comparison."""

    against: Model | None = Field(None, description="model folder to compare with, paired")
    against_labels: Names = Field(
        (),
        description="names of the labels of ‹against›, in its order, where it does not name them",
    )
    against_activation: Activation | None = Field(
        None, description="where the folder of ‹against› does not say"
    )
    margins: Names = Field(
        ("f1=0.02", "average_precision=0.02", "roc_auc=0.01", "log_loss=0.01", "brier=0.005"),
        description="by how much the model may be worse than ‹against› on a measure, a label or a "
        "subgroup and still count as no worse; of a measure that is left out no loss is",
    )
    train: Inputs | None = Field(None, description="labelled texts that baselines learn from")
    validation: Inputs | None = Field(
        None, description="rows that choose baselines' thresholds (default: a tenth of ‹train›)"
    )
    baselines: Names = Field(
        ("base-rate", "always-positive", "lexicon", "tfidf"),
        description="baselines, where there are rows to learn from",
    )


class StatisticsConfig(JobConfig):
    """Intervals and report."""

    replicates: Annotated[int, Field(ge=100)] = Field(
        1000, description="of the bootstrap; at least 100"
    )
    specificity: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.95, description="at which the sensitivity is read"
    )
    seed: int = Field(0, description="of the bootstrap, and of the tenth of ‹train›")
    banner: str | None = Field(None, description="a warning at the top of the report")


class EvaluateConfig(
    LabelledConfig, ComparisonConfig, StatisticsConfig, ModelConfig, RedactorConfig
):
    """Judge a model on labelled texts, or what is redacted: measures, a report, a table."""

    examples = (
        "psychescale evaluate --model bundle --input labelled.csv --label-columns stress "
        "--output evaluation --membership bundle-restricted/membership.jsonl --accept-raw",
        "psychescale evaluate --task pii --input spans.jsonl --output leaks",
    )
    pages = ("docs/evaluation.md",)

    task: Literal["labels", "pii"] = Field(
        "labels", description="what is judged: a classifier, or the redaction of identifiers"
    )
    model: Model | None = Field(
        None,
        description="model folder, bundle, or hub id with ‹revision›; required for labels, unless "
        "‹scores› is given",
    )
    input: Inputs = Field(
        description="labelled texts that the model has not seen, in any form that `score` takes; for "
        "pii JSON lines {id, text, spans: [{start, end, label}]}"
    )
    output: New = Field(description="folder for measures and report; must not exist")
    scores: There | None = Field(
        None,
        description="score table, read in place of scoring the texts again, joined by id; without "
        "‹model› all its rows must have one scoring id, and thresholds are 0.5",
    )
    membership: str | None = Field(
        None,
        description="membership.jsonl of `train`: of ‹input› only ‹part› is judged, and baselines "
        "learn from the rest",
    )
    part: Literal["validation", "test"] = Field("test", description="part of ‹membership› to judge")
    trained_on: Names = Field(
        (),
        description="restricted folders that `train` left: rows of ‹input› that training knew are "
        "searched for by text, near-duplicate and author",
    )
    membership_key_file: str | None = Field(
        None, description="key of these folders, where `train` was given one"
    )
    drop_known: bool = Field(
        False, description="leave rows that training knew out, in place of counting them only"
    )
    weight_column: str | None = Field(
        None,
        description="column with how many documents a document stands for, where the truth was sampled",
    )
    raters: Names = Field(
        (),
        description="columns with the labels of one rater each, in the form of ‹labels_column›; with "
        "‹label_columns›, columns of 0 and 1 named RATER_LABEL; missing: the rater did not see "
        "the row",
    )
    only: Names = Field(
        (),
        description="labels to judge; others in the rows are ignored (default: all of the model's)",
    )
    slice_columns: Names = Field(
        (),
        alias="slice",
        description="columns to compare groups by; length and truncation are always there",
    )
    label_map: Names = Field(
        (),
        description="for pii: what labels of spans mean, as in CITY=LOCATION; labels that are not "
        "named are then no gold (default: by the file's name, or none)",
    )
    require: Names = Field(
        (),
        description="for pii: least shares, as in recall=.95,kept_terms=.97; of recall, precision, f2 "
        "(characters), found (spans to 75 %), kept_terms; below one exit code 5, the report written",
    )
    challenge: bool = Field(True, description="put the challenge suite to the model")
    faithfulness_texts: Annotated[int, Field(ge=0)] = Field(
        100,
        description="random judged texts on which the attention of a label-attention head is tested; 0 "
        "for none",
    )
    write_card: bool = Field(
        False,
        description="write the main measures into the model card of ‹model› (and its checksum); "
        "nothing else of the bundle changes",
    )
