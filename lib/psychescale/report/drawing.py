"""From a matplotlib figure to SVG that follows the page: its colours, its font, light or dark."""

import io
import re
from collections.abc import Callable
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# matplotlib has no notion of a style sheet: these stand for the page's variables until the end.
INK = "#010101"
FAINT = "#020202"
ACCENT = "#030303"
SECOND = "#040404"
THIRD = "#050505"
_VARIABLES = {
    INK: "var(--ink)",
    FAINT: "var(--faint)",
    ACCENT: "var(--accent)",
    SECOND: "var(--second)",
    THIRD: "var(--third)",
}
_SETTINGS: dict[str, Any] = {
    # Text stays text: it can be read out, searched and takes the page's font. The layout is computed
    # with DejaVu Sans, which is wider than what browsers have, so nothing overlaps.
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.titleweight": "bold",
    "axes.linewidth": 0.6,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "text.color": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 8,
}
PANEL_COLUMNS = 4
WIDTH_INCHES = 7.2
"""Of every figure: a printed page between its margins."""


def draw(
    name: str,
    title: str,
    height: float,
    paint: Callable[[Figure], None],
    *,
    layout: Literal["constrained"] | None = "constrained",
) -> str:
    """Make a figure and give it as an SVG element.

    Args:
        name: Unique on the page; ids inside the SVG derive from it.
        title: What it shows, for those who cannot see it.
        height: Inches.
        paint: Fills the figure.
        layout: None where `paint` places its axes itself.
    """
    settings: Any = {**_SETTINGS, "svg.hashsalt": name}
    with mpl.rc_context(settings):
        figure = Figure(figsize=(WIDTH_INCHES, height), layout=layout)
        figure.patch.set_alpha(0)
        paint(figure)
        for axes in figure.axes:
            axes.patch.set_alpha(0)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return _inline(file.getvalue(), name, title)


def columns_for(n_panels: int, n_places: int) -> int:
    """Panels in a row, so that each place of an axis has room: no more than 48 in a row."""
    return max(1, min(PANEL_COLUMNS, n_panels, 48 // max(1, n_places)))


def small_multiples(
    figure: Figure, names: list[str], axis_names: tuple[str, str], *, columns: int = PANEL_COLUMNS
) -> list[Axes]:
    """One panel a name, with short ticks; the grid's empty places are taken out.

    They are placed by hand: matplotlib's layout engine draws everything twice, and panels are many.
    """
    rows = -(-len(names) // columns)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    height = figure.get_figheight()
    figure.subplots_adjust(
        left=0.085,
        right=0.985,
        top=1 - 0.25 / height,
        bottom=0.5 / height,
        wspace=0.32,
        hspace=0.5,
    )
    middle = 0.5 if len(names) > 1 or columns == 1 else 0.27  # of the figure, or of its one panel
    figure.supxlabel(axis_names[0], fontsize=8, x=middle, y=0.08 / height, va="bottom")
    figure.supylabel(axis_names[1], fontsize=8, x=0.01)
    for axes, name in zip(grid, names, strict=False):
        axes.set_title(shorten(name, 24), loc="left")
        axes.tick_params(length=2, pad=2)
    for axes in grid[len(names) :]:
        axes.remove()
    return list(grid[: len(names)])


def shorten(name: str, length: int) -> str:
    """A long label's beginning; the tables have all of it."""
    return name if len(name) <= length else name[: length - 1] + "…"


def _inline(svg: str, name: str, title: str) -> str:
    """The svg element alone, scalable, with a role and a name."""
    start = svg.index("<svg")
    element = re.sub(r"<metadata>.*?</metadata>", "", svg[start:], flags=re.DOTALL)
    element = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", element, count=1, flags=re.DOTALL)
    element = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", element, count=1, flags=re.DOTALL)
    safe = title.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    element = element.replace("<svg", f'<svg role="img" aria-label="{safe}"', 1)
    # The page's font, not the one that the layout was computed with.
    element = re.sub(
        r"font: ([\w ]*?)([\d.]+)px '[^']*'(?:, [^;\"]*)?", r"font: \1\2px var(--font)", element
    )
    # Figures share a page: their ids take the figure's name, and what nothing refers to goes.
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', element))
    element = re.sub(
        r' id="([^"]*)"',
        lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "",
        element,
    )
    element = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", element)
    for colour, variable in _VARIABLES.items():
        element = element.replace(colour, variable)
    return element
