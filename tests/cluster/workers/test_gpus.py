"""A task computes on the GPU that Spark gave it, and nowhere else."""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.cluster.standalone import SECRET, Cluster, run
from tests.spark.conftest import write_json_lines

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("visible", "devices"),
    [
        ("", {"0": "cuda:0", "1": "cuda:1"}),
        ("1,0", {"0": "cuda:1", "1": "cuda:0"}),  # torch counts what is visible, in this order
    ],
)
def test_four_tasks_on_two_gpus(cluster: Cluster, visible: str, devices: dict[str, str]) -> None:
    """Each of four tasks is bound to its own GPU, also where CUDA_VISIBLE_DEVICES is set already."""
    environment = {**cluster.environment, "PYSPARK_PYTHON": sys.executable}
    done = run(
        [sys.executable, HERE / "gpu_tasks.py", cluster.master, visible, SECRET], env=environment
    )
    assert done.returncode == 0, done.stderr[-3000:]
    tasks = json.loads(done.stdout.splitlines()[-1])
    assert Counter(task["given"][0] for task in tasks) == {"0": 2, "1": 2}
    assert [task["device"] for task in tasks] == [devices[task["given"][0]] for task in tasks]
    assert len({task["pid"] for task in tasks}) == 2


def test_promised_and_missing(cluster: Cluster, tiny_model: Path, tmp_path: Path) -> None:
    """`score` ends with exit code 4 where Spark gives out a GPU that torch does not see."""
    corpus = write_json_lines(tmp_path / "corpus.jsonl", [{"id": "a", "text": "Good morning."}])
    settings = {
        "spark.master": cluster.master,
        "spark.authenticate": "true",
        "spark.authenticate.secret": SECRET,
        "spark.cores.max": "1",
        "spark.executor.cores": "1",
        "spark.executor.memory": "1g",
        "spark.executor.resource.gpu.amount": "1",
        "spark.task.resource.gpu.amount": "1",
    }
    command = [Path(sys.executable).with_name("psychescale"), "score", "--accept-raw"]
    command += ["--model", tiny_model, "--input", corpus, "--output", tmp_path / "scores"]
    file = tmp_path / "settings.json"  # YAML, too; the command line is no place for a secret
    file.write_text(json.dumps({"spark": settings}), encoding="utf-8")
    command += ["--config", file]
    environment = {**cluster.environment, "PYSPARK_PYTHON": sys.executable}
    done = run(command, env=environment)
    told = " ".join(done.stderr.split())
    assert (done.returncode, "Spark gave this task GPU" in told) == (4, True), done.stderr[-3000:]
