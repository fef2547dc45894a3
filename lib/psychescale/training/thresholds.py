"""Thresholds: from which probability on a label is assigned, chosen on validation rows only."""

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import InputError, UsageError
from psychescale.training.calibration import sigmoid
from psychescale.training.split.stratify import deal_out

MIN_POSITIVES = 50
"""Positives from which a label's threshold is its own alone."""

N_FOLDS = 5

# Candidates, as logits: probabilities from 5e-5 to .9975, a twentieth of a logit apart. Finer ones
# follow the noise of single rows.
_CANDIDATES = np.arange(-10.0, 6.0001, 0.05)


@dataclass(frozen=True)
class Criterion:
    """What a threshold is chosen for.

    Attributes:
        kind: ``f1``: the highest F1. ``sensitivity``: the highest threshold that reaches `floor`.
            ``specificity``: the lowest threshold that reaches it.
        floor: Least sensitivity or specificity; None for ``f1``.
    """

    kind: Literal["f1", "sensitivity", "specificity"]
    floor: float | None = None

    def __str__(self) -> str:
        return self.kind if self.floor is None else f"{self.kind}={self.floor:g}"


def parse_criterion(text: str) -> Criterion:
    """``f1``, ``sensitivity=.90`` or ``specificity=.95``.

    Raises:
        UsageError: It is none of these.
    """
    if text == "f1":
        return Criterion("f1")
    match = re.fullmatch(r"(sensitivity|specificity)=(0?\.\d+)", text)
    if not match or not 0 < float(match[2]) < 1:
        raise UsageError(
            f"{text!r} is no criterion for thresholds.",
            remedy="Give f1, sensitivity=.90 or specificity=.95 (any share between 0 and 1).",
        )
    kind: Any = match[1]
    return Criterion(kind, float(match[2]))


@dataclass(frozen=True)
class Thresholds:
    """Frozen thresholds, and how they came to be.

    Attributes:
        values: float64, shape (n_labels,): a label holds where its probability is at least this.
        pooled: The one threshold for all labels that rare ones are shrunk towards.
        own_weight: float64, shape (n_labels,): weight of the label's own threshold, on the logit
            scale; the rest is the pooled one's. 1 from 50 positives on.
        criterion: What they were chosen for.
        held_out: 0 or 1, shape (n_rows, n_labels): what each validation row is given by thresholds
            that were chosen without its fold: the honest estimate of how they will do.
    """

    values: NDArray[np.float64]
    pooled: float
    own_weight: NDArray[np.float64]
    criterion: Criterion
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
    """Choose a threshold per label by cross-fitting.

    Validation is dealt out into five folds, stratified by label. Each choice of four folds gives a
    threshold; the label's own is their mean on the logit scale, which a single lucky row moves less
    than the best threshold over all rows. Below `min_positives` it is averaged with the pooled
    threshold (best for the mean over all labels), in proportion to positives / `min_positives`.

    Args:
        probabilities: float32, shape (n_rows, n_labels): calibrated probabilities of validation rows.
        targets: 0 or 1, the same shape.
        criterion: What to choose for.
        groups: int64, shape (n_rows,): rows that stay in one fold; None is each row by itself.
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
    folds = deal_out(targets, groups, [1 / N_FOLDS] * N_FOLDS, seed=seed)
    positives = targets.sum(axis=0, dtype=np.float64)
    weight = np.minimum(positives / min_positives, 1.0)
    logits = np.stack(
        [
            _choose(probabilities[folds != fold], targets[folds != fold], criterion)
            for fold in _FOLDS
        ]
    )  # (n_folds, n_labels + 1), the pooled one last
    blended = weight * logits[:, :-1] + (1 - weight) * logits[:, -1:]
    held_out = probabilities >= sigmoid(blended)[folds]
    return Thresholds(
        values=sigmoid(blended.mean(axis=0)),
        pooled=float(sigmoid(logits[:, -1].mean())),
        own_weight=weight,
        criterion=criterion,
        held_out=held_out,
    )


_FOLDS = range(N_FOLDS)


def _choose(
    probabilities: NDArray[np.float32], targets: NDArray[np.float32], criterion: Criterion
) -> NDArray[np.float64]:
    """Best candidate of each label, and last the best for all labels alike; logits, (n_labels + 1,)."""
    quality = _quality(probabilities, targets, criterion.kind)
    present = targets.any(axis=0)  # a label without a positive says nothing about sensitivity or F1
    everywhere = quality[:, present].mean(axis=1) if present.any() else quality.mean(axis=1)
    curves = np.column_stack([quality, everywhere])
    return np.array([_best(curve, criterion) for curve in curves.T])


def _best(curve: NDArray[np.float64], criterion: Criterion) -> float:
    if criterion.floor is None:
        best = np.flatnonzero(curve >= curve.max() - 1e-12)
        return float(_CANDIDATES[best[len(best) // 2]])  # the middle of a plateau
    reached = np.flatnonzero(curve >= criterion.floor)
    if criterion.kind == "sensitivity":
        return float(_CANDIDATES[reached[-1] if len(reached) else 0])
    return float(_CANDIDATES[reached[0] if len(reached) else -1])


def _quality(
    probabilities: NDArray[np.float32], targets: NDArray[np.float32], kind: str
) -> NDArray[np.float64]:
    """F1, sensitivity or specificity at every candidate; float64, shape (n_candidates, n_labels)."""
    cuts = sigmoid(_CANDIDATES)
    result = np.empty((len(cuts), targets.shape[1]))
    for label in range(targets.shape[1]):
        truth = targets[:, label] > 0
        hits = _at_least(probabilities[truth, label], cuts)
        alarms = _at_least(probabilities[~truth, label], cuts)
        if kind == "f1":
            result[:, label] = 2 * hits / np.maximum(hits + alarms + truth.sum(), 1)
        elif kind == "sensitivity":
            result[:, label] = hits / max(int(truth.sum()), 1)
        else:
            result[:, label] = 1 - alarms / max(int((~truth).sum()), 1)
    return result


def _at_least(values: NDArray[np.float32], cuts: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many values reach each cut."""
    return len(values) - np.searchsorted(np.sort(values), cuts, side="left")
