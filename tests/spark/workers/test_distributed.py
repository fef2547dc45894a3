"""Training in two processes: the same weights as in one, and the same refusals."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession
from safetensors.numpy import load_file

from psychescale.errors import InputError
from psychescale.model.checkpoint import open_checkpoint
from psychescale.spark.workers.distributed import DistributedFit
from psychescale.training.classifier.dataset import Rows
from psychescale.training.classifier.fit import FitOptions, fit
from tests.spark.conftest import write_json_lines
from tests.spark.labelled.test_train import rows_of
from tests.unit.training.test_fit import LABELS, TARGETS, TEXTS, TRAIN, VALIDATION

# A step reads all rows, so that it does not matter how they are dealt out to the processes.
WHOLE = FitOptions(
    epochs=6,
    learning_rate=2e-3,
    head_learning_rate=2e-3,
    batch_size=len(TRAIN.texts),
    max_length=24,
    seed=5,
    patience=9,
)


@pytest.fixture
def plain_model(make_model: Callable[..., Path]) -> Path:
    """The tiny model without dropout: its random numbers would differ between the processes."""
    return make_model(
        config={"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0},
    )


def test_two_processes_are_one(spark: SparkSession, plain_model: Path, tmp_path: Path) -> None:
    """Two processes on gloo with half the rows each end with the weights of one with all of them."""
    alone = fit(plain_model, TRAIN, LABELS, WHOLE, output=tmp_path / "alone", validation=VALIDATION)
    seen: list[int] = []
    together = DistributedFit(spark, processes=2)(
        plain_model,
        TRAIN,
        LABELS,
        replace(WHOLE, batch_size=len(TRAIN.texts) // 2),
        output=tmp_path / "together",
        validation=VALIDATION,
        on_progress=seen.append,
    )
    one, other = (load_file(tmp_path / n / "model.safetensors") for n in ("alone", "together"))
    start = load_file(plain_model / "model.safetensors")
    moved = max(np.abs(one[name] - start[name]).max() for name in one if "encoder" in name)
    apart = np.concatenate([np.abs(one[name] - other[name]).ravel() for name in one])

    assert together.steps == alone.steps == together.best_step == 6
    assert [p.validation_log_loss for p in together.curve] == pytest.approx(
        [p.validation_log_loss for p in alone.curve], abs=1e-5
    )
    # Adam divides by the size of a gradient, and so enlarges the rounding of those that are nearly 0.
    assert np.quantile(apart, 0.99) < 1e-6
    assert apart.max() < moved / 10
    assert seen[-1] == 6 * len(TRAIN.texts)
    assert not list(tmp_path.glob("*.unfinished"))


def test_refusal_keeps_its_class(spark: SparkSession, plain_model: Path, tmp_path: Path) -> None:
    """What `fit` refuses in the processes is refused here with the same class and remedy."""
    unseen = Rows(TEXTS[:48], np.pad(TARGETS[:48], ((0, 0), (0, 1))))
    with pytest.raises(InputError, match=r"no training row has: ghost.*--labels"):
        DistributedFit(spark, processes=2)(
            plain_model, unseen, (*LABELS, "ghost"), WHOLE, output=tmp_path / "out"
        )


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_reached_by_a_flag(run: Callable[..., int], tiny_model: Path, tmp_path: Path) -> None:
    """`train --processes 2 --mlflow FOLDER` makes a whole bundle, and a run that is tracked."""
    corpus = write_json_lines(tmp_path / "in.jsonl", rows_of(5, 60, "r"))
    code = run(
        "train", "--backbone", tiny_model, "--train", corpus, "--accept-raw", "--output",
        tmp_path / "bundle", "--epochs", "1", "--batch-size", "8", "--max-length", "32",
        "--processes", "2", "--mlflow", tmp_path / "runs",
    )  # fmt: skip
    scoring = open_checkpoint(tmp_path / "bundle").scoring
    rows = scoring["training"]["rows"]

    assert code == 0
    assert scoring["training"]["steps"] == -(-rows // 16)
    assert scoring["calibration"] is not None
    assert list((tmp_path / "runs").rglob("params/loss"))
