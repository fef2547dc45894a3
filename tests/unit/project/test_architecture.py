"""The picture of the rooms in docs/architecture.md is that of the code."""

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "lib" / "psychescale"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p.name != "__init__.py")
ROOMS = sorted({path.parent for path in PACKAGE.rglob("*.py")} - {PACKAGE})

MOST_MODULES = 13
SAME_MEANING = {
    "attention": "where a head looked, and what that is worth",
    "fit": "training of a classifier, of a tagger, and the workflow around it",
    "card": "the model card of a bundle, of a tagger, and what an evaluation adds to it",
    "udf": "the pandas UDF of a job",
    "generator": "texts from the seeded grammar",
    "job": "a job over a corpus: the pipeline's part, and what each adds",
    "read": "rows out of an input",
    "plan": "what a job will do, before it does",
    "verify": "the keys of verify, and verify",
    "train": "the keys of train",
    "evaluation": "labelled rows and an evaluation, in Spark and on the console",
    "score": "the keys of score",
    "study": "what a study tells: on the console, in its report",
}
"""Names of modules that occur more than once, and what they mean wherever they do."""


def contracts() -> list[dict[str, Any]]:
    """Import-linter's contracts."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def drawn_layers() -> list[list[set[str]]]:
    """The blocks of layers that the page draws, line by line."""
    blocks = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    lines = [block.splitlines() for block in blocks]
    return [
        [set(line.split(" | ")) for line in block]
        for block in lines
        if all(re.fullmatch(r"\w+( \| \w+)*", line) for line in block)
    ]


def public_classes() -> Iterator[tuple[str, Path]]:
    """Every public class with its file."""
    for path in MODULES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, path


def test_layers_are_those_of_the_linter() -> None:
    """What the page draws is what import-linter holds."""
    held = [
        [set(re.sub(r"psychescale\.", "", layer).split(" | ")) for layer in contract["layers"]]
        for contract in contracts()
        if contract["type"] == "layers"
    ]
    assert len(held) == 2
    assert drawn_layers() == held


def test_every_room_is_told() -> None:
    """Each folder of the package stands in the page's tables with its one job, and no other does."""
    told = set(re.findall(r"^\| `([\w/]+)/` \|", PAGE, re.MULTILINE)) - {"jobs"}
    there = {str(room.relative_to(PACKAGE)) for room in ROOMS} - {"report/templates"}
    assert told == there


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(PACKAGE)))
def test_rooms_are_small(room: Path) -> None:
    """No room has more modules than a person keeps in mind, nor a family told apart by a prefix."""
    of_jobs = {path.stem for path in (ROOT / "jobs").glob("*.py")}  # in settings/, one a job
    names = sorted(path.stem for path in room.glob("*.py") if path.stem not in of_jobs)
    assert len(names) <= MOST_MODULES
    prefixes = [
        (one, other)
        for one, other in combinations(names, 2)
        if one.split("_")[0] == other.split("_")[0] and "_" in one + other
    ]
    assert prefixes == []


def test_one_name_one_meaning() -> None:
    """No two modules and no two public classes share a name and mean different things."""
    modules = defaultdict(list)
    for path in MODULES:
        if path.parent.name != "settings":  # one a job, named after it
            modules[path.stem].append(str(path.relative_to(PACKAGE)))
    twice = {name: paths for name, paths in modules.items() if len(paths) > 1}
    assert {name: paths for name, paths in twice.items() if name not in SAME_MEANING} == {}
    classes = defaultdict(list)
    for name, path in public_classes():
        classes[name].append(str(path.relative_to(PACKAGE)))
    assert {name: paths for name, paths in classes.items() if len(paths) > 1} == {}


def test_every_file_it_names_is_there() -> None:
    """A module that the page names exists."""
    named = set(re.findall(r"`((?:[\w]+/)+\w+\.py)`", PAGE))
    missing = [n for n in named if not (PACKAGE / n).is_file() and not (ROOT / n).is_file()]
    assert missing == []


def test_tests_mirror_the_rooms() -> None:
    """Tests lie in rooms of the package's names; `project` and `jobs` stand for what is around it."""
    rooms = {room.relative_to(PACKAGE).parts[0] for room in ROOMS}
    inner = {room.relative_to(PACKAGE).parts[1] for room in ROOMS if "spark" in room.parts[-2:-1]}
    for tier, allowed in {"unit": rooms, "spark": inner, "cluster": inner}.items():
        folders = {path.parent for path in (ROOT / "tests" / tier).rglob("test_*.py")}
        found = {str(f.relative_to(ROOT / "tests" / tier)) for f in folders} - {"."}
        assert found <= allowed | {"project", "jobs"}, tier
