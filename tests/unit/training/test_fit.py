"""Training: resumed as if never stopped, stopped where it no longer helps, refused where it must be."""

import json
import math
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from psychescale.errors import InputError, ModelError, UsageError
from psychescale.model.spec import read_model
from psychescale.synthetic import generate_labelled
from psychescale.training.classifier.augment import AugmentOptions
from psychescale.training.classifier.dataset import Rows
from psychescale.training.classifier.fit import FitOptions, Fitted, fit, label_names
from psychescale.training.classifier.losses import LossOptions
from psychescale.training.classifier.start import open_bundle
from psychescale.training.targets import to_targets

DOCUMENTS = list(generate_labelled(72, seed=3))
SETS = [document.labels for document in DOCUMENTS]
LABELS = label_names(SETS)
TARGETS = to_targets(SETS, LABELS)
TEXTS = [document.text or "" for document in DOCUMENTS]
TRAIN, VALIDATION = Rows(TEXTS[:48], TARGETS[:48]), Rows(TEXTS[48:], TARGETS[48:])
OPTIONS = FitOptions(
    epochs=2,
    learning_rate=1e-3,
    head_learning_rate=1e-3,
    batch_size=8,
    max_length=24,
    seed=5,
    checks_per_epoch=2,
    patience=9,
)
STEPS = 12  # two epochs of 48 rows, 8 at a time


class KilledError(Exception):
    """The run ends here."""


def kill_at(rows: int) -> Callable[[int], None]:
    def on_progress(done: int) -> None:
        if done >= rows:
            raise KilledError

    return on_progress


def largest_difference(first: Path, second: Path) -> float:
    one, other = (load_file(folder / "model.safetensors") for folder in (first, second))
    assert one.keys() == other.keys()
    return max(float(np.abs(one[name] - other[name]).max()) for name in one)


class TestResume:
    @pytest.mark.parametrize(
        ("killed_at", "resumed_from", "head"), [(60, 6, "standard"), (80, 9, "label-attention")]
    )
    def test_killed_and_resumed(
        self, tiny_model: Path, tmp_path: Path, killed_at: int, resumed_from: int, head: str
    ) -> None:
        """Killed after an epoch or within one, and resumed, it ends with the weights of a whole run."""
        options = replace(OPTIONS, head=head)  # type: ignore[arg-type]
        augmentation = AugmentOptions(deletion=0.1, masking=0.1, copies=0)

        def run(name: str, **extra: object) -> Fitted:
            return fit(
                tiny_model, TRAIN, LABELS, options, output=tmp_path / name,
                augmentation=augmentation, **extra,  # type: ignore[arg-type]
            )  # fmt: skip

        whole = run("whole")
        checkpoints = tmp_path / "checkpoints"
        with pytest.raises(KilledError):
            run("resumed", checkpoints=checkpoints, on_progress=kill_at(killed_at))
        (checkpoints / "checkpoint-99").mkdir()  # what a kill leaves of one that was being written
        resumed = run("resumed", checkpoints=checkpoints)

        assert resumed.resumed_from == resumed_from
        assert resumed.steps == whole.steps == STEPS
        assert largest_difference(tmp_path / "whole", tmp_path / "resumed") <= 1e-6
        assert not checkpoints.exists()

    def test_bf16_products(self, tiny_model: Path, tmp_path: Path) -> None:
        """Asked for bf16, a run ends near where fp32 ends, and leaves torch's setting as it was."""
        import torch

        before = torch.get_float32_matmul_precision()
        losses = [
            fit(
                tiny_model, TRAIN, LABELS, replace(OPTIONS, precision=precision),
                output=tmp_path / precision,
            ).mean_training_loss
            for precision in ("fp32", "bf16")
        ]  # fmt: skip
        assert losses[0] == pytest.approx(losses[1], rel=0.01)
        assert torch.get_float32_matmul_precision() == before

    def test_checkpoints_of_another_run(self, tiny_model: Path, tmp_path: Path) -> None:
        """Other options, or a folder with something else in it, are refused and left as they are."""
        checkpoints = tmp_path / "checkpoints"
        with pytest.raises(KilledError):
            fit(
                tiny_model, TRAIN, LABELS, OPTIONS, output=tmp_path / "out",
                checkpoints=checkpoints, on_progress=kill_at(1),
            )  # fmt: skip
        with pytest.raises(UsageError, match="of a run with other data"):
            fit(
                tiny_model, TRAIN, LABELS, replace(OPTIONS, seed=6), output=tmp_path / "out",
                checkpoints=checkpoints,
            )  # fmt: skip
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "thesis.txt").write_text("x")
        with pytest.raises(UsageError, match="not empty"):
            fit(
                tiny_model, TRAIN, LABELS, OPTIONS, output=tmp_path / "out",
                checkpoints=tmp_path / "mine",
            )  # fmt: skip

    def test_killed_for_real(self, tiny_model: Path, tmp_path: Path) -> None:
        """SIGKILL in the middle, resumed in another process: the same weights to 1e-6."""
        whole = fit(
            tiny_model, TRAIN, LABELS, OPTIONS, output=tmp_path / "whole", validation=VALIDATION
        )
        checkpoints = tmp_path / "checkpoints"
        code = (
            "import sys, time; from pathlib import Path\n"
            "from tests.unit.training.test_fit import LABELS, OPTIONS, TRAIN, VALIDATION, fit\n"
            "model, checkpoints, output = map(Path, sys.argv[1:])\n"
            "fit(model, TRAIN, LABELS, OPTIONS, output=output, validation=VALIDATION,\n"
            "    checkpoints=checkpoints, on_progress=lambda _: time.sleep(0.3))\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code, tiny_model, checkpoints, tmp_path / "resumed"],
            cwd=Path(__file__).parents[3],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until = time.monotonic() + 120
            while not (checkpoints / "checkpoint-6" / "trainer_state.json").is_file():
                assert process.poll() is None
                assert time.monotonic() < until
                time.sleep(0.02)
        finally:
            process.kill()
            process.wait()
        resumed = fit(
            tiny_model, TRAIN, LABELS, OPTIONS, output=tmp_path / "resumed",
            validation=VALIDATION, checkpoints=checkpoints,
        )  # fmt: skip

        assert process.returncode == -signal.SIGKILL
        # The kill may have left the last checkpoint half-written; then it is the one before.
        assert resumed.resumed_from in {3, 6}
        assert (resumed.steps, resumed.best_step) == (whole.steps, whole.best_step)
        assert largest_difference(tmp_path / "whole", tmp_path / "resumed") <= 1e-6


class TestLoop:
    def test_best_weights_and_early_stop(self, tiny_model: Path, tmp_path: Path) -> None:
        """Patience ends the run, and the weights kept are those of the lowest validation log loss."""
        options = replace(
            OPTIONS, epochs=8, learning_rate=3e-2, head_learning_rate=3e-2, patience=2
        )
        seen: list[int] = []
        fitted = fit(
            tiny_model, TRAIN, LABELS, options, output=tmp_path / "out", validation=VALIDATION,
            on_progress=seen.append,
        )  # fmt: skip
        checks = {
            point.step: point.validation_log_loss
            for point in fitted.curve
            if point.validation_log_loss is not None
        }

        assert fitted.stopped_early
        assert fitted.best_step == min(checks, key=lambda step: checks[step] or math.inf)
        assert fitted.steps < 48
        assert sorted(seen) == seen
        assert [point.step for point in fitted.curve] == sorted(p.step for p in fitted.curve)
        json.dumps([vars(point) for point in fitted.curve])

    def test_it_learns_and_says_what_it_is(self, tiny_model: Path, tmp_path: Path) -> None:
        """The training loss falls; the folder names its labels and needs no flag."""
        options = replace(OPTIONS, epochs=4)
        fitted = fit(
            tiny_model, TRAIN, LABELS, options, output=tmp_path / "out",
            loss=LossOptions("asymmetric"), augmentation=AugmentOptions(rare_rows=25, deletion=0.1),
        )  # fmt: skip
        losses = [point.training_loss or 0.0 for point in fitted.curve]
        _, spec = read_model(str(tmp_path / "out"))

        assert np.mean(losses[-5:]) < np.mean(losses[:5])
        assert fitted.n_rows > 48
        assert spec.labels == LABELS
        assert spec.activation == "sigmoid"

    def test_without_validation(self, tiny_model: Path, tmp_path: Path) -> None:
        """Without validation it trains to the end, and tells what it has read."""
        seen: list[int] = []
        fitted = fit(
            tiny_model, TRAIN, LABELS, replace(OPTIONS, epochs=1.5),
            loss=LossOptions("bce"), output=tmp_path / "out", on_progress=seen.append,
        )  # fmt: skip

        assert 0.1 < fitted.mean_training_loss < 2
        assert seen[-1] == 72
        assert read_model(str(tmp_path / "out"))[1].labels == LABELS

    def test_pairs(self, tiny_model: Path, tmp_path: Path) -> None:
        """Survey items are read with their question; a row without one is read alone."""
        seconds = ["how did you sleep?" if i % 2 else None for i in range(48)]
        rows = Rows(TRAIN.texts, TRAIN.targets, seconds)
        options = replace(OPTIONS, epochs=0.5)
        fit(tiny_model, rows, LABELS, options, output=tmp_path / "pairs")
        fit(tiny_model, TRAIN, LABELS, options, output=tmp_path / "alone")

        assert largest_difference(tmp_path / "pairs", tmp_path / "alone") > 1e-5


class TestRetraining:
    @pytest.mark.parametrize("head", ["standard", "label-attention"])
    def test_labels_that_stay_keep_their_weights(
        self, tiny_model: Path, tmp_path: Path, head: str
    ) -> None:
        """From a bundle, with labels in another order, one gone and one new."""
        options = replace(OPTIONS, epochs=0.1, head=head)  # type: ignore[arg-type]
        fit(tiny_model, TRAIN, LABELS, options, output=tmp_path / "old")
        former = open_bundle(tmp_path / "old").labels
        labels = ("brand new", *reversed(LABELS[1:]))
        targets = np.concatenate([TARGETS[:48, :1], TARGETS[:48, :0:-1]], axis=1)
        still = replace(options, learning_rate=0.0, head_learning_rate=0.0)
        fit(
            tmp_path / "old", Rows(TRAIN.texts, targets), labels, still, output=tmp_path / "new",
            former_labels=former,
        )  # fmt: skip
        name = {"standard": "classifier.weight", "label-attention": "query"}[head]
        old, new = (load_file(tmp_path / f / "model.safetensors")[name] for f in ("old", "new"))

        assert former == LABELS
        np.testing.assert_array_equal(new[1:], old[:0:-1])
        assert np.abs(new[0] - old[0]).max() > 1e-3

    def test_other_head(self, tiny_model: Path, tmp_path: Path) -> None:
        """A label-attention bundle is not re-trained as a standard one by accident."""
        options = replace(OPTIONS, epochs=0.1, head="label-attention")
        fit(tiny_model, TRAIN, LABELS, options, output=tmp_path / "old")
        with pytest.raises(UsageError, match="--head label-attention"):
            fit(
                tmp_path / "old", TRAIN, LABELS, replace(options, head="standard"),
                output=tmp_path / "new",
            )  # fmt: skip


class TestRefusals:
    def test_label_never_seen(self, tiny_model: Path, tmp_path: Path) -> None:
        """A label that no training row has is named, with the flag that leaves it out."""
        with pytest.raises(InputError, match=r"no training row has: ghost.*--labels"):
            fit(
                tiny_model, Rows(TRAIN.texts, np.pad(TRAIN.targets, ((0, 0), (0, 1)))),
                (*LABELS, "ghost"), OPTIONS, output=tmp_path / "out",
            )  # fmt: skip

    @pytest.mark.parametrize("part", ["train", "validation"])
    def test_empty_part(self, tiny_model: Path, tmp_path: Path, part: str) -> None:
        """A part without rows is named, with the flags that fill it."""
        empty = Rows([], TARGETS[:0])
        train, validation = (empty, VALIDATION) if part == "train" else (TRAIN, empty)
        with pytest.raises(InputError, match=f"The {part} part holds no row.*--{part}"):
            fit(tiny_model, train, LABELS, OPTIONS, output=tmp_path / "out", validation=validation)

    def test_backbone_without_vocabulary(
        self, make_model: Callable[..., Path], tmp_path: Path
    ) -> None:
        """A backbone folder without tokenizer files says which to copy."""
        folder = make_model(delete=["tokenizer.json"])
        with pytest.raises(ModelError, match=r"no tokenizer.*tokenizer\.json"):
            fit(folder, TRAIN, LABELS, OPTIONS, output=tmp_path / "out")

    def test_vocabulary_of_another_model(
        self, make_model: Callable[..., Path], tmp_path: Path
    ) -> None:
        """A tokenizer with more tokens than the model embeds is refused before the first step."""
        folder = make_model(
            config={"vocab_size": 100},
            tensors=lambda t: {n: v[:100].clone() if "word_emb" in n else v for n, v in t.items()},
        )
        with pytest.raises(ModelError, match="embeds 100"):
            fit(folder, TRAIN, LABELS, OPTIONS, output=tmp_path / "out")

    def test_longer_than_the_model(self, tiny_model: Path, tmp_path: Path) -> None:
        """More tokens than the backbone has positions are refused with the range."""
        with pytest.raises(ModelError, match="--max-length 65"):
            fit(tiny_model, TRAIN, LABELS, replace(OPTIONS, max_length=65), output=tmp_path / "out")

    def test_published_shape(self, make_model: Callable[..., Path]) -> None:
        """LABEL_n names and no problem_type: each thing missing is named with its flag, in turn."""
        generic = {f"LABEL_{i}": i for i in range(5)}
        folder = make_model(
            config={
                "problem_type": ...,
                "id2label": {str(i): name for name, i in generic.items()},
                "label2id": generic,
            }
        )
        with pytest.raises(ModelError, match="--labels NAME,NAME"):
            read_model(str(folder))
        with pytest.raises(ModelError, match="--activation sigmoid"):
            read_model(str(folder), labels=list("abcde"))
        with pytest.raises(ModelError, match="--labels NAME,NAME"):
            open_bundle(folder)
        assert open_bundle(folder, list("abcde")).labels == tuple("abcde")
