"""Every command and every piece of Python in README and docs is run, here or by a test named here."""

import ast
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from psychescale.console.main import settings_of
from psychescale.settings.config import load_config
from tests.spark.conftest import Row, read_table

ROOT = Path(__file__).parents[3]
PAGES = ["README.md", "CONTRIBUTING.md", "conf/README.md", "benchmarks/README.md"]
PAGES += sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md"))

CLUSTER = "tests/cluster"

# Run somewhere else, with other names: needs a hub, a cluster, or minutes.
ELSEWHERE = {
    "make install": "Makefile",  # every other target does it first
    "make demo": "tests/spark/jobs/test_demo.py::test_demo",
    "make test": ".ci/run",
    "make dist": f"{CLUSTER}/project/test_packed.py::test_dist_is_whole",
    "mkdir -p /opt/psychescale && tar -xzf": f"{CLUSTER}/conftest.py::unpacked",
    "spark-submit ": f"{CLUSTER}/project/test_packed.py::test_scores_like_local_mode",
    "PYSPARK_PYTHON=/opt/psychescale/bin/python start": f"{CLUSTER}/session/test_connect.py::server",
    "psychescale score --set spark.remote": f"{CLUSTER}/session/test_connect.py::"
    "test_scores_like_local_mode",
    "psychescale score --model Sharath45": "tests/spark/score/test_job.py",
    "psychescale train ": "tests/spark/labelled/test_train.py",
    "psychescale evaluate ": "tests/spark/labelled/test_evaluate.py",
    "psychescale monitor ": "tests/spark/monitor/test_monitor.py",
    "psychescale recalibrate ": "tests/spark/labelled/test_train.py",
    "psychescale sample ": "tests/spark/study/test_study.py::test_sample",
    "psychescale study ": "tests/spark/study/test_study.py::study",
    "psychescale score --model bundle --input redacted --output scores --keep time,source": (
        "tests/spark/corpus/test_singled_out.py::test_told_then_coarser"
    ),
    "psychescale tagger ": "tests/unit/jobs/test_tagger.py",
    "psychescale anonymize --input posts.csv --output redacted --key-file key --author-column author "
    "--tagger": "tests/spark/anonymize/test_job.py::test_tagger",
    "python benchmarks/": "benchmarks/README.md",
    "psychescale doctor --json --set spark.master=yarn": "tests/spark/doctor/test_job.py",
    "hf auth login": "README.md",  # somebody else's command
}
PLACES = {"--input", "--output", "--model", "--key-file", "--config"}


def blocks(page: str, language: str) -> Iterator[str]:
    """Code of a page, block by block."""
    text = (ROOT / page).read_text(encoding="utf-8")
    yield from re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(page: str) -> list[str]:
    """Commands of a page, each on a line of its own."""
    joined = "\n".join(blocks(page, "bash")).replace("\\\n", " ")
    lines = (re.sub(r"\s+# .*", "", line).strip() for line in joined.splitlines())
    return [re.sub(r"\s+", " ", line) for line in lines if line]


def elsewhere(command: str) -> str | None:
    """The test that runs it."""
    return next((test for start, test in ELSEWHERE.items() if command.startswith(start)), None)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, rows: list[Row], tiny_model: Path) -> Path:
    """A folder with what the commands take for granted, under the names that they use."""
    folder = tmp_path_factory.mktemp("sandbox")
    frame = pd.DataFrame(rows).assign(author="somebody")
    frame.to_csv(folder / "posts.csv", index=False)
    for name in ("bundle", "demo/bundle"):
        shutil.copytree(tiny_model, folder / name)
    shutil.copytree(ROOT / "conf", folder / "conf")
    return folder


def test_elsewhere() -> None:
    """Each test or file that is said to run a command is there, and each entry still has a command."""
    all_commands = [command for page in PAGES for command in commands(page)]
    for start, test in ELSEWHERE.items():
        assert any(command.startswith(start) for command in all_commands), start
        path, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8") if name else path
        assert (ROOT / path).is_file()


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)])
def test_commands(page: str, run: Callable[..., int], sandbox: Path) -> None:
    """Each command ends well; one that runs elsewhere has flags and files that exist."""
    for command in commands(page):
        words = shlex.split(command)
        if elsewhere(command) is not None:
            require_known(words)
        elif words[0] == "psychescale":
            places = {i + 1 for i, word in enumerate(words) if word in PLACES}
            given = [str(sandbox / w) if i in places else w for i, w in enumerate(words)]
            assert run(*given[1:]) == 0, command
        else:
            subprocess.run(["bash", "-euc", command], cwd=sandbox, check=True)


def require_known(words: list[str]) -> None:
    """The verb has these flags, and the repository has these files."""
    if words[0] == "psychescale":
        load_config(settings_of(words[1]), words[1], words[2:], environ={})
    ours = ("jobs/", "conf/", "benchmarks/")
    named = [word.removeprefix("dist/") for word in words if any(part in word for part in ours)]
    assert [name for name in named if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("page", ["docs/start.md", "docs/reading-scores.md"])
def test_python(
    page: str,
    spark: SparkSession,
    run: Callable[..., int],
    rows: list[Row],
    sandbox: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The Python of a page runs from top to bottom, in the folder where the commands left the table."""
    model, corpus = sandbox / "demo" / "bundle", sandbox / "posts.csv"
    arguments = ["--model", model, "--input", corpus, "--output", sandbox / "scores"]
    assert run("score", *arguments, "--accept-raw") == 0  # nothing to do after the commands
    monkeypatch.chdir(sandbox)
    names = {"spark": spark, "frame": spark.createDataFrame([("a", "x")], "id string, text string")}
    for code in blocks(page, "python"):
        tree = ast.parse(code)
        exec(compile(tree, page, "exec"), names)  # noqa: S102 - the page's own
    assert len(read_table(sandbox / "scores")) == len(rows)
