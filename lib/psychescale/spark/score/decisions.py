"""Frozen thresholds over a score table: labels as a view, never baked in."""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from psychescale.model.bundle import read_deciding
from psychescale.model.spec import ModelSpec
from psychescale.scoring.labelling import (
    ABSTAIN_PREFIX,
    LABEL_PREFIX,
    not_validated,
    require_scores,
    rules,
    validated_ids,
)
from psychescale.spark.tables.delta import DeltaTable, literal


def with_labels(scores: DataFrame, bundle: str, *, scoring_id: str | None = None) -> DataFrame:
    """A score table with a boolean column ``label_<label>`` more for each label.

    Where the bundle has bands of abstention, ``abstain_<label>`` says whether a probability is in one.

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
    require_scores(scores.columns, spec)
    known = _validated(spec, scoring_id)
    if not scores.isStreaming and not scores.where(F.expr(known)).limit(1).count():
        raise not_validated()
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


def _validated(spec: ModelSpec, scoring_id: str | None) -> str:
    """SQL: which rows were scored the way that the thresholds hold for."""
    if scoring_id is not None:
        return f"scoring_id = {literal(scoring_id)}"
    own, others = (", ".join(map(literal, ids)) for ids in validated_ids(spec))
    return f"scoring_id IN ({own}) OR scoring_id IN ({others}) AND n_windows = 1 AND NOT truncated"


def _decisions(spec: ModelSpec, validated: str) -> dict[str, str]:
    """Column → SQL."""
    made = {}
    for rule in rules(spec):
        made[LABEL_PREFIX + rule.column] = f"`{rule.probability}` >= {rule.threshold!r}D"
        if spec.bands is not None:
            low, high = rule.band or (2.0, 2.0)  # no probability
            made[ABSTAIN_PREFIX + rule.column] = (
                f"`{rule.probability}` BETWEEN {low!r}D AND {high!r}D"
            )
    return {name: f"CASE WHEN {validated} THEN {sql} END" for name, sql in made.items()}
