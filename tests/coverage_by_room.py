"""Coverage of each room: `python -m tests.coverage_by_room FILE`, made by `coverage json -o FILE`."""

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path, PurePath

COUNTED = ("num_statements", "covered_lines", "num_branches", "covered_branches")


def room_of(path: str) -> str:
    """The folder below the package; `spark/` has rooms of its own."""
    parts = PurePath(path).parts
    below = parts[parts.index("psychescale") + 1 : -1] if "psychescale" in parts else parts[:-1]
    return "/".join(below[: 2 if below[:1] == ("spark",) else 1]) or "(package)"


def main(report: Path) -> None:
    """Print a table, the least covered room first."""
    rooms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for path, file in json.loads(report.read_text(encoding="utf-8"))["files"].items():
        counts = {name: file["summary"][name] for name in COUNTED}
        rooms[room_of(path)].update(counts)
        rooms["all"].update(counts)
    print(f"{'room':24}{'statements':>12}{'branches':>12}")
    for room, counts in sorted(rooms.items(), key=lambda item: _share(item[1], *COUNTED[:2])):
        lines, branches = _share(counts, *COUNTED[:2]), _share(counts, *COUNTED[2:])
        print(f"{room:24}{lines:12.1%}{branches:12.1%}")


def _share(counts: Counter[str], whole: str, part: str) -> float:
    return counts[part] / counts[whole] if counts[whole] else 1.0


if __name__ == "__main__":
    main(Path(sys.argv[1]))
