"""Shares of documents or of decisions, with intervals that hold at 0 and 1 and for unequal weights."""

from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betainc, betaincinv

from psychescale.evaluation.measures.linear import (
    LEVEL,
    NORMAL,
    Design,
    Ends,
    Linear,
    undefined,
)
from psychescale.evaluation.predictions import Floats

_TAIL = (1 - LEVEL) / 2
_CLOSE = 1e-9
_PRECISION = 1e-6
# A share without a variance is one of so many documents.
_LARGEST = 1e12
_Beta: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Unseen:
    """The documents in which a further hit, or a further miss, could have been.

    Attributes:
        hit: bool, shape (n,).
        miss: bool, shape (n,).
    """

    hit: NDArray[np.bool_]
    miss: NDArray[np.bool_]


def share(design: Design, hits: Floats, mass: Floats, unseen: Unseen) -> Linear:
    """The share of `hits` in `mass`, weighted.

    Args:
        design: Of the documents.
        hits: float64, shape (n,): what each document adds to the numerator.
        mass: float64, shape (n,): what it adds to the denominator.
        unseen: Where one more of either could have been seen.
    """
    weights = design.weights
    total = float(weights @ mass)
    if total <= 0:
        return undefined(design.n_units)
    value = float(weights @ hits) / total
    errors = weights * (hits - value * mass) / total
    spread = design.spread(errors, weights * mass if design.by_author else None)
    variance = float(spread @ spread)
    effect = _design_effect(design, mass, value, variance, total)
    hit, miss = (effect * _largest(weights, which) for which in (unseen.hit, unseen.miss))
    units = design.bearing(weights * mass) if design.by_author else np.inf

    def ends(q: float) -> Ends:
        return mid_p(value, total, variance, hit=hit, miss=miss, scale=(NORMAL / q) ** 2)

    return Linear(value, spread, cache(ends), units)


def _largest(weights: Floats, which: NDArray[np.bool_]) -> float:
    return float(weights[which].max() if which.any() else weights.max())


def _design_effect(
    design: Design, mass: Floats, value: float, variance: float, total: float
) -> float:
    """How many observations move together: from one to a unit's mean mass, which it is at 0 and 1."""
    masses = design.sums(mass)
    largest = float(masses @ masses / masses.sum())
    alone = value * (1 - value) * float(design.weights**2 @ mass) / total**2
    return float(np.clip(variance / alone, 1, largest)) if alone > 0 else largest


def mid_p(
    value: float,
    total: float,
    variance: float,
    *,
    hit: float = 1.0,
    miss: float = 1.0,
    scale: float = 1.0,
) -> Ends:
    """The mid-P interval of a share, for weighted and clustered documents too.

    The ends of Clopper and Pearson are quantiles of two beta distributions, one with a further miss,
    one with a further hit; the mid-P ends those of their mixture. Here the further one has the
    largest weight that could have gone unseen (as in Fay & Feuer 1997 for sums), and each beta the
    mean and variance of the share so extended: of `n` documents of equal weight it is the mid-P
    interval itself, and a stratum without a positive has its say through the weight.

    Args:
        value: The share.
        total: Sum of weights that it is a share of.
        variance: Of the share.
        hit: Weight of a hit that could have gone unseen.
        miss: Weight of such a miss.
        scale: Below 1 for a variance that is estimated from few units (Korn & Graubard 1998).
    """
    low = value * total / (total + miss)
    high = (value * total + hit) / (total + hit)
    squares = variance * total**2
    lower = _beta(low, (squares + miss**2 * low * value) / (total + miss) ** 2, scale)
    upper = _beta(high, (squares + hit**2 * (1 - high) * (1 - value)) / (total + hit) ** 2, scale)

    return (
        0.0 if value <= _CLOSE else min(value, _quantile(lower, upper, _TAIL)),
        1.0 if value >= 1 - _CLOSE else max(value, _quantile(lower, upper, 1 - _TAIL)),
    )


def _beta(mean: float, variance: float, scale: float) -> _Beta:
    """Parameters of the beta distribution with this mean and variance; a 0 is all at 0, or at 1."""
    spread = mean * (1 - mean)
    size = min(scale * spread / variance, _LARGEST) if variance > 0 and spread > 0 else _LARGEST
    return mean * size, (1 - mean) * size


def _quantile(lower: _Beta, upper: _Beta, probability: float) -> float:
    """Of the mixture of both: it lies between theirs."""
    if upper[0] == 0 or lower[0] == 0:  # all of it at 0
        return float(betaincinv(*upper, max(2 * probability - 1, 0)))
    if upper[1] == 0:  # all of it at 1
        return float(betaincinv(*lower, min(2 * probability, 1)))
    ends = (float(betaincinv(*lower, probability)), float(betaincinv(*upper, probability)))

    def apart(x: float) -> float:
        return float(betainc(*lower, x) + betainc(*upper, x)) / 2 - probability

    if ends[1] - ends[0] < _PRECISION or apart(ends[0]) * apart(ends[1]) >= 0:
        return sum(ends) / 2
    return float(brentq(apart, *ends, xtol=_PRECISION))
