"""Figures and tables of a report as files of their own: SVG for a manuscript, CSV for a spreadsheet."""

import csv
import html.parser
import io
import re
from collections.abc import Mapping

# The page's colours by day; a file of its own has no style sheet.
_COLOURS = {
    "var(--ink)": "#1b1d21",
    "var(--faint)": "#a3a9b3",
    "var(--accent)": "#1f5fa8",
    "var(--second)": "#c4691c",
    "var(--third)": "#a9adb5",
    "var(--font)": "'DejaVu Sans', sans-serif",
}
_NAME_LENGTH = 60
# What makes a spreadsheet calculate; names of groups, labels and models come from others.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def figure_files(figures: Mapping[str, str]) -> dict[str, str]:
    """File name → SVG of each figure that is drawn."""
    return {f"figures/{name}.svg": _standing_alone(svg) for name, svg in figures.items() if svg}


def table_files(page: str) -> dict[str, str]:
    """File name → CSV of each table of a page with a caption, numbered in its order."""
    reader = _Tables()
    reader.feed(page)
    named = [(caption, rows) for caption, rows in reader.tables if caption]
    return {
        f"tables/{number:02}-{_slug(caption)}.csv": _csv(rows)
        for number, (caption, rows) in enumerate(named, start=1)
    }


def _standing_alone(svg: str) -> str:
    for variable, value in _COLOURS.items():
        svg = svg.replace(variable, value)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{svg}\n'


def _slug(caption: str) -> str:
    words = re.sub(r"[^\w]+", "-", caption.lower()).strip("-")
    return words[:_NAME_LENGTH].rstrip("-")


def _csv(rows: list[list[str]]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(map(_as_text, row) for row in rows)
    return file.getvalue()


def _as_text(cell: str) -> str:
    """A cell that a spreadsheet does not take for a formula (OWASP, "CSV injection")."""
    is_formula = cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if is_formula else cell


class _Tables(html.parser.HTMLParser):
    """Captions and cells; an interval beside a value is put in brackets."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[tuple[str, list[list[str]]]] = []
        self._into: list[str] | None = None  # pieces of the cell or caption that is open
        self._is_aside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append(("", []))
        elif tag == "tr" and self.tables:
            self.tables[-1][1].append([])
        elif tag in ("th", "td", "caption") and self.tables:
            self._into = []
        elif tag == "span" and self._into is not None:
            self._is_aside = dict(attrs).get("class") == "ci"
            self._into.append("(" if self._is_aside else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "span" and self._is_aside and self._into is not None:
            self._into.append(")")
            self._is_aside = False
        if self._into is None or tag not in ("th", "td", "caption"):
            return
        text = " ".join("".join(self._into).split())
        rows = self.tables[-1][1]
        if tag == "caption":
            self.tables[-1] = (text, rows)
        else:
            rows[-1].append(text)
        self._into = None

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into.append(data)
