"""Memory of other processes, read from `/proc` while they work."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

import psutil

Sample = TypeVar("Sample")
_GONE = (psutil.Error, OSError)


class Sampler(Generic[Sample]):
    """Takes samples in a thread, every so often, as long as its `with` block runs.

    Attributes:
        samples: What was taken.
    """

    def __init__(self, take: Callable[[], Sample], *, every_s: float) -> None:
        self.samples: list[Sample] = []
        self._take = take
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            with suppress(*_GONE):  # a process that ended while it was looked at
                self.samples.append(self._take())
            due += self._every_s


def rollup(pid: int) -> dict[str, int]:
    """Memory of a process in bytes, by the names of `smaps_rollup`: ``Rss``, ``Pss``, ``Pss_Anon``, ….

    The proportional set size (``Pss``) divides every shared page by the number of processes that map
    it, so the sum over processes is what they occupy together.
    """
    return _sizes(Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8"))


def mapped_bytes(pid: int, file_name: str) -> int:
    """Bytes of the files called `file_name` that a process has mapped and touched."""
    total, inside = 0, False
    for line in Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8").splitlines():
        first = line.partition(" ")[0]
        if not first.endswith(":"):  # the head line of a mapping: addresses, mode, …, path
            inside = line.endswith("/" + file_name)
        elif inside and first == "Rss:":
            total += int(line.split()[1]) * 1024
    return total


def python_workers(driver: psutil.Process) -> list[psutil.Process]:
    """The Python workers of a Spark driver: what the daemons below it forked."""
    return [p for p in driver.children(recursive=True) if _is_daemon(p) and _is_daemon(p.parent())]


def java_child(driver: psutil.Process) -> psutil.Process | None:
    """The JVM that a Python driver started, once it is there."""
    for process in driver.children(recursive=True):
        with suppress(*_GONE):
            if process.name() == "java":
                return process
    return None


def processor_seconds(driver: psutil.Process) -> float:
    """Processor time of a process and of all below it, those that have ended included."""
    total = 0.0
    for process in [driver, *driver.children(recursive=True)]:
        with suppress(*_GONE):
            total += sum(process.cpu_times()[:4])  # user, system, and those of ended children
    return total


def python_daemons(driver: psutil.Process) -> list[psutil.Process]:
    """The processes that Spark forks Python workers from."""
    return [
        p for p in driver.children(recursive=True) if _is_daemon(p) and not _is_daemon(p.parent())
    ]


def _is_daemon(process: psutil.Process | None) -> bool:
    with suppress(*_GONE):
        arguments = process.cmdline() if process is not None else []
        return "-m" in arguments and any(arg.endswith(".daemon") for arg in arguments)
    return False


def _sizes(text: str) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for line in text.splitlines()[1:]:
        name, _, rest = line.partition(":")
        sizes[name] = sizes.get(name, 0) + int(rest.split()[0]) * 1024
    return sizes
