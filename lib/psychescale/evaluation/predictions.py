"""What is judged: probabilities beside truth, and whom the documents come from."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from psychescale.errors import InputError

Floats: TypeAlias = NDArray[np.float64]

MIN_POSITIVES = 20
"""Below this no interval is given: at 20 one for F1 is already a third of the scale wide
(`benchmarks/coverage.py`)."""
FREQUENT_POSITIVES = 50
"""A second macro average leaves rarer labels out: they make the first one jump."""


class Undefined(StrEnum):
    """Why there is no number."""

    NO_POSITIVES = "no positives"
    """The label never holds in the truth."""
    NO_NEGATIVES = "no negatives"
    """The label always holds in the truth."""
    NONE_PREDICTED = "none predicted"
    """No probability reaches the threshold."""
    FEW_POSITIVES = "not estimable"
    """Fewer than 20 positives (or negatives, where they are the denominator): a value, no interval."""
    NOT_CONVERGED = "not converged"
    """The recalibration has no finite solution: the probabilities separate the classes, or are
    constant."""
    SHOWN_LABELS = "shown labels only"
    """An average of areas or losses over the labels of which these may be shown."""
    MASKED = "masked"
    """Withheld because the count behind it is small."""


@dataclass(frozen=True)
class Predictions:
    """Probabilities and truth of the same documents; made by `Predictions.of`.

    Attributes:
        labels: Label names, in the order of the columns.
        probabilities: float64, shape (n, n_labels), in [0, 1].
        truth: uint8, shape (n, n_labels), 0 or 1.
        weights: float64, shape (n,): how many documents of the population a document stands for; ones
            where the truth was not sampled.
        units: int64, shape (n,): number of the author of each document, or of the document itself:
            what is resampled.
        by_author: The units are authors.
    """

    labels: tuple[str, ...]
    probabilities: Floats
    truth: NDArray[np.uint8]
    weights: Floats
    units: NDArray[np.int64]
    by_author: bool

    @classmethod
    def of(
        cls,
        labels: Sequence[str],
        probabilities: ArrayLike,
        truth: ArrayLike,
        *,
        weights: ArrayLike | None = None,
        authors: Sequence[Hashable] | None = None,
    ) -> "Predictions":
        """Check and gather.

        Args:
            labels: Names, one a column.
            probabilities: Shape (n, n_labels).
            truth: Shape (n, n_labels), 0 or 1.
            weights: Shape (n,), positive: the inverse of each document's chance of being sampled.
            authors: Who wrote each document; None where unknown (that document stands for itself).

        Raises:
            InputError: Shapes disagree, there is no document, a probability is outside [0, 1], a
                truth is neither 0 nor 1, or a weight is not positive.
        """
        values = np.asarray(probabilities, np.float64)
        held = np.asarray(truth)
        if values.ndim != 2 or values.shape != held.shape or values.shape[1] != len(labels):  # noqa: PLR2004
            raise InputError(
                f"Probabilities have shape {values.shape}, truth {held.shape}, labels "
                f"{len(labels)}.",
                remedy="Give both one row a document and one column a label, in the same order.",
            )
        if len(values) == 0:
            raise InputError(
                "There is no document to evaluate on.", remedy="Check the input and its filter."
            )
        _check_range(labels, values, held)
        sampled = np.ones(len(values)) if weights is None else np.asarray(weights, np.float64)
        if sampled.shape != (len(values),) or not np.all(np.isfinite(sampled) & (sampled > 0)):
            raise InputError(
                "Sampling weights must be positive numbers, one a document.",
                remedy="Give the inverse of each document's chance of being sampled.",
            )
        return cls(
            tuple(labels),
            values,
            held.astype(np.uint8),
            sampled,
            _units(len(values), authors),
            authors is not None,
        )

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def n_units(self) -> int:
        """How many authors, or documents, there are."""
        return len(np.unique(self.units))

    @property
    def positives(self) -> NDArray[np.int64]:
        """Documents with each label, shape (n_labels,), unweighted."""
        counts: NDArray[np.int64] = self.truth.sum(0, dtype=np.int64)
        return counts

    def rows(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> "Predictions":
        """The same for some of the documents."""
        return replace(
            self,
            probabilities=self.probabilities[which],
            truth=self.truth[which],
            weights=self.weights[which],
            units=np.unique(self.units[which], return_inverse=True)[1].astype(np.int64),
        )

    def columns(self, which: NDArray[np.bool_]) -> "Predictions":
        """The same for some of the labels."""
        return replace(
            self,
            labels=tuple(name for name, kept in zip(self.labels, which, strict=True) if kept),
            probabilities=self.probabilities[:, which],
            truth=self.truth[:, which],
        )

    def with_probabilities(self, probabilities: ArrayLike) -> "Predictions":
        """The same documents and truth, scored by another model."""
        other = Predictions.of(self.labels, probabilities, self.truth, weights=self.weights)
        return replace(other, units=self.units, by_author=self.by_author)


def _check_range(labels: Sequence[str], values: Floats, held: NDArray[np.generic]) -> None:
    outside = ~((values >= 0) & (values <= 1)).all(0)  # so written, it catches NaN too
    if outside.any():
        raise InputError(
            f"Label {labels[int(outside.argmax())]!r} has probabilities outside 0 to 1, or missing.",
            remedy="Give probabilities, not logits; leave out rows that have an error.",
        )
    other = ~np.isin(held, (0, 1)).all(0)
    if other.any():
        raise InputError(
            f"The truth of label {labels[int(other.argmax())]!r} is not only 0 and 1.",
            remedy="Turn ratings into 0 and 1 first, by a rule that you state.",
        )


def _units(n: int, authors: Sequence[Hashable] | None) -> NDArray[np.int64]:
    if authors is None:
        return np.arange(n, dtype=np.int64)
    if len(authors) != n:
        raise InputError(
            f"There are {len(authors)} authors for {n} documents.", remedy="Give one a document."
        )
    codes = pd.factorize(pd.Series(list(authors), dtype=object))[0].astype(np.int64)
    unknown = codes < 0
    codes[unknown] = codes.max() + 1 + np.arange(unknown.sum())
    return codes
