"""How far two distributions over the same bins differ, and whether chance explains it."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from psychescale.disclosure import LARGEST_SMALL, ROUNDED_TO
from psychescale.monitoring.totals import Counts, Floats

_SMALL = (1 + LARGEST_SMALL) / 2
# Added to each bin, so that an empty one has a logarithm (Jeffreys' prior).
_HALF = 0.5


def merged(counts: Counts, least: float) -> list[int]:
    """The first bin of each run of neighbours that together reach `least`.

    Args:
        counts: int64, shape (n_bins,).
        least: Texts; where all bins together have fewer there is one run.
    """
    starts, inside = [0], 0
    for number, count in enumerate(counts):
        if inside >= least:
            starts.append(number)
            inside = 0
        inside += int(count)
    if inside < least and len(starts) > 1:
        starts.pop()
    return starts


def shown(counts: Counts) -> Floats:
    """Counts as they may be known: to the nearest 5, small ones as the middle of their band."""
    nearest = ROUNDED_TO * np.round(counts / ROUNDED_TO)
    return np.where((counts > 0) & (counts <= LARGEST_SMALL), _SMALL, nearest)


def population_stability(reference: Floats, current: Floats) -> float:
    """PSI of two tables of counts: the sum of (p − q) ln(p / q), half a text added to each bin."""
    p, q = _shares(reference + _HALF), _shares(current + _HALF)
    return float(((p - q) * np.log(p / q)).sum())


def jensen_shannon(reference: Floats, current: Floats) -> float:
    """Jensen–Shannon divergence of two tables of counts, in bits: from 0 to 1 (Lin 1991)."""
    p, q = _shares(reference), _shares(current)
    middle = (p + q) / 2
    return float((_bits(p, middle) + _bits(q, middle)) / 2)


def kolmogorov_smirnov(reference: Floats, current: Floats) -> float:
    """The largest difference of the cumulative shares, at the edges of the bins."""
    return float(np.abs(np.cumsum(_shares(reference) - _shares(current))).max())


def design_effect(groups: Counts) -> tuple[float, float]:
    """How much wider authors make the scatter of shares than single texts would, and its evenness.

    Args:
        groups: int64, shape (GROUPS, n_bins): texts by group and bin.

    Returns:
        The mean generalized design effect, at least 1; and the number of directions that the
        scatter fills, from 1 to n_bins − 1 (Rao & Scott 1984; Satterthwaite's approximation).
    """
    texts = groups.sum(1)
    total, used = texts.sum(), np.count_nonzero(texts)
    shares = groups.sum(0) / total
    there = shares > 0
    if used < 2 or np.count_nonzero(there) < 2:  # noqa: PLR2004
        return 1.0, 1.0
    errors = (groups - np.outer(texts, shares))[:, there] / np.sqrt(shares[there])
    scatter = errors.T @ errors * used / (used - 1) / total
    trace = float(np.trace(scatter))
    if not trace:
        return 1.0, 1.0
    directions = trace**2 / float((scatter**2).sum())
    return max(1.0, trace / (np.count_nonzero(there) - 1)), max(1.0, directions)


def chance(
    reference: Floats, current: Floats, *, effect: float, directions: float, freedom: float
) -> float:
    """Probability of so large a difference where both are draws from one population.

    Pearson's statistic of two samples, corrected for clusters and compared with F (Rao & Scott 1984;
    Thomas & Rao 1987).

    Args:
        reference: Counts, shape (n_bins,).
        current: The same.
        effect: The larger design effect of the two.
        directions: That the scatter fills.
        freedom: Degrees of freedom of the design effect.
    """
    n, m = reference.sum(), current.sum()
    pooled = (reference + current) / (n + m)
    there = pooled > 0
    bins = int(there.sum())
    if bins < 2 or freedom <= 0:  # noqa: PLR2004
        return 1.0
    apart = (reference / n - current / m)[there]
    pearson = float((apart**2 / pooled[there]).sum()) / (1 / n + 1 / m)
    ratio = pearson / (effect * (bins - 1))
    return float(stats.f.sf(ratio, directions, directions * freedom))


def coarse(groups: Counts, starts: Sequence[int]) -> Counts:
    """Counts with neighbouring bins, the last axis, added up from each start to the next."""
    return np.add.reduceat(groups, list(starts), axis=-1)


def _shares(counts: Floats) -> Floats:
    shares: Floats = counts / counts.sum()
    return shares


def _bits(p: Floats, middle: Floats) -> float:
    there = p > 0
    return float((p[there] * np.log2(p[there] / middle[there])).sum())
