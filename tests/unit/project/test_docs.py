"""Documents and defaults say what the code does."""

import importlib.util
import re
from pathlib import Path

import pytest

from psychescale.console.main import VERBS
from psychescale.errors import RowError
from psychescale.settings.anonymize import AnonymizeConfig
from psychescale.settings.config import JobConfig, load_config
from psychescale.settings.demo import DemoConfig
from psychescale.settings.doctor import DoctorConfig
from psychescale.settings.evaluate import EvaluateConfig
from psychescale.settings.score import ScoreConfig
from psychescale.settings.tagger import TaggerConfig
from psychescale.settings.train import TrainConfig
from psychescale.settings.verify import VerifyConfig

ROOT = Path(__file__).parents[3]
CONFIGS: dict[str, type[JobConfig]] = {
    "anonymize": AnonymizeConfig,
    "score": ScoreConfig,
    "verify": VerifyConfig,
    "doctor": DoctorConfig,
    "tagger": TaggerConfig,
    "train": TrainConfig,
    "evaluate": EvaluateConfig,
    "demo": DemoConfig,
}
REQUIRED = {
    "anonymize": ["--input", "i", "--output", "o", "--key-file", "k"],
    "score": ["--model", "m", "--input", "i", "--output", "o"],
    "verify": ["--run", "r"],
    "doctor": [],
    "tagger": ["--clean", "c", "--posts", "p", "--output", "o"],
    "train": ["--train", "t", "--output", "o"],
    "evaluate": ["--model", "m", "--input", "i", "--output", "o"],
    "demo": [],
}


def test_every_verb_has_a_job() -> None:
    """Each verb of the help has a job, a configuration and a file of defaults; there are no more."""
    assert sorted(VERBS) == sorted(CONFIGS)
    for verb in VERBS:
        assert (ROOT / "jobs" / f"{verb}.py").is_file()
        assert importlib.util.find_spec(f"psychescale.jobs.{verb}") is not None


@pytest.mark.parametrize("verb", CONFIGS)
def test_every_key_is_documented(verb: str) -> None:
    """Each key stands in the table of configuration.md and has a description for --help."""
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| (`[^|]+) \|", page, re.MULTILINE)
    documented = set(re.findall(r"`(\w+)`", " ".join(cells)))
    for name, field in CONFIGS[verb].model_fields.items():
        assert (field.alias or name) in documented
        assert field.description


@pytest.mark.parametrize("verb", CONFIGS)
def test_default_files(verb: str) -> None:
    """conf/ holds every default as it is: loading the file changes no value."""
    path = ROOT / "conf" / f"{verb}.yaml"
    arguments = REQUIRED[verb]
    with_file = load_config(CONFIGS[verb], verb, ["--config", str(path), *arguments], environ={})
    without = load_config(CONFIGS[verb], verb, arguments, environ={})
    assert with_file.config == without.config
    text = path.read_text(encoding="utf-8")
    for name, field in CONFIGS[verb].model_fields.items():
        assert re.search(rf"^#? ?{field.alias or name}:", text, re.MULTILINE), name


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
