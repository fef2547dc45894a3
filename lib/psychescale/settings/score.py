"""The keys of `score`."""

from typing import Annotated

from pydantic import Field

from psychescale.model.spec import Activation, LongText, Precision
from psychescale.settings.config import JobConfig, Names
from psychescale.settings.shared import Positive, Share


class ScoreConfig(JobConfig):
    """Score every text of a corpus and append label probabilities to a Delta table."""

    model: str = Field(description="model folder, bundle, or hub id with --revision")
    input: str = Field(
        description="corpus: a Delta table, .parquet, .csv or .jsonl (.gz too), a folder of these, or "
        "a catalog name"
    )
    output: str = Field(description="score table: a path or a catalog name")
    state: str | None = Field(
        None, description="folder for checkpoints and run table (default: OUTPUT/_psychescale)"
    )
    revision: str | None = Field(None, description="commit of a hub id, 40 hex digits")
    model_on_executors: str | None = Field(
        None, description="folder that executors have the same model in; it is not sent then"
    )

    id_column: str = Field("id", description="column with the id, unique over the corpus")
    text_column: str = Field("text", description="column with the text")
    second_text_column: str | None = Field(
        None, description="column with a second text, such as the question of a survey item"
    )
    keep: Names = Field((), description="columns to pass through to the score table")
    encoding: str = Field("utf-8", description="of CSV and JSON lines, as in cp1252")
    accept_raw: bool = Field(False, description="score a corpus that is not marked as anonymized")
    accept_other_redaction: bool = Field(
        False, description="score a corpus of another normalizer or redactor than the model's"
    )

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
    logits: bool = Field(False, description="write the raw logits too, as logit_<label>")

    max_failed_share: Share = Field(
        0.1, description="share of rows that may stay without a score before the run fails"
    )
    rows_per_task: Positive = Field(2500, description="most rows in a task")
    tasks_per_slot: Positive = Field(
        24, description="most tasks of a micro-batch for each slot; a crash loses the micro-batch"
    )
    max_batch_tokens: Positive | None = Field(
        None, description="tokens in a batch, padding included (default: by device)"
    )
    stall_timeout_s: Annotated[float, Field(gt=0)] = Field(
        600.0, description="seconds that a worker may stand still before its task is tried again"
    )
