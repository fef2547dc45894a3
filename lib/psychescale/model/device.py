"""Which device a process computes on."""

import os
from collections.abc import Mapping, Sequence

import torch

from psychescale.errors import ModelError, UsageError


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
        What was requested; else the GPU that Spark gave, counted among those that
        ``CUDA_VISIBLE_DEVICES`` leaves visible; else the first visible one; else the CPU.

    Raises:
        ModelError: Spark promised a GPU that torch cannot see.
        UsageError: What was requested is no name of a device.
    """
    environ = os.environ if environ is None else environ
    if requested is not None:
        return _named(requested)
    if not torch.cuda.is_available():
        if gpu_addresses:
            raise ModelError(
                f"Spark gave this task GPU {gpu_addresses[0]}, but torch sees none.",
                remedy="Check the node's driver, and that its torch is a CUDA build.",
            )
        return torch.device("cpu")
    visible = [name.strip() for name in environ.get("CUDA_VISIBLE_DEVICES", "").split(",")]
    if not gpu_addresses or (len(visible) == 1 and visible[0]):
        return torch.device("cuda", 0)  # whoever made one GPU visible has chosen
    given = gpu_addresses[0]
    if visible == [""]:
        return torch.device("cuda", int(given))
    if given not in visible:
        raise ModelError(
            f"Spark gave this task GPU {given}, which CUDA_VISIBLE_DEVICES hides.",
            remedy="Unset CUDA_VISIBLE_DEVICES for the executors, or list all of the node's GPUs.",
        )
    return torch.device("cuda", visible.index(given))


def _named(name: str) -> torch.device:
    try:
        return torch.device(name)
    except RuntimeError:
        raise UsageError(
            f"‹device› {name!r} is no device of torch.",
            remedy="Give cpu, cuda or cuda:N; or leave it out: a GPU that is there is used.",
        ) from None
