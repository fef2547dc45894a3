"""Token batches → logits, with torch."""

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from psychescale.errors import ModelError, UsageError
from psychescale.model.batching import Batch, Windows, collate, plan_batches
from psychescale.model.engines.packing import Packing, packed, packing_of
from psychescale.model.heads.registration import register_heads
from psychescale.model.quiet import quiet_transformers
from psychescale.model.spec import Layout, Precision

# CPU: `make bench-budget` gave MiniLM-L6 and BERT-base 97 % or more of their best rate from 256 to 512
# tokens, 91 % or more at 1,024, 74 % or more at 2,048: a batch should stay in the caches. CUDA: not
# measured yet; a GPU wants far more work at once.
DEFAULT_MAX_BATCH_TOKENS = {"cpu": 512, "cuda": 65_536}

# Values alive at once for each token, in widths of its state: four times its width into and out of a
# layer's inner product, queries, keys and values with their padding, embeddings with theirs.
_VALUES_PER_WIDTH = 24
_USUAL_WIDTH = 1_024

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}

Task = Literal["text", "token"]
"""What has logits of its own: a window, or each of its tokens."""


class TorchEngine:
    """A classifier of texts or of tokens in memory.

    Attributes:
        n_labels: Number of logits per window, or per token.
        device: Where it computes.
        max_batch_tokens: Budget of a batch in tokens, padding included. Out of memory halves it, and
            it stays so.
        layout: How windows stand together.
        pad_id: The token that fills a batch up; None where neither tokenizer nor model has one.
        architecture: Name of the model's class.
        n_embeddings: How many token ids the model knows.
    """

    name = "torch"

    def __init__(
        self,
        model: torch.nn.Module,
        *,
        pad_id: int | None,
        device: torch.device,
        max_batch_tokens: int | None = None,
        layout: Layout = "right",
    ) -> None:
        config: Any = model.config
        self._model = _moved(model, device).eval()
        self._accepts = _accepted(model)
        self.layout: Layout = layout
        own_pad_id: int | None = getattr(config.get_text_config(), "pad_token_id", None)
        self.pad_id = own_pad_id if pad_id is None else pad_id
        self.device = device
        self.architecture = type(model).__name__
        self.n_labels = int(config.num_labels)
        self.max_batch_tokens = max_batch_tokens or self._fitting_tokens()

    @classmethod
    def from_folder(
        cls,
        folder: Path,
        *,
        pad_id: int | None,
        device: torch.device,
        precision: Precision = "fp32",
        max_batch_tokens: int | None = None,
        task: Task = "text",
        layout: Layout = "right",
    ) -> "TorchEngine":
        """Load the classifier of a model folder; its float32 weights stay memory-mapped on a CPU.

        Raises:
            ModelError: Weights are missing, or do not fit `config.json`.
        """
        model = load_classifier(folder, dtype=_DTYPES[precision], task=task)
        return cls(
            model,
            pad_id=pad_id,
            device=device,
            max_batch_tokens=max_batch_tokens,
            layout=layout,
        )

    @property
    def n_embeddings(self) -> int:
        """Token ids below it have an embedding; no bound where ids are no rows of a table."""
        try:
            table: Any = self._model.get_input_embeddings()  # type: ignore[operator]
            return int(getattr(table, "weight", table).shape[0])
        except (NotImplementedError, AttributeError):  # CANINE hashes characters
            return sys.maxsize

    def require_vocabulary(self, size: int) -> None:
        """Refuse a tokenizer that can give ids for which the model has no embedding.

        Args:
            size: One more than the highest id that is needed.

        Raises:
            ModelError: The model's embedding table is smaller.
        """
        if size > self.n_embeddings:
            raise ModelError(
                f"The tokenizer has {size} tokens, but the model embeds {self.n_embeddings}.",
                remedy="The tokenizer belongs to another model; copy the right tokenizer.json.",
            )

    def require_finite(self, folder: Path) -> None:
        """Refuse weights that hold NaN or infinity.

        Raises:
            ModelError: Naming the first such tensor of `folder`.
        """
        for name, tensor in self._model.state_dict().items():
            if tensor.is_floating_point() and not torch.isfinite(tensor).all():
                raise ModelError(
                    f"{folder}: {name} holds NaN or infinity.",
                    remedy="The training diverged or the file is damaged; give another checkpoint.",
                )

    def _fitting_tokens(self) -> int:
        """The default budget; on a GPU no more than half of what is free can hold, as it is now."""
        if self.device.type != "cuda":
            return DEFAULT_MAX_BATCH_TOKENS["cpu"]
        free, _ = torch.cuda.mem_get_info(self.device)
        width = getattr(self._model.config, "hidden_size", _USUAL_WIDTH)
        size = next(self._model.parameters()).dtype.itemsize
        fitting = free // 2 // (_VALUES_PER_WIDTH * int(width) * size)
        return max(1, min(DEFAULT_MAX_BATCH_TOKENS["cuda"], fitting))

    @property
    def _in_use(self) -> Layout:
        """On a processor, batches in its caches have next to no padding to leave out."""
        return "right" if self.layout == "packed" and self.device.type != "cuda" else self.layout

    @property
    def is_asynchronous(self) -> bool:
        """Whether the processor is free while a batch is computed."""
        return self.device.type == "cuda"

    def logits(
        self, windows: Windows, *, on_batch: Callable[[], None] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Logits of every window, in the order of `windows`.

        Args:
            windows: What to compute.
            on_batch: Called before every batch.

        Returns:
            Logits, float32, shape (n_windows, n_labels); and the tokens that were computed for each
            window, padding included, int64, shape (n_windows,).
        """
        computed = np.zeros(len(windows), np.int64)
        rows: list[NDArray[np.int64]] = []
        outputs: list[torch.Tensor] = []
        for batch in plan_batches(windows.total_lengths, self.max_batch_tokens, self._in_use):
            if on_batch is not None:
                on_batch()
            for part, output in self._run(windows, batch):
                computed[part.rows] = part.lengths if self._in_use == "packed" else part.longest
                rows.append(part.rows)
                outputs.append(output)
        logits = np.empty((len(windows), self.n_labels), np.float32)
        if (
            rows
        ):  # one copy from the device, at the end: batches queue up behind each other on a GPU
            logits[np.concatenate(rows)] = torch.cat(outputs).float().cpu().numpy()
        return logits, computed

    def plain_logits(self, inputs: Mapping[str, list[int]]) -> NDArray[np.float32]:
        """Logits of one text as its tokenizer gave it, unbatched; float32, shape (n_labels,)."""
        batch = {name: np.array([ids], np.int64) for name, ids in inputs.items()}
        return self._call(batch)[0].float().cpu().numpy()

    def batch_logits(
        self, windows: Windows, rows: NDArray[np.int64], layout: Layout
    ) -> NDArray[np.float32]:
        """Logits of the windows `rows` in one batch, whatever the budget; shape (n_rows, n_labels).

        What the model raises is not caught.
        """
        return self._forward(self._collate(windows, rows, layout), layout).float().cpu().numpy()

    def token_logits(self, windows: Windows) -> NDArray[np.float32]:
        """Logits of every content token of every window, for a classifier of tokens.

        Returns:
            float32, shape (sum of ``windows.length``, n_labels): windows end to end, in order.
        """
        first = np.cumsum(windows.length) - windows.length
        before = len(windows.template.before)
        logits = np.empty((int(windows.length.sum()), self.n_labels), np.float32)
        for rows in plan_batches(windows.total_lengths, self.max_batch_tokens, self._in_use):
            for batch, output in self._run(windows, rows):
                found = output.float().cpu().numpy()
                for line, row in enumerate(batch.rows):
                    start, length = first[row], windows.length[row]
                    logits[start : start + length] = found[line, before : before + length]
        return logits

    def _run(
        self, windows: Windows, rows: NDArray[np.int64]
    ) -> Iterator[tuple[Batch, torch.Tensor]]:
        """Compute a batch, in halves if it cannot be computed as a whole.

        Memory may not suffice; and an encoder–decoder refuses texts with unequal numbers of ends.
        """
        if len(rows) > 1 and self._size(windows, rows) > self.max_batch_tokens:
            yield from self._run_halves(windows, rows)  # planned before the budget was halved
            return
        layout = self._in_use
        batch = self._collate(windows, rows, layout)
        fault: Exception | None = None
        try:
            output = self._forward(batch, layout)
        except Exception as error:
            if len(rows) == 1 and (layout != "packed" or _is_out_of_memory(error)):
                raise
            fault = error.with_traceback(None)  # whose frames would hold the batch's memory
        if fault is None:
            yield batch, output
            return
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        if _is_out_of_memory(fault):
            self.max_batch_tokens = max(1, self._size(windows, rows) // 2)
        elif layout == "packed":
            self.layout = "right"  # this device has no kernel for it
            yield from self._run(windows, rows)
            return
        yield from self._run_halves(windows, rows)

    def _run_halves(
        self, windows: Windows, rows: NDArray[np.int64]
    ) -> Iterator[tuple[Batch, torch.Tensor]]:
        for half in np.array_split(rows, 2):
            yield from self._run(windows, half)

    def _size(self, windows: Windows, rows: NDArray[np.int64]) -> int:
        lengths = windows.total_lengths[rows]
        return int(lengths.sum() if self._in_use == "packed" else len(rows) * lengths.max())

    def _collate(self, windows: Windows, rows: NDArray[np.int64], layout: Layout) -> Batch:
        # Where there is no padding, no token stands for it.
        return collate(windows, rows, pad_id=self.pad_id or 0, layout=layout)

    def _forward(self, batch: Batch, layout: Layout) -> torch.Tensor:
        inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
        if batch.token_type_ids is not None:
            inputs["token_type_ids"] = batch.token_type_ids
        if layout != "packed":
            return self._call(inputs)
        packing = Packing(*map(self._to_device, packing_of(batch.attention_mask)))
        with packed(self._model, packing):
            return self._call(inputs)

    def _call(self, inputs: Mapping[str, NDArray[np.int64]]) -> torch.Tensor:
        with torch.inference_mode():
            output: torch.Tensor = self._model(
                **{name: self._to_device(a) for name, a in inputs.items() if self._accepts(name)}
            ).logits
        return output

    def _to_device(self, array: NDArray[Any]) -> torch.Tensor:
        tensor = torch.from_numpy(array)
        if self.device.type != "cuda":
            return tensor
        # From pinned memory the copy runs beside the computation of earlier batches.
        return tensor.pin_memory().to(self.device, non_blocking=True)


def load_classifier(
    folder: Path, *, dtype: torch.dtype = torch.float32, task: Task = "text"
) -> torch.nn.Module:
    """Load a classifier from local safetensors, refusing one with invented weights.

    Raises:
        ModelError: Weights are missing (transformers would fill them with random numbers), do not
            fit `config.json`, or the architecture is unknown.
    """
    from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification

    kinds: dict[Task, Any] = {
        "text": AutoModelForSequenceClassification,
        "token": AutoModelForTokenClassification,
    }
    register_heads()
    with quiet_transformers():
        try:
            model, info = kinds[task].from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=dtype,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # told below, with the shapes
            )
        except Exception as error:  # noqa: BLE001 - whatever a broken folder makes the library raise
            raise ModelError(
                f"The classifier in {folder} cannot be loaded ({type(error).__name__}).",
                remedy="Check that config.json and model.safetensors belong together, and that "
                "this version of transformers knows the architecture.",
            ) from None
    _require_fit(folder, type(model).__name__, info)
    return model  # type: ignore[no-any-return]


def _moved(model: torch.nn.Module, device: torch.device) -> torch.nn.Module:
    try:
        return model.to(device)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, AssertionError):
        raise UsageError(
            f"torch sees no {device} on this machine.",
            remedy="Leave out ‹device›: a GPU that is there is used.",
        ) from None


def _accepted(model: torch.nn.Module) -> Callable[[str], bool]:
    """Whether a model's forward takes an input of a name: tokenizers give some that it does not."""
    parameters = inspect.signature(model.forward).parameters
    takes_all = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    return lambda name: takes_all or name in parameters


# Heads of pretraining, and buffers of older versions, that a fine-tuned folder may still hold.
_LEFT_OVER = re.compile(
    r"(^|\.)(cls|lm_head|pooler|mlm|qa_outputs|generator_\w+|discriminator_\w+|vocab_\w+|mask_loss"
    r"|position_ids|inv_freq|masked_bias|attn\.bias)(\.|$)"
)


def _require_fit(folder: Path, architecture: str, info: Mapping[str, Any]) -> None:
    """Refuse weights that are not all the model's, and a model that does not get all its weights."""
    for name, stored, wanted in sorted(info["mismatched_keys"]):
        raise ModelError(
            f"{folder}: {name} has the shape {tuple(stored)}; config.json makes it {tuple(wanted)}.",
            remedy="Check that config.json and model.safetensors belong together, id2label included.",
        )
    if info["missing_keys"]:
        raise ModelError(
            f"{folder} lacks trained weights for {min(info['missing_keys'])}; they would be random.",
            remedy="Give a fine-tuned classifier, or fine-tune this one: psychescale train "
            "‹backbone› FOLDER ‹train› LABELLED ‹output› BUNDLE.",
        )
    unused = sorted(name for name in info["unexpected_keys"] if not _LEFT_OVER.search(name))
    if unused:
        raise ModelError(
            f"{folder} holds weights that {architecture} has no place for, such as {unused[0]}.",
            remedy="It was made by a class of its own, and would be scored without a part of it; give "
            "a model of a class that transformers holds.",
        )


def _is_out_of_memory(error: Exception) -> bool:
    # The CPU's allocator raises a plain RuntimeError.
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
