"""From a command line to an exit code: errors by class, and nothing said that could be a text."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import Field
from rich.console import Console

from psychescale.console.run import run_command
from psychescale.errors import (
    FailureBudgetError,
    InputError,
    ModelError,
    PrivacyError,
    PsychescaleError,
    StorageError,
    UsageError,
)
from psychescale.model.checkpoint import file_digest
from psychescale.settings.config import JobConfig

CANARY = "canaryword"  # stands for a word of a document


class Work(JobConfig):
    """A job for these tests."""

    input: str = Field("corpus", description="what is read")
    api_token: str = Field("", description="a secret")


STARTING = re.compile(r"^ +\d+\.\d s  starting\n")


def run(*argv: str, error: BaseException | None = None) -> int:
    def work(config: Work, console: Console) -> None:
        if error is not None:
            raise error
        console.print(f"read {config.input}")

    return run_command(Work, "work", work, argv)


def test_success(capsys: pytest.CaptureFixture[str]) -> None:
    """A job that returns has exit code 0 and prints where the reader looks."""
    assert run("--input", "there") == 0

    shown = capsys.readouterr()
    assert STARTING.sub("", shown.out) == "read there\n"
    assert shown.err == ""


@pytest.mark.parametrize("flag", ["--quiet", "--json"])
def test_quiet_prints_nothing(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    """--quiet silences the job's console, and so does --json, whose outcome stands alone."""
    assert run(flag) == 0
    assert capsys.readouterr().out == ""


def test_arguments_of_the_process_are_the_default(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without arguments given, the process's own are read."""
    monkeypatch.setattr("sys.argv", ["program", "--input", "elsewhere"])

    assert run_command(Work, "work", lambda config, console: console.print(config.input)) == 0
    assert STARTING.sub("", capsys.readouterr().out) == "elsewhere\n"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (PsychescaleError, 1),
        (UsageError, 2),
        (InputError, 3),
        (ModelError, 4),
        (PrivacyError, 5),
        (FailureBudgetError, 6),
        (StorageError, 7),
    ],
)
def test_exit_code_by_error_class(
    kind: type[PsychescaleError], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """A foreseen error ends with its class's code, problem and remedy on stderr, nothing on stdout."""
    assert code == run(error=kind("Table [red]t[/] is [gone.", remedy="Bring [it] back."))

    shown = capsys.readouterr()
    expected = "psychescale work: Table [red]t[/] is [gone.\n  Bring [it] back.\n"
    assert expected == shown.err
    assert STARTING.sub("", shown.out) == ""


def test_error_without_remedy_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """No remedy, no empty second line."""
    run(error=ModelError("It broke.", remedy=""))

    assert capsys.readouterr().err == "psychescale work: It broke.\n"


def test_long_messages_are_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    """A long path in a message stays whole, so that it can be copied."""
    path = "/very" * 60
    run(error=StorageError(f"No {path}.", remedy="Make it."))

    assert path in capsys.readouterr().err


@pytest.mark.parametrize(
    "argv", [("--inptu", "x"), ("--set", "nothing=1"), ("--config", "/nowhere.yaml")]
)
def test_bad_command_line(argv: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A command line that cannot be used ends with 2 before any work."""
    assert run(*argv, error=AssertionError("worked")) == 2
    assert capsys.readouterr().err.startswith("psychescale work: ")


def test_unforeseen_errors_show_class_and_place_only(capsys: pytest.CaptureFixture[str]) -> None:
    """The message of an unforeseen error can hold a row of the corpus, so it is never shown."""
    assert run(error=ValueError(f"cannot parse {CANARY}")) == 1

    shown = capsys.readouterr()
    first, second = shown.err.splitlines()
    assert first.startswith("psychescale work: unexpected ValueError at ")
    assert first.rpartition(":")[2].isdigit()
    assert second == "  This was not foreseen; please report it with these two lines."
    assert CANARY not in shown.err + shown.out


def test_causes_of_unforeseen_errors_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Nor is what another error was raised from."""

    def work(_config: Work, _console: Console) -> None:
        try:
            int(CANARY)
        except ValueError as error:
            raise KeyError(CANARY) from error

    assert run_command(Work, "work", work, []) == 1

    shown = capsys.readouterr()
    assert "unexpected KeyError at " in shown.err
    assert CANARY not in shown.err + shown.out


def test_place_is_the_last_own_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The place is the innermost line of psychescale, not of a library below it."""
    odd = Path("a\0b")  # which pathlib refuses
    run_command(Work, "work", lambda _config, _console: print(file_digest(odd)), [])

    assert "unexpected ValueError at checkpoint.py:" in capsys.readouterr().err


def test_interruption(capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends with 130, as shells expect, and says that nothing is lost."""
    assert run(error=KeyboardInterrupt()) == 130
    assert "goes on where it stopped" in capsys.readouterr().err


class TestExplainConfig:
    def test_shows_values_with_origins_and_does_no_work(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """--explain-config prints key, value and origin, and stops before the work."""
        monkeypatch.setenv("PSYCHESCALE_WORK_QUIET", "true")
        code = run("--explain-config", "--input", "there", error=AssertionError("worked"))

        rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
        assert code == 0
        assert rows["input"] == ["there", "flag"]
        assert rows["quiet"] == ["True", "environment", "PSYCHESCALE_WORK_QUIET"]
        assert rows["dry_run"] == ["False", "default"]
        assert rows["key"] == ["value", "origin"]

    def test_masks_secrets(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Secrets are not printed."""
        run("--explain-config", "--api-token", CANARY)

        shown = capsys.readouterr().out
        assert CANARY not in shown
        assert "***" in shown

    @pytest.mark.parametrize("value", ["data/[ab]*.csv", "data/[/ab]"])
    def test_brackets_are_shown(self, value: str, capsys: pytest.CaptureFixture[str]) -> None:
        """A value with brackets is printed as it was given."""
        assert run("--explain-config", "--input", value) == 0
        assert value in capsys.readouterr().out
