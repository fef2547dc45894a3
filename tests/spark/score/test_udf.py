"""`score_udf`: in DataFrames, in SQL, and how often it is evaluated."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from psychescale.errors import ModelError
from psychescale.model.spec import read_model
from psychescale.scoring.options import ScoringOptions
from psychescale.spark import score_udf
from psychescale.spark.corpus.failures import explain_failure
from psychescale.spark.score import udf as udf_module
from psychescale.spark.workers.transport import ModelAtPath, send_model
from tests.conftest import LABELS
from tests.spark.conftest import Row, read_table, write_json_lines

PROBABILITIES = [f"p_{label}" for label in LABELS]


@pytest.fixture(scope="module")
def frame(spark: SparkSession, rows: list[Row]) -> DataFrame:
    """The rows in five partitions."""
    data = [(row["id"], row["text"]) for row in rows]
    return spark.createDataFrame(data, "id string, text string").repartition(5).cache()


@pytest.fixture
def count_evaluations(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Counts, in the workers, every row that reaches the scorer."""
    counter = spark.sparkContext.accumulator(0)
    score = udf_module._score

    def counted(task: Any, batches: Iterator[Any]) -> Iterator[Any]:
        def tap() -> Iterator[Any]:
            for texts, seconds in batches:
                counter.add(len(texts))
                yield texts, seconds

        yield from score(task, tap())

    monkeypatch.setattr(udf_module, "_score", counted)
    return lambda: int(counter.value)


class TestValues:
    def test_data_frame(
        self, frame: DataFrame, rows: list[Row], tiny_model: Path, oracle: Callable[..., Any]
    ) -> None:
        """A DataFrame scored by the UDF holds what plain transformers gives."""
        scored = frame.withColumn("s", score_udf(tiny_model)("text")).select("id", "s.*")
        found = {row["id"]: row for row in scored.collect()}
        good = [row for row in rows if found[row["id"]]["error"] is None]
        wanted = oracle(tiny_model, [row["text"] for row in good])
        values = np.array([[found[row["id"]][name] for name in PROBABILITIES] for row in good])
        assert len(found) == len(rows)
        assert np.abs(values - wanted).max() < 1e-5

    def test_other_columns(self, frame: DataFrame, tiny_model: Path) -> None:
        """Bytes are read as the job reads them; a column of lists is refused by its type."""
        udf = score_udf(tiny_model)
        both = frame.selectExpr("id", "text", "CAST(text AS BINARY) AS bytes").withColumns(
            {"a": udf("text"), "b": udf("bytes")}
        )
        assert both.where("a IS DISTINCT FROM b").count() == 0
        with pytest.raises(Exception, match=r"texts\[0\] is of type ndarray"):
            frame.selectExpr("array(text) AS texts").select(udf("texts")).collect()

    def test_sql(self, spark: SparkSession, frame: DataFrame, tiny_model: Path) -> None:
        """Registered, it is a function of SQL with the same values."""
        spark.udf.register("score", score_udf(tiny_model))
        frame.createOrReplaceTempView("posts")
        by_sql = spark.sql(
            "SELECT id, s.p_sleep FROM (SELECT id, score(text) AS s FROM posts) ORDER BY id"
        ).collect()
        direct = frame.withColumn("s", score_udf(tiny_model)("text")).select("id", "s.p_sleep")
        assert [row["id"] for row in by_sql] == sorted(row["id"] for row in direct.collect())
        found = {row["id"]: row["p_sleep"] for row in direct.collect()}
        for row in by_sql:
            assert row["p_sleep"] == pytest.approx(found[row["id"]], abs=1e-5)

    @settings(max_examples=5)
    @given(
        n_partitions=st.integers(1, 7),
        batch_rows=st.integers(1, 40),
        max_batch_tokens=st.integers(1, 600),
        seed=st.integers(0, 2**16),
    )
    def test_any_partitioning(
        self,
        spark: SparkSession,
        frame: DataFrame,
        tiny_model: Path,
        rows: list[Row],
        oracle: Callable[..., Any],
        n_partitions: int,
        batch_rows: int,
        max_batch_tokens: int,
        seed: int,
    ) -> None:
        """Partitions, order, Arrow batches and token budget change no number and lose no row."""
        key = "spark.sql.execution.arrow.maxRecordsPerBatch"
        before = spark.conf.get(key)
        spark.conf.set(key, str(batch_rows))
        try:
            spread = frame.selectExpr("*", f"hash(id, {seed}) AS h").orderBy("h")
            udf = score_udf(tiny_model, max_batch_tokens=max_batch_tokens)
            scored = spread.repartition(n_partitions).withColumn("s", udf("text"))
            found = {row["id"]: row for row in scored.select("id", "s.*").collect()}
        finally:
            spark.conf.set(key, str(before))
        good = [row for row in rows if found[row["id"]]["error"] is None]
        wanted = oracle(tiny_model, [row["text"] for row in good])
        values = np.array([[found[row["id"]][name] for name in PROBABILITIES] for row in good])
        assert len(found) == len(rows)
        assert np.abs(values - wanted).max() < 1e-5

    def test_logits_and_pairs(
        self, spark: SparkSession, tiny_model: Path, oracle: Callable[..., Any]
    ) -> None:
        """With two columns the second is read together with the first; logits come on request."""
        pairs = spark.createDataFrame([("well", "how do you sleep?")], "a string, q string")
        udf = score_udf(tiny_model, second_text=True, logits=True)
        row = pairs.select(udf("a", "q").alias("s")).select("s.*").collect()[0]
        wanted = oracle(tiny_model, ["well"], second_texts=["how do you sleep?"])[0]
        logits = np.array([row[f"logit_{label}"] for label in LABELS])
        assert np.abs(1 / (1 + np.exp(-logits)) - wanted).max() < 1e-5


class TestEvaluation:
    def test_filter_and_fields(
        self,
        frame: DataFrame,
        rows: list[Row],
        tiny_model: Path,
        count_evaluations: Callable[[], int],
    ) -> None:
        """A filter on a result and three named fields cost one evaluation a row."""
        scored = frame.withColumn("s", score_udf(tiny_model)("text"))
        scored.where("s.p_sleep > 0.2").select("s.p_sleep", "s.p_work", "s.error").collect()
        assert count_evaluations() == len(rows)

    def test_sql(
        self,
        spark: SparkSession,
        frame: DataFrame,
        rows: list[Row],
        tiny_model: Path,
        count_evaluations: Callable[[], int],
    ) -> None:
        """SQL that names the result's fields three times evaluates it once a row."""
        spark.udf.register("score_once", score_udf(tiny_model))
        frame.createOrReplaceTempView("posts")
        spark.sql(
            "SELECT s.p_sleep, s.p_work + s.p_body FROM (SELECT score_once(text) AS s FROM posts) "
            "WHERE s.p_sleep > 0.1"
        ).collect()
        assert count_evaluations() == len(rows)

    def test_job(
        self,
        run: Callable[..., int],
        rows: list[Row],
        tiny_model: Path,
        tmp_path: Path,
        count_evaluations: Callable[[], int],
    ) -> None:
        """The job evaluates every row once, though it counts and writes."""
        corpus = write_json_lines(tmp_path / "corpus.jsonl", rows)
        output = tmp_path / "scores"
        code = run(
            "score", "--model", tiny_model, "--input", corpus, "--output", output, "--accept-raw"
        )
        assert (code, count_evaluations(), len(read_table(output))) == (0, len(rows), len(rows))


class TestFailures:
    def test_model_is_checked_on_the_driver(
        self, spark: SparkSession, make_model: Callable[..., Path]
    ) -> None:
        """What can be said of a model is said before a task starts."""
        del spark
        with pytest.raises(ModelError, match="--activation sigmoid"):
            score_udf(make_model(config={"problem_type": ...}))

    def test_worker_error_quotes_no_text(self, spark: SparkSession, tiny_model: Path) -> None:
        """An exception in a worker reaches the driver by class and place, without its message."""
        checkpoint, spec = read_model(str(tiny_model))
        model = send_model(spark, checkpoint)
        options = ScoringOptions()
        object.__setattr__(options, "precision", "canary")  # behind every check
        task = udf_module.ScoringTask(model, replace(spec, layout="right"), options)
        frame = spark.createDataFrame([("a text",)], "text string")
        with pytest.raises(Exception, match="KeyError while scoring") as caught:
            frame.select(udf_module.build_udf(task, second_text=False)("text")).collect()
        assert "canary" not in str(caught.value)


def test_promised_gpu(spark: SparkSession, tiny_model: Path) -> None:
    """A task that was promised a GPU and got none fails, and says so."""
    checkpoint, spec = read_model(str(tiny_model))
    model = send_model(spark, checkpoint)
    task = udf_module.ScoringTask(model, spec, ScoringOptions(), gpu_promised=True)
    frame = spark.createDataFrame([("a text",)], "text string")
    with pytest.raises(Exception, match="promised this task a GPU") as failure:
        frame.select(udf_module.build_udf(task, second_text=False)("text")).collect()
    assert explain_failure(failure.value).exit_code == ModelError.exit_code


def test_model_at_a_path(spark: SparkSession, make_model: Callable[..., Path]) -> None:
    """A model that executors have is opened where it is; another one there fails the task."""
    folder = make_model()
    score = score_udf(folder, spark=spark, model_on_executors=str(folder))
    frame = spark.createDataFrame([("a text",)], "text string")
    (row,) = frame.select(score("text").alias("s")).select("s.*").collect()
    assert row["error"] is None
    other = make_model(config={"layer_norm_eps": 1e-10})
    wrong = score_udf(other, spark=spark, model_on_executors=str(folder))
    with pytest.raises(Exception, match=r"config\.json in .* is missing, or not the driver's"):
        frame.select(wrong("text")).collect()


def test_scorer_for_each_gpu(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that Spark gives another GPU computes there, and keeps both for the tasks to come."""
    checkpoint, spec = read_model(str(tiny_model))
    model = ModelAtPath(checkpoint.content_digest, dict(checkpoint.digests), str(tiny_model))
    given: list[str] = []
    asked: list[tuple[str, ...]] = []

    def choose(_: str | None, *, gpu_addresses: tuple[str, ...]) -> torch.device:
        asked.append(gpu_addresses)
        return torch.device("cpu")

    monkeypatch.setattr(udf_module, "_loaded", {})
    monkeypatch.setattr(udf_module, "given_gpus", lambda **_: (given[-1],))
    monkeypatch.setattr("psychescale.scoring.scorer.choose_device", choose)
    task = udf_module.ScoringTask(model, replace(spec, layout="right"), ScoringOptions())
    scorers = []
    for address in ("0", "1", "0"):
        given.append(address)
        scorers.append(udf_module._load(task))
    assert asked == [("0",), ("1",)]
    assert scorers[0] is scorers[2]
    assert scorers[0] is not scorers[1]
    udf_module._load(replace(task, options=ScoringOptions(max_windows=1)))
    assert len(udf_module._loaded) == 1
