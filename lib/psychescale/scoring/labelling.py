"""Frozen thresholds over scores: which label holds, and where a bundle abstains."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import InputError
from psychescale.labels import PROBABILITY_PREFIX
from psychescale.model.bundle import read_deciding
from psychescale.model.spec import LongText, ModelSpec, Precision
from psychescale.scoring.options import ScoringOptions, compute_scoring_id

LABEL_PREFIX = "label_"
ABSTAIN_PREFIX = "abstain_"
STATED = ("scoring_id", "n_windows", "truncated")
"""Columns of a score table that say whether thresholds hold for a row."""


@dataclass(frozen=True)
class Rule:
    """How one label is decided.

    Attributes:
        column: Suffix of its columns.
        threshold: Probability from which it is given.
        band: Probabilities, ends included, in which the bundle abstains; None: nowhere.
    """

    column: str
    threshold: float
    band: tuple[float, float] | None

    @property
    def probability(self) -> str:
        """The column of its probability."""
        return PROBABILITY_PREFIX + self.column


def rules(spec: ModelSpec) -> list[Rule]:
    """One a label, in the order of the bundle."""
    bands = spec.bands or (None,) * len(spec.labels)
    return [Rule(*one) for one in zip(spec.columns, spec.thresholds or (), bands, strict=True)]


def validated_ids(spec: ModelSpec) -> tuple[list[str], list[str]]:
    """Scoring ids that the bundle gives by itself, in any number format.

    Returns:
        Those under the long-text policy that its thresholds were chosen under, and those under another:
        of the latter they hold for texts that were read whole in one window.
    """
    others = [policy for policy in get_args(LongText) if policy != spec.long_text]
    return _ids(spec, [spec.long_text]), _ids(spec, others)


def _ids(spec: ModelSpec, policies: Sequence[LongText]) -> list[str]:
    return [
        compute_scoring_id(
            spec, ScoringOptions(long_text=policy, precision=precision), second_text=second_text
        )
        for policy, precision, second_text in product(policies, get_args(Precision), (False, True))
    ]


def require_scores(columns: Sequence[str], spec: ModelSpec) -> None:
    """Refuse what is no score table of this bundle.

    Raises:
        InputError: A column is missing.
    """
    needed = (*(rule.probability for rule in rules(spec)), *STATED)
    missing = [name for name in needed if name not in columns]
    if missing:
        raise InputError(
            f"The scores have no column {missing[0]}.",
            remedy="Give rows of a table that `psychescale score` wrote with this bundle.",
        )


def not_validated() -> InputError:
    """The error for scores of which no row was scored the way that the thresholds hold for."""
    return InputError(
        "No row was scored the way that the bundle's thresholds were validated.",
        remedy="Give the bundle they were scored with; if only the redaction of the corpus was "
        "another one, pass its scoring_id=… (the run table has it).",
    )


def decide_frame(scores: Any, bundle: str, *, scoring_id: str | None = None) -> Any:
    """A pandas or polars frame of scores with a column ``label_<label>`` more for each label.

    Args:
        scores: Rows of a score table.
        bundle: Folder of the model that scored them.
        scoring_id: Take the rows of this id.

    Returns:
        A frame of the same kind; the new columns are nullable booleans.

    Raises:
        ModelError: The bundle has no thresholds, or its activation is softmax.
        InputError: A column is missing, or no row was scored under such an id.
    """
    if not hasattr(scores, "shape"):
        raise InputError(
            f"The scores are a {type(scores).__name__}, which holds no rows yet.",
            remedy="Give a data frame: scores.collect().",
        )
    spec = read_deciding(bundle)
    require_scores(list(scores.columns), spec)
    holds = _holds(scores, spec, scoring_id)
    if len(holds) and not holds.any():
        raise not_validated()
    made: dict[str, list[bool | None]] = {}
    for rule in rules(spec):
        values = np.asarray(scores[rule.probability], np.float64)
        known = holds & ~np.isnan(values)
        made[LABEL_PREFIX + rule.column] = _nullable(values >= rule.threshold, known)
        if spec.bands is not None:
            low, high = rule.band or (np.inf, np.inf)
            made[ABSTAIN_PREFIX + rule.column] = _nullable(
                (values >= low) & (values <= high), known
            )
    kind = type(scores)
    if hasattr(scores, "hstack"):  # polars
        return scores.hstack(kind(made))
    return scores.assign(**kind(made, index=scores.index).astype("boolean"))


def _holds(scores: Any, spec: ModelSpec, scoring_id: str | None) -> NDArray[np.bool_]:
    ids = np.asarray(scores["scoring_id"], object)
    if scoring_id is not None:
        return np.asarray(ids == scoring_id, np.bool_)
    own, others = validated_ids(spec)
    whole = np.asarray(scores["n_windows"]) == 1
    whole &= ~np.asarray(scores["truncated"]).astype(np.bool_)
    found: NDArray[np.bool_] = np.isin(ids.astype(str), own) | (
        np.isin(ids.astype(str), others) & whole
    )
    return found


def _nullable(values: NDArray[np.bool_], known: NDArray[np.bool_]) -> list[bool | None]:
    return [bool(v) if k else None for v, k in zip(values, known, strict=True)]
