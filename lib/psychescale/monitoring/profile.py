"""What is kept of a reference: a profile that may be passed on, of counts that may be shown.

No bin of it has fewer than 8 texts, and counts are rounded to 5: `monitor` compares with these numbers,
whether the profile was read from a file or made a moment ago.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from psychescale.disclosure import FEWEST
from psychescale.monitoring.distance import coarse, design_effect, merged, shown
from psychescale.monitoring.means import Mean, expected_f1, mean_of, prevalence
from psychescale.monitoring.totals import LENGTH_EDGES, SCORE_EDGES, Counts, Totals, degrees

VERSION = 1
FEWEST_TEXTS = 200
"""Scored texts of a reference: fewer leave its bins no share to compare."""
# Of the texts, in each bin: fewer are noise in a PSI.
_LEAST_SHARE = 0.01


@dataclass(frozen=True)
class Distribution:
    """Texts by bin.

    Attributes:
        starts: The first of the fine bins of each bin.
        counts: Texts in each, to the nearest 5.
        effect: Mean design effect of the shares.
        freedom: Degrees of freedom of that.
    """

    starts: tuple[int, ...]
    counts: tuple[int, ...]
    effect: float
    freedom: float


@dataclass(frozen=True)
class Profile:
    """A reference.

    Attributes:
        scoring_id: What determined its scores.
        periods: What it is of.
        labels: Labels as the model names them.
        thresholds: From which probability a label is given, in the order of labels.
        scores: The distribution of the probability of each label.
        prevalence: The mean probability of each label.
        lengths: The distribution of lengths in tokens.
        shares: By name, as the shares of a totals.
        f1: The expected ``macro`` and ``micro`` F1.
    """

    scoring_id: str
    periods: tuple[str, ...]
    labels: tuple[str, ...]
    thresholds: tuple[float, ...]
    scores: tuple[Distribution, ...]
    prevalence: tuple[Mean, ...]
    lengths: Distribution
    shares: Mapping[str, Mean]
    f1: Mapping[str, Mean]

    @property
    def texts(self) -> int:
        """Scored texts, to the nearest 5."""
        return sum(self.lengths.counts)


def profile_of(
    totals: Totals, *, scoring_id: str, periods: tuple[str, ...], thresholds: tuple[float, ...]
) -> Profile:
    """The profile of a period with at least `FEWEST_TEXTS` scored texts."""
    numbers = range(len(totals.labels))
    return Profile(
        scoring_id,
        periods,
        totals.labels,
        thresholds,
        tuple(_distribution(totals.scores[:, number]) for number in numbers),
        tuple(_told(prevalence(totals, number)) for number in numbers),
        _distribution(totals.lengths),
        {name: _told(mean_of(ratio)) for name, ratio in totals.shares.items()},
        {name: _told(mean, grain=0.01) for name, mean in expected_f1(totals).items()},
    )


def as_document(profile: Profile) -> dict[str, Any]:
    """The profile as JSON holds it, with the edges of its bins."""
    edges = {"scores": list(SCORE_EDGES), "lengths": list(LENGTH_EDGES)}
    return {"version": VERSION, "edges": edges, **asdict(profile)}


def from_document(document: Mapping[str, Any]) -> Profile:
    """The profile that `as_document` wrote.

    Raises:
        KeyError, TypeError, ValueError: It is none, or of another version.
    """
    fields = dict(document)
    edges = {"scores": list(SCORE_EDGES), "lengths": list(LENGTH_EDGES)}
    if fields.pop("version") != VERSION or fields.pop("edges") != edges:
        raise ValueError("another version")
    return Profile(
        str(fields["scoring_id"]),
        tuple(map(str, fields["periods"])),
        tuple(map(str, fields["labels"])),
        tuple(map(float, fields["thresholds"])),
        tuple(_read(one) for one in fields["scores"]),
        tuple(Mean(**one) for one in fields["prevalence"]),
        _read(fields["lengths"]),
        {name: Mean(**one) for name, one in fields["shares"].items()},
        {name: Mean(**one) for name, one in fields["f1"].items()},
    )


def _distribution(groups: Counts) -> Distribution:
    whole = groups.sum(0)
    starts = merged(whole, max(FEWEST, _LEAST_SHARE * whole.sum()))
    few = coarse(groups, starts)
    effect, _ = design_effect(few)
    return Distribution(
        tuple(starts),
        tuple(int(count) for count in shown(few.sum(0))),
        round(effect, 2),
        round(degrees(few.sum(1)), 1),
    )


def _told(mean: Mean, *, grain: float | None = None) -> Mean:
    """A mean to as many places as counts rounded to 5 would give it."""
    texts = int(shown(np.array(mean.texts)))
    step = 5 / max(texts, 1) if grain is None else grain
    return Mean(
        round(step * round(mean.value / step), 6),
        float(f"{mean.variance:.2g}"),
        texts,
        round(mean.freedom, 1),
        float(f"{step:.2g}"),
    )


def _read(document: Mapping[str, Any]) -> Distribution:
    return Distribution(
        tuple(map(int, document["starts"])),
        tuple(map(int, document["counts"])),
        float(document["effect"]),
        float(document["freedom"]),
    )
