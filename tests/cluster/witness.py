"""What processes touch while they live: programs, settings, files mapped into memory."""

import contextlib
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

EVERY_S = 0.5


class Witness:
    """Looks at processes again and again, for as long as the block lasts.

    Attributes:
        seen: Words of command lines, values of environment variables, folders and mapped files.
    """

    def __init__(self, processes: Callable[[], Iterable[psutil.Process]]) -> None:
        self.seen: set[str] = set()
        self._processes = processes
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def below(self, *folders: str) -> list[str]:
        """What of it lies in the folders, or names a place there."""
        return sorted(word for word in self.seen if any(folder in word for folder in folders))

    def _watch(self) -> None:
        while not self._ended.wait(EVERY_S):
            with contextlib.suppress(psutil.NoSuchProcess):
                for process in self._processes():
                    self._look(process)

    def _look(self, process: psutil.Process) -> None:
        with contextlib.suppress(psutil.Error, OSError):  # it may end meanwhile
            self.seen |= {*process.cmdline(), process.exe(), process.cwd()}
            self.seen |= set(process.environ().values())
            self.seen |= mapped_files(process.pid)


def mapped_files(pid: int) -> set[str]:
    """Files that a process has mapped; psutil would count their pages, which takes seconds."""
    lines = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()
    return {line[line.index("/") :] for line in lines if "/" in line}
