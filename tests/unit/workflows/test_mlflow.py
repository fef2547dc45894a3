"""A training run in MLflow: only where it is asked for, and nothing of a document in it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from psychescale.errors import StorageError
from psychescale.settings.train import TrainConfig
from psychescale.workflows.train.mlflow import require_mlflow, track

FACTS: dict[str, Any] = {
    "labels": ["a", "b"],
    "long_text": {"policy": "mean", "stride": 64},
    "split": {"train": 48, "validation": 12, "test": 8},
    "training": {"loss": "focal", "epochs": 2.0, "seed": 3},
    "curve": [
        {"step": 5, "epoch": 1.0, "training_loss": 0.5, "validation_log_loss": None},
        {"step": 10, "epoch": 2.0, "training_loss": 0.25, "validation_log_loss": 0.4},
    ],
}


def config(place: str | None) -> TrainConfig:
    given = {"backbone": "b", "train": "t", "output": "models/tenth", "mlflow": place}
    return TrainConfig.model_validate(given)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_run_in_a_folder(tmp_path: Path) -> None:
    """Choices, curve and counts stand in a run that is named after the bundle and finished."""
    from mlflow import MlflowClient

    run_id = track(config(str(tmp_path / "runs")), FACTS)
    assert run_id is not None
    assert "MLFLOW_ALLOW_FILE_STORE" not in os.environ
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    try:
        client = MlflowClient(tracking_uri=(tmp_path / "runs").as_uri())
        run = client.get_run(run_id)
        losses = client.get_metric_history(run_id, "training_loss")
    finally:
        del os.environ["MLFLOW_ALLOW_FILE_STORE"]

    assert run.data.params["loss"] == "focal"
    assert run.data.params["labels"] == "2"
    assert [(metric.step, metric.value) for metric in losses] == [(5, 0.5), (10, 0.25)]
    assert run.data.metrics["validation_log_loss"] == 0.4
    assert run.data.metrics["rows_test"] == 8
    assert (run.info.run_name, run.info.status) == ("tenth", "FINISHED")


def test_server_that_is_none() -> None:
    """A place of no known kind is refused with the flag; the bundle is there already."""
    with pytest.raises(StorageError, match="--mlflow; the bundle itself is finished"):
        track(config("nothing://there"), FACTS)


def test_not_asked_for() -> None:
    """Without the flag nothing is tracked and MLflow is not even imported, installed or not."""
    code = (
        "import sys; sys.modules['mlflow'] = None\n"
        "from psychescale.workflows.train.mlflow import require_mlflow, track\n"
        "from psychescale.errors import UsageError\n"
        "from psychescale.settings.train import TrainConfig\n"
        "given = {'backbone': 'b', 'train': 't', 'output': 'o'}\n"
        "plain = TrainConfig.model_validate(given)\n"
        "require_mlflow(plain); print(track(plain, {}))\n"
        "try: require_mlflow(TrainConfig.model_validate(given | {'mlflow': 'runs'}))\n"
        "except UsageError as error: print(error.remedy)\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout

    assert printed.splitlines()[0] == "None"
    assert "psychescale[mlflow]" in printed
    require_mlflow(config("runs"))
