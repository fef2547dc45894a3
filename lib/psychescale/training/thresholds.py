"""Thresholds: from which probability on a label is assigned, chosen on validation rows only."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from psychescale.disclosure import is_table, nearest, rounded
from psychescale.errors import InputError, UsageError
from psychescale.training.calibration import sigmoid
from psychescale.training.split.stratify import deal_out

MIN_POSITIVES = 50
"""Positives from which a label's threshold is its own alone."""

N_FOLDS = 5
CONFIDENCE = 0.95
"""With which a floor is kept."""

# Candidates, as logits: probabilities from 5e-5 to .9975, a twentieth of a logit apart (finer ones
# follow the noise of single rows), and beyond them the ends: everything, and nothing.
_GRID = np.arange(-10.0, 6.0001, 0.05)
_EVERYTHING, _NOTHING = _GRID[0] - 2, _GRID[-1] + 2
_CANDIDATES = np.concatenate([[_EVERYTHING], _GRID, [_NOTHING]])
NOTHING = float(np.nextafter(np.float32(1), np.float32(2)))
"""The threshold that no probability reaches."""

# A threshold that gives a label to so many more texts than have it is told.
_TIMES, _MORE = 1.5, 0.10

Counts: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64], int, int]
"""Hits and false alarms at every candidate, positives, negatives."""


def _f1(counts: Counts, _: float) -> NDArray[np.float64]:
    hits, alarms, positives, _negatives = counts
    return 2 * hits / np.maximum(hits + alarms + positives, 1)


def _youden(counts: Counts, _: float) -> NDArray[np.float64]:
    hits, alarms, positives, negatives = counts
    return hits / max(positives, 1) - alarms / max(negatives, 1)


def _prevalence(counts: Counts, _: float) -> NDArray[np.float64]:
    hits, alarms, positives, negatives = counts
    return -np.abs(hits + alarms - positives) / (positives + negatives)


def _cost(counts: Counts, ratio: float) -> NDArray[np.float64]:
    hits, alarms, positives, negatives = counts
    return -(ratio * (positives - hits) + alarms) / (positives + negatives)


_QUALITIES: Mapping[str, Callable[[Counts, float], NDArray[np.float64]]] = MappingProxyType(
    {"f1": _f1, "youden": _youden, "prevalence": _prevalence, "cost": _cost}
)
_FLOORS = ("sensitivity", "specificity")


@dataclass(frozen=True)
class Criterion:
    """What a threshold is chosen for.

    Attributes:
        kind: ``f1``: the highest F1. ``youden``: the highest sensitivity + specificity (Youden 1950).
            ``prevalence``: as many texts are given the label as have it. ``cost``: the lowest cost,
            a miss costing `number` false alarms. ``sensitivity``: the highest threshold that keeps
            the floor `number`. ``specificity``: the lowest threshold that keeps it.
        number: Floor or ratio; None where there is none.
    """

    kind: str
    number: float | None = None

    def __str__(self) -> str:
        return self.kind if self.number is None else f"{self.kind}={self.number:g}"


def parse_criterion(text: str) -> Criterion:
    """``f1``, ``youden``, ``prevalence``, ``cost=5``, ``sensitivity=.90`` or ``specificity=.95``.

    Raises:
        UsageError: It is none of these.
    """
    if text in {"f1", "youden", "prevalence"}:
        return Criterion(text)
    match = re.fullmatch(r"(sensitivity|specificity|cost)=(\d*\.?\d+)", text)
    number = float(match[2]) if match else 0.0
    if not match or number <= 0 or (match[1] in _FLOORS and number >= 1):
        raise UsageError(
            f"{text!r} is no criterion for thresholds.",
            remedy="Give f1, youden, prevalence, cost=5 (a miss costs five false alarms), "
            "sensitivity=.90 or specificity=.95 (any share between 0 and 1).",
        )
    return Criterion(match[1], number)


@dataclass(frozen=True)
class Thresholds:
    """Frozen thresholds, and how they came to be.

    Attributes:
        values: float64, shape (n_labels,): a label holds where its probability is at least this.
        pooled: The one threshold for all labels that rare ones are shrunk towards; None for a floor,
            which each label keeps by itself.
        own_weight: float64, shape (n_labels,): weight of the label's own threshold, on the logit
            scale; the rest is the pooled one's. 1 from 50 positives on.
        criterion: What they were chosen for.
        needed: int64, shape (n_labels,): rows of the class that would promise a floor, where those
            there are cannot; 0 where they do, and without a floor.
        held_out: 0 or 1, shape (n_rows, n_labels): what each validation row is given by thresholds
            that were chosen without its fold: the honest estimate of how they will do. Of a floor,
            what the thresholds give.
    """

    values: NDArray[np.float64]
    pooled: float | None
    own_weight: NDArray[np.float64]
    criterion: Criterion
    needed: NDArray[np.int64]
    held_out: NDArray[np.bool_]

    def to_json(self) -> dict[str, object]:
        """The ``thresholds`` of `scoring.json`."""
        return {
            "criterion": str(self.criterion),
            "values": self.values.tolist(),
            "pooled": self.pooled,
            "own_weight": self.own_weight.tolist(),
        }


def fit_thresholds(
    probabilities: NDArray[np.float32],
    targets: NDArray[np.float32],
    *,
    criterion: Criterion,
    groups: NDArray[np.int64] | None = None,
    min_positives: int = MIN_POSITIVES,
    seed: int = 0,
) -> Thresholds:
    """Choose a threshold per label.

    A floor is kept with 95 % confidence: the threshold is at an order statistic of the class that the
    exact binomial bound allows (a tolerance limit, Wilks 1941). Where there are too few rows of the
    class for any, everything is given the label (of a floor of specificity: nothing).

    For the other criteria validation is dealt out into five folds, stratified by label. Each choice of
    four folds gives a threshold; the label's own is their mean on the logit scale, which a single
    lucky row moves less than the best threshold over all rows. Below `min_positives` it is averaged
    with the pooled threshold (best for the mean over all labels), in proportion to positives /
    `min_positives`.

    Args:
        probabilities: float32, shape (n_rows, n_labels): calibrated probabilities of validation rows.
        targets: 0 or 1, the same shape.
        criterion: What to choose for.
        groups: int64, shape (n_rows,): rows that belong together; None is each row by itself.
        min_positives: Positives from which a label is not shrunk.
        seed: Of the folds.

    Raises:
        InputError: There are fewer rows than folds.
    """
    if len(targets) < N_FOLDS:
        raise InputError(
            f"{len(targets)} validation rows are too few to choose thresholds on.",
            remedy="Give more (‹validation› or ‹validation_share›), or ‹thresholds› none.",
        )
    groups = np.arange(len(targets)) if groups is None else groups
    if criterion.kind in _FLOORS:
        return _keep_floor(probabilities, targets, criterion, groups)
    folds = deal_out(targets, groups, [1 / N_FOLDS] * N_FOLDS, seed=seed)
    positives = targets.sum(axis=0, dtype=np.float64)
    weight = np.minimum(positives / min_positives, 1.0)
    logits = np.stack(
        [
            _choose(probabilities[folds != fold], targets[folds != fold], criterion)
            for fold in range(N_FOLDS)
        ]
    )  # (n_folds, n_labels + 1), the pooled one last
    blended = weight * logits[:, :-1] + (1 - weight) * logits[:, -1:]
    return Thresholds(
        values=_as_thresholds(blended.mean(axis=0)),
        pooled=float(_as_thresholds(logits[:, -1].mean(keepdims=True))[0]),
        own_weight=weight,
        criterion=criterion,
        needed=np.zeros(len(weight), np.int64),
        held_out=probabilities >= _as_thresholds(blended)[folds],
    )


def _as_thresholds(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities; what lies beyond the grid is one of its ends."""
    inside = np.where(logits < _GRID[0], 0.0, sigmoid(logits))
    return np.where(logits > _GRID[-1], NOTHING, inside)


def _keep_floor(
    probabilities: NDArray[np.float32],
    targets: NDArray[np.float32],
    criterion: Criterion,
    groups: NDArray[np.int64],
) -> Thresholds:
    upwards = criterion.kind == "sensitivity"
    found = [
        _floor(column, (held > 0) == upwards, groups, criterion.number or 0.0, upwards=upwards)
        for column, held in zip(probabilities.T, targets.T, strict=True)
    ]
    values, needed = zip(*found, strict=True)
    return Thresholds(
        np.array(values),
        None,
        np.ones(len(values)),
        criterion,
        np.array(needed, np.int64),
        probabilities >= np.array(values),
    )


def _floor(
    values: NDArray[np.float32],
    members: NDArray[np.bool_],
    groups: NDArray[np.int64],
    floor: float,
    *,
    upwards: bool,
) -> tuple[float, int]:
    """The threshold that leaves the class on its side, and the rows needed where there are too few."""
    n = int(members.sum())
    sizes = np.unique(groups[members], return_counts=True)[1]
    # Rows of one author or of near-duplicates count for less: as many as independent ones would.
    effect = float(sizes @ sizes / n) if n else 1.0
    kept = np.arange(n + 1)
    bounds = stats.beta.ppf(1 - CONFIDENCE, kept / effect, (n - kept) / effect + 1)
    enough = np.flatnonzero(np.nan_to_num(bounds) >= floor)
    if not len(enough):
        least = np.log(1 - CONFIDENCE) / np.log(floor)  # if all of them are kept
        needed = least if effect == 1 else 5 * np.ceil(least * effect / 5)  # it tells of authors
        return (0.0 if upwards else NOTHING), int(np.ceil(needed))
    own = np.sort(values[members])
    # Half way to the next row: the threshold is no row's own probability.
    if upwards:
        border = own[n - enough[0]]
        below = values[values < border]
        return float((border + below.max()) / 2) if len(below) else 0.0, 0
    border = own[enough[0] - 1]
    above = values[values > border]
    return float((border + above.min()) / 2) if len(above) else NOTHING, 0


def _choose(
    probabilities: NDArray[np.float32], targets: NDArray[np.float32], criterion: Criterion
) -> NDArray[np.float64]:
    """Best candidate of each label, and last the best for all labels alike; logits, (n_labels + 1,)."""
    quality = _quality(probabilities, targets, criterion)
    present = targets.any(axis=0)  # a label without a positive says nothing about sensitivity or F1
    everywhere = quality[:, present].mean(axis=1) if present.any() else quality.mean(axis=1)
    curves = np.column_stack([quality, everywhere])
    return np.array([_best(curve) for curve in curves.T])


def _best(curve: NDArray[np.float64]) -> float:
    best = np.flatnonzero(curve >= curve.max() - 1e-12)
    return float(_CANDIDATES[best[len(best) // 2]])  # the middle of a plateau


def _quality(
    probabilities: NDArray[np.float32], targets: NDArray[np.float32], criterion: Criterion
) -> NDArray[np.float64]:
    """What the criterion makes highest, at every candidate; float64, (n_candidates, n_labels)."""
    cuts = _as_thresholds(_CANDIDATES)
    columns = []
    for values, held in zip(probabilities.T, targets.T > 0, strict=True):
        hits, alarms = _at_least(values[held], cuts), _at_least(values[~held], cuts)
        counts = (hits, alarms, int(held.sum()), int((~held).sum()))
        columns.append(_QUALITIES[criterion.kind](counts, criterion.number or 0.0))
    return np.stack(columns, 1)


def _at_least(values: NDArray[np.float32], cuts: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many values reach each cut."""
    reached = len(values) - np.searchsorted(np.sort(values), cuts, side="left")
    return reached.astype(np.float64)


def tell_thresholds(
    chosen: Thresholds,
    probabilities: NDArray[np.float32],
    targets: NDArray[np.float32],
    labels: Sequence[str],
    *,
    groups: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> list[str]:
    """What whoever uses the thresholds must know, a sentence a label: for console, card and report.

    A floor that cannot be promised; a label that is given to far more texts than have it, with what
    other criteria would choose. Shares are of rounded counts, and only where their table may be shown.

    Args:
        chosen: The thresholds.
        probabilities: Of the validation rows.
        targets: 0 or 1, the same shape.
        labels: Names, in the order of the columns.
        groups: As for `fit_thresholds`.
        seed: As for `fit_thresholds`.
    """
    told = []
    others: dict[str, Thresholds] = {}
    for one, label in enumerate(labels):
        values, held = probabilities[:, one], targets[:, one] > 0
        if chosen.needed[one]:
            told.append(f"{label}: {_unkept(chosen, held, int(chosen.needed[one]))}")
        elif _is_far_more(values >= chosen.values[one], held):
            others = others or {
                kind: fit_thresholds(
                    probabilities, targets, criterion=Criterion(kind), groups=groups, seed=seed
                )
                for kind in ("f1", "youden", "prevalence")
                if kind != chosen.criterion.kind
            }
            beside = ", ".join(
                f"{kind} {found.values[one]:.2f}{_given(values >= found.values[one], held)}"
                for kind, found in others.items()
            )
            given = _given(values >= chosen.values[one], held)
            told.append(
                f"{label}: the threshold {chosen.values[one]:.2f} gives it to far more texts than "
                f"have it{given}; others would choose {beside}."
            )
    return told


def _unkept(chosen: Thresholds, held: NDArray[np.bool_], needed: int) -> str:
    criterion = chosen.criterion
    upwards = criterion.kind == "sensitivity"
    n = int(held.sum() if upwards else (~held).sum())
    return (
        f"{criterion.kind} {criterion.number:g} cannot be promised with {rounded(n)} validation "
        f"{'positives' if upwards else 'negatives'}, {needed} could: "
        f"{'every text' if upwards else 'no text'} is given it."
    )


def _is_far_more(given: NDArray[np.bool_], held: NDArray[np.bool_]) -> bool:
    share, base = float(given.mean()), float(held.mean())
    return share >= _TIMES * base and share >= base + _MORE


def _given(given: NDArray[np.bool_], held: NDArray[np.bool_]) -> str:
    """Shares in brackets, where they may be shown."""
    cells = [(given & held).sum(), (given & ~held).sum(), (~given & held).sum(),
             (~given & ~held).sum()]  # fmt: skip
    if not is_table(map(int, cells)):
        return ""
    n = nearest(len(held))
    return f" ({nearest(given.sum()) / n:.0%} for {nearest(held.sum()) / n:.0%})"
