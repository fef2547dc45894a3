"""Say what of this machine, its Spark and its executors fits, and what to do about the rest."""

import os
import sys
from collections.abc import Sequence

from rich.console import Console

from psychescale.console.run import run_command
from psychescale.results import DoctorResult
from psychescale.settings.doctor import DoctorConfig
from psychescale.spark.doctor.checks import (
    CheckResult,
    as_json,
    as_result,
    not_run,
    print_report,
    require_no_red,
)
from psychescale.spark.doctor.machine import can_start_spark, examine_machine
from psychescale.spark.doctor.plan import wanted_checks


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(DoctorConfig, "doctor", doctor, argv)


def examine(config: DoctorConfig, _console: Console) -> DoctorResult:
    """Look, and give back what was found: red checks are no error in Python."""
    return as_result(_examine(config))


def doctor(config: DoctorConfig, console: Console) -> None:
    """Look, tell all of it, and fail where something is red."""
    findings = _examine(config)
    if config.json_output:
        print(as_json(findings))
    print_report(console, findings)
    require_no_red(findings)


def _examine(config: DoctorConfig) -> list[CheckResult]:
    """The machine, then Spark if it can start."""
    remote = "spark.remote" in config.spark or "SPARK_REMOTE" in os.environ
    findings = examine_machine(remote=remote)
    return findings + _examine_spark(config, findings)


def _examine_spark(config: DoctorConfig, machine: list[CheckResult]) -> list[CheckResult]:
    if not can_start_spark(machine):
        return not_run(wanted_checks(config), "Spark cannot start: see above.")
    from psychescale.spark.doctor.examine import examine_spark  # noqa: PLC0415 - needs pyspark

    return examine_spark(config)


if __name__ == "__main__":
    sys.exit(main())
