"""Through Spark Connect: a client that has no Java, and a server in the session of these tests."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession

from tests.cluster.standalone import free_port
from tests.conftest import LABELS
from tests.spark.conftest import Row, read_table, write_json_lines


@pytest.fixture(scope="module")
def server(spark: SparkSession) -> Iterator[str]:
    """Its address."""
    jvm: Any = spark._jvm
    context, port = spark.sparkContext._jsc.sc(), free_port()
    context.conf().set("spark.connect.grpc.binding.address", "127.0.0.1")
    context.conf().set("spark.connect.grpc.binding.port", str(port))
    service = jvm.org.apache.spark.sql.connect.service.SparkConnectService
    service.start(context)
    yield f"sc://127.0.0.1:{port}"
    service.stop(jvm.scala.Option.empty(), jvm.scala.Option.empty())


def test_scores_without_java(
    server: str, rows: list[Row], tiny_model: Path, oracle: Any, tmp_path: Path
) -> None:
    """`score` through Connect gives each text the oracle's probabilities."""
    good = rows[10:30]
    corpus = write_json_lines(tmp_path / "corpus.jsonl", good)
    command = [Path(sys.executable).with_name("psychescale"), "score", "--accept-raw", "--json"]
    command += ["--model", tiny_model, "--input", corpus, "--output", tmp_path / "scores"]
    done = subprocess.run(
        [*command, "--set", f"spark.remote={server}"],
        env={**os.environ, "PATH": str(tmp_path), "JAVA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout)["rows_scored"] == len(good)
    found = read_table(tmp_path / "scores")[[f"p_{label}" for label in LABELS]].to_numpy()
    wanted = oracle(tiny_model, [row["text"] for row in good])
    assert np.abs(found - wanted).max() < 1e-5
