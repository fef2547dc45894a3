"""The command: verbs in the help are those that can be called."""

import re
from pathlib import Path

import pytest

from psychescale import __version__
from psychescale.console.main import VERBS, main, task
from psychescale.notice import NOTICE


@pytest.mark.parametrize("flag", ["-h", "--help", "help"])
def test_help_lists_every_verb_and_no_other(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The help has a line for each verb, and only for these."""
    assert main([flag]) == 0

    listed = re.findall(r"^  (\S+) +(\S.*)$", capsys.readouterr().out, re.MULTILINE)
    assert list(VERBS.items()) == listed


def test_help_says_what_it_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    """The help ends with the notice: texts, not people; never a diagnosis."""
    main(["--help"])

    assert capsys.readouterr().out.endswith(f"{NOTICE}\n")


def test_no_arguments_show_the_help_as_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a verb there is the help, and exit code 2."""
    assert main([]) == 2
    assert capsys.readouterr().out.startswith("usage: psychescale VERB")


def test_help_of_a_verb(capsys: pytest.CaptureFixture[str]) -> None:
    """`help VERB` is `VERB --help`: the verb's keys in groups, common ones first, and examples."""
    with pytest.raises(SystemExit):
        main(["help", "score"])
    by_help = capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["score", "-h"])
    assert by_help == capsys.readouterr().out
    titles = re.findall(r"^(\S[^:\n]*):$", by_help, re.MULTILINE)
    assert titles[:2] == ["Required", "Common"]
    assert titles[-2:] == ["How the command behaves", "Examples"]


@pytest.mark.parametrize("flag", ["-V", "--version"])
def test_version(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    """-V prints name and version."""
    assert main([flag]) == 0
    assert f"psychescale {__version__}\n" == capsys.readouterr().out


def test_unknown_verb_suggests(capsys: pytest.CaptureFixture[str]) -> None:
    """A verb that was mistyped is refused with the one that was meant."""
    assert main(["socre"]) == 2

    expected = "psychescale: there is no verb socre. Did you mean score?\n"
    assert expected == capsys.readouterr().err


def test_unknown_verb_like_nothing_known(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing is close, all verbs are listed."""
    assert main(["xyzzy"]) == 2

    shown = capsys.readouterr().err
    assert [verb for verb in VERBS if verb not in shown] == []


def test_arguments_of_the_process_are_the_default(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without arguments given, the process's own are read."""
    monkeypatch.setattr("sys.argv", ["psychescale", "--version"])

    assert main() == 0
    assert f"psychescale {__version__}\n" == capsys.readouterr().out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_job(verb: str) -> None:
    """A verb in the help has its file in jobs/, with a main."""
    job = Path(__file__).parents[3] / "jobs" / f"{verb}.py"

    assert "\ndef main(" in job.read_text(encoding="utf-8")


def test_task_fails_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a returned code is ignored, a failure is an exit, and success is none."""
    monkeypatch.setattr("sys.argv", ["psychescale", "--version"])
    task()
    monkeypatch.setattr("sys.argv", ["psychescale", "socre"])
    with pytest.raises(SystemExit) as exit_:
        task()
    assert exit_.value.code == 2
