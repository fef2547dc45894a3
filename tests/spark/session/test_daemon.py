"""The process that workers are forked from."""

import subprocess
import sys

from pyspark.sql import SparkSession

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
