"""A table that is kept in order while a job writes to it."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from delta.tables import DeltaTable
from pyspark.sql import SparkSession

from psychescale.spark.pipeline import land as landing
from tests.spark.conftest import Row, read_runs, read_table, write_json_lines


def test_housekeeping_beside_a_job(
    spark: SparkSession,
    run: Callable[..., int],
    rows: list[Row],
    tiny_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """OPTIMIZE and VACUUM, over and over beside a job with many micro-batches, change nothing."""
    monkeypatch.setattr(landing, "MIN_ROWS_PER_FILE", 2)
    spark.conf.set("spark.sql.sources.parallelPartitionDiscovery.parallelism", 2)  # VACUUM's tasks
    output = tmp_path / "scores"
    corpus = write_json_lines(tmp_path / "corpus.jsonl", rows)
    arguments = ["score", "--model", tiny_model, "--output", output, "--accept-raw"]
    assert run(*arguments, "--input", write_json_lines(tmp_path / "one.jsonl", rows[:1])) == 0
    done, rounds = threading.Event(), []

    def keep_in_order() -> None:
        while not done.wait(0.5):
            table = DeltaTable.forPath(spark, str(output))
            table.optimize().executeCompaction()
            table.vacuum()
            rounds.append(1)

    housekeeper = threading.Thread(target=keep_in_order)
    housekeeper.start()
    try:
        code = run(
            *arguments, "--input", corpus, "--rows-per-task", "6", "--tasks-per-slot", "2",
            "--max-failed-share", "1",
        )  # fmt: skip
    finally:
        done.set()
        housekeeper.join()
    assert code == 0
    assert len(rounds) > 1
    assert list(read_table(output)["id"]) == [row["id"] for row in rows]
    assert read_runs(output)["status"].iloc[-1] == "done"
