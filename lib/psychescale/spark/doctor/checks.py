"""What `doctor` finds, and how it is told. Nothing here needs Spark, Java or torch."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from psychescale.errors import PsychescaleError, UsageError, as_flag, as_keyword, spelled
from psychescale.notice import NOTICE
from psychescale.results import DoctorResult


class Status(StrEnum):
    """How a check came out."""

    GREEN = "green"
    """As it should be."""
    YELLOW = "yellow"
    """Works, but slower, less safely or untried."""
    RED = "red"
    """A job would fail."""
    NOT_RUN = "not run"
    """Could not be looked at; `found` says why."""


@dataclass(frozen=True)
class CheckResult:
    """One line of the report.

    Attributes:
        check: What was looked at.
        status: How it came out.
        found: What was seen.
        remedy: The next step; empty where there is nothing to do.
        fault: The class of error that a job would end with; decides the exit code of a red check.
    """

    check: str
    status: Status
    found: str
    remedy: str = ""
    fault: type[PsychescaleError] = UsageError


def green(check: str, found: str) -> CheckResult:
    """As it should be."""
    return CheckResult(check, Status.GREEN, found)


def yellow(check: str, found: str, remedy: str) -> CheckResult:
    """Works, but not well."""
    return CheckResult(check, Status.YELLOW, found, remedy)


def red(
    check: str, found: str, remedy: str, *, fault: type[PsychescaleError] = UsageError
) -> CheckResult:
    """Would make a job fail."""
    return CheckResult(check, Status.RED, found, remedy, fault)


def not_run(checks: Iterable[str], why: str) -> list[CheckResult]:
    """Checks that could not be looked at."""
    return [CheckResult(check, Status.NOT_RUN, why) for check in checks]


def attempt(check: str, look: Callable[[], Iterable[CheckResult]]) -> list[CheckResult]:
    """What `look` finds; its failure becomes a red finding, so that other checks still run."""
    try:
        return list(look())
    except PsychescaleError as error:
        return [red(check, *error.template, fault=type(error))]
    except Exception as error:  # noqa: BLE001 - whatever it is, the other checks have to run
        found = f"The check itself failed ({type(error).__name__})."
        return [red(check, found, "Run again with ‹verbose› for Spark's own messages.")]


def as_result(
    findings: Sequence[CheckResult], spell: Callable[[str], str] = as_keyword
) -> DoctorResult:
    """The report: the worst status, and every check, with options as `spell` writes them."""
    checks = [
        {
            "check": one.check,
            "status": one.status.value,
            "found": spelled(one.found, spell),
            "remedy": spelled(one.remedy, spell),
        }
        for one in findings
    ]
    return DoctorResult(worst(findings).value, checks)


def as_json(findings: Sequence[CheckResult]) -> str:
    """The report as one line."""
    return json.dumps(asdict(as_result(findings, as_flag)))


def worst(findings: Iterable[CheckResult]) -> Status:
    """Red if anything is, else yellow if anything is, else green."""
    there = {finding.status for finding in findings}
    ranked = (Status.RED, Status.YELLOW)
    return next((status for status in ranked if status in there), Status.GREEN)


def print_report(console: Console, findings: Sequence[CheckResult]) -> None:
    """The report as a table, a line for each check and its remedy below it."""
    console.print(f"[bold]psychescale doctor[/]  {NOTICE}")
    table = Table("check", "", "found", box=None, pad_edge=False, header_style="bold")
    for finding in findings:
        table.add_row(
            finding.check, _coloured(finding.status), escape(spelled(finding.found, as_flag))
        )
        if finding.remedy:
            table.add_row("", "", f"[bold]→[/] {escape(spelled(finding.remedy, as_flag))}")
    console.print(table, soft_wrap=False)


def require_no_red(findings: Sequence[CheckResult]) -> None:
    """End with the error of the first red check, if there is one.

    Raises:
        PsychescaleError: Of the class that decides the exit code.
    """
    reds = [finding for finding in findings if finding.status is Status.RED]
    if reds:
        names = ", ".join(dict.fromkeys(finding.check for finding in reds))
        raise reds[0].fault(
            f"Not fit: {names}.", remedy="Each red check above says what to do about it."
        )


def _coloured(status: Status) -> str:
    style = "dim" if status is Status.NOT_RUN else status.value
    return f"[{style}]{status.value}[/]"
