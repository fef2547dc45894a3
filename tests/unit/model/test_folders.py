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

MakeModel = Callable[..., Path]
WEIGHTS = "model.safetensors"


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
