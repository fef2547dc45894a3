"""What there is without an annotated sample: counts, and counts corrected by an evaluation."""

from dataclasses import dataclass

import numpy as np

from psychescale.evaluation.measures.linear import NORMAL, NOWHERE, Ends
from psychescale.evaluation.measures.shares import mid_p


@dataclass(frozen=True)
class DecisionCounts:
    """What a label's decisions were worth where they were evaluated, in texts.

    Attributes:
        tp: Found.
        fp: Wrongly given.
        fn: Missed.
        tn: Rightly not given.
    """

    tp: int
    fp: int
    fn: int
    tn: int


def counted(positives: int, total: int) -> tuple[float, Ends]:
    """A share that was counted, and its mid-P interval as if texts were a draw."""
    if total == 0:
        return np.nan, NOWHERE
    value = positives / total
    return value, mid_p(value, total, value * (1 - value) / total)


def adjusted(share: float, total: int, known: DecisionCounts) -> tuple[float, Ends]:
    """The share that sensitivity and specificity make of a counted one (Rogan & Gladen 1978).

    The interval carries the errors of all three (Lang & Reiczigel 2014). It holds where sensitivity and
    specificity are those of the evaluation: the same for all groups and at all times.

    Args:
        share: Texts with the label by the classifier, as a share.
        total: Of so many.
        known: From the evaluation.

    Returns:
        Value and ends; NaN where the classifier is no better than chance there.
    """
    sick, well = known.tp + known.fn, known.tn + known.fp
    if total == 0 or sick == 0 or well == 0:
        return np.nan, NOWHERE
    gain = known.tp / sick + known.tn / well - 1
    square = NORMAL**2
    n, n_sick, n_well = total + square, sick + 2, well + 2
    found = (share * total + square / 2) / n
    sensitivity, specificity = (known.tp + 1) / n_sick, (known.tn + 1) / n_well
    slope = sensitivity + specificity - 1
    if min(gain, slope) <= 0:
        return np.nan, NOWHERE
    value = (share + known.tn / well - 1) / gain
    moved = (found + specificity - 1) / slope
    of_sick = sensitivity * (1 - sensitivity) / n_sick
    of_well = specificity * (1 - specificity) / n_well
    shift = 2 * square * (moved * of_sick - (1 - moved) * of_well)
    variance = found * (1 - found) / n + moved**2 * of_sick + (1 - moved) ** 2 * of_well
    half = NORMAL * np.sqrt(variance) / slope
    low, high = np.clip([moved + shift - half, moved + shift + half], 0, 1)
    return float(np.clip(value, 0, 1)), (float(low), float(high))
