"""The bootstrap draws whole authors, and its measures are those of rows written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychescale.evaluation.measures import bootstrap
from psychescale.evaluation.measures.bootstrap import draw_weights, resample
from psychescale.evaluation.measures.intervals import cut_ends, gap_ends
from psychescale.evaluation.measures.registry import CUT
from psychescale.evaluation.predictions import Predictions


def made(rng: np.random.Generator, n: int, *, per_author: int) -> Predictions:
    """One label of a fifth of the documents, authors differing in how often they have it."""
    author = np.arange(n) // per_author
    tendency = rng.normal(0, 1.2, n)[author]
    truth = rng.random(n) < 1 / (1 + np.exp(1.7 - tendency))
    values = 1 / (1 + np.exp(-(2 * truth - 1 + rng.normal(0, 1, n))))
    return Predictions.of("a", values[:, None], truth[:, None], authors=author.tolist())


class TestDraws:
    @given(st.integers(1, 40), st.integers(1, 5), st.integers(0, 99))
    def test_documents_of_an_author_go_together(self, n: int, per_author: int, seed: int) -> None:
        """Each replicate draws as many authors as there are, and all documents of each."""
        predictions = made(np.random.default_rng(seed), n, per_author=per_author)
        weights = np.concatenate(list(draw_weights(predictions, n_replicates=7, seed=seed)), 1)
        first = np.unique(predictions.units, return_index=True)[1]

        assert weights.shape == (n, 7)
        assert (weights == weights[first][predictions.units]).all()
        assert [predictions.n_units] * 7 == weights[first].sum(0).tolist()

    def test_blocks_do_not_show(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """However few weights fit in memory at once, there are as many replicates as asked for."""
        predictions = made(np.random.default_rng(1), 30, per_author=2)
        monkeypatch.setattr(bootstrap, "_BLOCK_CELLS", 70)
        _, drawn = resample(predictions, n_replicates=11, seed=3)

        assert drawn.per_label[CUT].shape == (1, 11)
        assert drawn.overall[f"{CUT}_macro"].shape == (11,)

    def test_replicates_are_measures_of_repeated_rows(self) -> None:
        """A replicate equals the measure of a data set in which drawn rows are written out."""
        predictions = made(np.random.default_rng(2), 60, per_author=3)
        _, drawn = resample(predictions, n_replicates=5, seed=9)
        weights = next(draw_weights(predictions, n_replicates=5, seed=9)).astype(int)
        for number in range(5):
            rows = predictions.rows(np.repeat(np.arange(60), weights[:, number]))
            expected = resample(rows, n_replicates=2)[0].per_label[CUT]
            np.testing.assert_allclose(expected[0, 0], drawn.per_label[CUT][0, number], atol=1e-12)


class TestEnds:
    @given(st.floats(0, 1), st.lists(st.floats(0, 1), min_size=5, max_size=20), st.integers(2, 50))
    def test_in_order(self, value: float, replicates: list[float], units: int) -> None:
        """Low is not above high, and shares stay within 0 and 1 and about the value."""
        low, high = cut_ends(value, np.array(replicates), units=units)
        assert 0 <= low <= value <= high <= 1

        low, high = gap_ends(value, np.array(replicates), np.array(replicates))
        assert 0 <= low <= high

    def test_one_unit(self) -> None:
        """One author has no variance, so no interval."""
        assert np.isnan(cut_ends(0.5, np.full(9, 0.5), units=1)).all()
