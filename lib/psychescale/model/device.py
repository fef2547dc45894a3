"""Which device a process computes on."""

import os
from collections.abc import Mapping, Sequence

import torch

from psychescale.errors import ModelError


def choose_device(
    requested: str | None = None,
    *,
    gpu_addresses: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> torch.device:
    """The device to compute on.

    Args:
        requested: A torch device such as ``cpu`` or ``cuda:1``; settles the matter.
        gpu_addresses: GPUs that Spark gave to this task, as it numbers them.
        environ: Environment to read; the process's own by default.

    Returns:
        What was requested; else the first GPU that ``CUDA_VISIBLE_DEVICES`` leaves visible, if it
        is set; else the GPU that Spark gave; else any GPU; else the CPU.

    Raises:
        ModelError: Spark promised a GPU that torch cannot see.
    """
    environ = os.environ if environ is None else environ
    if requested is not None:
        return torch.device(requested)
    if not torch.cuda.is_available():
        if gpu_addresses:
            raise ModelError(
                f"Spark gave this task GPU {gpu_addresses[0]}, but torch sees none.",
                remedy="Check the node's driver, and that its torch is a CUDA build.",
            )
        return torch.device("cpu")
    if environ.get("CUDA_VISIBLE_DEVICES") or not gpu_addresses:
        return torch.device("cuda", 0)
    return torch.device("cuda", int(gpu_addresses[0]))
