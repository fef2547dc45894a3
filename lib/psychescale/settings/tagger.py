"""The keys of `tagger`."""

from typing import Annotated

from pydantic import Field

from psychescale.model.spec import Precision
from psychescale.settings.config import JobConfig, Names


class TaggerConfig(JobConfig):
    """Fine-tune a model that finds names, places and facilities in texts, for `anonymize --tagger`."""

    clean: Names = Field(
        description="generated texts with spans, as JSON lines, such as presidio_generated_large"
    )
    posts: str = Field(description="real posts with spans, as JSON lines, such as wnut17_train")
    output: str = Field(description="folder of the tagger; must not exist")
    backbone: str | None = Field(
        None, description="pretrained encoder (default: MiniLM-L6 of the extra `demo`)"
    )
    planted: Annotated[int, Field(ge=0)] = Field(
        2500, description="texts of psychescale's own grammar to add to --clean"
    )
    midway: str | None = Field(
        None, description="folder that keeps the model after --clean; read if it is there"
    )
    without_fold: Annotated[int, Field(ge=0, lt=5)] | None = Field(
        None, description="leave this fold of five of --posts out, to measure on it"
    )
    precision: Precision = Field(
        "bf16", description="of matrix products in training; the weights are float32"
    )
    epochs: Annotated[float, Field(gt=0)] = Field(2.0, description="at most, over --clean")
    posts_epochs: Annotated[float, Field(gt=0)] = Field(2.0, description="at most, over --posts")
    seed: int = Field(7, description="of the grammar, parts, order and dropout")
