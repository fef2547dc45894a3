"""From a value and its bootstrap replicates to a 95 % interval.

The percentile interval is too narrow on the few positives that rare labels have: at 20 positives over
authors it covered the truth in 91 % of simulated data sets for F1 and recall and in 89 % for ROC-AUC
(`benchmarks/coverage.py`). So the bootstrap is asked for the variance alone, which carries clusters,
sampling weights and averages over labels, and the interval is a score interval (Wilson 1927) on the
effective sample size that this variance amounts to, ``value * (1 - value) / variance`` (Korn &
Graubard 1998, for proportions from clustered samples). Where the variance between few units is itself
estimated, the normal quantile gives way to Student's.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from psychescale.evaluation.measures.registry import Kind
from psychescale.evaluation.predictions import Floats, Undefined

LEVEL = 0.95
_TAIL = (1 + LEVEL) / 2
_MAX_EXPONENT = 700.0
_NOISE_PERCENTILE = 90.0
# Percentiles that lie one standard deviation from the middle of a normal distribution.
_CENTRAL = (15.87, 84.13)
# Less than one observation: the interval is all of 0 to 1 long before its arithmetic gives way.
_LEAST_OBSERVED = 1e-6


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval, or why there is none.

    Attributes:
        value: The number; NaN where it is not defined.
        low: Lower end; NaN without an interval.
        high: Upper end; NaN without an interval.
        reason: Why value or interval is missing.
    """

    value: float
    low: float = np.nan
    high: float = np.nan
    reason: Undefined | None = None


def interval(
    kind: Kind,
    value: float,
    replicates: Floats,
    *,
    units: int,
    by_author: bool,
    noise: Floats | None = None,
) -> tuple[float, float]:
    """A 95 % interval.

    Args:
        kind: What the measure is made of.
        value: The point estimate.
        replicates: Its bootstrap replicates, shape (n_replicates,); NaN where one was undefined.
        units: Authors, or documents, that the measure rests on.
        by_author: The units are authors.
        noise: For a gap only: how far each replicate's parts are from the estimate's, shape
            (n_replicates,).

    Returns:
        Low and high end; NaN for both where fewer than two units or replicates are there.
    """
    kept = replicates[~np.isnan(replicates)]
    if units < 2 or len(kept) < 2 or np.isnan(value):  # noqa: PLR2004
        return np.nan, np.nan
    variance = float(kept.var(ddof=1))
    if kind is Kind.GAP:
        return _gap(value, kept, kept if noise is None else noise)
    if kind is Kind.LOSS:
        return _log_normal(value, variance * _small_sample(units), _student(units))
    if kind is Kind.CUT:
        # The cut moves from replicate to replicate, which is variance enough, and heavy-tailed.
        return score_interval(value, _central_variance(kept), units, _normal())
    if kind is Kind.ORDER:
        return score_interval(value, variance * _small_sample(units), units, _student(units))
    # Over documents the variance of a share follows from the share: nothing more is estimated.
    return score_interval(value, variance, units, _student(units) if by_author else _normal())


def difference_interval(
    value: float, replicates: Floats, *, units: int, kind: Kind = Kind.SHARE
) -> tuple[float, float]:
    """A 95 % interval for a difference on the same documents: symmetric, with Student's quantile.

    Where the data choose a cut for each model, the replicates vary more than the difference does, and
    the normal quantile is enough (`benchmarks/coverage.py`).

    Args:
        value: The difference.
        replicates: Its bootstrap replicates, shape (n_replicates,); NaN where one was undefined.
        units: Authors, or documents, that it rests on.
        kind: What the measure is made of.
    """
    kept = replicates[~np.isnan(replicates)]
    if units < 2 or len(kept) < 2 or np.isnan(value):  # noqa: PLR2004
        return np.nan, np.nan
    if kind is Kind.CUT:
        half = _normal() * float(kept.std(ddof=1))
        return value - half, value + half
    half = _student(units) * float(np.sqrt(kept.var(ddof=1) * _small_sample(units)))
    return value - half, value + half


def score_interval(
    value: float, variance: float, units: int, quantile: float
) -> tuple[float, float]:
    """Wilson's score interval of a share that has this variance.

    Where no replicate differs (a value of 0 or 1, mostly), each unit counts as one observation.
    """
    spread = value * (1 - value)
    observed = spread / variance if variance > 0 and spread > 0 else float(units)
    observed = max(observed, _LEAST_OBSERVED)
    square = quantile**2
    scale = 1 + square / observed
    middle = (value + square / (2 * observed)) / scale
    half = quantile / scale * np.sqrt(spread / observed + square / (4 * observed**2))
    # At 0 and 1 the ends are the value itself, but for rounding.
    low, high = min(value, float(middle - half)), max(value, float(middle + half))
    return max(0.0, low), min(1.0, high)


def _log_normal(value: float, variance: float, quantile: float) -> tuple[float, float]:
    if value <= 0:
        return 0.0, 0.0
    # Beyond this the upper end is no longer a number.
    factor = float(np.exp(min(quantile * np.sqrt(variance) / value, _MAX_EXPONENT)))
    return value / factor, value * factor


def _gap(value: float, replicates: Floats, noise: Floats) -> tuple[float, float]:
    """An interval for a sum of absolute values, which percentiles miss: they do not come near 0.

    The true sum is at least the observed one minus the sum of what noise adds to its parts (triangle
    inequality): the lower end. As this is more than noise takes away, its 90th percentile is far
    enough: with the 97.5th the true sum lay below in 0 to 1 % of data sets, with this one in 0 to 3 %
    (`benchmarks/coverage.py`). The upper is the percentile, moved down by the bias of the replicates
    and by that of the value itself, which is as large.
    """
    bias = float(replicates.mean()) - value
    low = value - float(np.percentile(noise, _NOISE_PERCENTILE))
    high = float(np.percentile(replicates, 100 * _TAIL)) - 2 * bias
    return max(0.0, low), max(0.0, low, high)


def _central_variance(replicates: Floats) -> float:
    """Variance from the middle of the replicates alone, as if they were normal."""
    low, high = np.percentile(replicates, _CENTRAL)
    return float(((high - low) / 2) ** 2)


def _small_sample(units: int) -> float:
    """The bootstrap's variance divides by n, not n - 1 (Hesterberg 2015, section 4.1)."""
    return units / (units - 1)


def _normal() -> float:
    return float(stats.norm.ppf(_TAIL))


def _student(units: int) -> float:
    return float(stats.t.ppf(_TAIL, units - 1))
