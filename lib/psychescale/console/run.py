"""From a command line to an exit code: what every job's `main` does around its own work."""

import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from psychescale.console.early import refuse_early
from psychescale.console.extras import not_installed
from psychescale.console.progress import steps_told
from psychescale.errors import INTERRUPTED, PsychescaleError
from psychescale.settings.config import JobConfig, Loaded, load_config

Config = TypeVar("Config", bound=JobConfig)


def run_command(
    kind: type[Config],
    verb: str,
    work: Callable[[Config, Console], object],
    argv: Sequence[str] | None = None,
) -> int:
    """Run a job.

    Args:
        kind: The job's configuration.
        verb: Its name.
        work: What it does, through the console it is given; what it returns is for Python.
        argv: Command-line arguments without the program's name; `sys.argv` by default.

    Returns:
        The exit code: 0, or the code of the error's class; 1 for what was not foreseen.
    """
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        loaded = load_config(kind, verb, sys.argv[1:] if argv is None else argv)
        if loaded.config.explain_config:
            _print_origins(loaded)
            return 0
        refuse_early(loaded.config)
        quiet = loaded.config.quiet or loaded.config.json_output
        console = Console(quiet=quiet, highlight=False, soft_wrap=True)
        with steps_told(console):
            work(loaded.config, console)
    except PsychescaleError as error:
        return _tell(errors, verb, error)
    except KeyboardInterrupt:
        errors.print(f"psychescale {verb}: interrupted. Run again: it goes on where it stopped.")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - its message can hold a row, so only its class and place are shown
        missing = not_installed(error, verb) if isinstance(error, ModuleNotFoundError) else None
        if missing is not None:
            return _tell(errors, verb, missing)
        errors.print(f"psychescale {verb}: {place_of(error)}", style="red", markup=False)
        errors.print("  This was not foreseen; please report it with these two lines.")
        return 1
    return 0


def _tell(errors: Console, verb: str, error: PsychescaleError) -> int:
    errors.print(f"psychescale {verb}: {error.problem}", style="red", markup=False)
    if error.remedy:
        errors.print(f"  {error.remedy}", markup=False)
    return error.exit_code


def place_of(error: Exception) -> str:
    """Class and place of an exception, without its message, which can hold a row."""
    frames = traceback.extract_tb(error.__traceback__)
    package = Path(__file__).parents[1]
    files = [(frame, Path(frame.filename)) for frame in frames]
    own = [f for f, path in files if package in path.parents or path.parent.name == "jobs"]
    frame = (own or frames)[-1]
    return f"unexpected {type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


def _print_origins(loaded: Loaded[Config]) -> None:
    table = Table("key", "value", "origin", box=None, pad_edge=False)
    for row in loaded.explain():
        table.add_row(*(escape(cell) for cell in row))
    Console(soft_wrap=True, width=None if sys.stdout.isatty() else 160).print(table)
