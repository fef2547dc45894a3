"""Help, files of defaults and the page of keys come from the settings, and from nothing else.

``make docs-generate`` writes the files and the tables anew.
"""

import os
import re
import shlex
from pathlib import Path

import pytest
from pydantic import Field

from psychescale.console.main import VERBS, settings_of
from psychescale.errors import as_flag
from psychescale.settings.config import JobConfig, load_config
from psychescale.settings.keys import key_of, shown_default
from psychescale.settings.score import ScoreConfig
from psychescale.settings.shared import FilesConfig

from .documents import default_file, shared_table, tables

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "configuration.md"
WRITE = "PSYCHESCALE_WRITE_DOCS"
PARTS = {verb: tables(settings_of(verb)) for verb in VERBS} | {
    "every job": shared_table(JobConfig),
    "files": shared_table(FilesConfig),
}


def require_written(path: Path, text: str) -> None:
    """The file has this text; with PSYCHESCALE_WRITE_DOCS=1 it is written."""
    if os.environ.get(WRITE):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, "make docs-generate"


@pytest.mark.parametrize("verb", VERBS)
def test_default_file(verb: str) -> None:
    """conf/VERB.yaml is what the settings make of it."""
    require_written(ROOT / "conf" / f"{verb}.yaml", default_file(settings_of(verb), verb))


@pytest.mark.parametrize("verb", VERBS)
def test_default_file_changes_nothing(verb: str) -> None:
    """Loading conf/VERB.yaml changes no value."""
    kind = settings_of(verb)
    required = [key_of(n, field) for n, field in kind.model_fields.items() if field.is_required()]
    flags = [word for name in required for word in (as_flag(name), "x")]
    file = ["--config", str(ROOT / "conf" / f"{verb}.yaml")]
    with_file = load_config(kind, verb, [*file, *flags], environ={}).config
    assert with_file == load_config(kind, verb, flags, environ={}).config


@pytest.mark.parametrize("part", PARTS)
def test_tables(part: str) -> None:
    """Between its marks, docs/configuration.md has the tables that the settings make."""
    page = PAGE.read_text(encoding="utf-8")
    begin, end = f"<!-- keys of {part}: made by `make docs-generate` -->\n", "<!-- end -->"
    before, found, rest = page.partition(begin)
    assert found, f"docs/configuration.md has no place for the keys of {part}: {begin}{end}"
    after = rest[rest.index(end) :]
    require_written(PAGE, f"{before}{begin}\n{PARTS[part]}\n\n{after}")


@pytest.mark.parametrize("verb", VERBS)
def test_descriptions(verb: str) -> None:
    """Descriptions name options by their keys, so that help, files and pages each spell them."""
    kind = settings_of(verb)
    keys = {field.alias or name for name, field in kind.model_fields.items()}
    for name, field in kind.model_fields.items():
        told = field.description or ""
        assert "--" not in told.replace("--set spark.KEY", ""), name
        assert set(re.findall("‹(.*?)›", told)) <= keys, name
        assert not ("(default:" in told and shown_default(field)), (
            f"{name}: its default is told twice"
        )


@pytest.mark.parametrize("verb", VERBS)
def test_examples(verb: str) -> None:
    """Every example of the help is a command line that the verb takes, and its pages are there."""
    kind = settings_of(verb)
    assert kind.examples
    for example in kind.examples:
        program, named, *flags = shlex.split(example)
        assert (program, named) == ("psychescale", verb)
        load_config(kind, verb, flags, environ={})
    assert [page for page in kind.pages if not (ROOT / page).is_file()] == []


def test_readme_commands() -> None:
    """Every command in a table of README is one that its verb takes."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"`psychescale ([a-z]+ --[^`]+)`", readme)
    assert len(commands) >= 5
    for command in commands:
        verb, *flags = shlex.split(command)
        load_config(settings_of(verb), verb, [f for f in flags if f != "--help"], environ={})


def test_a_key_is_stated_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A key added to the settings of one job is in help, file and page without another edit."""

    class LongerConfig(ScoreConfig):
        """Score, and more."""

        moon_phase: str = Field("new", description="phase of the moon, for ‹model›")

    with pytest.raises(SystemExit):
        load_config(LongerConfig, "score", ["--help"], environ={})
    assert "--moon-phase TEXT" in capsys.readouterr().out
    assert "moon_phase: new              # phase of the moon, for model" in default_file(
        LongerConfig, "score"
    )
    assert "| `moon_phase` | `new` | phase of the moon, for `model` |" in tables(LongerConfig)
