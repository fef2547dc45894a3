"""Every measure equals scikit-learn's where it has one, weights and ties included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.calibration import calibration_curve

from psychescale.errors import InputError
from psychescale.evaluation.measures.bootstrap import resample
from psychescale.evaluation.measures.counts import PER_LABEL
from psychescale.evaluation.measures.estimates import evaluate
from psychescale.evaluation.measures.registry import (
    frequent_labels,
    measure_decisions,
    measure_probabilities,
)
from psychescale.evaluation.predictions import Predictions, Undefined

EXACT = {"rtol": 0, "atol": 1e-9}


@st.composite
def cases(draw: st.DrawFn) -> Predictions:
    """Up to 60 documents and 4 labels, many ties, some labels without a class, uneven weights."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n, n_labels = draw(st.integers(2, 60)), draw(st.integers(2, 4))
    steps = draw(st.sampled_from([2, 5, 1000]))
    probabilities = rng.integers(0, steps + 1, (n, n_labels)) / steps
    truth = rng.random((n, n_labels)) < rng.choice([0, 0.1, 0.5, 1], n_labels)
    weights = rng.uniform(0.2, 5, n) if draw(st.booleans()) else None
    return Predictions.of([f"l{i}" for i in range(n_labels)], probabilities, truth, weights=weights)


def thresholds_for(predictions: Predictions) -> NDArray[np.float64]:
    return np.linspace(0.3, 0.7, len(predictions.labels))


class TestDecisions:
    @given(cases())
    def test_precision_recall_and_f1(self, predictions: Predictions) -> None:
        """Per label, micro, macro and weighted are scikit-learn's with `zero_division=0`."""
        thresholds = thresholds_for(predictions)
        found = measure_decisions(predictions, thresholds)
        chosen = predictions.probabilities >= thresholds
        for average in (None, "micro", "macro", "weighted"):
            expected = metrics.precision_recall_fscore_support(
                predictions.truth,
                chosen,
                average=average,
                zero_division=0,
                sample_weight=predictions.weights,
            )
            for name, value in zip(("precision", "recall", "f1"), expected, strict=False):
                ours = (
                    [one.value for one in found.per_label[name]]
                    if average is None
                    else found.overall[f"{name}_{average}"].value
                )
                np.testing.assert_allclose(np.nan_to_num(ours), value, **EXACT)

    @given(cases())
    def test_specificity(self, predictions: Predictions) -> None:
        """Specificity is the recall of the negative class."""
        thresholds = thresholds_for(predictions)
        found = measure_decisions(predictions, thresholds).per_label["specificity"]
        for label in range(len(predictions.labels)):
            expected = metrics.recall_score(
                1 - predictions.truth[:, label],
                predictions.probabilities[:, label] < thresholds[label],
                zero_division=np.nan,
                sample_weight=predictions.weights,
            )
            np.testing.assert_allclose(found[label].value, expected, **EXACT)

    @given(cases())
    def test_measures_of_rows(self, predictions: Predictions) -> None:
        """Subset accuracy, its all-negative baseline, Hamming loss and Jaccard are scikit-learn's."""
        thresholds = thresholds_for(predictions)
        found = measure_decisions(predictions, thresholds).overall
        truth, weights = predictions.truth, predictions.weights
        chosen = (predictions.probabilities >= thresholds).astype(np.uint8)
        expected = {
            "subset_accuracy": metrics.accuracy_score(truth, chosen, sample_weight=weights),
            "all_negative_subset_accuracy": metrics.accuracy_score(
                truth, np.zeros_like(truth), sample_weight=weights
            ),
            "hamming_loss": metrics.hamming_loss(truth, chosen, sample_weight=weights),
            "jaccard": metrics.jaccard_score(
                truth, chosen, average="samples", zero_division=1.0, sample_weight=weights
            ),
        }
        for name, value in expected.items():
            np.testing.assert_allclose(found[name].value, value, **EXACT)

    def test_macro_over_frequent_labels(self) -> None:
        """The second macro average takes labels with 50 positives or more, and no others."""
        truth = np.zeros((200, 3), np.uint8)
        for label, positives in enumerate((49, 50, 120)):
            truth[:positives, label] = 1
        predictions = Predictions.of("abc", truth.astype(float) * [0, 1, 1], truth)
        found = measure_decisions(predictions, np.full(3, 0.5))

        assert frequent_labels(predictions).tolist() == [False, True, True]
        assert found.overall["f1_macro_frequent"].value == 1
        assert found.overall["f1_macro"].value == pytest.approx(2 / 3)


class TestProbabilities:
    @given(cases())
    def test_order(self, predictions: Predictions) -> None:
        """ROC-AUC and average precision are scikit-learn's; NaN where a class is missing."""
        found = measure_probabilities(predictions).per_label
        for label in range(len(predictions.labels)):
            truth, values = predictions.truth[:, label], predictions.probabilities[:, label]
            if truth.min() == truth.max():
                assert np.isnan(found["roc_auc"][label].value)
                assert np.isnan(found["average_precision"][label].value)
                continue
            weights = predictions.weights
            auc = metrics.roc_auc_score(truth, values, sample_weight=weights)
            average = metrics.average_precision_score(truth, values, sample_weight=weights)
            np.testing.assert_allclose(found["roc_auc"][label].value, auc, **EXACT)
            np.testing.assert_allclose(found["average_precision"][label].value, average, **EXACT)

    @given(cases(), st.sampled_from([0.5, 0.9, 0.95]))
    def test_sensitivity_at_specificity(self, predictions: Predictions, specificity: float) -> None:
        """It is the highest point of scikit-learn's ROC curve that is not too far to the right."""
        point, _ = resample(predictions, specificity=specificity, n_replicates=2)
        found = point.per_label["sensitivity_at_specificity"]
        for label in range(len(predictions.labels)):
            truth, values = predictions.truth[:, label], predictions.probabilities[:, label]
            if truth.min() == truth.max():
                continue
            false, sensitivity, _ = metrics.roc_curve(
                truth, values, sample_weight=predictions.weights, drop_intermediate=False
            )
            expected = sensitivity[false <= 1 - specificity + 1e-9].max()
            np.testing.assert_allclose(found[label, 0], expected, **EXACT)

    @settings(max_examples=10)
    @given(cases())
    def test_losses(self, predictions: Predictions) -> None:
        """Log loss and Brier score are scikit-learn's."""
        found = measure_probabilities(predictions).per_label
        for label in range(len(predictions.labels)):
            truth, values = predictions.truth[:, label], predictions.probabilities[:, label]
            weights = predictions.weights
            log_loss = metrics.log_loss(truth, values, sample_weight=weights, labels=[0, 1])
            brier = metrics.brier_score_loss(truth, values, sample_weight=weights, labels=[0, 1])
            np.testing.assert_allclose(found["log_loss"][label].value, log_loss, **EXACT)
            np.testing.assert_allclose(found["brier"][label].value, brier, **EXACT)

    def test_calibration_error(self) -> None:
        """Ten bins of ten documents, each off by its own known gap."""
        probabilities = np.repeat(np.arange(10) / 10 + 0.05, 10)
        truth = np.concatenate([np.arange(10) < hits for hits in range(10)])
        predictions = Predictions.of("a", probabilities[:, None], truth[:, None])
        found = resample(predictions, n_replicates=2)[0].per_label["ece"]

        assert found[0, 0] == pytest.approx(0.05)

    def test_calibration_error_of_many_documents(self) -> None:
        """Over bins of equally many documents it is what scikit-learn's calibration curve gives."""
        rng = np.random.default_rng(5)
        values = rng.random(1000)
        truth = (rng.random(1000) < values**2).astype(np.uint8)
        predictions = Predictions.of("a", values[:, None], truth[:, None])
        found = resample(predictions, n_replicates=2)[0].per_label["ece"]
        share, mean = calibration_curve(truth, values, n_bins=10, strategy="quantile")

        np.testing.assert_allclose(found[0, 0], np.abs(share - mean).mean(), **EXACT)


class TestAverages:
    @pytest.fixture
    def predictions(self) -> Predictions:
        """Three labels with both classes, ties and uneven weights."""
        rng = np.random.default_rng(8)
        truth = rng.random((300, 3)) < [0.1, 0.3, 0.6]
        values = rng.integers(0, 51, (300, 3)) / 50 * 0.6 + 0.4 * truth * rng.random((300, 3))
        return Predictions.of("abc", values, truth, weights=rng.uniform(0.5, 3, 300))

    def test_of_probabilities(self, predictions: Predictions) -> None:
        """Macro ROC-AUC and average precision are scikit-learn's; so are the mean losses."""
        found = measure_probabilities(predictions).overall
        truth, values = predictions.truth, predictions.probabilities
        weighted = {"sample_weight": predictions.weights}
        expected = {
            "roc_auc_macro": metrics.roc_auc_score(truth, values, average="macro", **weighted),
            "average_precision_macro": metrics.average_precision_score(
                truth, values, average="macro", **weighted
            ),
            "log_loss_macro": np.mean(
                [metrics.log_loss(t, v, **weighted) for t, v in zip(truth.T, values.T, strict=True)]
            ),
            "brier_macro": np.mean(
                [
                    metrics.brier_score_loss(t, v, **weighted)
                    for t, v in zip(truth.T, values.T, strict=True)
                ]
            ),
        }
        for name, value in expected.items():
            np.testing.assert_allclose(found[name].value, value, **EXACT)

    def test_of_specificity(self, predictions: Predictions) -> None:
        """Micro, macro and weighted specificity are the recall of the negated problem."""
        found = measure_decisions(predictions, np.full(3, 0.5)).overall
        negated = 1 - predictions.truth, predictions.probabilities < 0.5
        for average in ("micro", "macro"):
            expected = metrics.recall_score(
                *negated, average=average, sample_weight=predictions.weights
            )
            np.testing.assert_allclose(found[f"specificity_{average}"].value, expected, **EXACT)

    def test_confusion(self, predictions: Predictions) -> None:
        """The cells of every label are scikit-learn's."""
        found = evaluate(predictions, np.full(3, 0.4), n_replicates=5).decisions["frozen"]
        matrices = metrics.multilabel_confusion_matrix(
            predictions.truth, predictions.probabilities >= 0.4
        )
        for (tp, fp, fn, tn), matrix in zip(found.confusion, matrices, strict=True):
            assert [[tn, fp], [fn, tp]] == matrix.tolist()


class TestUndefined:
    def test_reasons(self) -> None:
        """A measure without a value says why, and one without an interval too."""
        truth = np.zeros((100, 4), np.uint8)
        truth[:, 1] = 1
        truth[:10, 2] = 1
        truth[:50, 3] = 1
        predictions = Predictions.of(
            ("never", "always", "rare", "common"), np.tile([0.1, 0.9, 0.6, 0.4], (100, 1)), truth
        )
        found = evaluate(predictions, np.full(4, 0.5), n_replicates=20)
        auc = [label.reason for label in found.probabilities.per_label["roc_auc"]]
        precision = [
            label.reason for label in found.decisions["frozen"].estimates.per_label["precision"]
        ]

        assert auc == [
            Undefined.NO_POSITIVES,
            Undefined.NO_NEGATIVES,
            Undefined.FEW_POSITIVES,
            None,
        ]
        assert precision[0] is Undefined.NONE_PREDICTED
        assert precision[3] is Undefined.NONE_PREDICTED

    def test_names(self) -> None:
        """All per-label decision measures are there."""
        assert {"precision", "recall", "specificity", "f1"} == set(PER_LABEL)


class TestRefusals:
    @pytest.mark.parametrize(
        ("probabilities", "truth", "word"),
        [
            ([[0.5, 0.5]], [[1]], "shape"),
            (np.zeros((0, 2)), np.zeros((0, 2)), "no document"),
            ([[1.5, 0.5]], [[1, 0]], "'a'"),
            ([[0.5, np.nan]], [[1, 0]], "'b'"),
            ([[0.5, 0.5]], [[1, 2]], "'b'"),
        ],
    )
    def test_what_cannot_be_judged(self, probabilities: object, truth: object, word: str) -> None:
        """Wrong shapes, no rows, logits, holes and ratings are refused by name."""
        with pytest.raises(InputError, match=word):
            Predictions.of("ab", probabilities, truth)  # type: ignore[arg-type]

    def test_weights(self) -> None:
        """A weight of zero is refused: that document was not sampled."""
        with pytest.raises(InputError, match="weights"):
            Predictions.of("a", [[0.5], [0.5]], [[1], [0]], weights=[1, 0])

    def test_unknown_authors_stand_alone(self) -> None:
        """Documents without an author are units of their own."""
        predictions = Predictions.of(
            "a", [[0.5]] * 5, [[1]] * 5, authors=["x", None, "y", None, "x"]
        )

        assert predictions.n_units == 4
        assert predictions.units[0] == predictions.units[4]
