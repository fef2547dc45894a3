"""The model's way to the executors."""

import hashlib
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from psychescale.errors import ModelError
from psychescale.model.checkpoint import open_checkpoint
from psychescale.spark.session.folders import write_once
from psychescale.spark.workers.transport import send_model

CONTENT = {"a": b"one", "b": b"two" * 1000}
DIGESTS = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}


def open_folder(target: Path, reads: Any) -> None:
    """What a worker does; the reads of all of them are counted."""

    def fill(folder: Path) -> None:
        with reads.get_lock():
            reads.value += 1
        write(folder, CONTENT)

    write_once(target, DIGESTS, fill)


def write(folder: Path, content: dict[str, bytes]) -> None:
    for name, data in content.items():
        (folder / name).write_bytes(data)


def test_one_process_writes(tmp_path: Path) -> None:
    """Of six processes that want the folder at once, one reads and writes; all find it whole."""
    context = multiprocessing.get_context("fork")
    reads = context.Value("i", 0)
    target = tmp_path / "model"
    processes = [context.Process(target=open_folder, args=(target, reads)) for _ in range(6)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 6
    assert reads.value == 1
    assert {path.name: path.read_bytes() for path in target.iterdir()} == CONTENT


def test_damaged_file(tmp_path: Path) -> None:
    """A file that did not arrive whole is named, and leaves no folder that looks finished."""
    with pytest.raises(ModelError, match="b of the model"):
        write_once(tmp_path / "model", DIGESTS, lambda f: write(f, CONTENT | {"b": b"tw"}))
    assert [path.name for path in tmp_path.iterdir()] == ["model.lock"]


def test_one_folder_on_the_executor(spark: SparkSession, make_model: Callable[..., Path]) -> None:
    """All tasks open the same folder, which holds the files that count and no other."""
    folder = make_model()
    (folder / "training_args.bin").write_bytes(b"pickle")
    checkpoint = open_checkpoint(folder)
    model = send_model(spark, checkpoint)
    found = spark.sparkContext.parallelize(range(8), 4).map(lambda _: str(model.open())).collect()
    assert len(set(found)) == 1
    names = {path.name for path in Path(found[0]).iterdir()}
    assert names == set(checkpoint.digests)
    assert "training_args.bin" not in names
