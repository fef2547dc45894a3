"""Means over texts, with the variance that authors give them: shares, prevalences, expected F1."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from psychescale.monitoring.totals import Floats, Ratio, Totals, degrees

LEVEL = 0.95


@dataclass(frozen=True)
class Mean:
    """A mean.

    Attributes:
        value: The mean.
        variance: Of one text's share in it: divided by `texts` it is the variance of the mean.
        texts: How many it is over.
        freedom: Degrees of freedom of the variance.
        grain: What the value is rounded to; 0 where it is not.
    """

    value: float
    variance: float
    texts: int
    freedom: float
    grain: float = 0.0


@dataclass(frozen=True)
class Difference:
    """A mean beside that of the reference.

    Attributes:
        value: Current less reference.
        low: Of its 95 % interval.
        high: The same.
        p: Probability of so large a change, in either direction, between draws of one population.
    """

    value: float
    low: float
    high: float
    p: float

    @property
    def falls(self) -> float:
        """The probability of so large a fall."""
        return self.p / 2 if self.value < 0 else 1 - self.p / 2

    @property
    def rises(self) -> float:
        """The probability of so large a rise."""
        return 1 - self.falls


def mean_of(ratio: Ratio) -> Mean:
    """The mean of sums over groups, linearised as a ratio."""
    total = float(ratio.texts.sum())
    value = float(ratio.sums.sum()) / total
    errors = ratio.sums - value * ratio.texts
    used = int(np.count_nonzero(ratio.texts))
    scatter = float(errors @ errors) * used / max(used - 1, 1) / total
    return Mean(value, scatter, int(total), degrees(ratio.texts))


def prevalence(totals: Totals, label: int) -> Mean:
    """The mean probability of a label: its expected prevalence, where the scores are calibrated."""
    return mean_of(Ratio(totals.sums[:, label], totals.scored.astype(np.float64)))


def expected_f1(totals: Totals) -> dict[str, Mean]:
    """F1 that the scores themselves let expect, ``macro`` and ``micro``.

    A text over the threshold is right with its own probability, and one below is missed with its own
    (confidence-based performance estimation). It holds while calibrated scores stay calibrated: where
    the meaning of a label changes and the scores do not, neither does this.
    """
    return {
        name: _jackknife(totals, measure)
        for name, measure in {
            "macro": lambda *sums: float(f1_of_sums(*sums).mean()),
            "micro": lambda *sums: float(f1_of_sums(*(each.sum() for each in sums))),
        }.items()
    }


def f1_of_sums(hits: Floats, above: Floats, sums: Floats) -> Floats:
    """F1 of expected counts: twice those found rightly, over those found and those there.

    Args:
        hits: Expected true positives, any shape.
        above: Texts that reach the threshold.
        sums: Expected positives.

    Returns:
        float64, the same shape; 0 where nothing is found or there.
    """
    whole = np.asarray(above + sums, np.float64)
    return np.divide(2 * hits, whole, out=np.zeros_like(whole), where=whole > 0)


def compared(reference: Mean, current: Mean) -> Difference:
    """The difference of two means, the larger variance of one text taken for both.

    A small period without one of few positives has no variance of its own; the reference has.
    """
    each = max(reference.variance, current.variance)
    # A share that is 0 in both has none at all: as if one text of the larger were otherwise.
    each = max(each, 1 / max(reference.texts, current.texts))
    scatter = each * (1 / reference.texts + 1 / current.texts)
    # Half a grain is the most that rounding moved the reference.
    error = float(np.sqrt(scatter + (reference.grain / 2) ** 2))
    freedom = min(reference.freedom, current.freedom)
    value = current.value - reference.value
    if freedom <= 0:
        return Difference(value, np.nan, np.nan, 1.0)
    half = float(stats.t.ppf((1 + LEVEL) / 2, freedom)) * error
    return Difference(
        value, value - half, value + half, float(2 * stats.t.sf(abs(value) / error, freedom))
    )


def _jackknife(totals: Totals, measure: Callable[[Floats, Floats, Floats], float]) -> Mean:
    parts = (totals.hits, totals.above.astype(np.float64), totals.sums)
    used = np.flatnonzero(totals.scored)
    whole = [part.sum(0) for part in parts]
    without = np.array(
        [
            measure(*(all_ - part[group] for all_, part in zip(whole, parts, strict=True)))
            for group in used
        ]
    )
    variance = (len(used) - 1) * float(without.var()) if len(used) > 1 else 0.0
    value = measure(*whole)
    return Mean(value, variance * totals.n_scored, totals.n_scored, degrees(totals.scored))
