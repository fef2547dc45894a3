"""Groups against all others: values, differences, and fairlearn's gaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from psychescale.errors import InputError
from psychescale.evaluation.measures.slices import quartile_groups, slice_by
from psychescale.evaluation.predictions import Predictions, Undefined

HALF = np.full(2, 0.5)


@pytest.fixture(scope="module")
def predictions() -> Predictions:
    """600 documents; in the last third, the probabilities are noise."""
    rng = np.random.default_rng(0)
    truth = rng.random((600, 2)) < 0.3
    values = np.where(truth, 0.7, 0.2) + rng.normal(0, 0.1, (600, 2))
    values[400:] = rng.random((200, 2))
    return Predictions.of("ab", values.clip(0, 1), truth)


GROUPS = ["clinic"] * 200 + ["forum"] * 200 + ["survey"] * 200


class TestSlices:
    def test_values(self, predictions: Predictions) -> None:
        """A group's value is the measure of its documents alone."""
        (table,) = slice_by(predictions, HALF, {"source": GROUPS})
        for number, found in enumerate(table.slices):
            rows = slice(200 * number, 200 * number + 200)
            expected = f1_score(
                predictions.truth[rows], predictions.probabilities[rows] >= 0.5, average="micro"
            )
            assert found.values["f1_micro"].value == pytest.approx(expected, abs=1e-12)
        assert [found.group for found in table.slices] == ["clinic", "forum", "survey"]

    def test_a_worse_group_is_found(self, predictions: Predictions) -> None:
        """The interval of the difference leaves 0 out where the model fails."""
        (table,) = slice_by(predictions, HALF, {"source": GROUPS})
        worse = table.slices[2].differences["f1_micro"]

        assert worse.high < -0.2
        assert table.slices[0].differences["f1_micro"].low > 0
        assert table.slices[2].n_labels == 2

    def test_gaps(self, predictions: Predictions) -> None:
        """The gap is the largest difference between two groups."""
        (table,) = slice_by(predictions, HALF, {"source": GROUPS})
        values = [found.values["recall_micro"].value for found in table.slices]

        assert table.gaps["recall_micro"] == pytest.approx(max(values) - min(values), abs=1e-12)

    def test_small_groups(self, predictions: Predictions) -> None:
        """A group of fewer than 20 is counted and not estimated, and nothing is compared with it."""
        column = ["few"] * 19 + ["many"] * 581
        (table,) = slice_by(predictions, HALF, {"x": column})
        few, many = table.slices

        assert few.n == 19
        assert few.values["f1_micro"].reason is Undefined.FEW_POSITIVES
        assert many.values["f1_micro"].low > 0
        assert many.differences == {}

    def test_one_group(self, predictions: Predictions) -> None:
        """A column with one value has no difference to show."""
        (table,) = slice_by(predictions, HALF, {"x": ["same"] * 600})

        assert table.slices[0].n == 600
        assert table.gaps["f1_micro"] == 0

    def test_kinds_of_columns(self, predictions: Predictions) -> None:
        """Numbers are cut at quartiles, yes-or-no named, missing values a group."""
        tables = slice_by(
            predictions,
            HALF,
            {
                "length": list(range(600)),
                "truncated": [False, True] * 300,
                "source": ["a", None] * 300,
            },
        )

        assert [[found.group for found in table.slices] for table in tables] == [
            ["1: 0 to 149", "2: 150 to 299", "3: 300 to 449", "4: 450 to 599"],
            ["no", "yes"],
            ["a", "unknown"],
        ]

    def test_wrong_length(self, predictions: Predictions) -> None:
        """A column of another length is refused by name."""
        with pytest.raises(InputError, match="'sex'"):
            slice_by(predictions, HALF, {"sex": ["f"]})


class TestGroups:
    @given(st.lists(st.integers(0, 50) | st.none(), min_size=1, max_size=60))
    def test_quartiles(self, values: list[int | None]) -> None:
        """At most four groups; equal numbers share one; names hold the range."""
        numbers = np.array([np.nan if value is None else value for value in values], float)
        names = quartile_groups(numbers)

        assert len(set(names) - {"unknown"}) <= 4
        for name, number in zip(names, numbers, strict=True):
            if np.isnan(number):
                assert name == "unknown"
            else:
                low, high = name.split(": ")[1].split(" to ")
                assert float(low) <= number <= float(high)
