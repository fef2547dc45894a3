"""The keys of `doctor`."""

from typing import Annotated

from pydantic import Field

from psychescale.settings.config import JobConfig


class DoctorConfig(JobConfig):
    """Say what of this machine, its Spark and its executors fits, and what to do about the rest."""

    examples = ("psychescale doctor", "psychescale doctor --model bundle --output scores")
    pages = ("docs/doctor.md",)

    model: str | None = Field(
        None,
        description="model that executors should be able to read; without it that is not looked at",
    )
    revision: str | None = Field(
        None, description="commit of a hub id, 40 hex digits (in quotes in a file)"
    )
    output: str | None = Field(
        None,
        description="place that a job should be able to write to; without it that is not looked at",
    )
    state: str | None = Field(None, description="the same for its state folder")
    timeout_s: Annotated[float, Field(gt=0)] = Field(
        120.0, description="seconds to wait for a slot on an executor"
    )
