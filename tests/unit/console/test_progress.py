"""How far a run is, where there is no terminal and where there is one."""

import io

import pytest
from rich.console import Console

from psychescale.console import progress
from psychescale.console.progress import ProgressDisplay, SilentConsole, steps_told
from psychescale.steps import STEPS


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
        for at, done in ((5, 500), (20, 1000), (21, 1100), (30, 900), (50, 9000)):
            seconds[0] = at
            display.update(done)
    assert out.getvalue().splitlines() == [
        "scoring: 1,000 of 3,000 documents, 50 docs/s, about 40 s left",
        "scoring: 1,100 of 3,000 documents, 37 docs/s, about 52 s left",
        "scoring: 3,000 of 3,000 documents, 67 docs/s",
    ]


def test_rate_of_the_last_seconds(seconds: list[float]) -> None:
    """A slow beginning is forgotten after half a minute; while nothing comes, the rate falls."""
    out = io.StringIO()
    steps = [(60, 60), *((60 + at, 60 + 10 * at) for at in range(10, 41, 10)), (130, 490)]
    with ProgressDisplay(Console(file=out), title="scoring", total=1000) as display:
        for at, done in steps:
            seconds[0] = at
            display.update(done)
    rates = [line.split(", ")[1] for line in out.getvalue().splitlines()]
    assert rates == ["1 docs/s", "2 docs/s", "3 docs/s", "10 docs/s", "10 docs/s", "1 docs/s"]


def test_nothing_before_the_first(seconds: list[float]) -> None:
    """While nothing is done there is no line: there is no rate to tell."""
    out = io.StringIO()
    with ProgressDisplay(Console(file=out), title="scoring", total=10) as display:
        seconds[0] = 60
        display.update(0)
    assert out.getvalue() == ""


def test_bar(seconds: list[float]) -> None:
    """On a terminal there is a bar with count, rate and time left."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    with ProgressDisplay(console, title="scoring", total=10) as display:
        seconds[0] = 2
        display.update(4)
        console.print()  # the bar is drawn anew beneath it
    assert "4/10" in out.getvalue()
    assert "2 docs/s, about 3 s left" in out.getvalue()


def test_bar_starts_at_the_first_update() -> None:
    """Where the total comes with the first update, nothing is shown before it."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    with ProgressDisplay(console, title="scoring") as display:
        assert out.getvalue() == ""
        display.update(0, 20)
        assert "0/20" in out.getvalue()
        display.update(5, 20)
    assert "5/20" in out.getvalue()


def test_rate_counts_from_the_first_update(seconds: list[float]) -> None:
    """What was done and waited for before the first update has no part in the rate."""
    out = io.StringIO()
    with ProgressDisplay(Console(file=out), title="scoring") as display:
        for at, done in ((50, 400), (60, 500)):
            seconds[0] = at
            display.update(done, 1000)
    assert out.getvalue() == "scoring: 500 of 1,000 documents, 10 docs/s, about 50 s left\n"


def test_function(capsys: pytest.CaptureFixture[str]) -> None:
    """A silent console prints nothing and has its function called, with what never falls."""
    told: list[tuple[str, int, int]] = []
    console = SilentConsole(lambda *step: told.append(step))
    console.print("a plan")
    with ProgressDisplay(console, title="scoring", total=10) as display:
        for done in (5, 3, 12):
            display.update(done)
    assert told == [("scoring", done, 10) for done in (0, 5, 5, 10)]
    assert capsys.readouterr().out == ""


def test_steps(seconds: list[float]) -> None:
    """Each step is a line as it begins, with the seconds since the start; a quiet console has none."""
    out, quiet = io.StringIO(), io.StringIO()
    with steps_told(Console(file=out)), steps_told(Console(file=quiet, quiet=True)):
        seconds[0] = 12.3
        STEPS.info("landing [the] corpus")
    STEPS.info("afterwards")
    assert out.getvalue().splitlines()[::2] == [
        "     0.0 s  starting",
        "    12.3 s  landing [the] corpus",
    ]
    assert quiet.getvalue() == ""


def test_full_bar_ends() -> None:
    """A bar that is full stands still no longer: what follows is printed below it."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    with ProgressDisplay(console, title="scoring") as display:
        display.update(184, 184)
        before = len(out.getvalue())
        console.print("checking")
        assert out.getvalue()[before:].strip() == "checking"
