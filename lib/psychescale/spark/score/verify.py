"""A finished score table against its corpus and its model, by a random sample scored again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from psychescale.errors import InputError, StorageError
from psychescale.labels import PROBABILITY_PREFIX
from psychescale.scoring.scorer import Scorer, TextScores
from psychescale.settings.score import ScoreConfig
from psychescale.spark.corpus.columns import ERROR, ID, SECOND, TEXT
from psychescale.spark.corpus.failures import explained
from psychescale.spark.corpus.files import revealed
from psychescale.spark.corpus.read import reading
from psychescale.spark.corpus.source import Corpus
from psychescale.spark.scored.scores import state_of
from psychescale.spark.session.access import access
from psychescale.spark.tables.delta import find_table

_EXACT_COLUMNS = ("n_tokens", "n_windows", "truncated", ERROR)


@dataclass(frozen=True)
class RecordedRun:
    """A finished scoring run, as its row of the run table tells it.

    Attributes:
        run_id: Its name.
        scoring_id: What determined the numbers.
        config: Its configuration; Spark's settings left out.
    """

    run_id: str
    scoring_id: str
    config: ScoreConfig


@dataclass(frozen=True)
class Verification:
    """What a sample showed.

    Attributes:
        rows: Rows of the table under the scoring id.
        doubled: Rows whose id occurs more than once among them.
        sampled: Rows scored again.
        missing: Rows of the sample that the corpus does not have any more.
        differing: Rows of the sample that came out otherwise.
        largest_difference: Of any probability; NaN where none could be compared.
    """

    rows: int
    doubled: int
    sampled: int
    missing: int
    differing: int
    largest_difference: float

    @property
    def holds(self) -> bool:
        """Whether nothing is doubled, missing or different."""
        return not (self.doubled or self.missing or self.differing)


def find_run(spark: SparkSession, scores: str, run_id: str | None) -> RecordedRun:
    """The named run of a score table, or its last finished one.

    Raises:
        InputError: There is no score table, or no such run, or it did not finish.
    """
    table = find_table(spark, scores)
    if table is None:
        raise InputError(f"There is no score table at {scores}.", remedy="Check ‹run› or ‹scores›.")
    state = state_of(table)
    runs = find_table(spark, state.runs)
    finished = [] if runs is None else _finished(runs.rows(), run_id)
    if not finished:
        raise InputError(
            f"The run table of {scores} has no finished run"
            + (f" {run_id}." if run_id else " that wrote rows."),
            remedy="Finish the run first: the same `psychescale score` again goes on with it.",
        )
    row = finished[0]
    stated = {**json.loads(row["config"]), "spark": {}}
    stated["input"] = revealed(spark, stated["input"], state.secret(access(spark).files))
    return RecordedRun(row["run_id"], row["scoring_id"], ScoreConfig.model_validate(stated))


def verify_sample(
    spark: SparkSession,
    run: RecordedRun,
    corpus: Corpus,
    scorer: Scorer,
    *,
    scores: str,
    sample: int,
    seed: int,
    tolerance: float,
) -> Verification:
    """Score a random sample of a table's rows again, and compare.

    Args:
        spark: The session.
        run: The run that wrote them; rows of other runs under the same scoring id count too.
        corpus: What was scored.
        scorer: The same model with the same options.
        scores: The table.
        sample: Rows to take.
        seed: Of the sample.
        tolerance: Largest difference of a probability that still holds.
    """
    table = find_table(spark, scores)
    if table is None:
        raise StorageError(f"{scores} is gone.", remedy="Was it deleted while it was read?")
    rows = table.rows().where(F.col("scoring_id") == run.scoring_id)
    counts = rows.agg(F.count(F.lit(1)).alias("rows"), F.count_distinct(ID).alias("ids")).collect()[
        0
    ]
    there = rows.orderBy(F.rand(seed)).limit(sample).collect()
    texts = _texts(spark, corpus, [row[ID] for row in there])
    found = [row for row in there if row[ID] in texts]
    again = scorer.score(
        [texts[row[ID]][TEXT] for row in found],
        [texts[row[ID]][SECOND] for row in found] if corpus.columns.second_text else None,
    )
    differences = _differences(found, again, [texts[row[ID]][ERROR] for row in found], scorer)
    return Verification(
        rows=int(counts["rows"]),
        doubled=int(counts["rows"] - counts["ids"]),
        sampled=len(there),
        missing=len(there) - len(found),
        differing=int((differences > tolerance).sum()),
        largest_difference=float(differences.max(initial=0.0)),
    )


def _finished(runs: DataFrame, run_id: str | None) -> list[Row]:
    done = runs.where((F.col("job") == "score") & (F.col("status") == "done"))
    chosen = (
        done.where(F.col("rows_scored") + F.col("rows_failed") > 0)
        if run_id is None
        else done.where(F.col("run_id") == run_id)
    )
    return chosen.orderBy(F.col("started_at").desc()).limit(1).collect()


def _texts(spark: SparkSession, corpus: Corpus, ids: Sequence[str]) -> dict[str, Row]:
    wanted = spark.createDataFrame([(ident,) for ident in ids], "id string")
    with reading(spark, corpus) as rows, explained(corpus.files):
        found = rows.join(F.broadcast(wanted), ID, "left_semi").collect()
    return {row[ID]: row for row in found}


def _differences(
    rows: Sequence[Row], again: TextScores, corrupt: Sequence[str | None], scorer: Scorer
) -> NDArray[np.float64]:
    """Largest difference of each row's probabilities; infinite where anything else differs."""
    names = [PROBABILITY_PREFIX + column for column in scorer.spec.columns]
    result = np.zeros(len(rows))
    for index, row in enumerate(rows):
        fault = again.errors[index]
        expected: dict[str, Any] = {
            "n_tokens": again.n_tokens[index],
            "n_windows": again.n_windows[index],
            "truncated": again.truncated[index],
            ERROR: corrupt[index] or (None if fault is None else fault.value),
        }
        if any(row[name] != expected[name] for name in _EXACT_COLUMNS):
            result[index] = np.inf
        elif row[ERROR] is None:
            there = np.array([row[name] for name in names], np.float64)
            result[index] = np.abs(there - again.probabilities[index]).max()
    return result
