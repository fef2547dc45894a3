"""The label-attention head is a model of transformers like any other, and shows where it looked."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from psychescale.errors import ModelError, PrivacyError
from psychescale.model.attention.faithfulness import measure_faithfulness
from psychescale.model.attention.reader import Reader
from psychescale.model.engines.pytorch import TorchEngine, load_classifier
from psychescale.model.heads.label_attention import LabelAttentionForSequenceClassification
from psychescale.model.lengths import LABEL_ATTENTION
from psychescale.model.quiet import quiet_transformers
from psychescale.model.spec import read_model
from psychescale.scoring.scorer import Scorer

NAMES = ("sleep", "work", "family")
TEXT = "I could not sleep before work, and my family was worried about me."


def write_head(backbone: Path, folder: Path) -> Path:
    """A label-attention classifier with weights of some spread on a tiny backbone."""
    torch.manual_seed(3)
    with quiet_transformers():
        model = LabelAttentionForSequenceClassification.from_backbone(
            backbone,
            id2label=dict(enumerate(NAMES)),
            label2id={name: index for index, name in enumerate(NAMES)},
        )
        for parameter in (model.query, model.output, model.bias):
            torch.nn.init.normal_(parameter, std=1.0)
        model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(backbone / name, folder)
    return folder


@pytest.fixture(scope="module")
def attending(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_head(tiny_model, tmp_path_factory.mktemp("attending"))


class TestModelClass:
    def test_loads_through_auto_class_once_imported(self, attending: Path) -> None:
        """`register_heads` makes the folder loadable; `import psychescale` imports neither library."""
        load = (
            "psychescale.register_heads()\n"
            "from transformers import AutoModelForSequenceClassification as A\n"
            f"print(type(A.from_pretrained({str(attending)!r})).__name__)\n"
        )
        check = (
            "import sys; assert 'transformers' not in sys.modules and 'torch' not in sys.modules\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", f"import psychescale\n{check}{load}"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

        assert done.stdout == "LabelAttentionForSequenceClassification\n", done.stderr

    def test_read_model_and_every_batch(
        self, attending: Path, corpus_texts: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without a flag, a batch has the scores of plain transformers, one text at a time.

        Packed, as a GPU computes it, too.
        """
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        texts = sorted(corpus_texts[:60], key=len)[::3]
        with quiet_transformers():
            model = AutoModelForSequenceClassification.from_pretrained(attending).eval()
        tokenizer = AutoTokenizer.from_pretrained(attending)
        expected = []
        for text in texts:
            with torch.no_grad():
                inputs = tokenizer(text, truncation=True, max_length=64, return_tensors="pt")
                expected.append(model(**inputs).logits[0].sigmoid().numpy())
        scorer = Scorer.from_pretrained(attending, long_text="truncate", max_batch_tokens=4096)

        assert scorer.labels == NAMES
        np.testing.assert_allclose(scorer(texts), expected, rtol=0, atol=1e-5)
        assert scorer.spec.layout == "packed"
        monkeypatch.setattr(TorchEngine, "_in_use", property(lambda engine: engine.layout))
        np.testing.assert_allclose(scorer(texts), expected, rtol=0, atol=1e-5)

    @pytest.mark.parametrize("kind", ["roberta", "distilbert", "deberta-v2"])
    def test_other_encoders(
        self, architecture: Callable[..., Path], tmp_path: Path, kind: str
    ) -> None:
        """The head sits on any encoder that Auto classes know; its length limit is the encoder's."""
        folder = write_head(architecture(kind), tmp_path / "head")
        scorer = Scorer.from_pretrained(folder)

        assert scorer.spec.model_type == LABEL_ATTENTION
        assert scorer.spec.max_length == 64
        assert np.isfinite(scorer([TEXT, "x"])).all()
        np.testing.assert_allclose(scorer([TEXT, "x"])[0], scorer([TEXT])[0], atol=1e-5)

    def test_padding_is_not_attended_to(self, attending: Path) -> None:
        """Weights are 0 on padding and sum to 1 over tokens."""
        model = load_classifier(attending)
        assert isinstance(model, LabelAttentionForSequenceClassification)
        ids = torch.tensor([[2, 40, 41, 3, 0, 0]])
        with torch.no_grad():
            weights = model.eval().label_attention(ids, torch.tensor([[1, 1, 1, 1, 0, 0]]))

        assert tuple(weights.shape) == (1, 3, 6)
        assert not weights[..., 4:].any()
        torch.testing.assert_close(weights.sum(-1), torch.ones(1, 3))

    def test_formula(self, attending: Path) -> None:
        """A logit is the label's output vector times its own weighted mean of token states."""
        model = load_classifier(attending)
        assert isinstance(model, LabelAttentionForSequenceClassification)
        model.eval()
        ids = torch.tensor([[2, 40, 41, 42, 3]])
        with torch.no_grad():
            states = model.encoder(input_ids=ids).last_hidden_state[0].double().numpy()
            logits = model(input_ids=ids).logits[0].numpy()
        query, output = (p.detach().double().numpy() for p in (model.query, model.output))
        scores = np.exp(query @ states.T / np.sqrt(32))
        contexts = scores / scores.sum(axis=1, keepdims=True) @ states
        expected = (contexts * output).sum(axis=1) + model.bias.detach().numpy()

        np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)

    def test_no_place_on_this_machine_is_stored(self, attending: Path, tiny_model: Path) -> None:
        """config.json does not say where the backbone lay, and asks for no code."""
        config = (attending / "config.json").read_text()

        assert str(tiny_model) not in config
        assert "auto_map" not in config

    def test_remote_code_of_the_encoder(self, attending: Path, tmp_path: Path) -> None:
        """An encoder configuration that asks for code of its own is refused."""
        folder = shutil.copytree(attending, tmp_path / "copy")
        config = json.loads((folder / "config.json").read_text())
        config["encoder"]["auto_map"] = {"AutoModel": "modeling.Evil"}
        (folder / "config.json").write_text(json.dumps(config))

        with pytest.raises(ModelError, match="auto_map"):
            read_model(str(folder))


class TestAttention:
    def test_typed_text(self, attending: Path) -> None:
        """One row of weights per label, one weight per token, special tokens included."""
        (look,) = Reader.from_folder(attending).attention(TEXT)

        assert look.tokens[0] == "[CLS]"
        assert (3, len(look.tokens)) == look.weights.shape
        np.testing.assert_allclose(look.weights.sum(axis=1), 1, atol=1e-5)

    def test_corpus_needs_a_switch(self, attending: Path) -> None:
        """A column of a frame is refused; with the switch it is read, with a warning."""
        pandas = pytest.importorskip("pandas")
        reader, column = Reader.from_folder(attending), pandas.Series([TEXT, TEXT])
        with pytest.raises(PrivacyError, match="from_corpus=True"):
            reader.attention(column)
        with pytest.warns(UserWarning, match="Notebook outputs are stored"):
            looks = reader.attention(column, from_corpus=True)

        assert len(looks) == 2

    def test_standard_head(self, tiny_model: Path) -> None:
        """A classifier without label attention says how to get one."""
        with pytest.raises(ModelError, match="--head label-attention"):
            Reader.from_folder(tiny_model).attention(TEXT)


class TestFaithfulness:
    def test_word_that_decides(self, attending: Path) -> None:
        """Where a label reads one token only, attention and occlusion find it, and random does not."""
        reader = Reader.from_folder(attending)
        model = reader.model
        assert isinstance(model, LabelAttentionForSequenceClassification)
        token = reader.encode("family")[1]
        with (
            torch.no_grad()
        ):  # an encoder that changes nothing, and a query for one word's embedding
            embedding = torch.zeros(model.config.hidden_size)
            embedding[0] = 10
            model.encoder = Lookup(token, embedding)
            model.query.copy_(embedding.repeat(3, 1))
            model.output.copy_(embedding.repeat(3, 1) / 10)
            model.bias.fill_(-5.0)
        found = {f.ranking: f for f in measure_faithfulness(reader, [TEXT] * 3)}

        assert found["attention"].comprehensiveness > 0.9
        assert abs(found["attention"].sufficiency) < 0.05
        assert found["occlusion"].comprehensiveness == found["attention"].comprehensiveness
        assert found["random"].comprehensiveness < 0.6
        assert found["random"].sufficiency > 0.3

    def test_standard_head_has_two_rankings(self, tiny_model: Path) -> None:
        """Without attention, occlusion and random are measured; a text of one token is left out."""
        reader = Reader.from_folder(tiny_model)
        found = measure_faithfulness(reader, [TEXT, "a"])

        assert [f.ranking for f in found] == ["occlusion", "random"]
        assert {1} == {f.n_texts for f in found}


class Lookup(torch.nn.Module):
    """An encoder whose state is `embedding` for one token and 0 for all others."""

    def __init__(self, token: int, embedding: torch.Tensor) -> None:
        super().__init__()
        self.token, self.embedding = token, embedding

    def forward(self, input_ids: torch.Tensor, **_: object) -> object:
        """Token states."""
        from transformers.modeling_outputs import BaseModelOutput

        return BaseModelOutput((input_ids == self.token)[..., None] * self.embedding)
