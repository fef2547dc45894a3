"""Executors in processes of their own, on this machine."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyspark
import pytest

from tests.cluster.standalone import ROOT, Cluster, run, running_cluster
from tests.spark.conftest import read_table, write_json_lines

PER_RUN = ["run_id", "scored_at"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """How hard to try."""
    parser.addoption("--kills", type=int, default=3, help="processes to kill altogether")
    parser.addoption("--seed", type=int, default=0, help="of what is killed, and when")


@pytest.fixture(scope="session")
def cluster_environment() -> dict[str, str]:
    """What Spark needs to start executors of its own from an installed pyspark."""
    return os.environ | {
        "SPARK_HOME": str(Path(pyspark.__file__).parent),
        "SPARK_SCALA_VERSION": "2.13",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


@pytest.fixture(scope="session")
def torch_wheel() -> Path:
    """A wheel of torch for processors alone, of this Python."""
    stated = os.environ.get("PSYCHESCALE_DATA")
    shared = Path(stated).parent if stated else ROOT.parent / "shared"
    tag = "cp{}{}".format(*sys.version_info[:2])
    wheels = sorted((shared / "wheels").glob(f"torch-*-{tag}-{tag}-*.whl"))
    if not wheels:
        pytest.skip(f"no CPU wheel of torch for {tag} in {shared / 'wheels'}: packing needs one")
    return wheels[0]


@pytest.fixture(scope="session")
def dist(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make dist` makes, with torch for processors; or the one that PSYCHESCALE_DIST names."""
    if "PSYCHESCALE_DIST" in os.environ:
        return Path(os.environ["PSYCHESCALE_DIST"])
    folder = tmp_path_factory.mktemp("dist")
    script = ROOT / "deploy" / "environment" / "pack.py"
    wheel = request.getfixturevalue("torch_wheel")
    command = [sys.executable, script, "--torch", wheel, "--output", folder]
    subprocess.run([str(part) for part in command], check=True)
    return folder


@pytest.fixture(scope="session")
def opened(
    dist: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[tarfile.TarInfo]]:
    """Where the archive is unpacked, and its members: it is read only once."""
    folder = tmp_path_factory.mktemp("opt") / "psychescale"
    with tarfile.open(dist / "psychescale-environment.tar.gz") as archive:
        archive.extractall(folder, filter="data")
        return folder, archive.getmembers()


@pytest.fixture(scope="session")
def unpacked(opened: tuple[Path, list[tarfile.TarInfo]]) -> Path:
    """The packed environment, where the driver's machine has unpacked it."""
    return opened[0]


@pytest.fixture(scope="session")
def members(opened: tuple[Path, list[tarfile.TarInfo]]) -> list[tarfile.TarInfo]:
    """What is in the archive of the environment."""
    return opened[1]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A standalone cluster; its first worker has two GPUs, by a program that says so."""
    tools = tmp_path_factory.mktemp("tools")
    (tools / "nvidia-smi").write_text("#!/bin/sh\nprintf '0\\n1\\n'\n", encoding="utf-8")
    (tools / "nvidia-smi").chmod(0o755)
    with running_cluster(tmp_path_factory.mktemp("cluster"), tools=tools) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory, corpus_texts: list[str]) -> Path:
    """Four hundred texts, of which some cannot be scored."""
    rows = [
        {"id": f"doc-{i:04}", "text": text if i % 50 else None}
        for i, text in enumerate(corpus_texts[:400])
    ]
    return write_json_lines(tmp_path_factory.mktemp("corpus") / "corpus.jsonl", rows)


@pytest.fixture(scope="session")
def local_table(
    corpus: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> pd.DataFrame:
    """What the command on this machine makes of the corpus."""
    output = tmp_path_factory.mktemp("local") / "scores"
    command = Path(sys.executable).with_name("psychescale")
    done = run(
        [command, "score", "--accept-raw", "--set", "spark.master=local[2,4]"]
        + ["--model", tiny_model, "--input", corpus, "--output", output]
    )
    assert done.returncode == 0, done.stderr
    return read_table(output)


def require_equal(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """The same rows, columns, counts and reasons; probabilities to 1e-5."""
    probabilities = [name for name in expected.columns if name.startswith("p_")]
    assert len(probabilities) == 5
    exact = expected.columns.drop([*probabilities, *PER_RUN])
    pd.testing.assert_frame_equal(found[exact], expected[exact])
    np.testing.assert_allclose(
        found[probabilities].to_numpy(), expected[probabilities].to_numpy(), atol=1e-5, rtol=0
    )
