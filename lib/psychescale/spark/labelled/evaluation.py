"""Spark's part of an evaluation: labelled rows in, scores of a table in, measures out."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from psychescale.errors import InputError
from psychescale.labels import PROBABILITY_PREFIX
from psychescale.notice import NOTICE
from psychescale.scoring.options import compute_scoring_id, of_texts
from psychescale.scoring.scorer import Scorer
from psychescale.settings.evaluate import EvaluateConfig
from psychescale.spark.corpus.failures import explained
from psychescale.spark.labelled.read import open_labelled, read_rows
from psychescale.spark.scored.scores import labels_of, probability_fields, scoring_ids
from psychescale.spark.session.places import join
from psychescale.spark.tables.delta import ensure_table, find_table
from psychescale.workflows.evaluate.candidate import (
    Candidate,
    RowScores,
    ScoredTable,
    score_rows,
    scored_table,
)
from psychescale.workflows.evaluate.card import write_card
from psychescale.workflows.evaluate.raters import rater_columns
from psychescale.workflows.evaluate.release import MeasureRow, measure_rows, release
from psychescale.workflows.rows import LabelledRows

_TEXT_FIELDS = ("against", "label", "slice", "group", "thresholds", "measure")
MEASURES_SCHEMA = T.StructType(
    [
        *(T.StructField(name, T.StringType()) for name in _TEXT_FIELDS),
        *(T.StructField(name, T.DoubleType()) for name in ("value", "low", "high")),
        T.StructField("reason", T.StringType()),
    ]
)


def read_evaluated(spark: SparkSession, config: EvaluateConfig) -> dict[str, LabelledRows]:
    """The rows of ``input``, and of ``train`` and ``validation`` where they are given.

    Raises:
        InputError: An input cannot be read.
    """
    places = {"input": config.input, "train": config.train, "validation": config.validation}
    found = {}
    for name, place in places.items():
        if place is None:
            continue
        further: Sequence[str | None] = ()
        if name == "input":
            asked = (config.weight_column, config.time_column)
            further = (*asked, *config.slice_columns, *rater_columns(config))
        plain = config
        if name != "input":  # who taught a baseline is of no matter
            plain = config.model_copy(update={"author_column": None})
        corpus = open_labelled(spark, place, plain, option=name, further=further)
        found[name] = read_rows(spark, corpus, plain, option=name)
    return found


def open_scored(spark: SparkSession, config: EvaluateConfig) -> ScoredTable:
    """A score table as what is judged, its model not at hand.

    Raises:
        InputError: There is no such table, or its rows were scored in more than one way.
    """
    place = config.scores or ""
    table = find_table(spark, place)
    if table is None:
        raise InputError("There is no score table at ‹scores›.", remedy="Check ‹scores›.")
    with explained():
        frame = table.rows()
        fields = probability_fields(frame)
        ids = [row["scoring_id"] for row in scoring_ids(frame)]
    if len(ids) != 1:
        raise InputError(
            f"The table of ‹scores› holds {'several scoring ids' if ids else 'no row'}.",
            remedy="Say which model is judged: ‹model› FOLDER.",
        )
    suffixes = [field.name.removeprefix(PROBABILITY_PREFIX) for field in fields]
    labels = config.labels or labels_of(fields)
    if len(labels) != len(suffixes):
        raise InputError(
            f"‹labels› names {len(labels)} labels; the table of ‹scores› has {len(suffixes)}.",
            remedy="Name every label once, in the table's order.",
        )
    return scored_table(place, labels, suffixes, ids[0])


def score_or_read(
    spark: SparkSession,
    config: EvaluateConfig,
    candidate: Candidate,
    rows: LabelledRows,
    *,
    on_progress: Callable[[int], None],
) -> tuple[Scorer | None, RowScores]:
    """The loaded model, where the challenge suite needs it, and scores of the rows, from it or a table.

    Raises:
        InputError: No row has a score, or the table does not fit the model.
        ModelError: The model cannot be loaded.
    """
    is_table = isinstance(candidate, ScoredTable)
    wanted = not is_table and (config.challenge or config.scores is None)
    scorer = candidate.load() if wanted else None
    if config.scores is not None or scorer is None:
        scores = read_scores(spark, config, candidate, rows)
    else:
        scores = score_rows(scorer, rows, on_progress=on_progress)
    if not scores.usable.any():
        raise InputError("No row has a score.", remedy="Check ‹text_column› and the model.")
    return scorer if config.challenge else None, scores


def read_scores(
    spark: SparkSession, config: EvaluateConfig, candidate: Candidate, rows: LabelledRows
) -> RowScores:
    """Scores of the rows, as a finished table has them under this model's scoring id.

    Raises:
        InputError: There is no such table, or it has no score of these rows by this model, or two.
    """
    table = find_table(spark, config.scores or "")
    if table is None:
        raise InputError("There is no score table at ‹scores›.", remedy="Check ‹scores›.")
    scoring_id = compute_scoring_id(
        of_texts(candidate.spec, rows.mark),
        candidate.options,
        second_text=config.second_text_column is not None,
    )
    if isinstance(candidate, ScoredTable):
        scoring_id = candidate.spec.weights_digest
    names = [PROBABILITY_PREFIX + suffix for suffix in candidate.spec.columns]
    wanted = spark.createDataFrame([(name,) for name in set(rows.ids)], "id string")
    with explained():
        frame = table.rows()
        missing = [name for name in (*names, "scoring_id", "n_tokens") if name not in frame.columns]
        if missing:
            raise InputError(
                f"The table of ‹scores› has no column {missing[0]}.",
                remedy="Give a table that `psychescale score` wrote with the model of ‹model›.",
            )
        scored = frame.where(F.col("scoring_id") == scoring_id).join(F.broadcast(wanted), "id")
        found = scored.select("id", *names, "n_tokens", "truncated").collect()
    by_id = {row["id"]: row for row in found}
    if len(by_id) < len(found) or len(set(rows.ids)) < len(rows):
        raise InputError(
            "An id is there twice, in ‹scores› or in ‹input›.",
            remedy="Join by an id that is unique: ‹id_column›.",
        )
    if not by_id:
        raise InputError(
            "The table of ‹scores› holds no row of ‹input› that this model scored with these options.",
            remedy="Give the model, ‹long_text›, ‹stride› and ‹max_windows› that it was scored with, "
            "or leave ‹scores› out.",
        )
    return _gather([by_id.get(name) for name in rows.ids], names)


def release_evaluation(
    spark: SparkSession, config: EvaluateConfig, candidate: Candidate, document: Mapping[str, Any]
) -> dict[str, Any]:
    """Write measures and report, the model's card where that is asked for, and the table of measures.

    Returns:
        The masked document.
    """
    shown = release(Path(config.output), document)
    if config.write_card:
        write_card(candidate, shown)
    write_measures(spark, config.output, list(measure_rows(shown)))
    return shown


def write_measures(spark: SparkSession, folder: str, rows: Sequence[MeasureRow]) -> None:
    """Write the Delta table of measures."""
    place = join(folder, "measures")
    with explained():
        table = ensure_table(
            spark, place, MEASURES_SCHEMA, description=NOTICE, statistics=["measure"]
        )
        table.append(spark.createDataFrame(list(rows), MEASURES_SCHEMA).coalesce(1))


def _gather(found: Sequence[Any], names: Sequence[str]) -> RowScores:
    nothing = [np.nan] * len(names)
    probabilities = [
        nothing if row is None or row[names[0]] is None else [row[name] for name in names]
        for row in found
    ]
    return RowScores(
        np.array(probabilities, np.float64),
        np.array([0 if row is None else row["n_tokens"] for row in found], np.int64),
        np.array([row is not None and bool(row["truncated"]) for row in found], np.bool_),
    )
