"""The `psychescale score` command as a user runs it: a process of its own."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ScoreJob:
    """A finished job.

    Attributes:
        wall_s: Seconds from the start of the process to its end: imports, model check, session start,
            landing, scoring, checks, clean-up.
        run: The row of the run table that it printed.
    """

    wall_s: float
    run: dict[str, Any]

    @property
    def stream_s(self) -> float:
        """Seconds of the scoring phase: start of the Python workers, scoring, commits."""
        return float(self.rows / self.run["docs_per_s"])

    @property
    def rows(self) -> int:
        """Rows that it wrote."""
        return int(self.run["rows_scored"] + self.run["rows_failed"])


def score_command(model: Path, corpus: Path, output: Path, *flags: str, slots: int) -> list[str]:
    """The command line that scores `corpus` on `slots` cores into the new table `output`.

    Raises:
        SystemExit: psychescale is not installed beside this interpreter.
    """
    places = ["--model", str(model), "--input", str(corpus), "--output", str(output)]
    return verb_command("score", *places, "--accept-raw", *flags, slots=slots)


def verb_command(verb: str, *flags: str, slots: int) -> list[str]:
    """The command line that runs a verb on `slots` cores and prints its run as JSON.

    Raises:
        SystemExit: psychescale is not installed beside this interpreter.
    """
    program = Path(sys.executable).with_name("psychescale")
    if not program.is_file():
        raise SystemExit("There is no psychescale command beside this Python: run `make install`.")
    return [str(program), verb, "--json", "--set", f"spark.master=local[{slots},4]", *flags]


def run_score(command: list[str]) -> ScoreJob:
    """Run it to its end.

    Raises:
        SystemExit: The job failed; its own message says why.
    """
    started = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    wall_s = time.monotonic() - started
    return ScoreJob(wall_s, parse_outcome(done.returncode, done.stdout))


def parse_outcome(exit_code: int, output: str) -> dict[str, Any]:
    """The run row out of what a job printed.

    Raises:
        SystemExit: The job failed.
    """
    if exit_code:
        raise SystemExit(f"psychescale ended with exit code {exit_code}.")
    run: dict[str, Any] = json.loads(output.splitlines()[-1])
    return run
