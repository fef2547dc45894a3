"""Spark's settings, judged: memory, Python workers, Arrow, security. A mapping in, findings out."""

import re
from collections.abc import Iterator, Mapping

from psychescale.spark.doctor.checks import CheckResult, green, yellow

SETTINGS_CHECKS = ("memory", "workers", "arrow", "encryption", "network")

READ_KEYS = (
    "spark.master",
    "spark.authenticate",
    "spark.driver.memory",
    "spark.executor.cores",
    "spark.executor.memory",
    "spark.executor.memoryOverhead",
    "spark.executor.pyspark.memory",
    "spark.executor.resource.gpu.amount",
    "spark.io.encryption.enabled",
    "spark.network.crypto.enabled",
    "spark.python.daemon.module",
    "spark.python.worker.reuse",
    "spark.sql.execution.arrow.maxRecordsPerBatch",
    "spark.task.cpus",
    "spark.task.resource.gpu.amount",
)
"""What is read of a session's settings."""

DAEMON = "psychescale.spark.daemon"

WORKER_BYTES = 400 * 10**6
"""What a Python worker holds beside the weights: measured with `make bench-memory`, decision 0009."""

_FEWEST_RECORDS = 2_000
"""A sort window ends with its Arrow batch; `rows_per_task` is 2,500 by default."""

_MIB = 2**20


def judge_settings(
    settings: Mapping[str, str], *, weights_bytes: int, memory_bytes: int, slots: int
) -> list[CheckResult]:
    """Everything that settings alone tell.

    Args:
        settings: Those of `READ_KEYS` that have a value.
        weights_bytes: Size of the model's weights; 0 where no model is named.
        memory_bytes: Memory of the smallest machine that a task ran on; 0 where unknown.
        slots: Tasks that run at the same time on one executor.
    """
    return [
        judge_memory(settings, weights_bytes=weights_bytes, memory_bytes=memory_bytes, slots=slots),
        *judge_workers(settings),
        judge_arrow(settings),
        judge_encryption(settings),
        judge_network(settings),
    ]


def judge_memory(
    settings: Mapping[str, str], *, weights_bytes: int, memory_bytes: int, slots: int
) -> CheckResult:
    """Whether the Python workers of an executor fit beside its JVM.

    On YARN and Kubernetes they live in `spark.executor.memoryOverhead`, and are killed beyond it; on
    this machine and on standalone workers, in what the JVM leaves of the machine.
    """
    needed = weights_bytes + slots * WORKER_BYTES
    of = f"{_gb(needed)} for {slots} workers" + (" and the model" if weights_bytes else "")
    if _is_limited(settings):
        granted = overhead_bytes(settings) + parse_bytes(
            settings.get("spark.executor.pyspark.memory", "0")
        )
        where = "spark.executor.memoryOverhead"
        remedy = f"Set spark.executor.memoryOverhead to {-(-needed // _MIB)}m or more."
    else:
        key = "spark.driver.memory" if _is_local(settings) else "spark.executor.memory"
        granted = memory_bytes - parse_bytes(settings.get(key, "1g"))
        where = "the machine beside Spark's JVM"
        remedy = "Lower the number of slots (spark.master=local[N], spark.executor.cores)."
        if not memory_bytes:
            return yellow(
                "memory", f"The machine's memory is unknown; needed: {of}.", "Check it by hand."
            )
    found = f"{of}; {_gb(max(0, granted))} in {where}"
    return green("memory", found) if granted >= needed else yellow("memory", found, remedy)


def overhead_bytes(settings: Mapping[str, str]) -> int:
    """`spark.executor.memoryOverhead`, or Spark's own default of a tenth and at least 384 MiB.

    On Kubernetes the default is 0.4 for Python programs; a tenth is the safe side of it.
    """
    stated = settings.get("spark.executor.memoryOverhead")
    if stated is not None:
        return parse_bytes(stated)
    heap = parse_bytes(settings.get("spark.executor.memory", "1g"))
    return max(384 * _MIB, heap // 10)


def judge_workers(settings: Mapping[str, str]) -> Iterator[CheckResult]:
    """Whether Python workers are kept, and forked from a warm process."""
    reuse = settings.get("spark.python.worker.reuse", "true") != "false"
    daemon = settings.get("spark.python.daemon.module", "pyspark.daemon")
    if not reuse:
        yield yellow(
            "workers",
            "spark.python.worker.reuse is off: every task loads the model anew.",
            "Set spark.python.worker.reuse to true.",
        )
    if daemon != DAEMON:
        yield yellow(
            "workers",
            f"Forked from {daemon}: each one imports torch by itself, seconds and 300 MB a worker.",
            f"Set spark.python.daemon.module to {DAEMON}, before Spark starts.",
        )
    if reuse and daemon == DAEMON:
        yield green("workers", f"Reused, forked from {daemon}")


def judge_arrow(settings: Mapping[str, str]) -> CheckResult:
    """Whether an Arrow batch is large enough to sort its texts by length."""
    records = int(settings.get("spark.sql.execution.arrow.maxRecordsPerBatch", "10000"))
    found = f"{records:,} rows in a batch"
    if 0 < records < _FEWEST_RECORDS:
        return yellow(
            "arrow",
            f"{found}: texts are sorted by length within it, so few of them mean much padding.",
            "Set spark.sql.execution.arrow.maxRecordsPerBatch to 10000.",
        )
    return green("arrow", found if records > 0 else "No bound on the rows in a batch")


def judge_encryption(settings: Mapping[str, str]) -> CheckResult:
    """Whether what Spark spills to disk can be read after a kill."""
    if settings.get("spark.io.encryption.enabled") == "true":
        return green("encryption", "What Spark spills to disk is encrypted")
    return yellow(
        "encryption",
        "Spark spills to disk unencrypted: texts stay readable there after a kill.",
        "Set spark.io.encryption.enabled to true, before Spark starts.",
    )


def judge_network(settings: Mapping[str, str]) -> CheckResult:
    """Whether texts travel between machines in the clear."""
    if _is_local(settings):
        return green("network", "One machine: nothing travels")
    wanted = ("spark.authenticate", "spark.network.crypto.enabled")
    off = [key for key in wanted if settings.get(key) != "true"]
    if not off:
        return green("network", "Processes authenticate, and what travels is encrypted")
    return yellow(
        "network",
        f"{' and '.join(off)} {'is' if len(off) == 1 else 'are'} off: texts travel between machines "
        "as they are.",
        f"Set {' and '.join(off)} to true, unless the network itself is closed and trusted.",
    )


def parse_bytes(text: str, *, unit: int = _MIB) -> int:
    """Bytes of Spark's size strings (``2g``, ``384m``, ``1024``).

    Args:
        text: The setting.
        unit: Bytes of a number that has no unit; Spark counts memory in MiB then.

    Raises:
        ValueError: It is no size.
    """
    found = re.fullmatch(r"\s*(\d+)\s*([kmgtp]?)i?b?\s*", text.lower())
    if found is None:
        raise ValueError("no size")
    scale = {letter: 1024**power for power, letter in enumerate("kmgtp", start=1)}
    return int(found.group(1)) * (scale[found.group(2)] if found.group(2) else unit)


def slots_per_executor(settings: Mapping[str, str], total: int) -> int:
    """Tasks that run at the same time on one executor, at least 1."""
    cores = settings.get("spark.executor.cores")
    if _is_local(settings) or cores is None:
        return max(1, total)
    return max(1, int(cores) // int(settings.get("spark.task.cpus", "1")))


def _is_local(settings: Mapping[str, str]) -> bool:
    return settings.get("spark.master", "local").partition("[")[0] == "local"


def _is_limited(settings: Mapping[str, str]) -> bool:
    return settings.get("spark.master", "").startswith(("yarn", "k8s:"))


def _gb(n_bytes: int) -> str:
    return f"{n_bytes / 10**9:.1f} GB"
