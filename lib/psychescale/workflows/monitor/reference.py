"""The profile that periods are compared with: read from a file, or made once and kept."""

import json

from psychescale.errors import InputError, UsageError
from psychescale.monitoring.profile import (
    FEWEST_TEXTS,
    Profile,
    as_document,
    from_document,
    profile_of,
)
from psychescale.monitoring.totals import Totals
from psychescale.settings.monitor import MonitorConfig

PROFILE_FILE = "profile.json"
REFERENCE = "reference"
"""What the periods of the reference are called together."""


def reference_file(config: MonitorConfig) -> str | None:
    """The file of the reference; None where it is of periods."""
    first = config.reference[0]
    return first if len(config.reference) == 1 and first.endswith(".json") else None


def reference_periods(config: MonitorConfig) -> tuple[str, ...]:
    """The periods of the reference, in order; none where it is a file."""
    return () if reference_file(config) else tuple(sorted(set(config.reference)))


def settled_profile(config: MonitorConfig, kept: str | None, named: str | None) -> Profile | None:
    """The profile that is there already; None where it is to be made.

    Args:
        config: Of the run.
        kept: Content of the profile in ``output``; None where there is none.
        named: Content of the file of the reference.

    Raises:
        InputError: A file is no profile, or not there.
        UsageError: ``output`` was begun with another reference.
    """
    given = reference_file(config)
    stated = None if given is None else read_profile(given, named)
    if kept is None:
        return stated
    there = read_profile(f"{config.output}/{PROFILE_FILE}", kept)
    if there.periods != reference_periods(config) if stated is None else there != stated:
        raise UsageError(
            f"{config.output} compares with another ‹reference› ({', '.join(there.periods)}).",
            remedy="Write to another ‹output›, or name the reference that it began with.",
        )
    return there


def require_fitting(
    profile: Profile, *, scoring_id: str, labels: tuple[str, ...], thresholds: tuple[float, ...]
) -> None:
    """Check that a profile is of the same way of scoring.

    Raises:
        InputError: It is of another, or of other thresholds.
    """
    if (profile.scoring_id, profile.labels) != (scoring_id, labels):
        raise InputError(
            f"The profile of ‹reference› is of scoring id {profile.scoring_id}, the rows of ‹scores› "
            f"of {scoring_id}.",
            remedy="Scores of two ways of scoring are not one series: compare with a reference that "
            "this model scored.",
        )
    if profile.thresholds != thresholds:
        raise InputError(
            "The profile of ‹reference› is of other thresholds.",
            remedy="Give the ‹model› that it was made with, or none if there was none.",
        )


def made_profile(
    totals: Totals, periods: tuple[str, ...], *, scoring_id: str, thresholds: tuple[float, ...]
) -> Profile:
    """The profile of the reference's periods.

    Raises:
        InputError: They have too few scored texts.
    """
    if totals.n_scored < FEWEST_TEXTS:
        raise InputError(
            f"The periods of ‹reference› have fewer than {FEWEST_TEXTS} scored texts.",
            remedy="Name more periods, or make them longer with ‹period›.",
        )
    return profile_of(totals, scoring_id=scoring_id, periods=periods, thresholds=thresholds)


def read_profile(place: str, content: str | None) -> Profile:
    """The profile of a file.

    Args:
        place: The file, for the message.
        content: What is in it; None where it is not there.

    Raises:
        InputError: It is none.
    """
    try:
        return from_document(json.loads(content or ""))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InputError(
            f"{place} is no profile that `psychescale monitor` of this version wrote.",
            remedy="Give the profile.json of an ‹output› of it, or name periods.",
        ) from None


def written_profile(profile: Profile) -> str:
    """The profile as a file, for later runs."""
    return json.dumps(as_document(profile), indent=1) + "\n"
