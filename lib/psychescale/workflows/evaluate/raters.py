"""Several raters of the judged rows: how far they agree with each other, and the model with them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import InputError
from psychescale.evaluation.measures.agreement import Agreement, agree, agree_with_raters
from psychescale.evaluation.predictions import Floats
from psychescale.settings.evaluate import EvaluateConfig
from psychescale.training.targets import from_columns, keep_labels, read_label_sets, to_targets
from psychescale.workflows.rows import LabelledRows

_FEWEST = 2


def rater_columns(config: EvaluateConfig) -> tuple[str, ...]:
    """The columns that hold the raters' labels: one a rater, or one a rater and label.

    Raises:
        InputError: There is one rater only.
    """
    if len(config.raters) == 1:
        raise InputError(
            "‹raters› names one rater.", remedy="Agreement needs two or more, or leave it out."
        )
    if not config.label_columns:
        return config.raters
    return tuple(f"{rater}_{label}" for rater in config.raters for label in config.label_columns)


def assess_raters(
    config: EvaluateConfig,
    rows: LabelledRows,
    labels: Sequence[str],
    predicted: NDArray[np.bool_],
) -> list[Agreement] | None:
    """Agreement label by label; None where no raters are named.

    Args:
        config: Of the evaluation.
        rows: The judged rows, with the raters' columns.
        labels: The labels that are judged.
        predicted: The model's decisions, shape (n_rows, n_labels).

    Raises:
        InputError: A rating is of another form, or no row was rated twice.
    """
    if not config.raters:
        return None
    ratings = read_ratings(config, rows, labels)
    if not (np.isfinite(ratings).all(axis=2).sum(axis=0) >= _FEWEST).any():
        raise InputError(
            "No judged row was seen by two raters.",
            remedy="Check the columns of ‹raters›; a missing value means: not seen.",
        )
    return agree_with_raters(agree(ratings), ratings, predicted)


def read_ratings(config: EvaluateConfig, rows: LabelledRows, labels: Sequence[str]) -> Floats:
    """Ratings, float64, shape (n_raters, n_rows, n_labels); NaN where a rater did not see a row."""
    if config.label_columns:
        return np.stack([_binary(rows, rater, labels) for rater in config.raters])
    return np.stack([_sets(config, rows, rater, labels) for rater in config.raters])


def _sets(config: EvaluateConfig, rows: LabelledRows, rater: str, labels: Sequence[str]) -> Floats:
    sets = read_label_sets(rows.columns[rater], place="‹raters›", empty=config.empty_labels)
    result = to_targets(keep_labels([one or () for one in sets], labels), labels).astype(np.float64)
    result[[one is None for one in sets]] = np.nan
    return result


def _binary(rows: LabelledRows, rater: str, labels: Sequence[str]) -> Floats:
    columns = {name: rows.columns[name] for name in (f"{rater}_{label}" for label in labels)}
    return from_columns(columns, place="‹raters›").astype(np.float64)
