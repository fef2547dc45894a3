"""The keys of `verify`."""

from typing import Annotated

from pydantic import Field

from psychescale.settings.config import JobConfig
from psychescale.settings.places import Inputs, Model, There
from psychescale.settings.shared import Positive


class VerifyConfig(JobConfig):
    """Score a random sample of a finished score table again, and say whether it holds."""

    examples = ("psychescale verify --run scores",)
    pages = ("docs/reading-scores.md",)

    run: str = Field(
        description="score table whose last finished run is verified; or a run id, with ‹scores›"
    )
    scores: There | None = Field(None, description="score table of the run id")
    model: Model | None = Field(
        None,
        description="where the model is now; another model is refused (default: where the run found "
        "it)",
    )
    input: Inputs | None = Field(
        None, description="where the corpus is now (default: where the run found it)"
    )
    sample: Positive = Field(200, description="rows to score again")
    seed: int = Field(0, description="of the sample")
    tolerance: Annotated[float, Field(gt=0)] | None = Field(
        None,
        description="largest difference of a probability that holds; a run in bf16 needs it stated "
        "(default: 1e-5)",
    )
