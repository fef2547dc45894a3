"""Frozen thresholds over a score table: labels as a view, never baked in."""

from collections.abc import Sequence
from itertools import product
from typing import get_args

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from psychescale.errors import InputError
from psychescale.labels import PROBABILITY_PREFIX
from psychescale.model.bundle import read_deciding
from psychescale.model.spec import LongText, ModelSpec, Precision
from psychescale.scoring.options import ScoringOptions, compute_scoring_id
from psychescale.spark.tables.delta import DeltaTable, literal

LABEL_PREFIX = "label_"


def with_labels(scores: DataFrame, bundle: str, *, scoring_id: str | None = None) -> DataFrame:
    """A score table with a boolean column ``label_<label>`` more for each label.

    It is true where the probability reaches the bundle's frozen threshold, and null where there is no
    probability, or where the row was scored otherwise than the thresholds were validated (another
    model, stride, activation, or other redaction; under another long-text policy, a text that was not
    read whole in one window): they would mean nothing there.

    Args:
        scores: Rows of a score table, with ``scoring_id``, ``n_windows`` and ``truncated``.
        bundle: Folder of the model that scored them.
        scoring_id: Take the rows of this id, instead of those that the bundle gives by itself; for
            scores of a corpus whose redaction the bundle does not know, once its run says that
            nothing else was changed.

    Raises:
        ModelError: The bundle has no thresholds, or its activation is softmax.
        InputError: A column is missing, or no row was scored under such an id.
    """
    spec = read_deciding(bundle)
    needed = (*_probabilities(spec), "scoring_id", "n_windows", "truncated")
    missing = [name for name in needed if name not in scores.columns]
    if missing:
        raise InputError(
            f"The scores have no column {missing[0]}.",
            remedy="Give rows of a table that `psychescale score` wrote with this bundle.",
        )
    known = _validated(spec, scoring_id)
    if not scores.isStreaming and not scores.where(F.expr(known)).limit(1).count():
        raise InputError(
            "No row was scored the way that the bundle's thresholds were validated.",
            remedy="Give the bundle they were scored with; if only the redaction of the corpus was "
            "another one, pass its scoring_id=… (the run table has it).",
        )
    return scores.withColumns({name: F.expr(sql) for name, sql in _decisions(spec, known).items()})


def create_labels_view(
    spark: SparkSession, view: str, scores: str, bundle: str, *, scoring_id: str | None = None
) -> None:
    """The same as a view of the catalog: it follows the table, and the table stays as it is.

    Args:
        spark: The session; its catalog must keep views (Hive, Unity).
        view: Name of the view, replaced if it is there.
        scores: Score table: a path or a catalog name.
        bundle: Folder of the model that scored it.
        scoring_id: As in `with_labels`.

    Raises:
        ModelError: The bundle has no thresholds, or its activation is softmax.
    """
    spec = read_deciding(bundle)
    decisions = _decisions(spec, _validated(spec, scoring_id))
    columns = [f"{sql} AS `{name}`" for name, sql in decisions.items()]
    table = DeltaTable.at(spark, scores).name
    query = f"SELECT *, {', '.join(columns)} FROM {table}"  # noqa: S608 - names of our own rule
    spark.sql(f"CREATE OR REPLACE VIEW {view} AS {query}")


def _probabilities(spec: ModelSpec) -> list[str]:
    return [PROBABILITY_PREFIX + column for column in spec.columns]


def _validated(spec: ModelSpec, scoring_id: str | None) -> str:
    """SQL: which rows were scored the way that the thresholds hold for."""
    if scoring_id is not None:
        return f"scoring_id = {literal(scoring_id)}"
    others = [policy for policy in get_args(LongText) if policy != spec.long_text]
    return (
        f"scoring_id IN ({_ids(spec, [spec.long_text])}) OR "
        f"scoring_id IN ({_ids(spec, others)}) AND n_windows = 1 AND NOT truncated"
    )


def _ids(spec: ModelSpec, policies: Sequence[LongText]) -> str:
    """The scoring ids that the bundle gives by itself under these policies, in any number format."""
    ids = [
        compute_scoring_id(
            spec, ScoringOptions(long_text=policy, precision=precision), second_text=second_text
        )
        for policy, precision, second_text in product(policies, get_args(Precision), (False, True))
    ]
    return ", ".join(map(literal, ids))


def _decisions(spec: ModelSpec, validated: str) -> dict[str, str]:
    """Column → SQL."""
    return {
        LABEL_PREFIX + column: f"CASE WHEN {validated} THEN `{probability}` >= {threshold!r}D END"
        for column, probability, threshold in zip(
            spec.columns, _probabilities(spec), spec.thresholds or (), strict=True
        )
    }
