"""Labels come from a list or from 0/1 columns, and nothing else passes for either."""

import numpy as np
import pytest

from psychescale.errors import InputError
from psychescale.training.targets import (
    from_columns,
    keep_labels,
    read_label_sets,
    require_seen,
    to_targets,
)


class TestLists:
    @pytest.mark.parametrize("value", [["a", "b"], '["a", "b"]', "a, b", np.array(["a", "b"])])
    def test_forms(self, value: object) -> None:
        """A list, a JSON list, names with commas, and what pandas makes of a list."""
        assert read_label_sets([value], place="x.csv") == [("a", "b")]

    @pytest.mark.parametrize("value", [[], "[]", " [ ] ", np.array([])])
    def test_none(self, value: object) -> None:
        """An empty list is an answer: the row is negative for all labels."""
        assert read_label_sets([value], place="x.csv") == [()]

    @pytest.mark.parametrize("value", [None, float("nan")])
    @pytest.mark.parametrize("empty", [None, "none", "unannotated"])
    def test_missing(self, value: object, empty: str | None) -> None:
        """A null is no answer, whatever an empty text means: nobody has annotated the row."""
        assert read_label_sets([value, ["a"]], place="x", empty=empty) == [None, ("a",)]

    @pytest.mark.parametrize("value", ["", "  ", "\t"])
    def test_empty_text(self, value: str) -> None:
        """An empty text can be either: refused with its count, unless a person says."""
        with pytest.raises(InputError, match=r"2 of 3 rows.*--empty-labels none"):
            read_label_sets([value, "a", value], place="x.csv")
        assert read_label_sets([value], place="x.csv", empty="none") == [()]
        assert read_label_sets([value], place="x.csv", empty="unannotated") == [None]

    @pytest.mark.parametrize("value", [3, [1, 2], "[1]", "[broken", {"a": 1}])
    def test_other_forms(self, value: object) -> None:
        """Anything else is refused with both forms that are allowed, and without the value."""
        with pytest.raises(InputError, match="--label-columns") as error:
            read_label_sets([value], place="x.csv")
        assert "broken" not in str(error.value)

    def test_targets(self) -> None:
        """Columns are in label order."""
        assert to_targets([("b",), ("b", "a"), ()], ("a", "b")).tolist() == [[0, 1], [1, 1], [0, 0]]

    def test_label_only_in_test(self) -> None:
        """A label of later rows that training has not seen is named, with what to do."""
        with pytest.raises(InputError, match=r"test rows.*: ghost\..*--labels"):
            to_targets([("a",), ("ghost",)], ("a",), part="test")
        assert keep_labels([("a",), ("ghost",)], ("a",)) == [("a",), ()]


class TestColumns:
    def test_spellings(self) -> None:
        """Numbers, booleans and text of both are 0 and 1."""
        columns = {"a": [1, 0, True], "b": ["0", "1.0", "false"]}

        assert from_columns(columns, place="x").tolist() == [[1, 0], [0, 1], [1, 0]]

    @pytest.mark.parametrize("value", [2, 0.5, -1, "yes, very", "nan", [1]])
    def test_not_binary(self, value: object) -> None:
        """A weight, a vote or a word is refused: column and count are named, no value is."""
        with pytest.raises(InputError, match=r"'mood' is not binary: 1 of 3 rows") as error:
            from_columns({"mood": [0, 1, value]}, place="x.csv")
        assert "very" not in str(error.value)
        assert "--label-columns" in error.value.remedy

    @pytest.mark.parametrize("value", [None, float("nan"), "", " "])
    def test_not_annotated(self, value: object) -> None:
        """Nothing is neither 0 nor 1."""
        found = from_columns({"mood": [0, 1, value]}, place="x.csv")[:, 0]
        np.testing.assert_array_equal(found, [0, 1, np.nan])


def test_unseen_labels_are_counted_up() -> None:
    """Of many labels never seen, a few are named."""
    with pytest.raises(InputError, match="l0, l1, l2, l3, l4 and 3 more"):
        require_seen(np.zeros((2, 8), np.float32), [f"l{i}" for i in range(8)])
