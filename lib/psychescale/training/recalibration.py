"""An update of a calibration for texts of another place or time, no larger than its rows can show.

Vergouwe et al. 2017, "A closed testing procedure to select an appropriate method for updating
prediction models": the model as it is, a new intercept, and a new slope with it are nested. The
largest is tried against the smallest, then against the one between; the smallest that the rows do not
contradict is taken, so that a model that is right is changed in one sample of twenty.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from psychescale.disclosure import LARGEST_SMALL, is_small, nearest, told
from psychescale.errors import InputError
from psychescale.training.calibration import (
    MIN_POSITIVES,
    fit_intercepts,
    fit_shared_slope,
    log_loss,
    sigmoid,
)

LEVEL = 0.05
"""Of each of the two tests."""
_ROUNDED_TO = 50  # rows that would do: they are told so coarsely that no count follows


class Chosen(StrEnum):
    """What is fitted anew of a label's calibration."""

    KEPT = "kept"
    INTERCEPT = "intercept"
    BOTH = "intercept and slope"


@dataclass(frozen=True)
class Update:
    """New calibrated logit = slope × old one + intercept.

    Attributes:
        chosen: What was fitted; of what is kept slope is 1 and intercept 0.
        slope: Of the old calibrated logit, at least 0.
        intercept: Added to it.
        pooled: It was chosen for all labels with few positives together.
        rows_needed: Rows like these that would have been enough for the label alone; 0 where they
            were, None where no row has it, or all have.
    """

    chosen: Chosen = Chosen.KEPT
    slope: float = 1.0
    intercept: float = 0.0
    pooled: bool = False
    rows_needed: int | None = 0


def choose_updates(
    logits: NDArray[np.float64], targets: NDArray[np.float32], groups: NDArray[np.int64]
) -> list[Update]:
    """An update of each label.

    Labels with fewer than `MIN_POSITIVES` positives, or negatives, share one: one intercept and one
    slope for all their decisions, if these are enough together; else they are kept.

    Args:
        logits: float64, shape (n_rows, n_labels): calibrated logits of the bundle.
        targets: 0 or 1, the same shape.
        groups: int64, shape (n_rows,): rows that belong together (an author, near-duplicates): the
            tests count them for what they add, not one by one.

    Raises:
        InputError: The rows are too few for any label, alone or together.
    """
    n_rows = len(targets)
    rarer = np.minimum(targets.sum(0), n_rows - targets.sum(0)).astype(np.int64)
    few = rarer < MIN_POSITIVES
    together = int(min(targets[:, few].sum(), (1 - targets[:, few]).sum())) if few.any() else 0
    if few.all() and together < MIN_POSITIVES:
        raise InputError(
            f"‹validation› is too small for an update: its {told(n_rows)} rows hold {told(together)} "
            f"positives (or negatives) of all labels, and {MIN_POSITIVES} are needed.",
            remedy=_more_rows(n_rows, together),
        )
    shared = Update(pooled=True)
    if together >= MIN_POSITIVES:
        shared = replace(closed_test(logits[:, few], targets[:, few], groups), pooled=True)
    return [
        replace(shared, rows_needed=rows_needed(n_rows, int(rarer[label])))
        if few[label]
        else closed_test(logits[:, [label]], targets[:, [label]], groups)
        for label in range(len(rarer))
    ]


def closed_test(
    logits: NDArray[np.float64], targets: NDArray[np.float32], groups: NDArray[np.int64]
) -> Update:
    """The smallest update that the rows do not contradict; one for all columns together.

    Likelihood ratios are divided by what rows of one group add to the variance of the estimates (Rao
    and Scott 1984, first order).

    Args:
        logits: float64, shape (n_rows, n_labels).
        targets: 0 or 1, the same shape.
        groups: int64, shape (n_rows,).
    """
    x, y = logits.reshape(-1, 1), targets.reshape(-1, 1)
    units = np.repeat(groups, logits.shape[1])
    shift = fit_intercepts(x, y.astype(np.float64), np.ones(1))
    both = fit_shared_slope(x.astype(np.float32), y)
    models = {
        Chosen.KEPT: Update(),
        Chosen.INTERCEPT: Update(Chosen.INTERCEPT, 1.0, float(shift[0])),
        Chosen.BOTH: Update(Chosen.BOTH, float(both.slope[0]), float(both.intercept[0])),
    }
    of_all, of_slope = _design_effects(x[:, 0], y[:, 0], models[Chosen.BOTH], units)
    losses = {
        kind: 2 * len(x) * float(log_loss(one.slope * x + one.intercept, y)[0])
        for kind, one in models.items()
    }
    largest = losses[Chosen.BOTH]
    if (losses[Chosen.KEPT] - largest) / of_all <= stats.chi2.ppf(1 - LEVEL, 2):
        return models[Chosen.KEPT]
    if (losses[Chosen.INTERCEPT] - largest) / of_slope <= stats.chi2.ppf(1 - LEVEL, 1):
        return models[Chosen.INTERCEPT]
    return models[Chosen.BOTH]


def _design_effects(
    x: NDArray[np.float64], y: NDArray[np.float32], fitted: Update, units: NDArray[np.int64]
) -> tuple[float, float]:
    """How much larger variances are for rows that belong together: of both parameters, of the slope."""
    p = sigmoid(fitted.slope * x + fitted.intercept)
    design = np.stack([np.ones_like(x), x], axis=1)
    numbers = np.unique(units, return_inverse=True)[1].ravel()
    scores = np.stack([np.bincount(numbers, (y - p) * column) for column in design.T], axis=1)
    inverse = np.linalg.pinv(design.T @ (design * (p * (1 - p))[:, None]))
    between = inverse @ (scores.T @ scores)
    of_slope = (between @ inverse)[1, 1] / max(inverse[1, 1], np.finfo(float).tiny)
    return max(1.0, float(np.trace(between)) / 2), max(1.0, float(of_slope))


def rows_needed(n_rows: int, rarer: int) -> int | None:
    """Rows like these with enough positives and negatives; coarse, and at least so many for a few."""
    if rarer >= MIN_POSITIVES:
        return 0
    if rarer == 0:
        return None
    # Of a small count, as many as the largest small one would need.
    known = LARGEST_SMALL if is_small(rarer) else nearest(rarer)
    return _ROUNDED_TO * math.ceil(n_rows * MIN_POSITIVES / known / _ROUNDED_TO)


def _more_rows(n_rows: int, positives: int) -> str:
    needed = rows_needed(n_rows, positives)
    if needed is None:
        return "Give rows that have labels, and rows that do not."
    return f"Give {'at least' if is_small(positives) else 'about'} {needed:,} rows like these."


def describe(updates: Sequence[Update], labels: Sequence[str]) -> list[str]:
    """A sentence a label, for console and card; no count of rows that is small."""
    return [_sentence(update, label) for update, label in zip(updates, labels, strict=True)]


def _sentence(update: Update, label: str) -> str:
    numbers = {
        Chosen.KEPT: "",
        Chosen.INTERCEPT: f" {update.intercept:+.2f}",
        Chosen.BOTH: f" {update.intercept:+.2f} and × {update.slope:.2f}",
    }[update.chosen]
    why = ""
    if update.rows_needed is None:
        why = "; no row has it, or all have"
    elif update.rows_needed:
        why = f"; too few positives alone, {update.rows_needed:,} rows like these could do"
    shared = " (shared by labels with few positives)" if update.pooled else ""
    return f"{label}: {update.chosen}{numbers}{shared}{why}."
