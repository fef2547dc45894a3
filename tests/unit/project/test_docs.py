"""Documents and defaults say what the code does."""

import importlib.util
import re
from pathlib import Path

import pytest

from psychescale.console.main import VERBS, settings_of
from psychescale.errors import RowError

ROOT = Path(__file__).parents[3]


def test_every_verb_has_a_job() -> None:
    """Each verb of the help has a job and settings; there are no more."""
    files = [path.stem for path in (ROOT / "jobs").glob("*.py") if path.stem != "__init__"]
    assert sorted(VERBS) == sorted(files)
    for verb in VERBS:
        assert settings_of(verb).__doc__
        assert (ROOT / "jobs" / f"{verb}.py").is_file()
        assert importlib.util.find_spec(f"psychescale.jobs.{verb}") is not None


def test_every_reason_is_documented() -> None:
    """Each reason of a row without a score stands in architecture.md."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert [reason for reason in RowError if f"`{reason.value}`" not in page] == []


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md")))
def test_links(page: Path) -> None:
    """Every relative link leads to a file."""
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_make_targets() -> None:
    """Every make target that a document names is one."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(
        re.findall(r"[\w-]+", " ".join(re.findall(r"^([\w -]+):", makefile, re.MULTILINE)))
    )
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks" / "README.md"]
    named = {
        target
        for page in pages
        for target in re.findall(r"`make ([\w-]+)", page.read_text(encoding="utf-8"))
    }
    assert named - targets == set()
