"""Baselines give probabilities in the model's shape, and learn what is there to learn."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.utils.class_weight import compute_class_weight

from psychescale.errors import InputError
from psychescale.evaluation.comparison.baselines import (
    always_positive,
    balanced_weights,
    base_rate,
    lexicon,
    tfidf,
)
from psychescale.synthetic import LABELS, generate_labelled


def test_base_rate_and_always_positive() -> None:
    """Shares of the training rows, and ones."""
    assert base_rate([[1, 0], [0, 0]])(["x", "y"]).tolist() == [[0.5, 0], [0.5, 0]]
    assert always_positive(2)(["x"]).tolist() == [[1, 1]]


class TestLexicon:
    def test_words_and_endings(self) -> None:
        """Whole words count, once each; a star takes any ending; the label's own name counts too."""
        score = lexicon(["sleep", "work"], {"sleep": ["insomnia", "nap*"], "work": []})
        found = score(["Insomnia! insomnia, napping, sleep", "overworked", "my work", ""])

        np.testing.assert_allclose(found, [[3 / 4, 0], [0, 0], [0, 1 / 2], [0, 0]])

    def test_neutral(self) -> None:
        """`neutral` is what has no word of another label."""
        found = lexicon(["joy", "neutral"])(["so happy", "the table"])

        np.testing.assert_allclose(found, [[0.5, 0], [0, 0.5]])

    def test_unknown_label(self) -> None:
        """A word list for a label that the model has not is refused by name."""
        with pytest.raises(InputError, match="'anger'"):
            lexicon(["joy"], {"anger": ["furious"]})

    def test_no_text(self) -> None:
        """No texts, no rows."""
        assert lexicon(["joy", "fear"])([]).shape == (0, 2)


class TestTfidf:
    def test_learns(self) -> None:
        """On planted wording it ranks nearly perfectly, and the built-in words beat chance."""
        documents = list(generate_labelled(900, seed=3))
        texts = [document.text or "" for document in documents]
        truth = np.array(
            [[label in document.labels for label in LABELS] for document in documents], np.uint8
        )
        learned = tfidf(texts[:600], truth[:600])(texts[600:])
        listed = lexicon(LABELS)(texts[600:])

        assert learned.shape == (300, len(LABELS))
        assert roc_auc_score(truth[600:], learned) > 0.9
        assert roc_auc_score(truth[600:], listed) > 0.6

    def test_label_without_both_classes(self) -> None:
        """It gets its share: there is nothing to fit."""
        truth = np.array([[0, 1], [1, 1], [0, 1], [1, 1]], np.uint8)
        found = tfidf(["a cat", "a dog", "the cat", "the dog"], truth)(["cat"])

        assert found[0, 1] == 1
        assert found[0, 0] < 0.5

    def test_weights(self) -> None:
        """A positive weighs what scikit-learn's balance gives it against a negative."""
        truth = np.array([[0, 1, 0], [1, 1, 0], [0, 1, 0], [0, 1, 0]], np.uint8)
        of_negative, of_positive = compute_class_weight(
            "balanced", classes=np.array([0, 1]), y=truth[:, 0]
        )

        np.testing.assert_allclose(balanced_weights(truth), [of_positive / of_negative, 1, 1])

    def test_nothing_in_common(self) -> None:
        """Texts without a word in common are refused."""
        with pytest.raises(InputError, match="TF-IDF"):
            tfidf(["cat", "dog"], np.array([[0], [1]], np.uint8))
