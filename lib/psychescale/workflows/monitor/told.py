"""What of a period's findings is told: rows of the table of measures, all of which may be shown."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from psychescale.disclosure import FEWEST, FEWEST_OF_A_CLASS, is_small, nearest
from psychescale.monitoring.findings import (
    AUC,
    EXPECTED_F1,
    FEWEST_IN_PERIOD,
    PREVALENCE,
    Finding,
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


def measure_rows(period: str, texts: int, findings: Sequence[Finding]) -> Iterator[MeasureRow]:
    """The rows of a period: how many texts it has, and each finding.

    Args:
        period: Its name.
        texts: Its rows, scored or not.
        findings: None where it has too few.
    """
    shown = None if is_small(texts) else float(nearest(texts))
    yield MeasureRow(period, TEXTS, None, shown, reason=None if findings else TOO_FEW)
    for finding in findings:
        yield _told(period, finding)


def _told(period: str, finding: Finding) -> MeasureRow:
    row = MeasureRow(period, finding.measure, finding.label, alert=finding.alert)
    if _is_withheld(finding):
        return row._replace(reason=WITHHELD)
    step = _step(finding)
    row = row._replace(
        value=_rounded(finding.value, step),
        reference=_rounded(finding.reference, step),
        current=_rounded(finding.current, step),
    )
    if min(_sides(finding)) < FEWEST_OF_A_CLASS:
        return row
    return row._replace(
        low=_rounded(finding.low, step),
        high=_rounded(finding.high, step),
        p=_rounded(finding.p, 0.01),
    )


def _is_withheld(finding: Finding) -> bool:
    """Whether a mean tells of few texts: few that are so, or few that are not."""
    if finding.measure == PREVALENCE:  # an expected number, which is hardly ever 0
        return min(_sides(finding)) < FEWEST
    return any(is_small(round(side)) for side in _sides(finding) if side < FEWEST)


def _sides(finding: Finding) -> list[float]:
    """Texts that a share is of, and the others; of what is no share, as many as can be."""
    if finding.current is None or finding.measure.startswith(EXPECTED_F1):
        return [math.inf]
    return [share * finding.texts for share in (finding.current, 1 - finding.current)]


def _step(finding: Finding) -> float:
    """What a number is rounded to: as shares of counts rounded to 5 would be."""
    if finding.measure == AUC or finding.measure.startswith(EXPECTED_F1):
        return 0.01
    return 5 / nearest(finding.texts) if finding.current is not None else 0.001


def _rounded(number: float | None, step: float) -> float | None:
    return None if number is None or number != number else round(step * round(number / step), 6)  # noqa: PLR0124 - NaN
