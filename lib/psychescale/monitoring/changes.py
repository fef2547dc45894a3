"""A period beside the profile of its reference: every measure, its test, and which are alerts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from psychescale.disclosure import FEWEST
from psychescale.monitoring.distance import (
    chance,
    coarse,
    design_effect,
    jensen_shannon,
    kolmogorov_smirnov,
    merged,
    population_stability,
    shown,
)
from psychescale.monitoring.means import Mean, compared, expected_f1, mean_of, prevalence
from psychescale.monitoring.profile import Distribution, Profile
from psychescale.monitoring.separation import Separation
from psychescale.monitoring.totals import FAILED, REPEATED, Counts, Totals, degrees

FEWEST_IN_PERIOD = 50
"""Texts of a period: fewer are not measured."""
LEAST_PSI = 0.1
"""The change of a distribution that matters: PSI's customary limit between none and a moderate one."""
LEAST_ODDS = 1.25
"""The change of a prevalence that matters, as a factor of its odds …"""
LEAST_PREVALENCE = 0.005
"""… and as a difference."""
LEAST_SHARE = 0.02
"""The change of a share of failed, cut or repeated texts that matters."""
LEAST_FALL = 0.05
"""The fall of an expected F1 that matters."""
LEAST_AUC = 0.6
"""The AUC of the domain classifier that matters."""
# Fewer of these are no reason for an alert.
_WORSE_WHEN_MORE = (FAILED, REPEATED)
# Expected texts of the smaller side in a bin of a test.
_EXPECTED = 5

PSI, JENSEN_SHANNON, KS = "psi", "jensen_shannon", "ks"
PREVALENCE, LENGTH, AUC = "prevalence", "length_psi", "domain_auc"
EXPECTED_F1 = "expected_f1_"
"""Begins the names of the expected F1, of which there are ``macro`` and ``micro``."""


@dataclass(frozen=True)
class Drift:
    """One measure of a period.

    Attributes:
        measure: Its name.
        label: The label's column; None where it is of texts.
        value: What was measured: a distance, or a difference from the reference.
        low: Of the 95 % interval of a difference; None where there is none.
        high: The same.
        reference: The mean in the reference, of a difference.
        current: The mean in the period.
        p: Probability of so large a value under no change; None where it is not tested.
        matters: Whether the value is large enough to matter, however sure it is.
        texts: That a mean is over; 0 where it is none.
        alert: Whether it is an alert: it matters, and chance does not explain it.
    """

    measure: str
    label: str | None
    value: float
    low: float | None = None
    high: float | None = None
    reference: float | None = None
    current: float | None = None
    p: float | None = None
    matters: bool = False
    texts: int = 0
    alert: bool = False


def find(profile: Profile, totals: Totals, apart: Separation | None) -> list[Drift]:
    """Every measure of a period that can be had: of scores only where enough texts have one.

    Args:
        profile: The reference.
        totals: The period, with at least `FEWEST_IN_PERIOD` rows.
        apart: What the domain classifier says; None where it was not asked.
    """
    found = list(_shares(profile, totals))
    if totals.n_scored >= FEWEST_IN_PERIOD:
        found += _scores(profile, totals)
        found += _lengths(profile, totals)
        found += _expected(profile, totals)
        if apart is not None:
            found.append(Drift(AUC, None, apart.auc, p=apart.p, matters=apart.auc >= LEAST_AUC))
    return found


def rate_of(number: int, rate: float) -> float:
    """The part of a false-alarm rate that the period of this number may spend: rate / (k (k + 1)).

    The parts of all periods, however many, add up to the rate.
    """
    return rate / (number * (number + 1))


def decide(drifts: Sequence[Drift], rate: float) -> list[Drift]:
    """The drifts with alerts, the rate of any false one among them at most `rate` (Holm 1979)."""
    tested = sorted((f.p, i) for i, f in enumerate(drifts) if f.p is not None)
    surprising: set[int] = set()
    for rank, (p, number) in enumerate(tested):
        if p > rate / (len(tested) - rank):
            break
        surprising.add(number)
    return [
        replace(drift, alert=number in surprising and drift.matters)
        for number, drift in enumerate(drifts)
    ]


def _scores(profile: Profile, totals: Totals) -> Iterator[Drift]:
    for number, label in enumerate(profile.labels):
        there = profile.scores[number]
        yield from _distances(there, totals.scores[:, number], label)
        yield _prevalence(profile.prevalence[number], prevalence(totals, number), label)


def _lengths(profile: Profile, totals: Totals) -> Iterator[Drift]:
    psi, *_ = _distances(profile.lengths, totals.lengths, None)
    yield replace(psi, measure=LENGTH)


def _distances(reference: Distribution, groups: Counts, label: str | None) -> Iterator[Drift]:
    """PSI with the test that stands behind all three, Jensen–Shannon, Kolmogorov–Smirnov."""
    before = np.array(reference.counts, np.int64)
    here = coarse(groups, reference.starts)
    smaller = min(1.0, here.sum() / before.sum())
    starts = merged(before, _EXPECTED / smaller)
    before, here = coarse(before, starts), coarse(here, starts)
    effect, directions = design_effect(here)
    p = chance(
        before.astype(np.float64),
        here.sum(0).astype(np.float64),
        effect=max(effect, reference.effect),
        directions=directions,
        freedom=min(degrees(here.sum(1)), reference.freedom),
    )
    sides = before.astype(np.float64), shown(here.sum(0))
    psi = population_stability(*sides)
    yield Drift(PSI, label, psi, p=p, matters=psi >= LEAST_PSI)
    yield Drift(JENSEN_SHANNON, label, jensen_shannon(*sides))
    yield Drift(KS, label, kolmogorov_smirnov(*sides))


def _prevalence(before: Mean, now: Mean, label: str) -> Drift:
    odds = abs(special.logit(_inside(now)) - special.logit(_inside(before)))
    return _change(
        PREVALENCE,
        label,
        before,
        now,
        matters=bool(odds >= np.log(LEAST_ODDS))
        and abs(now.value - before.value) >= LEAST_PREVALENCE,
    )


def _inside(mean: Mean) -> float:
    """A prevalence that has odds: as far from 0 and 1 as half a text."""
    return float(np.clip(mean.value, 0.5 / mean.texts, 1 - 0.5 / mean.texts))


def _shares(profile: Profile, totals: Totals) -> Iterator[Drift]:
    for name, before in profile.shares.items():
        if totals.shares[name].texts.sum() < FEWEST:
            continue
        now = mean_of(totals.shares[name])
        rise = now.value - before.value
        if name in _WORSE_WHEN_MORE:
            found = _change(name, None, before, now, matters=rise >= LEAST_SHARE)
            yield replace(found, p=compared(before, now).rises)
        else:
            yield _change(name, None, before, now, matters=abs(rise) >= LEAST_SHARE)


def _expected(profile: Profile, totals: Totals) -> Iterator[Drift]:
    for name, now in expected_f1(totals).items():
        before = profile.f1[name]
        found = _change(
            EXPECTED_F1 + name,
            None,
            before,
            now,
            matters=before.value - now.value >= LEAST_FALL,
        )
        yield replace(found, p=compared(before, now).falls)


def _change(measure: str, label: str | None, before: Mean, now: Mean, *, matters: bool) -> Drift:
    change = compared(before, now)
    return Drift(
        measure,
        label,
        change.value,
        change.low,
        change.high,
        before.value,
        now.value,
        change.p,
        matters,
        now.texts,
    )
