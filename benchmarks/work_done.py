"""How much of the machine's work was of use: padding, and floating-point operations."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from harness import median
from models import encoder_parameters
from numpy.typing import NDArray

from psychescale.model.batching import plan_batches
from psychescale.model.encoding import TextEncoder

MAX_LENGTH = 512
_MATRIX_SIZE = 1_024
_MATMULS = 10


def token_lengths(folder: Path, texts: Sequence[str]) -> NDArray[np.int64]:
    """Content tokens that a truncating model reads of each text, without special tokens."""
    encoder = TextEncoder.from_folder(folder)
    room = MAX_LENGTH - encoder.single.n_special
    return np.minimum(encoder.encode(texts).lengths, room)


def padded_in_order(lengths: NDArray[np.int64], batch_rows: int) -> int:
    """Tokens computed if texts are batched as they come and padded to the longest of a batch."""
    return sum(
        len(batch) * int(batch.max())
        for batch in np.split(lengths, range(batch_rows, len(lengths), batch_rows))
    )


def padded_by_budget(lengths: NDArray[np.int64], max_batch_tokens: int) -> int:
    """Tokens computed by psychescale's own batches."""
    batches = plan_batches(lengths, max_batch_tokens)
    return sum(len(rows) * int(lengths[rows].max()) for rows in batches)


def flops_per_token(folder: Path) -> int:
    """Two operations (multiply, add) for every parameter of the encoder layers.

    Attention between tokens, embeddings and the head are left out, so the share of the peak that
    comes of it is a lower bound.
    """
    return 2 * encoder_parameters(folder)


def matrix_peak(threads: int, repeats: int = 15) -> float:
    """Floating-point operations a second of a large fp32 matrix product: what the cores can do.

    Args:
        threads: Threads of torch.
        repeats: Measurements, of which the median is taken.
    """
    import torch

    torch.set_num_threads(threads)
    left, right = torch.rand(_MATRIX_SIZE, _MATRIX_SIZE), torch.rand(_MATRIX_SIZE, _MATRIX_SIZE)
    _time_matmuls(left, right)
    return median(_time_matmuls(left, right) for _ in range(repeats))


def _time_matmuls(left: Any, right: Any) -> float:
    started = time.perf_counter()
    for _ in range(_MATMULS):
        left @ right
    return 2 * _MATRIX_SIZE**3 * _MATMULS / (time.perf_counter() - started)
