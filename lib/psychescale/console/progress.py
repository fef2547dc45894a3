"""How far a run is: a bar with rate and time left on a terminal, plain lines elsewhere."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

PLAIN_LINE_EVERY_S = 10.0


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:,.0f} docs/s")


class ProgressDisplay:
    """Shows how many documents are done. Prints nothing but counts and times."""

    def __init__(self, console: Console, *, title: str, total: int = 0) -> None:
        self._console = console
        self._title = title
        self._total = total
        self._done = 0
        self._started = self._last_line = time.monotonic()
        self._bar: Progress | None = None
        if console.is_terminal and not console.quiet:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                _Rate(),
                TextColumn("time left"),
                TimeRemainingColumn(),
                console=console,
                speed_estimate_period=120,
            )
            self._task = self._bar.add_task(title, total=total)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, done: int, total: int = 0) -> None:
        """Show that `done` documents are done, counted from the start of the run.

        It may be an estimate: what is shown never falls, and never passes the total.
        """
        self._total = total or self._total
        done = self._done = min(max(done, self._done), self._total)
        if self._bar is not None:
            self._bar.update(self._task, completed=done)
            return
        now = time.monotonic()
        if done == 0 or now - self._last_line < PLAIN_LINE_EVERY_S:
            return
        self._last_line = now
        rate = done / (now - self._started)
        left = _duration((self._total - done) / rate)
        counts = f"{done:,} of {self._total:,} documents"
        self._console.print(
            f"{self._title}: {counts}, {rate:,.0f} docs/s, about {left} left", highlight=False
        )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
