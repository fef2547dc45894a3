"""Raters' columns become agreement, in either form of labels."""

import numpy as np
import pytest

from psychescale.errors import InputError
from psychescale.settings.evaluate import EvaluateConfig
from psychescale.workflows.evaluate.raters import assess_raters, rater_columns, read_ratings
from psychescale.workflows.rows import LabelledRows

LABELS = ("calm", "tired")


def rows(**columns: list[object]) -> LabelledRows:
    n = len(next(iter(columns.values())))
    return LabelledRows([str(i) for i in range(n)], ["text"] * n, [()] * n, columns=columns)


def config(**changes: object) -> EvaluateConfig:
    given = {"model": "m", "input": "i", "output": "o", "raters": ("ann", "bob")}
    return EvaluateConfig.model_validate(given | changes)


LISTS = rows(
    ann=['["calm"]', "calm,tired", "[]", None],
    bob=[["calm"], ["tired"], [], ["tired", "of another study"]],
)
BINARY = rows(
    ann_calm=[1, 1, 0, None],
    ann_tired=["0", "1", "0", ""],
    bob_calm=[True, False, False, False],
    bob_tired=[0.0, 1.0, 0.0, 1.0],
)
EXPECTED = [[[1, 0], [1, 1], [0, 0], [np.nan] * 2], [[1, 0], [0, 1], [0, 0], [0, 1]]]


def test_both_forms() -> None:
    """Lists of names and 0/1 columns give the same ratings; null or blank is unseen, [] is no label."""
    binary = config(label_columns=LABELS)

    assert rater_columns(config()) == ("ann", "bob")
    assert rater_columns(binary) == ("ann_calm", "ann_tired", "bob_calm", "bob_tired")
    np.testing.assert_array_equal(read_ratings(config(), LISTS, LABELS), EXPECTED)
    np.testing.assert_array_equal(read_ratings(binary, BINARY, LABELS), EXPECTED)


def test_ceiling_and_model() -> None:
    """Raters agree on three documents; the model is compared with each of them."""
    predicted = np.array([[1, 0], [1, 1], [0, 0], [0, 1]], bool)
    found = assess_raters(config(), LISTS, LABELS, predicted)
    assert found is not None
    calm, tired = found

    assert (calm.n_documents, tired.n_documents) == (3, 3)
    assert calm.pairwise_f1 == pytest.approx(2 / 3)
    assert calm.model_f1 == pytest.approx((1 + 2 / 3) / 2)
    assert (tired.pairwise_f1, tired.model_f1) == (1, 1)
    assert assess_raters(config(raters=()), LISTS, LABELS, predicted) is None


def test_refusals() -> None:
    """One rater, a rating that is neither 0 nor 1, and raters who share nothing are refused."""
    predicted = np.zeros((4, 2), bool)
    with pytest.raises(InputError, match="--raters names one rater"):
        rater_columns(config(raters=("ann",)))
    apart = rows(ann=["calm", None], bob=[None, "calm"])
    with pytest.raises(InputError, match=r"seen by two raters.*--raters"):
        assess_raters(config(), apart, LABELS, predicted[:2])
    votes = rows(**{**BINARY.columns, "bob_tired": [0, 3, 0, 1]})
    with pytest.raises(InputError, match="'bob_tired' is not binary: 1 of 4"):
        assess_raters(config(label_columns=LABELS), votes, LABELS, predicted)
    blank = rows(ann=["calm", ""], bob=["calm", "calm"])
    with pytest.raises(InputError, match=r"--raters: 1 of 2 rows.*--empty-labels"):
        assess_raters(config(), blank, LABELS, predicted[:2])
    assert np.isnan(read_ratings(config(empty_labels="unannotated"), blank, LABELS)[0, 1]).all()
    assert (read_ratings(config(empty_labels="none"), blank, LABELS)[0, 1] == 0).all()
    broken = rows(ann=["[calm", None], bob=["calm", "calm"])
    with pytest.raises(InputError, match="--raters: a row's labels"):
        assess_raters(config(), broken, LABELS, predicted[:2])
