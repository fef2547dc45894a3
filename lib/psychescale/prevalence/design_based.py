"""How common a label is, from all scores and an annotated sample with known chances.

The difference estimator of survey sampling (Särndal, Swensson & Wretman 1992, 6.3), which is
design-based supervised learning (Egami, Hinck, Stewart & Wei 2023) with tuned predictions
(PPI++, Angelopoulos, Duchi & Zrnic 2023): the mean of λf over all texts of a domain, plus the weighted
mean of y − λf over its annotated ones. It is right whatever the classifier does; a good one makes it
narrow. The target is this corpus: authors are of no matter where texts are drawn at random.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from psychescale.evaluation.measures.linear import (
    LEVEL,
    NORMAL,
    Ends,
    Linear,
    difference,
    undefined,
)
from psychescale.evaluation.measures.shares import mid_p
from psychescale.prevalence.strata import FEW_EXPECTED, Floats


@dataclass(frozen=True)
class Sample:
    """An annotated sample of a corpus.

    Attributes:
        stratum: int64, shape (n,): the stratum of each text.
        sizes: int64, shape (n_strata,): texts of each stratum in the corpus.
        scores: float64, shape (n, n_labels): probabilities f.
        truth: float64, shape (n, n_labels): y, from 0 to 1.
    """

    stratum: NDArray[np.int64]
    sizes: NDArray[np.int64]
    scores: Floats
    truth: Floats

    @property
    def drawn(self) -> NDArray[np.int64]:
        """Annotated texts of each stratum, shape (n_strata,)."""
        return np.bincount(self.stratum, minlength=len(self.sizes))

    @property
    def weights(self) -> Floats:
        """How many texts each stands for, shape (n,)."""
        found: Floats = self.sizes[self.stratum] / self.drawn[self.stratum]
        return found

    def expected(self) -> Floats:
        """Positives that the scores lead one to expect among the annotated, shape (n_labels,).

        By the strata's sizes alone the same is known before anyone annotates.
        """
        found: Floats = self.scores.sum(0)
        return found


@dataclass(frozen=True)
class SampledDomain:
    """A part of the corpus.

    Attributes:
        n_texts: Texts with scores.
        sums: float64, shape (n_labels,): their summed probabilities.
        inside: bool, shape (n,): which annotated texts belong to it.
    """

    n_texts: int
    sums: Floats
    inside: NDArray[np.bool_]


def tuned(sample: Sample, label: int) -> float:
    """λ: how far the scores are relied on; that with the least variance, between 0 and 1.

    0 where fewer than 50 positives are expected: what would be tuned is noise then, and positives that
    the model cannot see would be covered too rarely. It is pooled over domains.
    """
    if sample.expected()[label] < FEW_EXPECTED:
        return 0.0
    spread = _within(
        sample, np.stack([sample.truth[:, label], sample.scores[:, label]]), _factor(sample)
    )
    shared, own = float(spread[0] @ spread[1]), float(spread[1] @ spread[1])
    return float(np.clip(shared / own, 0, 1)) if own > 0 else 0.0


def share(sample: Sample, domain: SampledDomain, label: int, reliance: float) -> Linear:
    """The share of a domain's texts that have a label.

    Args:
        sample: The annotated texts.
        domain: Which of them, and of the corpus.
        label: Its number.
        reliance: λ.

    Returns:
        The estimate; without a value where the domain has no annotated text. Its ends are mid-P ends
        under the design's variance, which allow for an unseen positive of the largest weight
        (`evaluation.measures.shares.mid_p`): right for few positives and for many.
    """
    inside = domain.inside.astype(np.float64)
    mass = sample.weights * inside
    total = float(mass.sum())
    if total <= 0 or domain.n_texts == 0:
        return undefined(len(inside))
    rest = sample.truth[:, label] - reliance * sample.scores[:, label]
    mean = float(mass @ rest) / total
    value = float(np.clip(reliance * domain.sums[label] / domain.n_texts + mean, 0, 1))
    errors = inside * (rest - mean) / total
    spread = _within(sample, errors[None, :], _factor(sample))[0]
    variance = float(spread @ spread)
    largest = float(mass.max())
    few = int(inside.sum()) - len(np.unique(sample.stratum[domain.inside])) + 1

    def ends(q: float) -> Ends:
        scale = (NORMAL / q) ** 2
        return mid_p(value, total, variance, hit=largest, miss=largest, scale=scale)

    return Linear(value, spread, cache(ends), max(few, 1))


def _factor(sample: Sample) -> Floats:
    """What a stratum's squared deviations are multiplied by, as a root; shape (n_strata,)."""
    drawn = np.maximum(sample.drawn, 1)
    left = 1 - drawn / sample.sizes
    found: Floats = sample.sizes / drawn * np.sqrt(left * drawn / np.maximum(drawn - 1, 1))
    return found


def _within(sample: Sample, values: Floats, factor: Floats) -> Floats:
    """Deviations from the stratum's mean, scaled so that their squares add up to a variance.

    The variance of ``Σ N_h · mean_h``: with the finite-population correction. A stratum of one text has
    no mean of its own: its value stands for the deviation.
    """
    drawn = np.maximum(sample.drawn, 1)
    means = np.stack([np.bincount(sample.stratum, one, len(drawn)) / drawn for one in values])
    centred = np.where(drawn[sample.stratum] > 1, values - means[:, sample.stratum], values)
    found: Floats = centred * factor[sample.stratum]
    return found


@dataclass(frozen=True)
class Change:
    """A difference of two shares.

    Attributes:
        value: First minus second; NaN where one is not defined.
        low: Lower end of the 95 % interval.
        high: Upper end.
        p: Two-sided; below .05 exactly where the interval leaves 0 out.
    """

    value: float
    low: float
    high: float
    p: float


def change(one: Linear, two: Linear) -> Change:
    """Difference of two domains' shares, whose spreads are over the same sample."""
    value, low, high = difference(one, two)
    if np.isnan(low):
        return Change(value, low, high, np.nan)
    towards = value - low if value > 0 else high - value
    z = NORMAL * abs(value) / towards if towards > 0 else (0.0 if value == 0 else np.inf)
    return Change(value, low, high, float(2 * stats.norm.sf(z)))


def discoveries(p: Floats) -> Floats:
    """p-values adjusted for the false discovery rate (Benjamini & Hochberg 1995); NaN stay NaN."""
    known = ~np.isnan(p)
    adjusted = np.full(len(p), np.nan)
    if known.any():
        adjusted[known] = stats.false_discovery_control(p[known])
    return adjusted


__all__ = ["LEVEL", "Change", "Sample", "SampledDomain", "change", "discoveries", "share", "tuned"]
