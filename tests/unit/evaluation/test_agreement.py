"""Agreement of raters is that of published examples."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from psychescale.errors import InputError
from psychescale.evaluation.measures.agreement import agree, agree_with_raters


def test_perfect_agreement() -> None:
    """Raters who always agree have 1 everywhere."""
    rating = np.random.default_rng(0).integers(0, 2, (20, 1)).astype(float)
    (found,) = agree([rating, rating, rating])

    assert (found.alpha, found.kappa, found.pairwise_f1, found.n_documents) == (1, 1, 1, 20)


def test_alpha_of_a_published_example() -> None:
    """Krippendorff's own example of two observers and ten units, binary: alpha = 0.095."""
    first = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    second = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    (found,) = agree(np.array([first, second], float)[:, :, None])

    assert round(found.alpha, 3) == 0.095


def test_kappa_by_hand() -> None:
    """Three raters, four documents: Fleiss' formula worked out by hand."""
    ratings = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0]], float)[:, :, None]
    (found,) = agree(ratings)
    observed = (1 + 1 / 3 + 1 / 3 + 1) / 4
    chance = 2 * (1 / 2) ** 2

    assert found.kappa == pytest.approx((observed - chance) / (1 - chance))
    assert found.pairwise_f1 == pytest.approx((2 / 3 + 4 / 5 + 1 / 2) / 3)


def test_model_with_raters() -> None:
    """The model's F1 with a rater is scikit-learn's, over the documents that the rater saw."""
    rng = np.random.default_rng(1)
    ratings = rng.integers(0, 2, (3, 40, 1)).astype(float)
    ratings[2, :15] = np.nan
    predicted = rng.integers(0, 2, (40, 1))
    (found,) = agree_with_raters(agree(ratings), ratings, predicted)
    expected = [
        f1_score(one[~np.isnan(one)], predicted[~np.isnan(one), 0]) for one in ratings[:, :, 0]
    ]

    assert found.model_f1 == pytest.approx(np.mean(expected), abs=1e-9)
    assert np.isnan(agree(ratings)[0].model_f1)


def test_missing_ratings() -> None:
    """A document with one rating is left out; with uneven numbers of ratings there is no kappa."""
    ratings = np.array([[1, 0, 1, np.nan], [1, 0, 1, 1], [np.nan, 0, 0, np.nan]])[:, :, None]
    (found,) = agree(ratings)

    assert found.n_documents == 3
    assert np.isnan(found.kappa)
    assert 0 < found.alpha < 1


def test_nothing_to_disagree_about() -> None:
    """Where all ratings are the same, chance-corrected agreement is not defined."""
    (found,) = agree(np.zeros((2, 5, 1)))

    assert np.isnan([found.alpha, found.kappa, found.pairwise_f1]).all()


@pytest.mark.parametrize(
    "ratings", [np.zeros((1, 5, 2)), np.zeros((5, 2)), np.full((2, 3, 1), 0.5)]
)
def test_refusals(ratings: np.ndarray) -> None:  # type: ignore[type-arg]
    """One rater, a wrong shape and shares are refused."""
    with pytest.raises(InputError):
        agree(ratings)
