"""A run of `monitor`: the reference, the periods that are new, what each shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from pyspark.sql import SparkSession

from psychescale.monitoring.changes import FEWEST_IN_PERIOD, decide, find, rate_of
from psychescale.monitoring.profile import Profile
from psychescale.monitoring.separation import separation
from psychescale.monitoring.totals import REPEATED
from psychescale.settings.monitor import MonitorConfig
from psychescale.spark.monitor.measures import Measures
from psychescale.spark.monitor.series import Series
from psychescale.spark.monitor.summing import REPEATED_TEXTS, sample_parts, sum_parts
from psychescale.spark.pipeline.state import held_lease, state_folder
from psychescale.spark.session.access import access
from psychescale.spark.session.places import join
from psychescale.workflows.monitor.document import drift_document, drift_files
from psychescale.workflows.monitor.reference import (
    PROFILE_FILE,
    REFERENCE,
    made_profile,
    reference_file,
    reference_periods,
    require_fitting,
    settled_profile,
    written_profile,
)
from psychescale.workflows.monitor.told import TEXTS, MeasureRow, measure_rows


@dataclass(frozen=True)
class Watched:
    """What a run showed.

    Attributes:
        new: Periods that it looked at.
        document: All periods of the output, as ``alerts.json`` has them.
    """

    new: tuple[str, ...]
    document: dict[str, Any]


def watch(spark: SparkSession, config: MonitorConfig, series: Series) -> Watched:
    """Measure the new periods, and write measures, alerts and report.

    Raises:
        InputError: The reference is too small, or of another way of scoring.
        StorageError: Another run writes to the output, or it cannot be written.
        UsageError: The output was begun with another reference.
    """
    files = access(spark).files
    with held_lease(files, state_folder(config.output, None)):
        kept, named = join(config.output, PROFILE_FILE), reference_file(config)
        profile = settled_profile(
            config, files.read(kept), None if named is None else files.read(named)
        ) or _made(series, config)
        require_fitting(
            profile,
            scoring_id=series.table.scoring_id,
            labels=series.table.labels,
            thresholds=series.thresholds,
        )
        files.replace(kept, written_profile(profile))
        measures = Measures.at(spark, config.output)
        known = measures.rows()
        new = new_periods(series, known, unfinished=config.unfinished)
        found = list(_measured(series, profile, new, known, rate=config.false_alarms))
        if found:
            measures.add(found)
        rows = sorted([*known, *found], key=lambda row: (row.period, row.measure, row.label or ""))
        document = drift_document(config, profile, rows, timeless=series.timeless)
        for name, content in drift_files(document, rows).items():
            files.replace(join(config.output, name), content)
    return Watched(new, document)


def new_periods(
    series: Series, known: Sequence[MeasureRow], *, unfinished: bool
) -> tuple[str, ...]:
    """Periods that the table of measures does not hold, in the order of time."""
    there = {REFERENCE, *(row.period for row in known)}
    new = sorted(period for period in series.texts if period not in there)
    return tuple(period for period in new if unfinished or period < series.now)


def _made(series: Series, config: MonitorConfig) -> Profile:
    totals = sum_parts(series, [REFERENCE], copies_among=REPEATED_TEXTS)[REFERENCE]
    return made_profile(
        totals,
        reference_periods(config),
        scoring_id=series.table.scoring_id,
        thresholds=series.thresholds,
    )


def _measured(
    series: Series,
    profile: Profile,
    periods: Sequence[str],
    known: Sequence[MeasureRow],
    *,
    rate: float,
) -> Iterator[MeasureRow]:
    large = [period for period in periods if series.texts[period] >= FEWEST_IN_PERIOD]
    among = profile.shares[REPEATED].texts
    totals_of = sum_parts(series, large, copies_among=among) if large else {}
    # Without the rows of the reference there is nothing to tell a period from.
    compared = [REFERENCE, *large] if large and REFERENCE in series.texts else []
    samples = sample_parts(series, compared) if compared else {}
    tested = sum(row.measure == TEXTS and row.reason is None for row in known)
    numbers = count(tested + 1)
    for period in periods:
        if period not in totals_of:
            yield from measure_rows(period, series.texts[period], [])
            continue
        totals = totals_of[period]
        apart = (
            separation(samples[REFERENCE], samples[period])
            if samples and totals.n_scored >= FEWEST_IN_PERIOD
            else None
        )
        found = decide(find(profile, totals, apart), rate_of(next(numbers), rate))
        yield from measure_rows(period, series.texts[period], found)
