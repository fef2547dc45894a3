"""What a Delta log tells of a run while it goes on and afterwards: commits, rows, live files."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Commit:
    """One commit.

    Attributes:
        at_s: When it was made, in seconds since 1970.
        operation: As Delta names it: ``STREAMING UPDATE``, ``OPTIMIZE``, ….
        rows: Rows in the files that it added.
        added: Names of those files.
        removed: Names of files that are no longer part of the table.
    """

    at_s: float
    operation: str
    rows: int
    added: frozenset[str]
    removed: frozenset[str]

    @property
    def is_streaming(self) -> bool:
        """Whether it brought a micro-batch of new rows."""
        return self.operation == "STREAMING UPDATE"


class CommitLog:
    """The commits of a table, read as they come.

    Attributes:
        commits: Those found so far, oldest first.
    """

    def __init__(self, table: Path) -> None:
        self.commits: list[Commit] = []
        self._folder = table / "_delta_log"

    def refresh(self) -> None:
        """Read what is new. A commit that is being written just now is left for the next time."""
        with suppress(FileNotFoundError, ValueError):
            while True:
                path = self._folder / f"{len(self.commits):020}.json"
                self.commits.append(_parse(path.read_text(encoding="utf-8")))

    @property
    def streaming(self) -> list[Commit]:
        """The commits that brought new rows."""
        return [commit for commit in self.commits if commit.is_streaming]

    def live_files(self) -> Iterator[int]:
        """Files that the table consisted of, commit by commit."""
        live: set[str] = set()
        for commit in self.commits:
            live = (live - commit.removed) | commit.added
            yield len(live)


def rates_by_part(commits: Sequence[Commit], n_parts: int) -> list[float]:
    """Rows a second over even parts of a run.

    When the first micro-batch began is not in the log, so its commit only starts the clock.

    Args:
        commits: Commits with new rows, oldest first; more than `n_parts`.
        n_parts: How many parts, of the same number of commits but for one.
    """
    bounds = [round(part * (len(commits) - 1) / n_parts) for part in range(n_parts + 1)]
    return [
        sum(commit.rows for commit in commits[first + 1 : last + 1])
        / (commits[last].at_s - commits[first].at_s)
        for first, last in pairwise(bounds)
    ]


def _parse(text: str) -> Commit:
    actions = [json.loads(line) for line in text.splitlines()]
    info = _first(actions, "commitInfo")
    added = [action["add"] for action in actions if "add" in action]
    removed = [action["remove"]["path"] for action in actions if "remove" in action]
    return Commit(
        at_s=info["timestamp"] / 1000,
        operation=info["operation"],
        rows=sum(json.loads(file.get("stats") or "{}").get("numRecords", 0) for file in added),
        added=frozenset(file["path"] for file in added),
        removed=frozenset(removed),
    )


def _first(actions: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    """The first action of that name; `ValueError` where the file is not complete yet."""
    for action in actions:
        if name in action:
            content: dict[str, Any] = action[name]
            return content
    raise ValueError(name)
