"""The keys of `sample`."""

from typing import Annotated

from pydantic import Field

from psychescale.settings.config import Names
from psychescale.settings.places import Inputs, New, There
from psychescale.settings.shared import Positive, ScoredConfig, TextColumnsConfig

BY_SCORE, BY_PERIOD = OWN_STRATA = ("score", "period")
"""Strata that are no column."""


class SampleConfig(ScoredConfig, TextColumnsConfig):
    """Draw texts of a score table for people to annotate, each with a known chance."""

    examples = (
        "psychescale sample --scores scores --size 400 --strata score --output sheet.csv",
        "psychescale sample --check sheet.csv",
    )
    pages = ("docs/study.md",)

    scores: There | None = Field(  # type: ignore[assignment]
        None, description="score table: a path or a catalog name"
    )
    output: New | None = Field(
        None,
        description="sheet to fill in, a .csv; its design is written beside it as .design.json",
    )
    size: Positive | None = Field(None, description="texts to draw")
    strata: Names = Field(
        (),
        description="what parts the corpus before the draw: score (bands of probabilities), "
        "period, kept columns; at least 20 texts are drawn from each part",
    )
    only: Names = Field((), description="labels to annotate (default: all of the model's)")
    seed: int = Field(0, description="of the draw")
    raters: Positive = Field(1, description="people among whom the texts are dealt out")
    overlap: Annotated[int, Field(ge=0)] = Field(
        0, description="texts that every rater gets, where there are several"
    )
    input: Inputs | None = Field(
        None,
        description="corpus that was scored: the sheet gets its texts, and goes into a folder "
        "restricted/ of mode 0700 beside ‹output›",
    )
    accept_raw: bool = Field(
        False, description="take texts of a corpus that is not marked as anonymized; recorded"
    )
    check: There | None = Field(
        None, description="filled-in sheet to look through; nothing is drawn"
    )
    design: There | None = Field(
        None, description="design of the sheet (default: the .design.json beside it)"
    )
