"""One real Spark with Delta for the whole tier, and jobs run the way the command runs them."""

import hashlib
import importlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from deltalake import DeltaTable
from filelock import FileLock
from pyspark.sql import SparkSession

from psychescale.spark.session.session import open_session

Row = dict[str, Any]


# A test's data are a few rows: what it costs is what Spark and Delta do for any query. Together these
# halve it (docs/decisions/0025). Whatever starts a Spark of its own (the command in a process of its
# own, the cluster) runs with the defaults that people have.
SETTINGS = {
    "spark.master": "local[2,4]",
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "1",
    # Code that is generated, compiled and loaded for a query that runs once.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    # Room for young objects: a collection every second, on two busy cores, is a tenth of the time.
    "spark.driver.extraJavaOptions": "-Xms1g -Xmn600m",
}


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Local Spark with two slots, the way `psychescale` starts it."""
    # A worker that waits for its next task is killed in the end, and its coverage with it.
    reuse = {"spark.python.worker.reuse": str("COVERAGE_PROCESS_CONFIG" not in os.environ).lower()}
    # Two at once that find no Delta in Ivy's cache would spoil each other's download.
    with FileLock(Path(tempfile.gettempdir()) / "psychescale-tests-spark.lock"):
        session = open_session(SETTINGS | reuse)
    yield session
    session.stop()


@pytest.fixture(scope="session")
def run(spark: SparkSession) -> Callable[..., int]:
    """A function (verb, *arguments) → exit code, in this process and its Spark session."""
    del spark

    def run_verb(verb: str, *arguments: str | Path) -> int:
        job = importlib.import_module(f"psychescale.jobs.{verb}")
        return int(job.main([str(argument) for argument in arguments]))

    return run_verb


@pytest.fixture(scope="session")
def rows(corpus_texts: list[str]) -> list[Row]:
    """Sixty rows: short texts, copies, and rows that cannot be scored."""
    short = [
        text for text in corpus_texts if len(text.split()) < 20
    ]  # one window of the tiny model
    texts: list[str | None] = [*short[:50], short[0], short[3]]
    texts[1:1] = [None]
    texts[2:2] = [""]
    texts[5:5] = ["\u200b", " \n "]
    texts += ["🙂🙂", 'hör zu: «quoted, "twice"»', "line one\nline two", "שלום"]
    return [{"id": f"doc-{i:03}", "text": t, "source": "forum"} for i, t in enumerate(texts)]


@pytest.fixture(scope="session")
def scored(
    run: Callable[..., int],
    rows: list[Row],
    tiny_model: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A score table over JSON lines, with logits and a kept column. Its rows stay as they are."""
    folder = tmp_path_factory.mktemp("scored")
    corpus = write_json_lines(folder / "corpus.jsonl", rows)
    settings = folder / "settings.yaml"
    settings.write_text("spark: {spark.hadoop.fs.s3a.secret.key: canary}\n", encoding="utf-8")
    code = run(
        "score", "--config", settings, "--model", tiny_model, "--input", corpus,
        "--output", folder / "scores", "--accept-raw", "--keep", "source", "--logits",
    )  # fmt: skip
    assert code == 0
    return folder / "scores"


def write_json_lines(path: Path, rows: Sequence[Row]) -> Path:
    """Write rows as JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read_table(folder: Path) -> pd.DataFrame:
    """A Delta table through deltalake, which knows nothing of Spark, ordered by id."""
    return DeltaTable(str(folder)).to_pandas().sort_values("id").reset_index(drop=True)


def read_runs(output: Path) -> pd.DataFrame:
    """The run table of an output, oldest first."""
    frame = DeltaTable(str(output / "_psychescale" / "runs")).to_pandas()
    return frame.sort_values("started_at").reset_index(drop=True)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A file with a key for `anonymize`."""
    path = tmp_path / "key"
    path.write_bytes(hashlib.sha256(b"four").digest())
    path.chmod(0o600)
    return path
