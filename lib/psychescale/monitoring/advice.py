"""What to do about the alerts of a period, in sentences."""

import math
from collections.abc import Sequence

from psychescale.monitoring.changes import AUC, EXPECTED_F1, LENGTH, PREVALENCE, PSI, Drift
from psychescale.monitoring.totals import FAILED, REPEATED, TRUNCATED, WINDOWED

HALF_WIDTH = 0.05
"""Of the prevalence that annotated texts are to give."""
MANY_FAILED = 0.2
STRONG_PSI = 0.25
"""PSI's customary limit between a moderate and a strong change."""
STRONG_AUC = 0.8
_NORMAL = 1.96
_FEWEST, _STEP = 100, 50


def advise(period: str, alerts: Sequence[Drift], *, labels: int) -> list[str]:
    """Sentences, the most urgent first; none without an alert.

    Args:
        period: Its name.
        alerts: Its alerts.
        labels: How many labels the model has.
    """
    if not alerts:
        return []
    measures = {alert.measure for alert in alerts}
    said = []
    if _is_another_population(alerts, labels):
        said.append(
            f"Do not use the numbers of {period} beside the reference's until annotated texts of "
            f"{period} show that the model holds there."
        )
    if measures & {FAILED, REPEATED, TRUNCATED, WINDOWED, LENGTH}:
        said.append(
            f"See first how the texts of {period} came in: their source, encoding, cuts and copies, "
            "and reasons of failed rows."
        )
    if measures - {FAILED, REPEATED}:
        said.append(
            f"Annotate {texts_to_annotate(alerts)} texts of {period}, drawn at random, and give them "
            "to `psychescale evaluate` with the scores."
        )
    if measures & {PSI, PREVALENCE, AUC} or any(name.startswith(EXPECTED_F1) for name in measures):
        said.append(
            "If it does worse on them than in its evaluation, train it further with them (`psychescale "
            "train --from`); if it does not, the texts have changed and the numbers may stand."
        )
    return said


def texts_to_annotate(alerts: Sequence[Drift]) -> int:
    """Texts that give the prevalence of each changed label to ± 0.05, at least 100."""
    shares = [alert.current for alert in alerts if alert.measure == PREVALENCE]
    spread = max((share * (1 - share) for share in shares if share is not None), default=0.25)
    wanted = _NORMAL**2 * spread / HALF_WIDTH**2
    return max(_FEWEST, _STEP * math.ceil(wanted / _STEP))


def _is_another_population(alerts: Sequence[Drift], labels: int) -> bool:
    strong = [a for a in alerts if a.measure == PSI and a.value >= STRONG_PSI]
    return (
        2 * len(strong) >= labels
        or any(a.measure == AUC and a.value >= STRONG_AUC for a in alerts)
        or any(a.measure == FAILED and (a.current or 0) >= MANY_FAILED for a in alerts)
    )
