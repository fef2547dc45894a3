"""What of a period's drifts is told: rows of the table of measures, all of which may be shown."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from psychescale.disclosure import FEWEST, FEWEST_OF_A_CLASS, is_small, nearest
from psychescale.monitoring.changes import (
    AUC,
    EXPECTED_F1,
    FEWEST_IN_PERIOD,
    PREVALENCE,
    Drift,
)

TEXTS = "texts"
"""The measure of how many rows a period has; every period that was looked at has this row."""
WITHHELD = "withheld: it would tell a count from 1 to 7"
TOO_FEW = f"not measured: fewer than {FEWEST_IN_PERIOD} rows"


class MeasureRow(NamedTuple):
    """A row of the table of measures; None where a field does not apply."""

    period: str
    measure: str
    label: str | None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    reference: float | None = None
    current: float | None = None
    p: float | None = None
    alert: bool = False
    reason: str | None = None


def measure_rows(period: str, texts: int, drifts: Sequence[Drift]) -> Iterator[MeasureRow]:
    """The rows of a period: how many texts it has, and each measure.

    Args:
        period: Its name.
        texts: Its rows, scored or not.
        drifts: None where it has too few.
    """
    shown = None if is_small(texts) else float(nearest(texts))
    yield MeasureRow(period, TEXTS, None, shown, reason=None if drifts else TOO_FEW)
    for drift in drifts:
        yield _told(period, drift)


def _told(period: str, drift: Drift) -> MeasureRow:
    row = MeasureRow(period, drift.measure, drift.label, alert=drift.alert)
    if _is_withheld(drift):
        return row._replace(reason=WITHHELD)
    step = _step(drift)
    row = row._replace(
        value=_rounded(drift.value, step),
        reference=_rounded(drift.reference, step),
        current=_rounded(drift.current, step),
    )
    if min(_sides(drift)) < FEWEST_OF_A_CLASS:
        return row
    return row._replace(
        low=_rounded(drift.low, step),
        high=_rounded(drift.high, step),
        p=_rounded(drift.p, 0.01),
    )


def _is_withheld(drift: Drift) -> bool:
    """Whether a mean tells of few texts: few that are so, or few that are not."""
    if drift.measure == PREVALENCE:  # an expected number, which is hardly ever 0
        return min(_sides(drift)) < FEWEST
    return any(is_small(round(side)) for side in _sides(drift) if side < FEWEST)


def _sides(drift: Drift) -> list[float]:
    """Texts that a share is of, and the others; of what is no share, as many as can be."""
    if drift.current is None or drift.measure.startswith(EXPECTED_F1):
        return [math.inf]
    return [share * drift.texts for share in (drift.current, 1 - drift.current)]


def _step(drift: Drift) -> float:
    """What a number is rounded to: as shares of counts rounded to 5 would be."""
    if drift.measure == AUC or drift.measure.startswith(EXPECTED_F1):
        return 0.01
    return 5 / nearest(drift.texts) if drift.current is not None else 0.001


def _rounded(number: float | None, step: float) -> float | None:
    return None if number is None or number != number else round(step * round(number / step), 6)  # noqa: PLR0124 - NaN
