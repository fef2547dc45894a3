"""What a task finds where it runs: Python, packages, GPUs, the model."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession

from psychescale.errors import ModelError
from psychescale.model.checkpoint import Checkpoint, file_digest
from psychescale.spark.doctor.checks import CheckResult, green, red, yellow
from psychescale.spark.doctor.machine import installed
from psychescale.spark.session.access import access
from psychescale.spark.session.protocol import ModelOnExecutors
from psychescale.spark.workers.transport import send_model

NEEDED_BY_TASKS = ("psychescale", "torch", "transformers", "tokenizers", "pyarrow", "pandas")

# Without a pause the first executor that is up would run all of the small tasks.
_PAUSE_S = 0.5

_PACK = (
    "Give executors the driver's environment: the same path on every node, or a packed one with "
    "spark.archives; and set PYSPARK_PYTHON to its interpreter before Spark starts."
)


@dataclass(frozen=True)
class Told:
    """What one task said of the place it ran in.

    Attributes:
        host: The machine.
        parent: Process id of its worker's parent, which an executor has one of.
        python: Python's version, as in ``3.11``.
        interpreter: Where that Python is.
        versions: Versions of the packages there; None for one that cannot be imported.
        gpu_addresses: GPUs that Spark gave to the task.
        gpus_seen: GPUs that torch sees.
        gpu_fault: Why psychescale would refuse the GPU that Spark gave; None where it would not.
        memory_bytes: The machine's memory.
    """

    host: str
    parent: int
    python: str
    interpreter: str
    versions: Mapping[str, str | None]
    gpu_addresses: Sequence[str]
    gpus_seen: int
    gpu_fault: str | None
    memory_bytes: int


def ask_executors(spark: SparkSession, slots: int) -> list[Told]:
    """One task for each slot, with what it found."""
    probe = make_probe(NEEDED_BY_TASKS, _PAUSE_S)
    return [Told(**told) for told in access(spark).on_slots(probe, slots)]


def make_probe(packages: Sequence[str], pause_s: float) -> Callable[[Any], dict[str, Any]]:
    """A function for a task, for executors that may not have psychescale.

    It is nested and imports everything itself, so that it is sent by value: nothing of psychescale is
    needed to unpack it.
    """

    def probe(_: Any) -> dict[str, Any]:
        import importlib  # noqa: PLC0415
        import importlib.metadata  # noqa: PLC0415
        import os  # noqa: PLC0415
        import platform  # noqa: PLC0415
        import sys  # noqa: PLC0415
        import time  # noqa: PLC0415

        versions: dict[str, str | None] = {}
        for name in packages:
            try:
                importlib.import_module(name)
                versions[name] = importlib.metadata.version(name)
            except Exception:  # noqa: BLE001 - a broken package raises what it likes
                versions[name] = None
        addresses: list[str] = []
        gpus_seen, fault = 0, None
        try:
            from pyspark import TaskContext  # noqa: PLC0415

            context = TaskContext.get()
            given = context.resources().get("gpu") if context is not None else None
            addresses = list(given.addresses) if given else []
            torch = importlib.import_module("torch")
            gpus_seen = torch.cuda.device_count() if torch.cuda.is_available() else 0
            device = importlib.import_module("psychescale.model.device")
            device.choose_device(gpu_addresses=addresses)
        except ImportError:
            pass  # `versions` says so
        except Exception as error:  # noqa: BLE001 - the driver's faults come in many classes
            fault = str(getattr(error, "problem", type(error).__name__))
        time.sleep(pause_s)
        return {
            "host": platform.node(),
            "parent": os.getppid(),
            "python": "{}.{}".format(*sys.version_info[:2]),
            "interpreter": sys.executable,
            "versions": versions,
            "gpu_addresses": addresses,
            "gpus_seen": gpus_seen,
            "gpu_fault": fault,
            "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        }

    return probe


def judge_executors(told: Sequence[Told]) -> Iterator[CheckResult]:
    """Whether executors have the driver's Python and packages.

    Yields:
        A red finding for what is missing, a yellow one for what differs; else a green one.
    """
    driver = "{}.{}".format(*sys.version_info[:2])
    faults = 0
    for other in sorted({t.python for t in told} - {driver}):
        faults += 1
        yield red("executors", f"Executors run Python {other}, the driver {driver}.", _PACK)
    for name in NEEDED_BY_TASKS:
        found = {t.versions[name] for t in told}
        at = sorted({f"{t.interpreter} on {t.host}" for t in told if t.versions[name] is None})
        own = installed(name)
        if at:
            faults += 1
            yield red("executors", f"{name} cannot be imported by {', '.join(at)}.", _PACK)
        elif any(_public(version) != _public(own) for version in found):
            faults += 1
            theirs = ", ".join(sorted(str(version) for version in found))
            yield yellow("executors", f"{name} {theirs} on executors, {own} on the driver.", _PACK)
    if not faults:
        n_executors = len({(t.host, t.parent) for t in told})
        yield green(
            "executors",
            f"{len(told)} tasks on {n_executors} executor{'s' if n_executors > 1 else ''}: Python "
            f"{driver} and packages as on the driver",
        )


def judge_failed_task(message: str) -> CheckResult:
    """Why no task could run, from Spark's own message. Nothing of a corpus was read by then."""
    missing = re.search(r"No module named '?([\w.]+)", message)
    if missing:
        found = f"Executors' Python cannot import {missing.group(1)}."
    elif re.search(r"PYTHON_VERSION_MISMATCH|different minor version", message):
        found = "Executors run another version of Python than the driver."
    elif re.search(r"Cannot run program|No such file or directory", message):
        found = "Executors do not find their Python interpreter."
    elif re.search(r"cancel", message):
        return red(
            "executors",
            "No executor had a slot for the tasks in time.",
            "Check that executors are up, and have the cores, memory and GPUs that the settings ask "
            "for; ‹timeout_s› waits longer.",
        )
    else:
        found = "No Python task could run on an executor."
    return red("executors", found, _PACK)


def judge_gpus(told: Sequence[Told], promised: str | None) -> CheckResult:
    """Whether each task got the GPU that Spark was told to give it.

    Args:
        told: What tasks said.
        promised: `spark.task.resource.gpu.amount`, where it is set.
    """
    driver = "Check the node's driver, that its torch is a CUDA build, and CUDA_VISIBLE_DEVICES."
    fault = next((t for t in told if t.gpu_fault), None)
    if fault is not None:
        return red("gpu", f"{fault.gpu_fault} (on {fault.host})", driver, fault=ModelError)
    empty = next((t for t in told if promised and not t.gpu_addresses), None)
    if empty is not None:
        remedy = (
            "Set spark.executor.resource.gpu.amount and .discoveryScript too (conf/spark/gpu.conf)."
        )
        return red("gpu", f"A task on {empty.host} was promised a GPU and got none.", remedy)
    if promised:
        given = sorted({f"{t.host}:{a}" for t in told for a in t.gpu_addresses})
        return green("gpu", f"Tasks got {', '.join(given)}, and torch sees them")
    seen = max((t.gpus_seen for t in told), default=0)
    if seen:
        return yellow(
            "gpu",
            f"Executors see {seen} and Spark gives out none: all workers would share the first.",
            "Set spark.executor.resource.gpu.amount and spark.task.resource.gpu.amount "
            "(conf/spark/gpu.conf).",
        )
    return green("gpu", "None configured, none seen: tasks compute on the CPU")


def examine_model(spark: SparkSession, checkpoint: Checkpoint, slots: int) -> CheckResult:
    """Whether the model arrives on executors as it is on the driver."""
    on_executors, names = send_model(spark, checkpoint), tuple(checkpoint.digests)

    def open_and_hash(_: int) -> dict[str, Any]:
        return _digests(on_executors, names)

    told = access(spark).on_slots(open_and_hash, slots)
    wrong = {one["host"] for one in told if one["digests"] != dict(checkpoint.digests)}
    if wrong:
        return red(
            "model",
            f"The model differs on {', '.join(sorted(wrong))}.",
            "Check that machine's disk; Spark writes the model into its local folders.",
            fault=ModelError,
        )
    n_bytes = weights_bytes(checkpoint)
    return green(
        "model",
        f"{n_bytes / 10**6:,.0f} MB of weights, whole on the driver and on executors "
        f"(SHA-256 {checkpoint.content_digest[:12]}…)",
    )


def weights_bytes(checkpoint: Checkpoint) -> int:
    """Size of the weights."""
    return sum(path.stat().st_size for path in checkpoint.weights)


def _digests(model: ModelOnExecutors, names: Sequence[str]) -> dict[str, Any]:
    import platform  # noqa: PLC0415 - for the worker

    folder = model.open()
    digests = {name: file_digest(folder / name) for name in names}
    return {"host": platform.node(), "digests": digests}


def _public(version: str | None) -> str:
    """A version without its local part: ``2.13.0+cpu`` and ``2.13.0`` are one."""
    return (version or "").partition("+")[0]
