"""A model's layers without padding: texts end to end from the first layer to the last.

Embeddings and head see a padded batch, as ever, so that positions, segments, pooling and label
attention are the model's own. What stands between them, nearly all of the work, computes each token
once; and attention, which transformers lets be replaced by name, keeps every text to itself.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from psychescale.model.quiet import quiet_transformers

_ATTENTION = "psychescale_packed"


@dataclass(frozen=True)
class Packing:
    """Where the tokens of a padded batch stand.

    Attributes:
        mask: bool, shape (n, longest): where there is a token.
        places: int64, shape (n_tokens,): the same as indices of the flattened batch.
        ends: int32, shape (n + 1,): tokens up to each text's end, from 0 on.
    """

    mask: torch.Tensor
    places: torch.Tensor
    ends: torch.Tensor

    @property
    def longest(self) -> int:
        """Tokens of the longest text."""
        return int(self.mask.shape[1])

    def pack(self, padded: torch.Tensor) -> torch.Tensor:
        """Shape (n or 1, longest, …) → (1, n_tokens, …)."""
        whole = padded.expand(len(self.mask), *padded.shape[1:])
        return whole.flatten(0, 1)[self.places][None]

    def unpack(self, packed: torch.Tensor) -> torch.Tensor:
        """Shape (1, n_tokens, …) → (n, longest, …), zero where there is no token."""
        flat = packed.new_zeros(self.mask.numel(), *packed.shape[2:])
        return flat.index_copy_(0, self.places, packed[0]).view(*self.mask.shape, *packed.shape[2:])

    def packed_inputs(self, value: Any) -> Any:
        """What a layer is given, each tensor of one entry a token packed."""
        if isinstance(value, torch.Tensor):
            n, longest = self.mask.shape
            fits = value.dim() > 1 and value.shape[0] in (1, n) and value.shape[1] == longest
            return self.pack(value) if fits else value
        if isinstance(value, tuple):
            return tuple(self.packed_inputs(item) for item in value)
        return value


_current: ContextVar[Packing] = ContextVar("packing")


def packing_of(attention_mask: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
    """The arrays of a `Packing`, made where no device need be waited for.

    Args:
        attention_mask: Shape (n, longest): 1 where there is a token.
    """
    ends = np.concatenate([[0], attention_mask.sum(axis=1).cumsum()])
    return attention_mask.astype(np.bool_), np.flatnonzero(attention_mask), ends.astype(np.int32)


@contextmanager
def packed(model: Any, packing: Packing) -> Iterator[None]:
    """Inside, one padded batch goes through the model's layers packed.

    The model may be one that cannot: then it raises, or gives other numbers than with padding.

    Args:
        model: A `PreTrainedModel` in evaluation mode.
        packing: Of the batch that it will be given.
    """
    layers = next(part for part in model.base_model.modules() if isinstance(part, nn.ModuleList))
    token = _current.set(packing)
    try:
        with ExitStack() as hooks, _attention(model):
            for layer in layers:
                hook = layer.register_forward_pre_hook(_pack_inputs, with_kwargs=True)
                hooks.callback(hook.remove)
            hooks.callback(layers[-1].register_forward_hook(_unpack_output).remove)
            yield
    finally:
        _current.reset(token)


@contextmanager
def _attention(model: Any) -> Iterator[None]:
    from transformers import AttentionInterface

    AttentionInterface.register(_ATTENTION, _attend)
    before = model.config._attn_implementation
    with (
        quiet_transformers()
    ):  # which would report that an architecture does not let it be replaced
        model.set_attn_implementation(_ATTENTION)
    try:
        yield
    finally:
        with quiet_transformers():
            model.set_attn_implementation(before)


def _pack_inputs(layer: nn.Module, args: Any, kwargs: dict[str, Any]) -> tuple[Any, Any]:
    del layer
    pack = _current.get().packed_inputs
    return pack(args), {name: pack(value) for name, value in kwargs.items()}


def _unpack_output(layer: nn.Module, args: Any, output: Any) -> Any:
    del layer, args
    unpack = _current.get().unpack
    return (unpack(output[0]), *output[1:]) if isinstance(output, tuple) else unpack(output)


def _attend(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float | None = None,
    sliding_window: int | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Attention within each text; shapes (1, heads, n_tokens, width) → (1, n_tokens, heads, width)."""
    del attention_mask  # there is none for an attention of this name
    packing = _current.get()
    if sliding_window is not None and packing.longest > sliding_window:
        raise NotImplementedError("attention to a part of a text")
    heads = [part.transpose(1, 2) for part in (query, key, value)]
    causal = options.get("is_causal", getattr(module, "is_causal", False))
    if _suits_varlen(query, key, scaling) and not causal:
        # Here, because it brings a compiler that a processor has no use for; torch 2.10 and later.
        from torch.nn.attention.varlen import varlen_attn

        q, k, v = (part[0] for part in heads)
        ends, longest = packing.ends, packing.longest
        return cast("torch.Tensor", varlen_attn(q, k, v, ends, ends, longest, longest))[None], None
    return packing.pack(_padded_attention(module, heads, packing, scaling, causal=causal)), None


def _suits_varlen(query: torch.Tensor, key: torch.Tensor, scaling: float | None) -> bool:
    """Whether torch's own kernel for texts end to end takes this."""
    usual = scaling is None or abs(scaling - query.shape[-1] ** -0.5) < 1e-6  # noqa: PLR2004
    halved = query.dtype in (torch.float16, torch.bfloat16)
    return query.is_cuda and halved and usual and query.shape == key.shape


def _padded_attention(
    module: nn.Module,
    heads: list[torch.Tensor],
    packing: Packing,
    scaling: float | None,
    *,
    causal: bool,
) -> torch.Tensor:
    """The same for every precision and device, padded for as long as it takes."""
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    query, key, value = (packing.unpack(part).transpose(1, 2) for part in heads)
    # Padding stands behind, where nothing looks if each token sees those before it alone.
    mask = None if causal else packing.mask[:, None, None, :]
    output, _ = sdpa_attention_forward(
        module, query, key, value, mask, scaling=scaling, is_causal=causal
    )
    return output
