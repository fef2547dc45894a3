"""Populations of scores with authors, drawn on numpy, and summed up as Spark sums up a period."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from psychescale.monitoring.separation import ScoreVectors
from psychescale.monitoring.totals import (
    FAILED,
    GROUPS,
    LENGTH_EDGES,
    REPEATED,
    SCORE_EDGES,
    TRUNCATED,
    WINDOWED,
    Counts,
    Floats,
    Ratio,
    Totals,
)

THRESHOLD = 0.5


@dataclass(frozen=True)
class Texts:
    """Scored texts: probabilities (n_texts, n_labels), lengths and authors (n_texts,)."""

    scores: Floats
    lengths: Counts
    authors: Counts

    def __len__(self) -> int:
        return len(self.authors)

    def at(self, rows: Counts) -> "Texts":
        """Some of them."""
        return Texts(self.scores[rows], self.lengths[rows], self.authors[rows])

    @property
    def groups(self) -> Counts:
        """The random group of each author."""
        return np.random.default_rng(7).integers(0, GROUPS, int(self.authors.max()) + 1)[
            self.authors
        ]


def population(
    rng: np.random.Generator,
    n_texts: int,
    *,
    n_labels: int = 6,
    shift: float = 0.0,
    icc: float = 0.3,
) -> Texts:
    """Texts by authors who write several each (geometric), alike within an author.

    Labels have prevalences from rare to common; `shift` moves the logit of the first.
    """
    authors = np.repeat(np.arange(n_texts), rng.geometric(0.3, n_texts))[:n_texts]
    centres = np.linspace(-6, 0, n_labels)
    own = rng.normal(size=(n_texts, n_labels))[authors] * np.sqrt(icc)
    logits = centres + 1.5 * (own + rng.normal(size=(n_texts, n_labels)) * np.sqrt(1 - icc))
    logits[:, 0] += shift
    wordy = rng.normal(size=n_texts)[authors] * 0.5
    lengths = np.exp(3 + wordy + rng.normal(size=n_texts) * 0.7).astype(np.int64) + 1
    return Texts(expit(logits), lengths, authors)


def totals(texts: Texts, *, failed: Counts | None = None, repeated: Counts | None = None) -> Totals:
    """The sums over some texts; `failed` and `repeated` are 0 or 1 for each."""
    groups, n_labels = texts.groups, texts.scores.shape[1]
    none = np.zeros(len(texts), np.int64)
    failed = none if failed is None else failed
    kept = failed == 0
    here, scores = groups[kept], texts.scores[kept]

    def summed(values: Floats) -> Floats:
        return np.bincount(here, values, GROUPS)

    def binned(values: Floats, edges: tuple[float, ...]) -> Counts:
        table = np.zeros((GROUPS, len(edges) + 1), np.int64)
        np.add.at(table, (here, np.searchsorted(edges, values, side="right")), 1)
        return table

    rows, scored = np.bincount(groups, minlength=GROUPS), np.bincount(here, minlength=GROUPS)
    over = scores >= THRESHOLD
    columns = range(n_labels)
    shares: Mapping[str, Ratio] = {
        FAILED: Ratio(np.bincount(groups, failed, GROUPS), rows.astype(float)),
        TRUNCATED: Ratio(np.zeros(GROUPS), scored.astype(float)),
        WINDOWED: Ratio(summed(texts.lengths[kept] > 60), scored.astype(float)),
        REPEATED: Ratio(
            summed((none if repeated is None else repeated)[kept]), scored.astype(float)
        ),
    }
    return Totals(
        tuple(f"label_{number}" for number in columns),
        rows,
        scored,
        np.stack([binned(scores[:, n], SCORE_EDGES) for n in columns], axis=1),
        np.stack([summed(scores[:, n]) for n in columns], axis=1),
        np.stack([summed(over[:, n]) for n in columns], axis=1).astype(np.int64),
        np.stack([summed(scores[:, n] * over[:, n]) for n in columns], axis=1),
        binned(texts.lengths[kept], LENGTH_EDGES),
        shares,
    )


def sample(texts: Texts, rng: np.random.Generator, most: int = 1000) -> ScoreVectors:
    """Score vectors of at most so many of the texts."""
    chosen = replace(texts) if len(texts) <= most else texts.at(rng.permutation(len(texts))[:most])
    return ScoreVectors(chosen.scores, chosen.groups)
