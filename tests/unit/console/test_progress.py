"""How far a run is, where there is no terminal and where there is one."""

import io

import pytest
from rich.console import Console

from psychescale.console import progress
from psychescale.console.progress import ProgressDisplay


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock to be set by hand."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_plain_lines(seconds: list[float]) -> None:
    """Elsewhere than on a terminal: a line every ten seconds, with rate and time left."""
    out = io.StringIO()
    with ProgressDisplay(Console(file=out), title="scoring", total=3000) as display:
        for at, done in ((5, 500), (20, 1000), (21, 1100), (30, 900), (60, 9000)):
            seconds[0] = at
            display.update(done)
    assert out.getvalue().splitlines() == [
        "scoring: 1,000 of 3,000 documents, 50 docs/s, about 40 s left",
        "scoring: 1,100 of 3,000 documents, 37 docs/s, about 52 s left",
        "scoring: 3,000 of 3,000 documents, 50 docs/s, about 0 s left",
    ]


def test_nothing_before_the_first(seconds: list[float]) -> None:
    """While nothing is done there is no line: there is no rate to tell."""
    out = io.StringIO()
    with ProgressDisplay(Console(file=out), title="scoring", total=10) as display:
        seconds[0] = 60
        display.update(0)
    assert out.getvalue() == ""


def test_bar() -> None:
    """On a terminal there is a bar with count, rate and time left."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    with ProgressDisplay(console, title="scoring", total=10) as display:
        display.update(10)
    assert "10/10" in out.getvalue()
    assert "docs/s" in out.getvalue()
    assert "time left" in out.getvalue()
