"""How often intervals of a study hold the truth: known populations, samples and classifiers.

    python benchmarks/study_coverage.py [DATASETS]

One line a cell: share of data sets whose interval lies below and above the truth, mean half-width, and
that of the annotated sample alone.
"""

import sys
from itertools import product

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from psychescale.prevalence.design_based import Sample, SampledDomain, share, tuned
from psychescale.prevalence.strata import Strata, allocate, cut_points

TEXTS = 10_000
PREVALENCES = (0.01, 0.05, 0.2, 0.4)
SIZES = (100, 300, 1000)
BANDS = (1, 5)
# AUC, shift of the logit, share of positives that look like negatives
CLASSIFIERS = {
    "good": (0.95, 0.0, 0.0),
    "useless": (0.6, 0.0, 0.0),
    "shifted": (0.8, 1.0, 0.2),
    "blind to half": (0.95, -1.0, 0.5),
}


def main() -> None:
    """All cells."""
    n_datasets = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    print(
        "prevalence  size  bands  classifier      below  above  half-width  sample alone  positives"
    )
    for prevalence, size, bands, name in product(PREVALENCES, SIZES, BANDS, CLASSIFIERS):
        rng = np.random.default_rng(0)
        found = np.array([
            one_dataset(rng, prevalence, size, bands, CLASSIFIERS[name])
            for _ in range(n_datasets)
        ])  # fmt: skip
        below, above, width, alone, positives = found.mean(0)
        print(
            f"{prevalence:>10}  {size:>4}  {bands:>5}  {name:<14}  {below:.3f}  {above:.3f}  "
            f"{width:>10.4f}  {alone:>12.4f}  {positives:>9.1f}",
            flush=True,
        )


def one_dataset(
    rng: np.random.Generator,
    prevalence: float,
    size: int,
    bands: int,
    classifier: tuple[float, float, float],
) -> tuple[float, ...]:
    """Interval below the truth, above it, its half-width, that without scores, annotated positives."""
    auc, shift, unseen = classifier
    truth = rng.random(TEXTS) < prevalence
    apart = np.sqrt(2) * norm.ppf(auc)
    signal = rng.normal(0, 1, TEXTS) + apart * (truth & (rng.random(TEXTS) >= unseen))
    scores = expit(shift + apart * signal - apart**2 / 2 + logit(prevalence))
    counts, edges = np.histogram(np.sqrt(scores), bins=1000, range=(0, 1))
    cuts = cut_points(edges[1:], counts, bands) if bands > 1 else np.empty(0)
    stratum = np.searchsorted(cuts, np.sqrt(scores))
    sizes = np.bincount(stratum)
    expected = np.bincount(stratum, scores) / sizes
    spread = np.bincount(stratum, scores * (1 - scores)) / sizes
    drawn = allocate(Strata(sizes, expected[:, None], spread[:, None]), size)
    order = np.lexsort([rng.random(TEXTS), stratum])
    starts = np.cumsum(sizes) - sizes
    chosen = np.concatenate([order[s : s + n] for s, n in zip(starts, drawn, strict=True)])
    sample = Sample(stratum[chosen], sizes, scores[chosen, None], truth[chosen, None].astype(float))
    domain = SampledDomain(TEXTS, np.array([scores.sum()]), np.ones(len(chosen), np.bool_))
    low, high = share(sample, domain, 0, tuned(sample, 0)).interval
    alone = share(sample, domain, 0, 0.0).interval
    mean = truth.mean()
    return (
        float(high < mean), float(low > mean), (high - low) / 2, (alone[1] - alone[0]) / 2,
        float(truth[chosen].sum()),
    )  # fmt: skip


if __name__ == "__main__":
    main()
