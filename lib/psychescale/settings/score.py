"""The keys of `score`."""

from pydantic import Field

from psychescale.settings.config import Names
from psychescale.settings.shared import CorpusConfig, ModelConfig, Positive, Share


class ScoreConfig(CorpusConfig, ModelConfig):
    """Score every text of a corpus and append label probabilities to a Delta table."""

    model: str = Field(description="model folder, bundle, or hub id with --revision")
    output: str = Field(description="score table: a path or a catalog name")
    model_on_executors: str | None = Field(
        None, description="folder that executors have the same model in; it is not sent then"
    )

    keep: Names = Field((), description="columns to pass through to the score table")
    accept_raw: bool = Field(False, description="score a corpus that is not marked as anonymized")
    accept_other_redaction: bool = Field(
        False, description="score a corpus of another normalizer or redactor than the model's"
    )

    logits: bool = Field(False, description="write the raw logits too, as logit_<label>")

    max_failed_share: Share = Field(
        0.1, description="share of rows that may stay without a score before the run fails"
    )
    rows_per_task: Positive = Field(2500, description="most rows in a task")
    max_batch_tokens: Positive | None = Field(
        None, description="tokens in a batch, padding included (default: by device)"
    )
