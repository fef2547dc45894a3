"""Measures near their values: what each unit of sampling adds to the error of a measure.

A measure of many documents differs from the truth by a sum over authors, or documents, to first order
(linearisation, as in the design-based variance of surveys: Särndal, Swensson & Wretman 1992, 5.5).
Where the sums of a measure are known, so are its variance and its covariance with any other: that of
another model on the same documents, of another label, of another group.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

from psychescale.evaluation.predictions import Floats, Predictions

LEVEL = 0.95
NORMAL = float(stats.norm.ppf((1 + LEVEL) / 2))
Ends: TypeAlias = tuple[float, float]
NOWHERE: Ends = (np.nan, np.nan)
# A unit that carries nearly all has no neighbour to be compared with; its factor must stay finite.
_MOST_LEVERAGE = 0.999
_LEAST_TAIL = 1e-9  # a thousand differences are told apart far above it
_PRECISION = 1e-3  # of its logarithm


@dataclass(frozen=True)
class Linear:
    """A measure, its variance, and its interval.

    Attributes:
        value: NaN where it is not defined.
        spread: float64, shape (n_units,): one number a unit; their squares add up to the variance.
        ends: From a quantile of the standardised error to a lower and an upper end.
        units: Effective number of units that the variance rests on; infinite where the variance
            follows from the value.
        bounded: Lies in [0, 1].
    """

    value: float
    spread: Floats
    ends: Callable[[float], Ends]
    units: float = np.inf
    bounded: bool = True

    @property
    def variance(self) -> float:
        """Of the measure."""
        return float(self.spread @ self.spread)

    @property
    def interval(self) -> Ends:
        """The 95 % interval; NaN where there are fewer than two units, or no value."""
        if np.isnan(self.value) or self.units < 2:  # noqa: PLR2004
            return NOWHERE
        return self.ends(quantile(self.units))

    def among(self, units: NDArray[np.int64], n_units: int) -> "Linear":
        """The same over the units of more documents.

        Args:
            units: int64, shape (n_units,): the number of each of its units there, ascending.
            n_units: How many there are.
        """
        spread = np.zeros(n_units)
        spread[units] = self.spread
        return replace(self, spread=spread)


def quantile(units: float, tail: float = (1 - LEVEL) / 2) -> float:
    """Student's quantile, above which lies this tail, for a variance estimated from so many units."""
    return float(stats.norm.isf(tail) if np.isinf(units) else stats.t.isf(tail, units - 1))


def undefined(n_units: int) -> Linear:
    """A measure without a value."""
    return Linear(np.nan, np.zeros(n_units), lambda _: NOWHERE)


def kish(masses: Floats) -> float:
    """Effective number of units of unequal mass (Kish 1965)."""
    total = float(masses.sum())
    return total**2 / float(masses @ masses) if total > 0 else 0.0


@dataclass(frozen=True)
class Design:
    """How the documents were drawn.

    Attributes:
        weights: float64, shape (n,): inverse chances.
        unit_of: int64, shape (n,): number of each document's author, or of the document.
        n_units: How many there are.
        by_author: The units are authors: the target is authors like these.
        stratum_of: Strata of a weighted sample of documents: those with the same chance; None
            without weights, and over authors.
    """

    weights: Floats
    unit_of: NDArray[np.int64]
    n_units: int
    by_author: bool
    stratum_of: NDArray[np.int64] | None

    @classmethod
    def of(cls, predictions: Predictions) -> "Design":
        """The design that weights and authors tell of."""
        weights = predictions.weights
        weighted = np.ptp(weights) > 0 and not predictions.by_author
        strata = np.unique(weights, return_inverse=True)[1] if weighted else None
        units = predictions.units
        return cls(weights, units, int(units.max()) + 1, predictions.by_author, strata)

    def sums(self, values: Floats) -> Floats:
        """Sums by unit, shape (n_units,)."""
        found: Floats = np.bincount(self.unit_of, values, self.n_units).astype(np.float64)
        return found

    def spread(self, errors: Floats, mass: Floats | None = None) -> Floats:
        """From errors of documents to a spread over units.

        Within strata errors are taken about their mean, of which a corpus that is itself a draw keeps
        one part in the weight's root: then squares add up to the variance within strata and that of the
        strata's sizes. Elsewhere each unit's sum is divided by the square root of what it leaves to the
        others (CR2 of Bell & McCaffrey 2002 for a mean).

        Args:
            errors: float64, shape (n,): first-order errors of a measure.
            mass: float64, shape (n,): what each document carries of the measure's denominator; None
                where the variance follows from the value.
        """
        if self.stratum_of is not None:
            return self.sums(self._within_strata(errors))
        sums = self.sums(errors)
        if mass is None or not mass.any():
            return sums
        share = np.minimum(self.sums(mass) / mass.sum(), _MOST_LEVERAGE)
        corrected: Floats = sums / np.sqrt(1 - share)
        return corrected

    def _within_strata(self, errors: Floats) -> Floats:
        """Errors about their stratum's mean; a stratum of one document has no mean of its own."""
        stratum = self.stratum_of if self.stratum_of is not None else np.zeros_like(self.unit_of)
        sizes = np.bincount(stratum)[stratum]
        means = (np.bincount(stratum, errors) / np.bincount(stratum))[stratum]
        alone = sizes == 1
        inside = (errors - means) * np.sqrt(sizes / np.maximum(sizes - 1, 1))
        chances = 1 / np.maximum(self.weights, 1)
        scaled: Floats = np.where(alone, errors, inside + means * np.sqrt(chances))
        return scaled

    @property
    def unseen(self) -> float:
        """The largest weight of a document that could have gone unseen; 0 where all weigh the same."""
        return 0.0 if self.stratum_of is None else float(self.weights.max())

    def bearing(self, mass: Floats) -> float:
        """Effective number of units with some of this mass."""
        return kish(self.sums(mass)) if self.by_author else float((self.sums(mass) > 0).sum())


def average(
    parts: Sequence[Linear],
    design: Design,
    *,
    shares: Floats | None = None,
    drift: Floats | None = None,
) -> Linear:
    """A mean of measures of the same documents; one that is undefined counts as 0.

    Its ends are MOVER's (Zou & Donner 2008): distances between the parts' values and their own ends,
    added up under the correlations of the parts, so that a part at 0 or 1 has its say.

    Args:
        parts: The measures, one a label.
        design: Of the documents.
        shares: Weight of each part, adding up to 1; None is the plain mean.
        drift: Spread of the weights themselves, where they are estimated.
    """
    n = len(parts)
    weights = np.full(n, 1 / n) if shares is None else shares
    values = np.array([0.0 if np.isnan(part.value) else part.value for part in parts])
    matrix = np.stack([part.spread for part in parts])
    value = float(weights @ values)
    moved = np.zeros(design.n_units) if drift is None else drift
    spread = weights @ matrix + moved
    units = design.bearing(design.weights) if design.by_author else np.inf
    if not all(part.bounded for part in parts):
        return loss(value, spread, design.bearing(design.weights))
    correlations = _correlations(matrix)
    extra = float(moved @ moved)

    def ends(q: float) -> Ends:
        own = [(0.0, 0.0) if np.isnan(p.value) else p.ends(q) for p in parts]
        low, high = np.abs(np.array(own).T - values) * weights
        below = np.sqrt(low @ correlations @ low + q**2 * extra)
        above = np.sqrt(high @ correlations @ high + q**2 * extra)
        return max(0.0, value - float(below)), min(1.0, value + float(above))

    return Linear(value, spread, ends, units)


def _correlations(matrix: Floats) -> Floats:
    """Of rows, shape (n, n); a row of zeros has none with others."""
    norms = np.sqrt((matrix**2).sum(1))
    unit = matrix / np.where(norms > 0, norms, 1)[:, None]
    found: Floats = unit @ unit.T
    np.fill_diagonal(found, 1)
    return found


def difference(
    one: Linear, two: Linear, *, tail: float = (1 - LEVEL) / 2
) -> tuple[float, float, float]:
    """Value and ends of ``one - two``, of two models, or two groups, whose spreads share units.

    MOVER under the correlation of the two for measures in [0, 1]; symmetric for losses.

    Args:
        one: The first.
        two: The second.
        tail: Chance to err that each end is allowed.
    """
    value = one.value - two.value
    if np.isnan(value) or min(one.units, two.units) < 2:  # noqa: PLR2004
        return value, *NOWHERE
    q = quantile(min(one.units, two.units), tail)
    apart = one.spread - two.spread
    if value == 0 and one.spread.any() and not apart.any():
        return 0.0, 0.0, 0.0  # the same decisions
    if not one.bounded:
        half = q * float(np.sqrt(apart @ apart))
        return value, value - half, value + half
    correlation = float(_correlations(np.stack([one.spread, two.spread]))[0, 1])
    (low, high), (other_low, other_high) = one.ends(q), two.ends(q)
    below = _joint(one.value - low, other_high - two.value, correlation)
    above = _joint(high - one.value, two.value - other_low, correlation)
    return value, max(-1.0, value - below), min(1.0, value + above)


def tail_of(one: Linear, two: Linear) -> float:
    """One-sided p-value of a difference whose interval leaves 0 out: the tail at which it would not."""

    def end(log_tail: float) -> float:
        value, low, high = difference(one, two, tail=float(np.exp(log_tail)))
        return low if value > 0 else high

    least, most = np.log(_LEAST_TAIL), np.log((1 - LEVEL) / 2)
    if end(least) * end(most) > 0:
        return _LEAST_TAIL
    return float(np.exp(brentq(end, least, most, xtol=_PRECISION)))


def _joint(one: float, two: float, correlation: float) -> float:
    return float(np.sqrt(max(one**2 - 2 * correlation * one * two + two**2, 0)))


def loss(value: float, spread: Floats, units: float, unseen: float = 0.0) -> Linear:
    """A mean of what is never negative: log-normal ends.

    Args:
        value: The mean.
        spread: float64, shape (n_units,).
        units: Effective number of units.
        unseen: What a heavy document that could have gone unseen would add.
    """
    deviation = float(np.sqrt(spread @ spread + unseen**2 / 2))

    def ends(q: float) -> Ends:
        if value <= 0:
            return 0.0, 0.0
        factor = float(np.exp(min(q * deviation / value, 700.0)))  # beyond, no number any more
        return value / factor, value * factor

    return Linear(value, spread, ends, units, bounded=False)


def stretched(part: Linear, of: Callable[[float], float], slope: float) -> Linear:
    """An increasing function of a measure, `slope` its derivative there."""

    def ends(q: float) -> Ends:
        low, high = part.ends(q)
        return of(low), of(high)

    return replace(part, value=of(part.value), spread=part.spread * slope, ends=ends)
