"""One job at a time on an output."""

import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from psychescale.errors import StorageError
from psychescale.spark.pipeline import state as module
from psychescale.spark.pipeline.state import EXPIRES_AFTER_S, StateFolder, held_lease
from psychescale.spark.session.access import access
from tests.spark.conftest import write_json_lines


def write_lease(state: Path, *, host: str, pid: int, age_s: float) -> None:
    state.mkdir()
    holder = {"token": "t", "host": host, "pid": pid, "renewed_at": time.time() - age_s}
    (state / "lease").write_text(json.dumps(holder))


def test_second_job(
    spark: SparkSession,
    run: Callable[..., int],
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """While a job holds an output, another one says who holds it; afterwards it goes ahead."""
    corpus = write_json_lines(tmp_path / "c.jsonl", [{"id": "1", "text": "word"}])
    output = tmp_path / "scores"
    arguments = ["score", "--model", tiny_model, "--input", corpus, "--output", output]
    assert run(*arguments, "--accept-raw") == 0
    with held_lease(access(spark).files, StateFolder(str(output / "_psychescale"))):
        assert run(*arguments, "--accept-raw") == 7
        assert f"process {os.getpid()} on {platform.node()}" in capsys.readouterr().err
    assert run(*arguments, "--accept-raw") == 0
    assert not (output / "_psychescale" / "lease").exists()


@pytest.mark.parametrize(
    ("host", "pid", "age_s", "free"),
    [
        ("elsewhere", 1, EXPIRES_AFTER_S / 2, False),
        ("elsewhere", 1, EXPIRES_AFTER_S + 1, True),
        (platform.node(), 1, EXPIRES_AFTER_S / 2, False),
        (platform.node(), 2**22 + 1, EXPIRES_AFTER_S / 2, True),  # above any process id
    ],
)
def test_left_lease(
    spark: SparkSession, tmp_path: Path, host: str, pid: int, age_s: float, free: bool
) -> None:
    """A lease that a killed job left is free once it has expired, or its process is gone."""
    state = tmp_path / "state"
    write_lease(state, host=host, pid=pid, age_s=age_s)
    if free:
        with held_lease(access(spark).files, StateFolder(str(state))) as lease:
            lease.require_held()
    else:
        with (
            pytest.raises(StorageError, match=host),
            held_lease(access(spark).files, StateFolder(str(state))),
        ):
            pass


def test_waits_for_the_dead(spark: SparkSession, tmp_path: Path) -> None:
    """A process of this machine that has just died is waited out, not refused."""
    state = tmp_path / "state"
    write_lease(state, host=platform.node(), pid=2**22 + 1, age_s=module._GONE_AFTER_S - 2)
    with held_lease(access(spark).files, StateFolder(str(state))) as lease:
        lease.require_held()


def test_renewed_and_lost(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A held lease is renewed; one that another job took stops its former holder."""
    monkeypatch.setattr(module, "RENEWED_EVERY_S", 0.1)
    state = tmp_path / "state"
    with held_lease(access(spark).files, StateFolder(str(state))) as lease:
        first = (state / "lease").read_text()
        time.sleep(1)
        assert (state / "lease").read_text() != first
        lease.require_held()
        (state / ".lease.crc").unlink(missing_ok=True)
        taken = json.loads(first) | {"token": "another"}
        for _ in range(20):  # until no renewal comes between
            (state / "lease").write_text(json.dumps(taken))
            (state / ".lease.crc").unlink(missing_ok=True)
            if lease.lost.wait(0.3):
                break
        with pytest.raises(StorageError, match="took over"):
            lease.require_held()
    assert "another" in (state / "lease").read_text()
