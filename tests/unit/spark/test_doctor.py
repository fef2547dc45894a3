"""The report of `doctor`: every check stands in it, and the first red one decides the exit code."""

import io
import json
from collections.abc import Iterator

import pytest
from rich.console import Console

from psychescale.errors import ModelError, PsychescaleError, StorageError, UsageError
from psychescale.spark.doctor.checks import (
    CheckResult,
    Status,
    as_json,
    attempt,
    green,
    not_run,
    print_report,
    red,
    require_no_red,
    worst,
    yellow,
)

FINE = green("java", "Java 17")
SLOW = yellow("arrow", "few rows", "more rows")
BROKEN = red("delta", "no Delta", "get one", fault=StorageError)


def test_worst() -> None:
    """Red beats yellow, yellow beats green, and what was not run counts for nothing."""
    unseen = not_run(["gpu"], "no Spark")
    assert worst([FINE, SLOW, BROKEN, *unseen]) is Status.RED
    assert worst([FINE, SLOW, *unseen]) is Status.YELLOW
    assert worst([FINE, *unseen]) is Status.GREEN


@pytest.mark.parametrize(
    ("findings", "fault"),
    [
        ([FINE, BROKEN, red("java", "none", "install")], StorageError),
        ([red("java", "none", "install"), BROKEN], UsageError),
        ([red("model", "gone", "bring", fault=ModelError)], ModelError),
    ],
)
def test_first_red_decides(findings: list[CheckResult], fault: type[PsychescaleError]) -> None:
    """The error is of the class of the first red check and names all of them."""
    with pytest.raises(fault) as raised:
        require_no_red(findings)
    assert all(f.check in raised.value.problem for f in findings if f.status is Status.RED)


def test_yellow_is_no_error() -> None:
    """Without a red check there is no error."""
    require_no_red([FINE, SLOW, *not_run(["gpu"], "no Spark")])


def test_failing_check() -> None:
    """A check that fails is red, whatever it raised, and never shows a foreign message."""

    def refuse() -> Iterator[CheckResult]:
        yield FINE
        raise ModelError("It is pickled.", remedy="Convert it.")

    def stumble() -> Iterator[CheckResult]:
        raise ValueError("canaryword")

    expected = CheckResult("model", Status.RED, "It is pickled.", "Convert it.", ModelError)
    assert [expected] == attempt("model", refuse)
    (finding,) = attempt("model", stumble)
    assert (finding.status, finding.fault) == (Status.RED, UsageError)
    assert "ValueError" in finding.found
    assert "canaryword" not in finding.found


def test_json() -> None:
    """One object: the worst status and each check with its remedy."""
    told = json.loads(as_json([FINE, SLOW]))
    assert told["status"] == "yellow"
    assert told["checks"][1] == {
        "check": "arrow",
        "status": "yellow",
        "found": "few rows",
        "remedy": "more rows",
    }


def test_table() -> None:
    """Each check has its line; a remedy stands below it; brackets are shown as they are."""
    out = io.StringIO()
    findings = [FINE, red("output", "no [/tmp]", "make [it]")]
    print_report(Console(file=out, width=80), findings)
    shown = out.getvalue()
    assert "Java 17" in shown
    assert "no [/tmp]" in shown
    assert "→ make [it]" in shown
