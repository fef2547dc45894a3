"""The keys of `score`."""

from pydantic import Field

from psychescale.settings.config import Names
from psychescale.settings.places import Model, Written
from psychescale.settings.shared import CorpusConfig, KeptConfig, ModelConfig, PaceConfig, Positive


class ScoreConfig(CorpusConfig, KeptConfig, ModelConfig, PaceConfig):
    """Score every text of a corpus and append label probabilities to a Delta table."""

    examples = (
        "psychescale score --model bundle --input redacted --output scores",
        "psychescale score --model bundle --input posts.csv --output scores --accept-raw --keep source",
    )
    pages = ("docs/ethics.md", "docs/files.md", "docs/models.md", "docs/reading-scores.md")

    model: Model = Field(description="model folder, bundle, or hub id with ‹revision›")
    output: Written = Field(description="score table: a path or a catalog name")
    accept_raw: bool = Field(
        False, description="score a corpus that is not marked as anonymized; recorded with the run"
    )
    id_from_path: bool = Field(
        False,
        description="score a folder of .txt files, whose paths below it become the ids; a path can "
        "name a person",
    )
    keep: Names = Field(
        (),
        description="columns to pass through to the score table; never the text; who could be singled "
        "out by them is told first",
    )
    logits: bool = Field(False, description="write the raw logits too, as logit_<label>")
    accept_other_redaction: bool = Field(
        False,
        description="score a corpus of another normalizer or redactor than the model learned from; "
        "recorded with the run",
    )
    model_on_executors: str | None = Field(
        None,
        description="folder that executors have the same model in, digest by digest (default: the "
        "model is sent)",
    )
    max_batch_tokens: Positive | None = Field(
        None,
        description="tokens in a batch, with padding where it is computed; changes speed and memory, "
        "not the scoring id (default: 512 on a CPU; on a GPU 65536, or what half of its free memory "
        "holds)",
    )
