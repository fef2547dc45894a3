"""Values with their 95 % intervals, or why there is none."""

from dataclasses import dataclass

import numpy as np

from psychescale.evaluation.measures.linear import LEVEL, NOWHERE, Ends, Linear, difference
from psychescale.evaluation.measures.registry import base_name, is_estimable
from psychescale.evaluation.measures.shares import mid_p
from psychescale.evaluation.predictions import Floats, Predictions, Undefined

_TAIL = (1 + LEVEL) / 2
_NOISE_PERCENTILE = 90.0
# Percentiles that lie one standard deviation from the middle of a normal distribution.
_CENTRAL = (15.87, 84.13)


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval, or why there is none.

    Attributes:
        value: The number; NaN where it is not defined.
        low: Lower end; NaN without an interval.
        high: Upper end; NaN without an interval.
        reason: Why value or interval is missing.
        tail: Of a difference whose interval leaves 0 out, where asked for: the one-sided p-value.
    """

    value: float
    low: float = np.nan
    high: float = np.nan
    reason: Undefined | None = None
    tail: float | None = None


def estimate(name: str, value: float, ends: Ends, positives: int, negatives: int) -> Estimate:
    """A value with its interval, if there are enough documents for one.

    Args:
        name: The measure, or an average of it.
        value: Its value.
        ends: Its ends.
        positives: Documents, or decisions, that hold.
        negatives: Those that do not.
    """
    if np.isnan(value):
        return Estimate(value, reason=_why_undefined(name, positives))
    if np.isnan(ends[0]) or not is_estimable(name, positives, negatives):
        return Estimate(value, reason=Undefined.FEW_POSITIVES)
    return Estimate(value, *ends)


def of_linear(name: str, found: Linear, positives: int, negatives: int) -> Estimate:
    """The same of a measure that knows its ends."""
    return estimate(name, found.value, found.interval, positives, negatives)


def of_difference(name: str, one: Linear, two: Linear, positives: int, negatives: int) -> Estimate:
    """The same of a difference."""
    value, *ends = difference(one, two)
    return estimate(name, value, (ends[0], ends[1]), positives, negatives)


def counts(predictions: Predictions, label: int | None = None) -> tuple[int, int]:
    """Documents that have a label and that have it not; of None, decisions over all labels."""
    held = predictions.truth if label is None else predictions.truth[:, label]
    return int(held.sum()), int(held.size - held.sum())


def _why_undefined(name: str, positives: int) -> Undefined:
    if base_name(name) == "precision":
        return Undefined.NONE_PREDICTED
    if positives == 0 and base_name(name) != "specificity":
        return Undefined.NO_POSITIVES
    return Undefined.NO_NEGATIVES


def cut_ends(value: float, replicates: Floats, *, units: float) -> Ends:
    """Ends of a share above a cut that the data choose.

    The cut moves from replicate to replicate, which is variance enough, and heavy-tailed: it is taken
    from the middle of the replicates.

    Args:
        value: The share.
        replicates: Of the bootstrap, shape (n_replicates,); NaN where one was undefined.
        units: Authors, or documents, with a positive.
    """
    kept = replicates[~np.isnan(replicates)]
    if units < 2 or len(kept) < 2 or np.isnan(value):  # noqa: PLR2004
        return NOWHERE
    low, high = np.percentile(kept, _CENTRAL)
    return mid_p(value, units, float(((high - low) / 2) ** 2))


def gap_ends(value: float, replicates: Floats, noise: Floats) -> Ends:
    """Ends of a sum of absolute values, which percentiles miss: they do not come near 0.

    The true sum is at least the observed one minus the sum of what noise adds to its parts (triangle
    inequality): the lower end. As this is more than noise takes away, its 90th percentile is far
    enough: with the 97.5th the true sum lay below in 0 to 1 % of data sets, with this one in 0 to 3 %.
    The upper is the percentile, moved down by the bias of the replicates and by that of the value
    itself, which is as large.

    Args:
        value: The sum.
        replicates: Of the bootstrap, shape (n_replicates,).
        noise: How far each replicate's parts are from the value's, the same shape.
    """
    bias = float(replicates.mean()) - value
    low = value - float(np.percentile(noise, _NOISE_PERCENTILE))
    high = float(np.percentile(replicates, 100 * _TAIL)) - 2 * bias
    return max(0.0, low), max(0.0, low, high)
