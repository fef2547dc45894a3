"""Jupyter notebooks from the sources in Databricks' format beside them, executed from top to bottom.

    make demo && make notebooks

They run in one kernel, one after the other, each from a clean start, so that Spark starts once.
Stored is what a reader sees and nothing else: no messages of Spark, no times, no place of this machine.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

HEADER = "# Databricks notebook source\n"
CUT = "\n\n# COMMAND ----------\n\n"
MAGIC = "# MAGIC"
MARKDOWN = f"{MAGIC} %md\n"
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def main(argv: Sequence[str] | None = None) -> int:
    """Write an executed notebook beside each source."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(__file__).parents[1] / "notebooks")
    write_notebooks(parser.parse_args(argv).folder)
    return 0


def write_notebooks(folder: Path) -> None:
    """Execute every source of a folder there, and write what came out beside it.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell failed.
        ValueError: An output names a place of this machine.
    """
    sources = {path: to_notebook(path.read_text(encoding="utf-8")) for path in sources_in(folder)}
    kernel = NotebookClient(
        new_notebook(), timeout=None, record_timing=False, coalesce_streams=True
    )
    with kernel.setup_kernel(cwd=str(folder)):
        for path, notebook in sources.items():
            for cells in ([new_code_cell("%reset -f")], notebook.cells):
                kernel.nb = new_notebook(cells=cells)
                for index, cell in enumerate(cells):
                    kernel.execute_cell(cell, index)
            tidy(notebook, own=(str(Path.home()), str(folder.absolute().parent)))
            nbformat.write(notebook, path.with_suffix(".ipynb"))
            print(path.with_suffix(".ipynb"))


def sources_in(folder: Path) -> list[Path]:
    """The notebooks of a folder in Databricks' source format, in their order."""
    return sorted(folder.glob("[0-9]*.py"))


def to_notebook(source: str) -> NotebookNode:
    """A source in Databricks' format → the same cells as a Jupyter notebook, without outputs."""
    cells = [
        new_markdown_cell(text, id=f"cell-{number}")
        if is_prose
        else new_code_cell(text, id=f"cell-{number}")
        for number, (is_prose, text) in enumerate(cells_of(source), 1)
    ]
    return new_notebook(cells=cells, metadata={"kernelspec": _KERNEL})


def cells_of(source: str) -> Iterator[tuple[bool, str]]:
    """Whether a cell is prose, and its text without the marks of the format."""
    for cell in source.removeprefix(HEADER).rstrip("\n").split(CUT):
        if cell.startswith(MARKDOWN):
            lines = cell.removeprefix(MARKDOWN).splitlines()
            yield True, "\n".join(line.removeprefix(MAGIC).removeprefix(" ") for line in lines)
        else:
            yield False, cell.strip("\n")


def tidy(notebook: NotebookNode, *, own: Sequence[str]) -> None:
    """Keep of the outputs what a reader sees.

    Args:
        notebook: An executed one, changed in place.
        own: Places of this machine that must not be in it.

    Raises:
        ValueError: One of them is.
    """
    for number, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), 1):
        cell.execution_count = number
        cell.outputs = [one for one in cell.outputs if one.get("name") != "stderr"]
        for one in cell.outputs:
            if "execution_count" in one:
                one.execution_count = number
    written = nbformat.writes(notebook)
    named = [place for place in own if place in written]
    if named:
        raise ValueError(f"An output names a place of this machine: {named[0]}")


if __name__ == "__main__":
    sys.exit(main())
