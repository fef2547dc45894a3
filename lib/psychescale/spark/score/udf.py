"""The scoring UDF: one struct of probabilities for every row, for any DataFrame and for SQL."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql import types as T
from pyspark.sql.pandas.functions import pandas_udf

from psychescale.errors import UsageError
from psychescale.labels import LOGIT_PREFIX, PROBABILITY_PREFIX
from psychescale.model.spec import Activation, LongText, ModelSpec, Precision
from psychescale.scoring.options import ModelRequest, ScoringOptions
from psychescale.scoring.preflight import ChosenModel
from psychescale.scoring.scorer import Scorer, TextScores
from psychescale.spark.session.access import read_setting
from psychescale.spark.session.protocol import ModelOnExecutors
from psychescale.spark.workers.process import Watchdog, contained, given_gpus
from psychescale.spark.workers.transport import send_model


@dataclass(frozen=True)
class ScoringTask:
    """Everything a worker needs to score.

    Attributes:
        model: The model's files.
        spec: What is known of it.
        options: How to score.
        logits: Whether the raw logits are returned too.
        computed_tokens: Whether the tokens computed for each text are returned too.
        stall_timeout_s: How long a worker may stand still, in seconds, before it is ended.
        gpu_promised: Whether Spark was told to give every task a GPU.
    """

    model: ModelOnExecutors
    spec: ModelSpec
    options: ScoringOptions
    logits: bool = False
    computed_tokens: bool = False
    stall_timeout_s: float = 600.0
    gpu_promised: bool = False

    @property
    def key(self) -> str:
        """Tells this task's scorer from every other one in a worker that is reused."""
        return repr((self.model.name, self.spec, self.options))

    @property
    def result_type(self) -> T.StructType:
        """The struct that one text becomes."""
        return result_type(self.spec, logits=self.logits, computed_tokens=self.computed_tokens)


def result_type(spec: ModelSpec, *, logits: bool, computed_tokens: bool = False) -> T.StructType:
    """Fields of a scored text: `p_…`, `logit_…` if asked for, counts, and the reason of a failure."""
    prefixes = [PROBABILITY_PREFIX, LOGIT_PREFIX] if logits else [PROBABILITY_PREFIX]
    fields = [
        T.StructField(prefix + column, T.FloatType())  # a comment here would be a type mismatch
        for prefix in prefixes
        for column in spec.columns
    ]
    fields += [
        T.StructField("n_tokens", T.IntegerType()),
        T.StructField("n_windows", T.IntegerType()),
        T.StructField("truncated", T.BooleanType()),
        T.StructField("error", T.StringType()),
    ]
    if computed_tokens:
        fields.append(T.StructField("computed_tokens", T.LongType()))
    return T.StructType(fields)


def score_udf(
    model: str | Path,
    *,
    spark: SparkSession | None = None,
    model_on_executors: str | None = None,
    second_text: bool = False,
    logits: bool = False,
    revision: str | None = None,
    labels: Sequence[str] = (),
    allow_generic_labels: bool = False,
    activation: Activation | None = None,
    max_length: int | None = None,
    long_text: LongText | None = None,
    stride: int | None = None,
    max_windows: int = 64,
    precision: Precision = "fp32",
    max_batch_tokens: int | None = None,
) -> Callable[..., Any]:
    """A UDF that scores a text column.

    For a DataFrame, ``df.withColumn("s", score_udf(model)("text")).select("id", "s.*")``; for SQL,
    ``spark.udf.register("score", score_udf(model))``. It is evaluated once a row, and gives a
    struct: ``p_<label>`` (float) for every label, ``n_tokens``, ``n_windows``, ``truncated`` and
    ``error`` (null, or a reason).

    Args:
        model: A model folder on the driver, or a hub id with `revision`.
        spark: The session, of Spark Connect or not; the active one by default.
        model_on_executors: A folder that executors have the same model in; it is not sent then.
        second_text: The UDF takes two columns, the second read together with the first.
        logits: Add ``logit_<label>``, the raw logits.
        revision: As for `Scorer.from_pretrained`, like all that follow.
        labels: Names that replace the checkpoint's.
        allow_generic_labels: Accept names such as ``LABEL_0``.
        activation: ``sigmoid`` or ``softmax``, where the checkpoint does not say.
        max_length: Longest window in tokens.
        long_text: Policy for longer texts.
        stride: Tokens that neighbouring windows share.
        max_windows: Most windows read of one text.
        precision: ``fp32`` or ``bf16``.
        max_batch_tokens: Token budget of a batch.

    Raises:
        ModelError: The model cannot be used as it is; the message says what to add.
        UsageError: There is no Spark session.
    """
    spark = spark or SparkSession.getActiveSession()
    if spark is None:
        raise UsageError(
            "There is no active Spark session.", remedy="Start one, or pass score_udf(…, spark=…)."
        )
    resolved = ModelRequest(
        model=str(model),
        revision=revision,
        labels=labels,
        allow_generic_labels=allow_generic_labels,
        activation=activation,
        max_length=max_length,
        long_text=long_text,
        stride=stride,
        max_windows=max_windows,
        precision=precision,
        max_batch_tokens=max_batch_tokens,
    ).resolve()
    checked = ChosenModel(*resolved, second_text=second_text).tried()
    task = ScoringTask(
        send_model(spark, checked.checkpoint, at=model_on_executors),
        checked.spec,
        checked.options,
        logits,
        gpu_promised=is_gpu_promised(spark),
    )
    return build_udf(task, second_text)


def is_gpu_promised(spark: SparkSession) -> bool:
    """Whether every task is to have a GPU of its own (`spark.task.resource.gpu.amount`)."""
    return float(read_setting(spark, "spark.task.resource.gpu.amount") or "0") > 0


def build_udf(task: ScoringTask, second_text: bool) -> Callable[..., Any]:
    """The pandas UDF of a task, for one text column or for two."""
    make_udf: Any = pandas_udf  # its overloads do not know iterators of frames
    if second_text:

        def score_pairs(
            batches: Iterator[tuple[pd.Series, pd.Series]],
        ) -> Iterator[pd.DataFrame]:
            yield from _score(task, ((list(a), list(b)) for a, b in batches))

        udf = make_udf(score_pairs, returnType=task.result_type)
    else:

        def score(batches: Iterator[pd.Series]) -> Iterator[pd.DataFrame]:
            yield from _score(task, ((list(texts), None) for texts in batches))

        udf = make_udf(score, returnType=task.result_type)
    # Without this Spark may evaluate it once for every field that a query names.
    nondeterministic: Callable[..., Any] = udf.asNondeterministic()
    return nondeterministic


# Kept while Spark reuses the process: loading takes seconds. Of one model, and one scorer for each GPU
# that the process has been given: from task to task Spark may give it another of its executor's GPUs.
_loaded: dict[tuple[str, tuple[str, ...]], Scorer] = {}


def _score(
    task: ScoringTask,
    batches: Iterator[tuple[Sequence[str | None], Sequence[str | None] | None]],
) -> Iterator[pd.DataFrame]:
    return contained(_frames(task, batches), doing="scoring")


def _frames(
    task: ScoringTask,
    batches: Iterator[tuple[Sequence[str | None], Sequence[str | None] | None]],
) -> Iterator[pd.DataFrame]:
    watchdog = Watchdog(task.stall_timeout_s)
    watchdog.renew()
    try:
        scorer = _load(task)
        for scores in scorer.score_batches(batches, on_progress=watchdog.renew):
            yield _to_frame(task, scores)
    finally:
        watchdog.stop()


def _load(task: ScoringTask) -> Scorer:
    addresses = given_gpus(promised=task.gpu_promised)
    wanted = task.key, addresses
    if wanted not in _loaded:
        for other in [key for key in _loaded if key[0] != task.key]:
            del _loaded[other]
        folder = task.model.open()
        _loaded[wanted] = Scorer.load(folder, task.spec, task.options, gpu_addresses=addresses)
    task.model.release()
    return _loaded[wanted]


def _to_frame(task: ScoringTask, scores: TextScores) -> pd.DataFrame:
    """Columns in the order of `ScoringTask.result_type`."""
    columns: dict[str, Any] = {}
    for index, column in enumerate(task.spec.columns):
        columns[PROBABILITY_PREFIX + column] = scores.probabilities[:, index]
    if task.logits:
        for index, column in enumerate(task.spec.columns):
            columns[LOGIT_PREFIX + column] = scores.logits[:, index]
    columns["n_tokens"] = scores.n_tokens
    columns["n_windows"] = scores.n_windows
    columns["truncated"] = scores.truncated
    columns["error"] = pd.Series(
        [None if error is None else error.value for error in scores.errors], dtype=object
    )
    if task.computed_tokens:
        columns["computed_tokens"] = scores.computed_tokens
    return pd.DataFrame(columns)
