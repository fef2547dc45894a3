"""Executors in processes of their own, on this machine."""

import os
from pathlib import Path

import pyspark
import pytest


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
