"""Keys that several jobs have, each written once."""

from typing import Annotated, Literal

from pydantic import Field

from psychescale.model.spec import Activation, LongText, Precision
from psychescale.settings.config import JobConfig, Names

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1)]
Dates = Literal["placeholder", "year", "shift"]


FRAME = "dataframe:"
"""Before the name of a temporary view: a DataFrame that Python gave in the place of a corpus."""


class RedactorConfig(JobConfig):
    """What finds identifiers, for redaction and for its evaluation alike."""

    leave: Names = Field((), description="types of identifiers to leave in the texts, as in AGE")
    tagger: str | None = Field(
        None, description="token classifier for names: a model folder, or spacy:PIPELINE"
    )
    tagger_threshold: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.4, description="probability from which a word belongs to a name"
    )
    tagger_precision: Precision = Field(
        "bf16", description="of the tagger; fp32 is faster where the processor has no bfloat16"
    )
    timeout_s: Annotated[float, Field(gt=0)] = Field(
        60.0, description="longest time for one text before it goes to quarantine, in seconds"
    )


class TextColumnsConfig(JobConfig):
    """Which columns hold a text, and how lines are read."""

    id_column: str = Field("id", description="column with the id, unique over the corpus")
    text_column: str = Field("text", description="column with the text")
    second_text_column: str | None = Field(
        None, description="column with a second text, such as the question of a survey item"
    )
    format: Literal["parquet", "csv", "jsonl"] | None = Field(
        None, description="what the files are, whatever their names end in"
    )
    encoding: str = Field("utf-8", description="of CSV and JSON lines, as in cp1252")
    separator: str | None = Field(
        None,
        description="between the fields of CSV, as in ; or tab (default: a comma; in .tsv a tab)",
    )
    escape: Literal["none", "backslash"] | None = Field(
        None, description="what a backslash before a quote does in CSV; none: it stands for itself"
    )
    skip_rows: Annotated[int, Field(ge=0)] = Field(
        0, description="records behind the header of CSV that are no rows (Qualtrics: 2)"
    )
    repeated_headers: bool = Field(
        False, description="leave out records of CSV that repeat the header"
    )


class TimeConfig(JobConfig):
    """Which column holds the time of a text, and how it is written."""

    time_column: str | None = Field(None, description="column with the time of the text")
    time_format: str | None = Field(
        None,
        description="how times are written, as in %d/%m/%Y, or epoch (seconds); default: ISO 8601",
    )


class CorpusConfig(TextColumnsConfig):
    """How a corpus goes through a job, task by task."""

    input: str = Field(
        description="corpus: a Delta table, .parquet, .csv or .jsonl (.gz too), a folder of these, or "
        "a catalog name"
    )
    state: str | None = Field(
        None, description="folder for checkpoints and run table (default: OUTPUT/_psychescale)"
    )
    tasks_per_slot: Positive = Field(
        24, description="most tasks of a micro-batch for each slot; a crash loses the micro-batch"
    )
    stall_timeout_s: Annotated[float, Field(gt=0)] = Field(
        600.0, description="seconds that a worker may stand still before its task is tried again"
    )


class ModelConfig(JobConfig):
    """What is said of a classifier, and how it scores."""

    revision: str | None = Field(None, description="commit of a hub id, 40 hex digits")
    labels: Names = Field((), description="names of the labels, in the model's order")
    allow_generic_labels: bool = Field(False, description="accept names such as LABEL_0")
    activation: Activation | None = Field(
        None, description="how logits become probabilities, where the model does not say"
    )
    precision: Precision = Field("fp32", description="fp32 is exact; bf16 is faster on GPUs")
    max_length: Positive | None = Field(
        None, description="longest window in tokens (default: the model's own)"
    )
    long_text: LongText | None = Field(
        None,
        description="policy for texts longer than a window (default: the model's own, or mean)",
    )
    stride: Annotated[int, Field(ge=0)] | None = Field(
        None, description="tokens that neighbouring windows share (default: the model's own, or 64)"
    )
    max_windows: Positive = Field(64, description="most windows read of one text")


class LabelledConfig(TextColumnsConfig, TimeConfig):
    """How labelled texts are read, for training and for evaluation alike."""

    labels_column: str = Field("labels", description="column with a list of label names")
    label_columns: Names = Field(
        (), description="columns of 0 and 1, one per label, in place of --labels-column"
    )
    empty_labels: Literal["none", "unannotated"] | None = Field(
        None,
        description="what an empty text among --labels-column or raters' lists means: no label, or a "
        "row to leave out",
    )
    author_column: str | None = Field(
        None, description="column with the author; the texts of one are never taken apart"
    )
    accept_raw: bool = Field(
        False, description="read a corpus that is not marked as anonymized; recorded"
    )
