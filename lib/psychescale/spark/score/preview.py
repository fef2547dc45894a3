"""A first look at a score table."""

from collections.abc import Sequence

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from psychescale.labels import PROBABILITY_PREFIX
from psychescale.spark.tables.delta import DeltaTable

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def print_scores(console: Console, spark: SparkSession, place: str, *, n_rows: int = 3) -> None:
    """Print a score table's first rows and the quantiles of every label, a line a label.

    Ids of documents are printed: for synthetic texts, or where the reader may see them.
    """
    frame = DeltaTable.at(spark, place).rows()
    columns = [name for name in frame.columns if name.startswith(PROBABILITY_PREFIX)]
    rows = frame.orderBy("id").limit(n_rows).collect()
    first = _table(f"The first {len(rows)} rows", [row["id"] for row in rows])
    for name in columns:
        first.add_row(name, *["" if row[name] is None else f"{row[name]:.3f}" for row in rows])
    first.add_row("n_tokens", *[str(row["n_tokens"]) for row in rows])
    first.add_row("error", *[row["error"] or "" for row in rows])
    console.print(first)

    spread = _quantiles(frame, columns)
    quantiles = _table("Quantiles of all scores", [f"{share:.0%}" for share in _QUANTILES])
    for name in columns:
        quantiles.add_row(name, *[f"{value:.3f}" for value in spread[name] or ()])
    console.print(quantiles)


def _table(title: str, headings: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("column", no_wrap=True)
    for heading in headings:
        table.add_column(escape(heading), justify="right")
    return table


def _quantiles(frame: DataFrame, columns: list[str]) -> Row:
    wanted = F.array(*[F.lit(share) for share in _QUANTILES])
    return frame.agg(*[F.percentile(name, wanted).alias(name) for name in columns]).collect()[0]
