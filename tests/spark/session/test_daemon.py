"""The process that workers are forked from."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql.pandas.functions import pandas_udf

from psychescale.spark.daemon import PRELOADED

COUNT_THREADS = (
    "import os; from psychescale.spark import daemon; daemon.preload(); "
    "print(len(os.listdir('/proc/self/task')), flush=True)"
)


def test_workers_start_warm(spark: SparkSession) -> None:
    """A worker finds the heavy modules imported, before it has been asked to score anything."""
    known = spark.sparkContext.parallelize([0], 1).map(
        lambda _: [name in sys.modules for name in PRELOADED]
    )
    assert known.collect() == [[True] * len(PRELOADED)]


def test_one_process_for_lines_and_udfs(spark: SparkSession) -> None:
    """What reads lines and what scores are forked from the same process: none imports torch again."""

    def parents(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for _ in batches:
            yield pa.RecordBatch.from_pydict({"parent": [os.getppid()]})

    make_udf: Any = pandas_udf
    parent = make_udf(lambda ids: ids * 0 + os.getppid(), "long")
    one = spark.range(1, numPartitions=1)
    of_udfs = one.select(parent("id").alias("parent")).collect()
    assert one.mapInArrow(parents, "parent long").collect() == of_udfs


def test_one_thread_before_the_fork() -> None:
    """Preloading starts no thread, and writes nothing to the output that Spark reads."""
    done = subprocess.run(
        [sys.executable, "-c", COUNT_THREADS],
        capture_output=True,
        text=True,
        check=True,
        env={"OMP_NUM_THREADS": "1", "PATH": ""},
    )
    assert done.stdout == "1\n"
