"""How far a run is: a bar with rate and time left on a terminal, lines elsewhere, calls in Python."""

import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from psychescale.steps import STEPS

PLAIN_LINE_EVERY_S = 10.0
PACE_OVER_S = 30.0
"""Seconds that a rate looks back: a slow start is forgotten, and one slow task is not the rate."""

OnProgress = Callable[[str, int, int], None]
"""Told how far a run is: the title of its step, documents done, documents in all."""


@contextlib.contextmanager
def steps_told(console: Console) -> Iterator[None]:
    """Print each step of a run as it begins: the rooms below log them (`psychescale.steps`)."""
    told = _Told(console)
    STEPS.addHandler(told)
    STEPS.setLevel(logging.INFO)
    STEPS.info("starting")
    try:
        yield
    finally:
        STEPS.removeHandler(told)


class _Told(logging.Handler):
    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._started = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        seconds = time.monotonic() - self._started
        self._console.print(f"{seconds:8.1f} s  {record.getMessage()}", style="dim", markup=False)


class SilentConsole(Console):
    """A console that prints nothing; progress goes to a function, if there is one."""

    def __init__(self, on_progress: OnProgress | None = None) -> None:
        super().__init__(quiet=True)
        self.on_progress = on_progress


class ProgressDisplay:
    """Shows how many documents are done. Prints nothing but counts and times.

    Args:
        console: Where to; a `SilentConsole` has its function called instead.
        title: Of the step.
        total: Documents in all, where that is known before the first update.
    """

    def __init__(self, console: Console, *, title: str, total: int | None = None) -> None:
        self._view = _view(console, title)
        self._total = total
        self._done = 0

    def __enter__(self) -> Self:
        if self._total is not None:
            self.update(0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._view.close()

    def update(self, done: int, total: int | None = None) -> None:
        """Show that `done` documents are done, counted from the start of the run.

        It may be an estimate: what is shown never falls, and never passes the total.

        Args:
            done: Documents done.
            total: Documents in all, where it was not known before.
        """
        self._total = (self._total or 0) if total is None else total
        self._done = min(max(done, self._done), self._total)
        self._view.show(self._done, self._total)


class _View(Protocol):
    """A way to show progress."""

    def show(self, done: int, total: int) -> None:
        """Show that `done` of `total` documents are done."""

    def close(self) -> None:
        """Leave things as they were before the first `show`."""


def _view(console: Console, title: str) -> _View:
    if isinstance(console, SilentConsole):
        return _Calls(console.on_progress, title)
    return (_Bar if console.is_terminal and not console.quiet else _Lines)(console, title)


class _Calls:
    def __init__(self, on_progress: OnProgress | None, title: str) -> None:
        self._on_progress = on_progress
        self._title = title

    def show(self, done: int, total: int) -> None:
        if self._on_progress is not None:
            self._on_progress(self._title, done, total)

    def close(self) -> None:
        pass


class _Pace:
    """Documents a second, from the last seconds alone."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def told(self, done: int, total: int) -> str:
        """Rate and time left, now that so many are done; empty while there is no rate."""
        now = time.monotonic()
        if not self._seen or done > self._seen[-1][1]:
            self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - PACE_OVER_S:  # noqa: PLR2004 - a rate needs two
            self._seen.popleft()
        since, before = self._seen[0]
        if done == before or now == since:
            return ""
        rate = (done - before) / (now - since)
        left = "" if done == total else f", about {_duration((total - done) / rate)} left"
        return f"{rate:,.0f} docs/s{left}" if rate >= 1 else f"{rate:.1g} docs/s{left}"


class _Bar:
    def __init__(self, console: Console, title: str) -> None:
        pace = TextColumn("{task.fields[pace]}")
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), pace)
        self._bar = Progress(*columns, console=console)
        self._task = self._bar.add_task(title, pace="")
        self._pace = _Pace()

    def show(self, done: int, total: int) -> None:
        pace = self._pace.told(done, total)
        self._bar.update(self._task, completed=done, total=total, pace=pace)
        self._bar.start()  # does nothing from the second time on
        if done == total:  # what follows, steps tell
            self._bar.stop()

    def close(self) -> None:
        self._bar.stop()


class _Lines:
    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._pace = _Pace()
        self._last: tuple[float, int] | None = None

    def show(self, done: int, total: int) -> None:
        now, pace = time.monotonic(), self._pace.told(done, total)
        last_line, before = self._last = self._last or (now, done)
        if done == before or now - last_line < PLAIN_LINE_EVERY_S:
            return
        self._last = now, done
        counts = f"{done:,} of {total:,} documents"
        self._console.print(f"{self._title}: {counts}, {pace}", highlight=False)

    def close(self) -> None:
        pass


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
