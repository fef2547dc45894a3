"""Lists of words in text files: ``#`` begins a line of comment, ``[name]`` a section."""

import re
from collections import defaultdict
from functools import cache
from importlib.resources import files
from typing import Final

_HEADING: Final = re.compile(r"\[(\w+)\]")


def read_terms(package: str, name: str, section: str = "") -> frozenset[str]:
    """The terms of ``name.txt`` in a package, or of one of its sections; ``_`` is read as a blank."""
    return _sections(package, name)[section]


@cache
def _sections(package: str, name: str) -> dict[str, frozenset[str]]:
    file = files(package).joinpath(f"{name}.txt")
    found: defaultdict[str, set[str]] = defaultdict(set)
    section = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        heading = _HEADING.fullmatch(line)
        if heading:
            section = heading[1]
        elif not line.startswith("#"):
            found[section].update(term.replace("_", " ") for term in line.split())
    return {key: frozenset(terms) for key, terms in found.items()}
