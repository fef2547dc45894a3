"""Through a Spark Connect server whose executors are other processes: no JVM on this side."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.cluster.conftest import require_equal
from tests.cluster.standalone import (
    ROOT,
    SECRET,
    Cluster,
    free_port,
    run,
    wait_for_port,
    write_properties,
)
from tests.conftest import LABELS
from tests.spark.conftest import read_table

COMMAND = Path(sys.executable).with_name("psychescale")
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def server(
    cluster: Cluster, unpacked: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Address of a Connect server on the standalone cluster, which has the packed environment."""
    port = free_port()
    properties = write_properties(
        tmp_path_factory.mktemp("server") / "server.conf",
        {
            "spark.master": cluster.master,
            "spark.cores.max": "2",
            "spark.executor.cores": "1",
            "spark.executor.memory": "1g",
            "spark.authenticate.secret": SECRET,
            "spark.pyspark.python": unpacked / "bin" / "python",
            "spark.driver.host": "127.0.0.1",
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": port,
        },
        after=ROOT / "conf" / "spark" / "standalone.conf",
    )
    cluster.start_server(
        "connect", properties, environment={"PYSPARK_PYTHON": str(unpacked / "bin" / "python")}
    )
    try:
        wait_for_port(port, timeout_s=180)
        yield f"sc://127.0.0.1:{port}"
    finally:
        cluster.stop("connect")


@pytest.fixture(scope="module")
def no_java(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which no Java can be started."""
    return {"PATH": str(tmp_path_factory.mktemp("empty")), "HOME": str(Path.home())}


def test_scores_like_local_mode(
    server: str,
    no_java: dict[str, str],
    corpus: Path,
    tiny_model: Path,
    local_table: pd.DataFrame,
    tmp_path: Path,
) -> None:
    """`score` through Connect writes local mode's table, and again it finds nothing to do."""
    output = tmp_path / "scores"
    command = [COMMAND, "score", "--set", f"spark.remote={server}", "--accept-raw", "--json"]
    command += ["--model", tiny_model, "--input", corpus, "--output", output]
    command += ["--rows-per-task", "25"]
    first = run(command, env=no_java)
    assert first.returncode == 0, first.stderr[-3000:]
    require_equal(read_table(output), local_table)
    assert json.loads(first.stdout)["rows_scored"] == 392
    again = run([*command, "--model-on-executors", tiny_model], env=no_java)
    assert again.returncode == 0, again.stderr[-3000:]
    assert json.loads(again.stdout)["rows_known"] == 400
    left = {path.name for path in (output / "_psychescale").iterdir() if path.name[0] != "."}
    assert left == {"checkpoints", "landed", "runs"}


def test_delta_corpus_and_model_on_executors(
    server: str,
    no_java: dict[str, str],
    corpus: Path,
    tiny_model: Path,
    local_table: pd.DataFrame,
    tmp_path: Path,
) -> None:
    """A Delta table is read as well, and a model that executors have is not sent."""
    from deltalake import write_deltalake

    write_deltalake(str(tmp_path / "posts"), pd.read_json(corpus, lines=True))
    output = tmp_path / "scores"
    done = run(
        [COMMAND, "score", "--accept-raw", "--model", tiny_model, "--output", output]
        + ["--input", tmp_path / "posts", "--model-on-executors", tiny_model],
        env={**no_java, "SPARK_REMOTE": server},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    require_equal(read_table(output), local_table)


def test_udf_in_frame_and_sql(
    server: str, no_java: dict[str, str], unpacked: Path, tiny_model: Path, oracle: Any
) -> None:
    """`score_udf` gives the oracle's numbers in a Connect session, by the packed environment."""
    done = run([sys.executable, HERE / "connect_udf.py", server, tiny_model], env=no_java)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    expected = oracle(tiny_model, told["texts"])
    for way in ("frame", "sql"):
        found = [[row[f"p_{label}"] for label in LABELS] for row in told[way]]
        assert abs(pd.DataFrame(found).to_numpy() - expected).max() < 1e-5
    assert told["context"] is None
    assert told["interpreters"] == [str(unpacked / "bin" / "python")]
    assert [path.startswith(str(unpacked)) for path in told["packages"]] == [True]


def test_doctor(server: str, no_java: dict[str, str], tiny_model: Path, tmp_path: Path) -> None:
    """`doctor` looks at all of it through Connect, and needs no Java on this machine."""
    done = run(
        [COMMAND, "doctor", "--json", "--set", f"spark.remote={server}"]
        + ["--model", tiny_model, "--output", tmp_path / "scores"],
        env=no_java,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = {check["check"]: check for check in json.loads(done.stdout)["checks"]}
    looked_at = ("java", "spark", "delta", "gpu", "model", "output", "encryption")
    assert {name: told[name]["status"] for name in looked_at} == dict.fromkeys(looked_at, "green")
    assert told["executors"]["status"] != "red"  # their torch is another build
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["--output", "scores", "--set", "spark.executor.memory=4g"],
            2,
            "a client of Spark Connect cannot set it",
        ),
        (["--output", "s3://bucket/scores"], 2, "no way to this file system"),
        (
            ["--output", "scores", "--model-on-executors", "/nowhere"],
            4,
            "is missing, or not the driver's",
        ),
    ],
)
def test_what_cannot_work(
    server: str,
    no_java: dict[str, str],
    corpus: Path,
    make_model: Callable[..., Path],
    tmp_path: Path,
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    """What a client cannot have ends with a remedy, not with a stack trace."""
    model = make_model(positions=32)  # one that no worker has in memory
    done = run(
        [COMMAND, "score", "--accept-raw", "--model", model, "--input", corpus]
        + ["--set", f"spark.remote={server}", *arguments],
        env=no_java,
        cwd=tmp_path,
    )
    assert (done.returncode, message in " ".join(done.stderr.split())) == (code, True), done.stderr


def test_folder_that_is_not_shared(
    server: str, no_java: dict[str, str], corpus: Path, tiny_model: Path, tmp_path: Path
) -> None:
    """A state folder that Spark does not see is refused before anything is landed."""
    # /proc/self leads every process to a folder of its own.
    done = run(
        [COMMAND, "score", "--accept-raw", "--model", tiny_model, "--input", corpus]
        + ["--output", tmp_path / "scores", "--set", f"spark.remote={server}"]
        + ["--state", "/proc/self/cwd/state"],
        env=no_java,
        cwd=tmp_path,
    )
    assert done.returncode == 7, done.stderr
    assert "that this machine and the cluster share" in " ".join(done.stderr.split())
