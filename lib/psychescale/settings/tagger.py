"""The keys of `tagger`."""

from typing import Annotated

from pydantic import Field

from psychescale.model.spec import Precision
from psychescale.settings.config import JobConfig, Names
from psychescale.settings.places import Model, New, There


class TaggerConfig(JobConfig):
    """Fine-tune a model that finds names, places and facilities in texts, for `anonymize`."""

    examples = (
        "psychescale tagger --clean presidio_generated_large.jsonl --posts wnut17_train.jsonl "
        "--output tagger",
    )
    pages = ("docs/anonymize.md",)

    clean: Names = Field(
        description="files of generated texts with spans, as JSON lines {id, text, spans: [{start, "
        "end, label}]}, such as presidio_generated_large.jsonl"
    )
    posts: There = Field(
        description="file of real posts with spans, the same, such as wnut17_train.jsonl"
    )
    output: New = Field(description="folder of the tagger; must not exist")
    backbone: Model | None = Field(
        None, description="pretrained encoder (default: MiniLM-L6, which comes with the extra demo)"
    )
    planted: Annotated[int, Field(ge=0)] = Field(
        2500, description="texts of psychescale's own grammar to add to ‹clean›"
    )
    midway: str | None = Field(
        None,
        description="folder that keeps the model after ‹clean›; read if it is there, so that posts "
        "alone are trained",
    )
    without_fold: Annotated[int, Field(ge=0, lt=5)] | None = Field(
        None,
        description="leave this fold of five (0 to 4, by the SHA-256 of the id) of ‹posts› out, to "
        "measure on it",
    )
    precision: Precision = Field(
        "bf16", description="of matrix products in training; the weights are float32"
    )
    epochs: Annotated[float, Field(gt=0)] = Field(
        2.0,
        description="passes over ‹clean›, at most; training stops when two are no better on wordings "
        "held out",
    )
    posts_epochs: Annotated[float, Field(gt=0)] = Field(2.0, description="the same over ‹posts›")
    seed: int = Field(7, description="of the grammar, parts, order and dropout")
