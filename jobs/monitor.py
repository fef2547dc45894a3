"""Compare each new period of a score table with a reference: drift, alerts, and what to do."""

import sys
from collections.abc import Sequence

from rich.console import Console

from psychescale.console.monitoring import print_outcome, print_plan, require_no_alert
from psychescale.console.run import run_command
from psychescale.results import MonitorResult
from psychescale.settings.monitor import MonitorConfig
from psychescale.spark.monitor.series import open_series
from psychescale.spark.monitor.watch import watch
from psychescale.spark.session.session import open_session
from psychescale.workflows.monitor.reference import reference_periods


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(MonitorConfig, "monitor", monitor, argv)


def monitor(config: MonitorConfig, console: Console) -> MonitorResult | None:
    """Open the table by period, measure the periods that are new, tell of them, and alert."""
    spark = open_session(config.spark, verbose=config.verbose)
    series = open_series(spark, config, reference_periods(config))
    print_plan(console, config, series.texts, series.now)
    if config.dry_run:
        return None
    watched = watch(spark, config, series)
    print_outcome(console, config, watched.new, watched.document)
    require_no_alert(watched.new, watched.document)
    return MonitorResult(
        config.output, f"{config.output}/report.html", watched.new, watched.document
    )


if __name__ == "__main__":
    sys.exit(main())
