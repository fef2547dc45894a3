"""What a model must beat: simple ones that give probabilities, thresholded as the model itself is."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from psychescale.errors import InputError
from psychescale.evaluation.comparison.word_list import WORDS, find_words
from psychescale.evaluation.predictions import Floats

Scorer: TypeAlias = Callable[[Sequence[str]], Floats]
"""From texts to probabilities, float64, shape (n_texts, n_labels)."""

# Words and pairs in fewer training texts than this are dropped: they teach nothing that is found again.
_MIN_TEXTS = 2
_MAX_ITERATIONS = 1000


def base_rate(truth: ArrayLike) -> Scorer:
    """Every text gets the share of training rows with the label.

    Args:
        truth: 0 or 1, shape (n_training, n_labels).
    """
    shares = np.asarray(truth, np.float64).mean(0)
    return lambda texts: np.tile(shares, (len(texts), 1))


def always_positive(n_labels: int) -> Scorer:
    """Every text has every label: the F1 that comes for nothing."""
    return lambda texts: np.ones((len(texts), n_labels))


def lexicon(labels: Sequence[str], words: Mapping[str, Sequence[str]] | None = None) -> Scorer:
    """Words that speak for a label: ``k / (k + 1)`` where k of them are found, 0 where none is.

    Args:
        labels: Label names.
        words: label → words or phrases, ``*`` at the end for any ending; default: a small list of our
            own, and a label's own name. The label ``neutral`` has 0.5 where no word is found.

    Raises:
        InputError: A label of `words` is not among `labels`.
    """
    given = dict(WORDS if words is None else words)
    unknown = sorted(set(given) - set(labels)) if words is not None else []
    if unknown:
        raise InputError(
            f"The lexicon has the label {unknown[0]!r}, which the model does not.",
            remedy="Name labels as the model does.",
        )
    patterns = [find_words([*given.get(label.lower(), given.get(label, ())),
                            *([] if label == "neutral" else [_spoken(label)])])
                for label in labels]  # fmt: skip

    def score(texts: Sequence[str]) -> Floats:
        found = np.array(
            [[len(set(pattern.findall(text.lower()))) for pattern in patterns] for text in texts],
            np.float64,
        ).reshape(len(texts), len(labels))
        if "neutral" in labels:
            found[:, list(labels).index("neutral")] = ~found.any(1)
        return found / (found + 1)

    return score


def tfidf(texts: Sequence[str], truth: NDArray[np.uint8]) -> Scorer:
    """TF-IDF of words and pairs of words, with one balanced logistic regression a label.

    Args:
        texts: Training texts.
        truth: uint8, shape (n_training, n_labels). A label without both classes gets its share.

    Raises:
        InputError: No word is in two training texts.
    """
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=_MIN_TEXTS, sublinear_tf=True)
    try:
        features = vectorizer.fit_transform(texts)
    except ValueError as error:
        raise InputError(
            "No word is found in two training texts: nothing to learn a TF-IDF baseline from.",
            remedy="Leave it out with ‹baselines›, or give more training rows.",
        ) from error
    models = [_fit_label(features, held) for held in truth.T]
    shares = truth.mean(0)

    def score(texts: Sequence[str]) -> Floats:
        seen = vectorizer.transform(texts)
        columns = [
            np.full(len(texts), share) if model is None else model.predict_proba(seen)[:, 1]
            for model, share in zip(models, shares, strict=True)
        ]
        return np.stack(columns, 1)

    return score


def balanced_weights(truth: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What a positive weighs against a negative in `tfidf`; float32, shape (n_labels,)."""
    positives = truth.sum(axis=0, dtype=np.float64)
    negatives = len(truth) - positives
    both = (positives > 0) & (negatives > 0)
    return np.where(both, negatives / np.maximum(positives, 1), 1).astype(np.float32)


def _fit_label(features: object, held: NDArray[np.uint8]) -> LogisticRegression | None:
    if held.all() or not held.any():
        return None
    # liblinear's coordinate descent is deterministic here and the quickest on sparse rows.
    model = LogisticRegression(
        class_weight="balanced", solver="liblinear", max_iter=_MAX_ITERATIONS
    )
    model.fit(features, held)
    return model


def _spoken(label: str) -> str:
    return label.lower().replace("_", " ").replace("-", " ")
