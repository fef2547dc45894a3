"""One contender of the throughput benchmark, timed over a corpus in a Spark session of its own."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peers
from harness import BENCHMARKS, empty_folder
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from psychescale.labels import PROBABILITY_PREFIX
from psychescale.spark.score.udf import score_udf

NAMES = ("psychescale", "pipeline", "predict_batch_udf")


def time_contender(name: str, folder: Path, corpus: Path, output: Path, slots: int) -> float:
    """Seconds from making the UDF until the last probability is written as Parquet.

    Call it in a fresh process: session and JVM are then new and so are the Python workers, whose
    start, imports and model load are part of the time. The start of the session is not: the JVM has
    read and written the corpus once before the clock starts.

    Args:
        name: One of `NAMES`.
        folder: The model.
        corpus: Parquet files, each of which becomes one partition.
        output: Folder for `id` and `probabilities` (array of float).
        slots: Tasks at the same time, with one thread of torch each.
    """
    spark = _session(slots)
    rows = spark.read.parquet(str(corpus))
    _write(rows, empty_folder(output.with_name("warm-up")))
    started = time.monotonic()
    scored = rows.select("id", _PROBABILITIES[name](folder)(F.col("text")).alias("probabilities"))
    _write(scored, empty_folder(output))
    seconds = time.monotonic() - started
    spark.stop()
    return seconds


def _psychescale(folder: Path) -> Callable[[Any], Any]:
    # The peers truncate, so psychescale does here too; by default it would read the whole text.
    score = score_udf(folder, long_text="truncate")

    def probabilities(text: Any) -> Any:
        fields = score.returnType.names  # type: ignore[attr-defined]
        scores = [name for name in fields if name.startswith(PROBABILITY_PREFIX)]
        struct = score(text)
        return F.array(*[struct[name] for name in scores])

    return probabilities


_PROBABILITIES: dict[str, Callable[[Path], Callable[[Any], Any]]] = {
    "psychescale": _psychescale,
    "pipeline": lambda folder: peers.pipeline_udf(str(folder)),
    "predict_batch_udf": lambda folder: peers.predict_udf(str(folder)),
}


def _write(frame: DataFrame, folder: Path) -> None:
    frame.write.mode("overwrite").parquet(str(folder))


def _session(slots: int) -> SparkSession:
    """A plain session, without any setting of psychescale's own."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        # One file, one partition, whatever their size.
        "spark.sql.files.openCostInBytes": "134217728",
        "spark.executorEnv.PYTHONPATH": str(BENCHMARKS),
        "spark.executorEnv.OMP_NUM_THREADS": "1",
        "spark.executorEnv.CUDA_VISIBLE_DEVICES": "",  # the comparison is one of processors
        "spark.executorEnv.HF_HUB_OFFLINE": "1",
        "spark.executorEnv.HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }
    builder = SparkSession.builder.master(f"local[{slots}]").appName("benchmark")
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()
