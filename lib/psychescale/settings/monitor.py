"""The keys of `monitor`."""

from typing import Annotated

from pydantic import Field

from psychescale.settings.config import JobConfig, Names
from psychescale.settings.places import Model, Written
from psychescale.settings.shared import ScoredConfig


class MonitorConfig(ScoredConfig, JobConfig):
    """Compare each new period of a score table with a reference: how far it differs, and what to do."""

    examples = (
        "psychescale monitor --scores scores --time-column time --reference 2026-01,2026-02 "
        "--author-column author --output drift",
    )
    pages = ("docs/monitoring.md",)

    reference: Annotated[Names, Field(min_length=1)] = Field(
        description="periods of ‹scores› that the others are compared with, as in 2026-01,2026-02; or "
        "a profile.json of an earlier ‹output›",
    )
    output: Written = Field(
        description="folder for measures, alerts and report; one that is there goes on: only periods "
        "that it does not hold are measured"
    )
    author_column: str | None = Field(
        None,
        description="kept column with the author: chance is judged over authors (default: as if each "
        "text had one of its own)",
    )
    model: Model | None = Field(
        None,
        description="bundle whose frozen thresholds the expected F1 is of (default: thresholds of 0.5)",
    )
    false_alarms: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.05,
        description="probability of any false alarm, over all labels, measures and periods together",
    )
    unfinished: bool = Field(
        False,
        description="measure the period that is not over yet too; a period is measured once, so rows "
        "that come later are not seen",
    )
