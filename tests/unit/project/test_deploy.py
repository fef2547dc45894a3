"""The Databricks bundle calls what is there; its schema is not checked here."""

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

from psychescale.settings.config import load_config
from psychescale.settings.score import ScoreConfig

ROOT = Path(__file__).parents[3]
BUNDLE: dict[str, Any] = yaml.safe_load(
    (ROOT / "deploy" / "databricks" / "databricks.yml").read_text(encoding="utf-8")
)


def test_wheel_task() -> None:
    """The task names an entry point of the wheel, and its parameters are flags that `score` takes."""
    (task,) = BUNDLE["resources"]["jobs"]["score"]["tasks"]
    wheel = task["python_wheel_task"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == wheel["package_name"]
    tasks = project["entry-points"]["psychescale.tasks"]
    assert tasks[wheel["entry_point"]].startswith("psychescale.console.main:")

    verb, *flags = wheel["parameters"]
    given = [re.sub(r"\$\{var\.(\w+)\}", r"\1", flag) for flag in flags]
    config = load_config(ScoreConfig, verb, given, environ={}).config
    assert (config.model, config.input, config.output, config.state) == (
        "model",
        "input",
        "output",
        "state",
    )


def test_variables() -> None:
    """Every variable that is used is declared, with a description; the machine has no default."""
    used = set(re.findall(r"\$\{var\.(\w+)\}", str(BUNDLE)))
    assert used == set(BUNDLE["variables"])
    assert all(variable["description"] for variable in BUNDLE["variables"].values())
    without = [name for name, variable in BUNDLE["variables"].items() if "default" not in variable]
    assert without == ["node_type_id"]  # each cloud has names of its own


def test_cluster() -> None:
    """Spilled texts are encrypted, and the cluster has a SparkContext."""
    (cluster,) = BUNDLE["resources"]["jobs"]["score"]["job_clusters"]
    assert cluster["new_cluster"]["spark_conf"]["spark.io.encryption.enabled"] == "true"
    assert cluster["new_cluster"]["data_security_mode"] == "SINGLE_USER"
