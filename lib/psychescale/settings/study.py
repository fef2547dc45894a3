"""The keys of `study`."""

from pydantic import Field

from psychescale.settings.config import Names
from psychescale.settings.places import Model, New, There
from psychescale.settings.shared import FilesConfig, ScoredConfig


class StudyConfig(ScoredConfig, FilesConfig):
    """Say how common labels are in a scored corpus, by group and period, with intervals that hold."""

    examples = (
        "psychescale study --scores scores --annotated sheet.csv --output findings --by source",
    )
    pages = ("docs/study.md",)

    output: New = Field(description="folder for release, report and raw figures; must not exist")
    annotated: There | None = Field(
        None,
        description="filled-in sheet of `sample`: without it nothing here is more than a sensitivity "
        "analysis",
    )
    design: There | None = Field(
        None, description="design of the sheet (default: the .design.json beside it)"
    )
    model: Model | None = Field(
        None, description="bundle whose frozen thresholds the naive count takes (default: 0.5)"
    )
    evaluation: There | None = Field(
        None,
        description="folder that `evaluate` wrote for this model: counts are corrected by its "
        "sensitivity and specificity, at its thresholds",
    )
    by: Names = Field((), description="up to three kept columns whose groups are compared")
    only: Names = Field(
        (), description="labels to study (default: those of the sheet, or all of the model's)"
    )
