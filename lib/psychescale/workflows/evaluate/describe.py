"""What the documents of an evaluation are: Table 1, what is missing, and what they are to the model."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from psychescale.evaluation.document.table_one import Part, count_groups
from psychescale.moments import require_moments
from psychescale.settings.evaluate import EvaluateConfig
from psychescale.workflows.evaluate.selection import EvaluationRows
from psychescale.workflows.rows import LabelledRows

MOST_GROUPS = 50
"""A column with more groups than this is an id, a name or a date; its values would be printed."""


def describe_parts(
    config: EvaluateConfig, selected: EvaluationRows, judged: LabelledRows, labels: Sequence[str]
) -> list[Part]:
    """The parts that are known here: those that baselines learn from, and the judged rows.

    Raises:
        InputError: A time cannot be read.
    """
    parts = {"evaluation": judged}
    if selected.learning is not None:
        whose = "" if config.membership else " of the baselines"
        parts = {
            f"training{whose}": selected.learning.train,
            f"validation{whose}": selected.learning.validation,
            **parts,
        }
    return [_part(config, name, rows, labels) for name, rows in parts.items()]


def describe_missing(
    config: EvaluateConfig, selected: EvaluationRows, usable: NDArray[np.bool_]
) -> dict[str, dict[str, dict[str, int]]]:
    """Rows without truth, and without a score, by the columns to slice by."""
    lost = selected.rows.take(np.flatnonzero(~usable))
    columns = {"truth": selected.rows.unannotated, "scores": lost.columns}
    return {
        what: {
            name: count_groups(values)
            for name, values in _groups(config, found).items()
            if len(values)
        }
        for what, found in columns.items()
    }


def measured_on(config: EvaluateConfig, selected: EvaluationRows) -> str:
    """What the judged rows are to the model, as far as that is known."""
    if config.membership is not None and config.part == "test":
        return "the test part that training held out"
    if config.membership is not None:
        return "the validation part, on which calibration and thresholds were fitted"
    if selected.known is None:
        return "rows that were not searched for rows of the training"
    if config.drop_known or not any(selected.known.values()):
        return "rows in which none that training knew was found"
    return "rows of which training knew some"


def _part(config: EvaluateConfig, name: str, rows: LabelledRows, labels: Sequence[str]) -> Part:
    authors = rows.columns.get(config.author_column or "")
    return Part(
        name,
        np.array([len(text.split()) for text in rows.texts], np.int64),
        {label: sum(label in names for names in rows.label_sets) for label in labels},
        None if authors is None else len({one for one in authors if one is not None}),
        _times(config, rows),
        _groups(config, rows.columns),
    )


def _times(config: EvaluateConfig, rows: LabelledRows) -> list[datetime]:
    values = rows.columns.get(config.time_column or "")
    if values is None:
        return []
    return [one for one in require_moments(values, config.time_format) if one is not None]


def _groups(
    config: EvaluateConfig, columns: Mapping[str, Sequence[object]]
) -> dict[str, list[str]]:
    """The columns to slice by whose values are names of groups, not numbers."""
    named = {
        name: ["unknown" if value is None else str(value) for value in columns[name]]
        for name in config.slice_columns
        if name in columns
    }
    return {name: values for name, values in named.items() if len(set(values)) <= MOST_GROUPS}
