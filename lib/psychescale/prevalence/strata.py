"""Strata of a corpus, how many texts are drawn from each, and how wide the intervals will be.

Texts are drawn at random within strata, so each has the known chance ``drawn / size`` of its stratum.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import UsageError
from psychescale.evaluation.measures.shares import mid_p

Floats = NDArray[np.float64]
FEWEST_DRAWN = 20
"""Texts that are drawn from a stratum at least, or all that it has."""
BANDS = 5
"""Strata by score; more than six are hardly worth it (Cochran 1977, 5A.8)."""
FEW_EXPECTED = 50
"""Expected positives among the annotated from which probabilities help an estimate."""
FLOOR = 0.1
"""Of a text's spread: nobody is so sure of a text that it should never be looked at."""


@dataclass(frozen=True)
class Strata:
    """What is known of each stratum before anyone annotates.

    Attributes:
        sizes: int64, shape (n_strata,): texts.
        expected: float64, shape (n_strata, n_labels): mean probability of each label.
        spread: float64, shape (n_strata, n_labels): mean of f(1 − f), the variance that a calibrated
            probability f leaves.
    """

    sizes: NDArray[np.int64]
    expected: Floats
    spread: Floats

    def positives(self, drawn: NDArray[np.int64]) -> Floats:
        """Positives to be expected among the drawn texts, shape (n_labels,)."""
        found: Floats = drawn @ self.expected
        return found


def cut_points(values: Floats, counts: NDArray[np.int64], bands: int = BANDS) -> Floats:
    """Where to part a distribution into strata: equal parts of the summed root of its frequency.

    The rule of Dalenius & Hodges (1959), on a histogram.

    Args:
        values: float64, shape (n_bins,): upper end of each bin, ascending.
        counts: int64, shape (n_bins,).
        bands: How many strata.

    Returns:
        float64, shape (at most bands − 1,): upper ends of all strata but the last, ascending.
    """
    summed = np.cumsum(np.sqrt(counts.astype(np.float64)))
    if not summed.size or summed[-1] == 0:
        return np.empty(0)
    wanted = summed[-1] * np.arange(1, bands) / bands
    places = np.unique(np.searchsorted(summed, wanted))
    filled = np.cumsum(counts)[places]
    within = places[(filled > 0) & (filled < counts.sum())]
    found: Floats = values[within]
    return found


def allocate(strata: Strata, size: int) -> NDArray[np.int64]:
    """Texts to draw from each stratum: half by Neyman's rule, half in proportion to sizes.

    Neyman's part goes by what all labels together leave open; the proportional part keeps the sample
    from failing where the model is sure and wrong. No stratum gets fewer than 20, or all it has.

    Args:
        strata: With sizes of at least 1.
        size: Of the sample.

    Returns:
        int64, shape (n_strata,): they add up to `size`, or to the corpus where that is smaller.

    Raises:
        UsageError: The strata need more texts than that.
    """
    least = np.minimum(strata.sizes, FEWEST_DRAWN)
    if size < least.sum():
        raise UsageError(
            f"{len(strata.sizes)} strata of at least {FEWEST_DRAWN} texts each need {least.sum():,}.",
            remedy="Raise ‹size›, or name fewer ‹strata›.",
        )
    shares = strata.sizes / strata.sizes.sum()
    open_parts = strata.sizes * np.maximum(np.sqrt(strata.spread).sum(1), FLOOR)
    wished = size * (open_parts / open_parts.sum() + shares) / 2
    return _whole(wished, least, strata.sizes, min(size, int(strata.sizes.sum())))


def _whole(
    wished: Floats, least: NDArray[np.int64], most: NDArray[np.int64], total: int
) -> NDArray[np.int64]:
    """Whole numbers near the wished ones, within bounds, that add up to the total."""
    low, high = 0.0, float(total / max(wished.min(), 1e-9)) + 1
    for _ in range(100):  # a common factor, by bisection
        middle = (low + high) / 2
        if np.clip(wished * middle, least, most).sum() < total:
            low = middle
        else:
            high = middle
    exact = np.clip(wished * high, least, most)
    drawn = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - drawn), kind="stable")
    for place in np.concatenate([order, order]):
        if drawn.sum() < total and drawn[place] < most[place]:
            drawn[place] += 1
    return drawn


def planned_half_widths(strata: Strata, drawn: NDArray[np.int64]) -> Floats:
    """Half of the 95 % interval of each label's share over the corpus, shape (n_labels,).

    What calibrated probabilities lead one to expect. Where fewer than 50 positives are expected in the
    sample, probabilities are not used for the estimate, and the width is that of the weighted share.
    """
    total = int(strata.sizes.sum())
    weights = strata.sizes**2 * (1 - drawn / strata.sizes) / drawn / total**2
    alone = strata.expected * (1 - strata.expected)
    few = strata.positives(drawn) < FEW_EXPECTED
    variances = weights @ np.where(few, alone, strata.spread)
    shares = strata.sizes @ strata.expected / total
    unseen = float((strata.sizes / drawn).max())
    ends = [
        mid_p(float(value), total, float(variance), hit=unseen, miss=unseen)
        for value, variance in zip(shares, variances, strict=True)
    ]
    found: Floats = np.diff(np.array(ends), axis=1)[:, 0] / 2
    return found
