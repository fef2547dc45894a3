"""The engine refuses weights that are invented or damaged, and shrinks when memory runs out."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import AttentionInterface
from transformers.utils import logging as untyped_logging

from psychescale.errors import ModelError
from psychescale.model.batching import Batch, Windows, plan_batches
from psychescale.model.encoding import Ragged, Template
from psychescale.model.engines.packing import Packing, packed, packing_of
from psychescale.model.engines.pytorch import DEFAULT_MAX_BATCH_TOKENS, TorchEngine, load_classifier
from psychescale.model.spec import Layout

MakeModel = Callable[..., Path]
transformers_logging: Any = untyped_logging
CPU = torch.device("cpu")
TEMPLATE = Template((2,), (), (3,), ((0,), 0, (), 0, (0,)))
LENGTHS = (3, 40, 1, 17, 17, 60, 8, 2, 33, 5, 12)


def windows_of(lengths: tuple[int, ...]) -> Windows:
    """One window a text, of words that repeat nowhere."""
    rng = np.random.default_rng(5)
    content = Ragged.of([rng.integers(5, 2000, length).tolist() for length in lengths])
    n_texts = len(lengths)
    return Windows(
        content, np.arange(n_texts), np.zeros(n_texts, np.int64), content.lengths, TEMPLATE
    )


def engine_of(model: torch.nn.Module, *, max_batch_tokens: int | None = None) -> TorchEngine:
    return TorchEngine(model, pad_id=0, device=CPU, max_batch_tokens=max_batch_tokens)


class Cramped(torch.nn.Module):
    """A real model on a machine with room for `room` tokens at once.

    Attributes:
        sizes: Tokens of every batch that was tried, padding included.
    """

    def __init__(self, model: torch.nn.Module, *, room: int, run_out: Callable[[], object]) -> None:
        super().__init__()
        self.model = model
        self.config = model.config
        self.room = room
        self.run_out = run_out
        self.sizes: list[int] = []

    def forward(self, **inputs: torch.Tensor) -> Any:
        """What the real model gives, where there is room."""
        self.sizes.append(inputs["input_ids"].numel())
        if self.sizes[-1] > self.room:
            self.run_out()
        return self.model(**inputs)


def run_out_on_gpu() -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def run_out_on_cpu() -> None:
    torch.empty(1 << 60, dtype=torch.uint8)  # the allocator itself refuses, with its own words


@pytest.fixture(scope="module")
def classifier(tiny_model: Path) -> torch.nn.Module:
    return load_classifier(tiny_model)


@pytest.fixture(scope="module")
def expected(classifier: torch.nn.Module) -> NDArray[np.float32]:
    """Logits of every window, computed one at a time and without padding."""
    windows = windows_of(LENGTHS)
    rows = []
    for text in range(len(LENGTHS)):
        ids = torch.tensor([[2, *windows.content[text].tolist(), 3]])
        with torch.no_grad():
            rows.append(classifier.eval()(input_ids=ids).logits[0].numpy())
    return np.array(rows, np.float32)


class TestLogits:
    @pytest.mark.parametrize("budget", [None, 1, 62, 100, 100_000])
    def test_equal_one_at_a_time(
        self, classifier: torch.nn.Module, expected: NDArray[np.float32], budget: int | None
    ) -> None:
        """Logits are those of each window alone, in the order given, whatever the budget."""
        logits, _ = engine_of(classifier, max_batch_tokens=budget).logits(windows_of(LENGTHS))

        assert np.dtype(np.float32) == logits.dtype
        np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-5)

    def test_computed_tokens(self, classifier: torch.nn.Module) -> None:
        """Every window is charged the length of its batch, padding included."""
        lengths = (10, 10, 4, 3, 6)  # 12, 12, 6, 5 and 8 with special tokens
        _, alone = engine_of(classifier, max_batch_tokens=1).logits(windows_of(lengths))
        _, by_two = engine_of(classifier, max_batch_tokens=24).logits(windows_of(lengths))

        assert alone.tolist() == [12, 12, 6, 5, 8]
        assert by_two.tolist() == [12, 12, 8, 8, 8]

    def test_no_windows(self, classifier: torch.nn.Module) -> None:
        """No windows give no rows, of the right width."""
        logits, computed = engine_of(classifier).logits(windows_of(()))

        assert logits.shape == (0, 5)
        assert computed.shape == (0,)

    def test_budget_by_device(self, classifier: torch.nn.Module) -> None:
        """Without a budget the device's own is taken."""
        assert engine_of(classifier).max_batch_tokens == DEFAULT_MAX_BATCH_TOKENS["cpu"]
        assert engine_of(classifier, max_batch_tokens=7).max_batch_tokens == 7

    def test_cpu_is_not_asynchronous(self, classifier: torch.nn.Module) -> None:
        """A CPU has no time to spare while it computes."""
        assert not engine_of(classifier).is_asynchronous

    def test_dropout_is_off(
        self, classifier: torch.nn.Module, expected: NDArray[np.float32]
    ) -> None:
        """A model that was left in training mode is scored without dropout."""
        logits, _ = engine_of(classifier.train()).logits(windows_of(LENGTHS))

        np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-5)


class TestOutOfMemory:
    @pytest.mark.parametrize("run_out", [run_out_on_gpu, run_out_on_cpu])
    @pytest.mark.parametrize("room", [62, 100, 200])
    def test_halves_and_stays_right(
        self,
        classifier: torch.nn.Module,
        expected: NDArray[np.float32],
        run_out: Callable[[], object],
        room: int,
    ) -> None:
        """A batch that does not fit is computed in halves, with the same logits in the same order."""
        model = Cramped(classifier, room=room, run_out=run_out)
        engine = engine_of(model, max_batch_tokens=1000)
        logits, computed = engine.logits(windows_of(LENGTHS))

        np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-5)
        assert max(model.sizes) > room
        assert sum(size for size in model.sizes if size <= room) == computed.sum()

    def test_worker_remembers(self, classifier: torch.nn.Module) -> None:
        """The budget stays halved: the next call tries nothing that cannot fit."""
        model = Cramped(classifier, room=200, run_out=run_out_on_gpu)
        engine = engine_of(model, max_batch_tokens=620)
        engine.logits(windows_of((60,) * 10))  # 62 tokens each: 620, then 310, then 155

        assert engine.max_batch_tokens == 155
        model.sizes.clear()
        engine.logits(windows_of((60,) * 10))
        assert model.sizes == [124] * 5

    @pytest.mark.parametrize(
        ("run_out", "error"),
        [(run_out_on_gpu, torch.OutOfMemoryError), (run_out_on_cpu, RuntimeError)],
    )
    def test_one_window_that_does_not_fit(
        self,
        classifier: torch.nn.Module,
        run_out: Callable[[], object],
        error: type[Exception],
    ) -> None:
        """Where a single window does not fit, the task fails: that is no reason in a row."""
        engine = engine_of(Cramped(classifier, room=61, run_out=run_out), max_batch_tokens=1000)

        with pytest.raises(error, match=r"out of memory|can't allocate memory"):
            engine.logits(windows_of((60, 3, 3)))

    def test_other_errors_are_not_swallowed(self, classifier: torch.nn.Module) -> None:
        """Another error (more tokens than positions, here) is that of the text alone, and raised."""
        model = Cramped(classifier, room=10_000, run_out=run_out_on_gpu)
        engine = engine_of(model, max_batch_tokens=1000)

        with pytest.raises(RuntimeError, match="must match"):
            engine.logits(windows_of((80, 70, 3)))
        assert engine.max_batch_tokens == 1000

    def test_call_remembers(self, classifier: torch.nn.Module) -> None:
        """The halved budget holds for the rest of the call, too."""
        model = Cramped(classifier, room=320, run_out=run_out_on_gpu)
        engine_of(model, max_batch_tokens=620).logits(windows_of((60,) * 40))

        assert [size for size in model.sizes if size > 320] == [620]


class TestRefusals:
    def test_classifier_without_weights(self, make_model: MakeModel) -> None:
        """A classifier that is not in the file would be random: the tensor is named."""

        def behead(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            return {k: v for k, v in tensors.items() if not k.startswith("classifier")}

        folder = make_model(tensors=behead)
        with pytest.raises(ModelError) as refusal:
            load_classifier(folder)

        assert refusal.value.exit_code == 4
        expected = f"{folder} lacks trained weights for classifier.bias; they would be random."
        assert expected == refusal.value.problem
        assert "psychescale train --backbone FOLDER --train LABELLED --output BUNDLE" in (
            refusal.value.remedy
        )

    def test_any_missing_tensor(self, make_model: MakeModel) -> None:
        """So would any other tensor."""
        name = "bert.encoder.layer.1.output.dense.weight"

        def drop(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            return {k: v for k, v in tensors.items() if k != name}

        with pytest.raises(ModelError, match=f"lacks trained weights for {name}"):
            load_classifier(make_model(tensors=drop))

    @pytest.mark.parametrize(
        "config",
        [
            {"id2label": {"0": "a", "1": "b", "2": "c"}, "label2id": ...},
            {"hidden_size": 16},
            {"model_type": "no-such-architecture"},
        ],
    )
    def test_config_that_does_not_fit(
        self, make_model: MakeModel, config: dict[str, object]
    ) -> None:
        """Weights that do not fit config.json, or an unknown architecture, are refused."""
        folder = make_model(config=config)
        with pytest.raises(ModelError) as refusal:
            load_classifier(folder)

        assert refusal.value.exit_code == 4
        assert str(folder) in refusal.value.problem
        assert "config.json and model.safetensors belong together" in refusal.value.remedy

    def test_missing_shard(self, make_model: MakeModel) -> None:
        """An index that names a shard that is not there is refused."""
        from transformers import AutoModelForSequenceClassification

        folder = make_model()
        model = AutoModelForSequenceClassification.from_pretrained(folder)
        (folder / "model.safetensors").unlink()
        model.save_pretrained(folder, max_shard_size="100KB")
        max(folder.glob("model-*.safetensors")).unlink()

        with pytest.raises(ModelError, match="cannot be loaded"):
            load_classifier(folder)

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_weights_that_are_no_numbers(self, make_model: MakeModel, value: float) -> None:
        """NaN or infinity anywhere in the weights is refused by the tensor's name."""
        name = "bert.embeddings.word_embeddings.weight"

        def damage(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            tensors[name][1999, 31] = value
            return tensors

        folder = make_model(tensors=damage)
        engine = TorchEngine.from_folder(folder, pad_id=0, device=CPU)
        with pytest.raises(ModelError) as refusal:
            engine.require_finite(folder)

        assert refusal.value.exit_code == 4
        assert refusal.value.problem == f"{folder}: {name} holds NaN or infinity."
        assert "give another checkpoint" in refusal.value.remedy

    def test_finite_weights_pass(self, tiny_model: Path, classifier: torch.nn.Module) -> None:
        """A sound model is not refused, neither for its weights nor for its vocabulary."""
        engine = engine_of(classifier)

        engine.require_finite(tiny_model)
        engine.require_vocabulary(2000)

    def test_vocabulary_mismatch(self, classifier: torch.nn.Module) -> None:
        """A tokenizer with ids beyond the embedding belongs to another model."""
        with pytest.raises(ModelError) as refusal:
            engine_of(classifier).require_vocabulary(2001)

        assert refusal.value.problem == "The tokenizer has 2001 tokens, but the model embeds 2000."
        assert "copy the right tokenizer.json" in refusal.value.remedy


class TestPrecision:
    def test_fp32_whatever_the_file_holds(self, make_model: MakeModel) -> None:
        """fp32 computes in float32 even where the weights were saved in half precision."""

        def halve(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            return {key: value.half() for key, value in tensors.items()}

        model = load_classifier(make_model(tensors=halve, config={"dtype": "float16"}))

        assert {torch.float32} == {tensor.dtype for tensor in model.parameters()}

    def test_bf16(self, tiny_model: Path) -> None:
        """bf16 computes in bfloat16 and gives float32 logits."""
        engine = TorchEngine.from_folder(tiny_model, pad_id=0, device=CPU, precision="bf16")
        model = load_classifier(tiny_model, dtype=torch.bfloat16)
        logits, _ = engine.logits(windows_of((5,)))

        assert {torch.bfloat16} == {tensor.dtype for tensor in model.parameters()}
        assert np.dtype(np.float32) == logits.dtype
        assert (logits == torch.from_numpy(logits).bfloat16().float().numpy()).all()


class TestQuiet:
    @pytest.fixture(autouse=True)
    def _restore(self) -> Iterator[None]:
        verbosity = transformers_logging.get_verbosity()
        yield
        transformers_logging.set_verbosity(verbosity)
        transformers_logging.enable_progress_bar()

    @pytest.mark.parametrize("bar", [True, False])
    def test_settings_come_back(self, tiny_model: Path, bar: bool) -> None:
        """What the caller told transformers about its reports holds after loading."""
        transformers_logging.set_verbosity_info()
        switch = "enable" if bar else "disable"
        getattr(transformers_logging, f"{switch}_progress_bar")()

        load_classifier(tiny_model)

        assert transformers_logging.get_verbosity() == transformers_logging.INFO
        assert bar == transformers_logging.is_progress_bar_enabled()

    def test_settings_come_back_after_a_failure(self, tmp_path: Path) -> None:
        """So it does where loading fails."""
        transformers_logging.set_verbosity_info()

        with pytest.raises(ModelError):
            load_classifier(tmp_path)

        assert transformers_logging.get_verbosity() == transformers_logging.INFO
        assert transformers_logging.is_progress_bar_enabled()

    def test_loading_says_nothing(
        self, tiny_model: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """Loading shows neither progress bar nor report."""
        load_classifier(tiny_model)

        assert capfd.readouterr() == ("", "")


class TestPacked:
    """A processor computes packed batches here; on a GPU the attention is another kernel."""

    @pytest.fixture
    def engine(self, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> TorchEngine:
        monkeypatch.setattr(TorchEngine, "_in_use", property(lambda engine: engine.layout))
        engine = engine_of(load_classifier(tiny_model), max_batch_tokens=64)
        engine.layout = "packed"
        return engine

    def test_every_text_keeps_to_itself(self, engine: TorchEngine) -> None:
        """Alone and among others a text has one number; a token is computed once."""
        windows = windows_of(LENGTHS)
        alone = np.concatenate(
            [engine.batch_logits(windows, np.array([n]), "single") for n in range(len(windows))]
        )
        found, computed = engine.logits(windows)
        np.testing.assert_allclose(found, alone, rtol=0, atol=1e-5)
        assert computed.tolist() == windows.total_lengths.tolist()

    def test_a_device_without_its_kernel(
        self, engine: TorchEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever the packed way raises, the engine goes on with padding, for good."""
        windows = windows_of(LENGTHS)
        expected, _ = engine.logits(windows)

        def refuse(*_: Any) -> Any:
            raise RuntimeError("no kernel image is available")

        monkeypatch.setattr("psychescale.model.engines.pytorch.packed", refuse)
        found, _ = engine.logits(windows)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
        assert engine.layout == "right"

    def test_out_of_memory_halves(
        self, engine: TorchEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Memory that runs out says nothing against packing: halves, packed, and no token twice."""
        windows = windows_of(LENGTHS)
        expected, _ = engine.logits(windows)
        forward, tried = TorchEngine._forward, []

        def cramped(engine: TorchEngine, batch: Batch, layout: Layout) -> torch.Tensor:
            tried.append(int(batch.lengths.sum()))
            if tried[-1] > 100:
                run_out_on_gpu()
            return forward(engine, batch, layout)

        monkeypatch.setattr(TorchEngine, "_forward", cramped)
        engine.max_batch_tokens = 1000
        found, computed = engine.logits(windows)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
        assert max(tried) > 100
        assert engine.max_batch_tokens <= 500
        assert engine.layout == "packed"
        assert sum(size for size in tried if size <= 100) == computed.sum()
        assert computed.tolist() == windows.total_lengths.tolist()


def test_packed_attention_is_block_diagonal(tiny_model: Path) -> None:
    """Texts end to end attend as under a mask of blocks."""
    lengths = torch.tensor([5, 1, 3])
    mask = (torch.arange(5) < lengths[:, None]).numpy().astype(np.int64)
    text = torch.repeat_interleave(torch.arange(3), lengths)
    query, key, value = torch.randn(3, 1, 2, 9, 4, generator=torch.Generator().manual_seed(0))
    model: Any = load_classifier(tiny_model)
    with packed(model, Packing(*map(torch.from_numpy, packing_of(mask)))):
        attend = AttentionInterface()[model.config._attn_implementation]
        found, _ = attend(torch.nn.Module(), query, key, value, None)

    blocks = text[:, None] == text
    expected = torch.nn.functional.scaled_dot_product_attention(query, key, value, blocks)
    np.testing.assert_allclose(found, expected.transpose(1, 2), rtol=0, atol=1e-5)


def test_packed_batches_hold_their_tokens() -> None:
    """Within the budget but for one text, no more than twice it with padding, each row once."""
    lengths = np.random.default_rng(3).integers(1, 90, 300)
    seen: list[int] = []
    for rows in plan_batches(lengths, 128, "packed"):
        assert lengths[rows].sum() <= 128 or len(rows) == 1
        assert len(rows) * lengths[rows].max() <= 2 * 128 or len(rows) == 1
        seen += rows.tolist()
    assert sorted(seen) == list(range(300))
