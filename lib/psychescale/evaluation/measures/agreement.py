"""How far raters agree with each other: the ceiling for a model that learns from them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from psychescale.errors import InputError
from psychescale.evaluation.measures.counts import Confusion, f1
from psychescale.evaluation.predictions import Floats


@dataclass(frozen=True)
class Agreement:
    """Agreement on one label.

    Attributes:
        alpha: Krippendorff's alpha, nominal (Krippendorff 2018, chapter 12): 1 is perfect, 0 is
            chance; NaN where all ratings are the same.
        kappa: Fleiss' kappa (Fleiss 1971); NaN where documents have different numbers of ratings, or
            all ratings are the same.
        pairwise_f1: Mean F1 over pairs of raters who share documents, each pair one value; what a
            model could reach at best if it agreed with raters as they do with each other. NaN where
            no pair has a positive.
        n_documents: Documents with two ratings or more.
        model_f1: Mean F1 of a model with each rater on the documents that the rater saw: what
            `pairwise_f1` is to be compared with. NaN where no model was asked.
    """

    alpha: float
    kappa: float
    pairwise_f1: float
    n_documents: int
    model_f1: float = np.nan


def agree(ratings: ArrayLike) -> list[Agreement]:
    """Agreement of several raters, label by label.

    Args:
        ratings: float, shape (n_raters, n, n_labels): 0, 1, or NaN where a rater did not see the
            document.

    Raises:
        InputError: There are fewer than two raters, or a rating is something else.
    """
    values = np.asarray(ratings, np.float64)
    if values.ndim != 3 or len(values) < 2:  # noqa: PLR2004
        raise InputError(
            f"Ratings of shape {values.shape} are not those of several raters.",
            remedy="Give raters × documents × labels, with two raters or more.",
        )
    if not np.all(np.isnan(values) | (values == 0) | (values == 1)):
        raise InputError("A rating is neither 0, 1 nor missing.", remedy="Recode the ratings.")
    return [_agree(values[:, :, label]) for label in range(values.shape[2])]


def agree_with_raters(
    found: Sequence[Agreement], ratings: ArrayLike, predicted: ArrayLike
) -> list[Agreement]:
    """The same, with how far a model's decisions agree with the raters.

    Args:
        found: What `agree` gives.
        ratings: What it was given.
        predicted: The model's decisions, shape (n, n_labels): 0 or 1.
    """
    values, decisions = np.asarray(ratings, np.float64), np.asarray(predicted, np.float64)
    return [
        replace(one, model_f1=_mean_f1(values[:, :, label], decisions[:, label]))
        for label, one in enumerate(found)
    ]


def _mean_f1(ratings: Floats, decisions: Floats) -> float:
    values = [
        _f1(decisions[seen], rater[seen])
        for rater, seen in zip(ratings, ~np.isnan(ratings), strict=True)
        if seen.any()
    ]
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else np.nan


def _agree(ratings: Floats) -> Agreement:
    seen = ~np.isnan(ratings)
    pairable = seen.sum(0) >= 2  # noqa: PLR2004
    ratings, seen = ratings[:, pairable], seen[:, pairable]
    raters = seen.sum(0).astype(np.float64)
    ones = np.where(seen, ratings, 0).sum(0)
    return Agreement(
        alpha=_alpha(ones, raters),
        kappa=_kappa(ones, raters),
        pairwise_f1=_pairwise_f1(ratings, seen),
        n_documents=int(pairable.sum()),
    )


def _disagreement(ones: Floats, raters: Floats) -> Floats:
    """Share of ordered pairs of ratings of a document that differ."""
    shares: Floats = 2 * ones * (raters - ones) / (raters * (raters - 1))
    return shares


def _alpha(ones: Floats, raters: Floats) -> float:
    total, positive = raters.sum(), ones.sum()
    if total == 0 or positive in {0, total}:
        return np.nan
    observed = (_disagreement(ones, raters) * raters).sum() / total
    expected = 2 * positive * (total - positive) / (total * (total - 1))
    return float(1 - observed / expected)


def _kappa(ones: Floats, raters: Floats) -> float:
    total, positive = raters.sum(), ones.sum()
    if total == 0 or positive in {0, total} or len(np.unique(raters)) > 1:
        return np.nan
    share = positive / total
    chance = share**2 + (1 - share) ** 2
    return float((1 - _disagreement(ones, raters).mean() - chance) / (1 - chance))


def _pairwise_f1(ratings: Floats, seen: NDArray[np.bool_]) -> float:
    values = [
        _f1(ratings[one][common], ratings[two][common])
        for one in range(len(ratings))
        for two in range(one)
        if (common := seen[one] & seen[two]).any()
    ]
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else np.nan


def _f1(one: Floats, two: Floats) -> float:
    tp = one @ two
    cells = (tp, two.sum() - tp, one.sum() - tp, ((1 - one) * (1 - two)).sum())
    return float(f1(Confusion(*(np.array([cell]) for cell in cells)))[0])
