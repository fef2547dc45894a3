"""A training run in MLflow, where one is asked for: choices, curve, counts; never a text or an id."""

import contextlib
import importlib.util
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from psychescale.errors import StorageError, UsageError
from psychescale.settings.train import TrainConfig

_LONGEST_VALUE = 500  # of a parameter, in every version of MLflow
_ALLOW_FILES = "MLFLOW_ALLOW_FILE_STORE"


def require_mlflow(config: TrainConfig) -> None:
    """Refuse tracking where MLflow is not installed, before anything is trained.

    Raises:
        UsageError: It is not there.
    """
    if config.mlflow is not None and importlib.util.find_spec("mlflow") is None:
        raise UsageError(
            "‹mlflow› needs MLflow, which is not installed.",
            remedy="pip install 'psychescale[mlflow]', or leave ‹mlflow› out.",
        )


def track(config: TrainConfig, facts: Mapping[str, Any]) -> str | None:
    """Write a finished run to the tracking server, or folder, of ``config.mlflow``.

    Args:
        config: Of the run.
        facts: Content of `scoring.json`, which holds nothing of a document.

    Returns:
        The run's id in MLflow; None where no tracking was asked for.

    Raises:
        StorageError: MLflow does not take it.
    """
    if config.mlflow is None:
        return None
    from mlflow import MlflowClient  # noqa: PLC0415 - an extra, and slow to import
    from mlflow.entities import Metric, Param  # noqa: PLC0415
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    now_ms = int(time.time() * 1000)
    metrics = [
        Metric(name, float(point[name]), now_ms, int(point["step"]))
        for point in facts["curve"]
        for name in ("training_loss", "validation_log_loss")
        if point[name] is not None
    ]
    metrics += [
        Metric(f"rows_{part}", float(facts["split"][part]), now_ms, 0)
        for part in ("train", "validation", "test")
    ]
    choices = {**facts["training"], "long_text": facts["long_text"]["policy"]}
    choices["labels"] = len(facts["labels"])
    params = [Param(name, str(value)[:_LONGEST_VALUE]) for name, value in choices.items()]
    try:
        with _files_allowed(config.mlflow):
            client = MlflowClient(tracking_uri=_uri(config.mlflow))
            found = client.get_experiment_by_name(config.mlflow_experiment)
            experiment = (
                client.create_experiment(config.mlflow_experiment)
                if found is None
                else found.experiment_id
            )
            run = client.create_run(experiment, run_name=Path(config.output).name)
            client.log_batch(run.info.run_id, metrics=metrics, params=params)
            client.set_terminated(run.info.run_id)
    except MlflowException as error:
        raise StorageError(
            f"MLflow did not take the run ({error.error_code}).",
            remedy="Check ‹mlflow›; the bundle itself is finished.",
        ) from None
    return str(run.info.run_id)


def _is_folder(place: str) -> bool:
    return "://" not in place or place.startswith("file:")


def _uri(place: str) -> str:
    return Path(place).resolve().as_uri() if _is_folder(place) and ":" not in place else place


@contextlib.contextmanager
def _files_allowed(place: str) -> Iterator[None]:
    """New versions of MLflow write to a folder only where this is said; naming one says it."""
    before = os.environ.get(_ALLOW_FILES)
    if _is_folder(place):
        os.environ[_ALLOW_FILES] = "true"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_ALLOW_FILES, None)
        else:
            os.environ[_ALLOW_FILES] = before
