"""The `psychescale` command: one verb a job."""

import difflib
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console

from psychescale import __version__
from psychescale.console.run import run_command
from psychescale.notice import NOTICE
from psychescale.settings.config import JobConfig

# A verb is here once its job is built.
VERBS = {
    "anonymize": "redact a corpus: no identifiers in texts, pseudonyms for ids and authors",
    "score": "score a corpus into a Delta table of label probabilities",
    "verify": "score a sample of a finished table again, and say whether it holds",
    "doctor": "say what of this machine, its Spark and its executors fits",
    "tagger": "fine-tune a model that finds names in texts, for anonymize",
    "train": "fine-tune a backbone on labelled texts",
    "recalibrate": "fit a bundle's calibration to labelled texts of another place or time",
    "evaluate": "judge a model on labelled texts: measures, report, comparison",
    "monitor": "compare new periods of a score table with a reference: drift, alerts, what to do",
    "sample": "draw texts of a score table for annotation, with known chances",
    "study": "say how common labels are, by group and period, with intervals that hold",
    "demo": "generate a synthetic corpus, train on it and score it, on this machine",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the job that the first argument names, with the rest of them.

    Returns:
        The job's exit code; 2 for an unknown verb.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if verb == "help" and rest:
        verb, rest = rest[0], ["--help"]
    if verb in ("", "-h", "--help", "help"):
        print(_help())
        return 0 if verb else 2
    if verb in ("-V", "--version"):
        print(f"psychescale {__version__}")
        return 0
    if verb not in VERBS:
        print(f"psychescale: there is no verb {verb}. {_suggest(verb)}", file=sys.stderr)
        return 2
    return run_command(settings_of(verb), verb, _imported_when_called(verb), rest)


def settings_of(verb: str) -> type[JobConfig]:
    """The settings of a job, by its name."""
    module = importlib.import_module(f"psychescale.settings.{verb}")
    kind: type[JobConfig] = getattr(module, f"{verb.capitalize()}Config")
    return kind


def _imported_when_called(verb: str) -> Callable[[Any, Console], object]:
    """The job's function. What it needs takes seconds to import; a mistyped flag is told before."""

    def work(config: JobConfig, console: Console) -> object:
        job = importlib.import_module(f"psychescale.jobs.{verb}")
        return getattr(job, verb)(config, console)

    return work


def task() -> None:
    """The same for schedulers that ignore what a function returns, such as a Databricks wheel task.

    Raises:
        SystemExit: With the exit code, unless it is 0, which some of them take for a failure.
    """
    code = main()
    if code:
        raise SystemExit(code)


def _help() -> str:
    verbs = "\n".join(f"  {verb:11} {meaning}" for verb, meaning in VERBS.items())
    return (
        f"usage: psychescale VERB [--KEY VALUE …]\n\n{verbs}\n\n"
        f"`psychescale VERB --help` lists the keys of a verb, with examples. `-V` prints the version.\n"
        f"Exit codes: 0 done, 1 unexpected, 2 usage, 3 input, 4 model, 5 privacy, 6 too many failed "
        f"rows, 7 storage, 8 an alert of monitor.\n{NOTICE}"
    )


def _suggest(verb: str) -> str:
    close = difflib.get_close_matches(verb, VERBS, n=1)
    return f"Did you mean {close[0]}?" if close else f"There are {', '.join(VERBS)}."
