"""Folders that load, but as something else: each is refused by what is there, or read right."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from psychescale.errors import ModelError
from psychescale.scoring.scorer import Scorer

from .families import LABELS

MakeModel = Callable[..., Path]
WEIGHTS = "model.safetensors"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


def touch(name: str) -> Callable[[Path], None]:
    """A file of a name, and no weights that can be read."""

    def change(folder: Path) -> None:
        (folder / WEIGHTS).unlink()
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")

    return change


def add_adapter(folder: Path) -> None:
    """What PEFT writes, beside the model."""
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA"}))
    (folder / "adapter_model.safetensors").write_bytes((folder / WEIGHTS).read_bytes())


def adapter_alone(folder: Path) -> None:
    """What PEFT writes, without the model."""
    add_adapter(folder)
    (folder / WEIGHTS).unlink()
    (folder / "config.json").unlink()


def drop_shard(folder: Path) -> None:
    """One of two parts is missing."""
    (folder / WEIGHTS).rename(folder / "model-00001-of-00002.safetensors")
    parts = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (folder / f"{WEIGHTS}.index.json").write_text(json.dumps({"weight_map": parts}))


def one_below(name: str) -> Callable[[Path], None]:
    """The model lies in a folder of the folder."""

    def change(folder: Path) -> None:
        files = [path for path in folder.iterdir() if path.is_file()]
        (folder / name).mkdir(parents=True)
        for path in files:
            path.rename(folder / name / path.name)

    return change


def renamed(name: str) -> Callable[[Path], None]:
    """The weights have another name."""
    return lambda folder: (folder / WEIGHTS).rename(folder / name) and None


def written(name: str, content: bytes) -> Callable[[Path], None]:
    """A file holds something else."""
    return lambda folder: (folder / name).write_bytes(content) and None


def updated(name: str, values: dict[str, Any]) -> Callable[[Path], None]:
    """A file of JSON says something else."""

    def change(folder: Path) -> None:
        path = folder / name
        known = json.loads(path.read_text()) if path.is_file() else {}
        path.write_text(json.dumps({**known, **values}))

    return change


def scoring(**values: Any) -> Callable[[Path], None]:
    return updated("scoring.json", values)


def config_of(**values: Any) -> Callable[[Path], None]:
    return updated("config.json", values)


def tokenizer_config(**values: Any) -> Callable[[Path], None]:
    return updated("tokenizer_config.json", values)


def sentence_pieces_alone(folder: Path) -> None:
    """A folder of an older version, whose tokenizer needs a package."""
    (folder / "tokenizer.json").unlink()
    (folder / "spm.model").write_bytes(b"x")
    config = {"tokenizer_class": "DebertaV2Tokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("change", "problem", "remedy"),
    [
        (add_adapter, "holds a PEFT adapter", "merge_and_unload"),
        (adapter_alone, "holds a PEFT adapter", "merge_and_unload"),
        (touch("tf_model.h5"), r"for TensorFlow only \(tf_model.h5\)", "from_tf=True"),
        (touch("flax_model.msgpack"), "for Flax only", "from_flax=True"),
        (touch("model.onnx"), r"for ONNX only \(model.onnx\)", "holds model.safetensors"),
        (touch("onnx/model.onnx"), "for ONNX only", "holds model.safetensors"),
        (touch("model-q4.gguf"), "for llama.cpp only", "holds model.safetensors"),
        (touch("pytorch_model.bin"), "pickled weights only", "save_pretrained"),
        (drop_shard, "lacks model-00002-of-00002.safetensors", "all parts"),
        (sentence_pieces_alone, "spm.model .* sentencepiece", "Write tokenizer.json"),
        (one_below("checkpoint-10"), "1 below it are", "checkpoint-10"),
        (one_below("snapshots/abc"), "1 below it are", "abc"),
        (renamed("weights.safetensors"), "has weights.safetensors, but no model", "whole model"),
        (written(WEIGHTS, POINTER), "pointer of Git LFS", "git lfs pull"),
        (written("tokenizer.json", POINTER), "pointer of Git LFS", "git lfs pull"),
        (written("SHA256SUMS", b"\xff\xfe"), "cannot be read as text", "Copy"),
        (written("SHA256SUMS", b"zz\n"), "no list of checksums", "Copy"),
        (scoring(labels="abcde"), "no list of names", "Pack or train"),
        (scoring(labels=[1, 2]), "no list of names", "Pack or train"),
        (scoring(max_length="64"), "no length: '64'", "max_length"),
        (scoring(long_text={"stride": "x"}), "stride 'x'", "Pack or train"),
        (config_of(id2label={"0": "a", "1": None}), "does not number its labels", "labels"),
        (
            config_of(label2id={n: 4 - i for i, n in enumerate(LABELS)}),
            "number the labels otherwise",
            "order",
        ),
        (config_of(problem_type=["x"]), "does not say how its logits", "activation"),
        (config_of(id2label=None, num_labels="5"), "does not say how many labels", "labels"),
        (tokenizer_config(model_max_length="64"), "model_max_length is no number", "quotes"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_refused(
    make_model: MakeModel, change: Callable[[Path], None], problem: str, remedy: str
) -> None:
    """The message names what is there, and the way to a folder that can be read."""
    folder = make_model()
    change(folder)
    with pytest.raises(ModelError, match=problem) as refusal:
        Scorer.from_pretrained(folder)
    assert str(folder) in refusal.value.problem
    assert remedy in refusal.value.remedy


def test_generic_label2id(make_model: MakeModel, tiny_model: Path) -> None:
    """Generic names that stay in label2id where the labels were named later are of no matter."""
    folder = make_model()
    config_of(label2id={"LABEL_0": 0, "LABEL_1": 1})(folder)
    assert Scorer.from_pretrained(folder).labels == Scorer.from_pretrained(tiny_model).labels


def test_class_of_its_own(make_model: MakeModel, tiny_model: Path) -> None:
    """A publisher's class name is no matter where every weight fits."""
    folder = make_model(config={"architectures": ["BertForMultiLabelSequenceTagging2"]})
    texts = ["I slept badly.", "Thank you!"]
    np.testing.assert_array_equal(
        Scorer.from_pretrained(folder)(texts), Scorer.from_pretrained(tiny_model)(texts)
    )


def test_more_than_its_class_holds(make_model: MakeModel) -> None:
    """Weights that would be left out are named; heads of pretraining may be left."""

    def extra(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        return lambda tensors: {**tensors, name: torch.ones(2, 2)}

    Scorer.from_pretrained(make_model(tensors=extra("cls.predictions.bias")))
    name = "bert.extra_attention.0.query.weight"
    with pytest.raises(ModelError, match=f"BertForSequenceClassification has no place for.*{name}"):
        Scorer.from_pretrained(make_model(tensors=extra(name)))


@pytest.mark.parametrize("count", [3, 7])
def test_labels_and_logits(make_model: MakeModel, count: int) -> None:
    """Labels of config.json that the weights do not have are told with both shapes."""
    names = {str(index): f"l{index}" for index in range(count)}
    folder = make_model(config={"id2label": names, "label2id": ...})
    with pytest.raises(ModelError, match=rf"classifier.* has the shape \(5,.* makes it \({count},"):
        Scorer.from_pretrained(folder)


def test_half_precision_and_shards(make_model: MakeModel, tiny_model: Path) -> None:
    """Weights in parts, or in half precision, give what plain transformers makes of them."""
    from transformers import AutoModelForSequenceClassification

    folder = make_model()
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    (folder / WEIGHTS).unlink()
    model.save_pretrained(folder, max_shard_size="100KB")
    assert len([*folder.glob("model-*.safetensors")]) > 1
    texts = ["I slept badly.", "Thank you!"]
    whole = Scorer.from_pretrained(tiny_model)(texts)
    np.testing.assert_array_equal(Scorer.from_pretrained(folder)(texts), whole)
    for dtype in (torch.float16, torch.bfloat16):
        halved = make_model(tensors=lambda t, d=dtype: {k: v.to(d) for k, v in t.items()})
        found = Scorer.from_pretrained(halved)(texts)
        assert 0 < np.abs(found - whole).max() < 0.05
