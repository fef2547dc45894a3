"""How long the worst texts take: windows of repeated characters and words, long rows, many findings.

Processor time of one thread. The first table has the slowest of all windows of 8,192 characters; the
second how time grows with the length of a row, which should be four times for four times as long.
"""

import argparse
import time
from collections.abc import Callable

from harness import describe_machine, save, show

from psychescale.text import rules
from psychescale.text.handles import Handles
from psychescale.text.passages import WINDOW
from psychescale.text.redact import RedactionOptions, Redactor

CHARACTERS = list("aA09é@.,:;/-_#+()[]'\"\n$%&=<>| аא٢")
ROWS: dict[str, Callable[[int], str]] = {
    "zeros": lambda _: "0",
    "a@": lambda _: "a@",
    "zero-width space": lambda _: "\u200b",
    "combining accent": lambda _: "e\u0301",
    "first name": lambda _: "Sarah ",
    "context": lambda _: "NAME IS ",
    "titled name": lambda _: "Dr. Smith ",
    "date": lambda _: "1 Jan 2020, ",
    "handle": lambda _: "u/ab ",
    "other telephone numbers": lambda i: (
        f"call {200 + i % 700}-{200 + i // 7 % 700}-{1000 + i % 9000} "
    ),
    "other mail addresses": lambda i: f"a{i}@x{i}.com ",
}


def main() -> None:
    """Time windows, then rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=5.0, help="length of the long rows")
    size = int(parser.parse_args().megabytes * 1e6)
    redactor = Redactor(
        RedactionOptions(timeout_s=1e9), handles=Handles.of(["moonwalker99", "Fuzzy Zorblax"])
    )
    redactor.redact("Dr. Sarah Moon, 12 Main Street, 3 May 2021, (312) 555-0134")  # first use
    words = sorted(set().union(*(r.triggers or () for r in rules.RECOGNIZERS)))
    units = [*CHARACTERS, *(a + b for a in CHARACTERS for b in CHARACTERS)]
    units += [f"{form(word)} " for word in words for form in (str, str.title, str.upper)]
    units += [f"{word} 1 Aa " for word in words]
    windows = sorted((_seconds(redactor, (u * WINDOW)[:WINDOW]), n) for n, u in enumerate(units))
    rows = {
        name: [_seconds(redactor, _text(make, n)) for n in (size // 4, size)]
        for name, make in ROWS.items()
    }
    slowest, median = windows[-1][0], windows[len(windows) // 2][0]
    outcome = {"units": len(units), "slowest_window_s": slowest, "median_window_s": median}
    save("pii_bombs", {"machine": describe_machine(), "size": size, **outcome, "rows_s": rows})
    show(
        f"{len(units):,} windows of {WINDOW:,} characters",
        ("", "ms"),
        [("median", f"{median * 1000:.1f}"), ("slowest", f"{slowest * 1000:.1f}")],
    )
    show(
        f"Rows of {size / 1e6:g} MB",
        ("", "a quarter, s", "whole, s", "ratio"),
        [(n, f"{a:.2f}", f"{b:.2f}", f"{b / a:.1f}") for n, (a, b) in rows.items()],
    )


def _text(make: Callable[[int], str], size: int) -> str:
    pieces, length, i = [], 0, 0
    while length < size:
        pieces.append(make(i))
        length += len(pieces[-1])
        i += 1
    return "".join(pieces)[:size]


def _seconds(redactor: Redactor, text: str) -> float:
    began = time.process_time()
    redactor.redact(text)
    return time.process_time() - began


if __name__ == "__main__":
    main()
