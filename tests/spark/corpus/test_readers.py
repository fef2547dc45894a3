"""Readers that know nothing of Spark read the score table: pandas, polars, DuckDB, through Arrow."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from deltalake import DeltaTable

from tests.conftest import LABELS
from tests.spark.conftest import Row

COLUMNS = [f"p_{label}" for label in LABELS]


@pytest.fixture(scope="module")
def frame(scored: Path) -> pd.DataFrame:
    """What pandas reads, ordered by id."""
    return DeltaTable(str(scored)).to_pandas().sort_values("id").reset_index(drop=True)


def test_pandas(frame: pd.DataFrame, rows: list[Row]) -> None:
    """Pandas with deltalake: float32 probabilities, null exactly where there is a reason."""
    assert sorted(row["id"] for row in rows) == list(frame["id"])
    assert {frame[column].dtype for column in COLUMNS} == {np.dtype("float32")}
    for column in COLUMNS:
        assert frame[column].isna().equals(frame["error"].notna())


def test_polars(scored: Path, frame: pd.DataFrame) -> None:
    """Polars reads the same rows, with nulls where there is no score."""
    found = pl.scan_delta(str(scored)).sort("id").collect()
    assert found.schema["p_sleep"] == pl.Float32
    assert found["id"].to_list() == list(frame["id"])
    assert found["p_sleep"].null_count() == frame["error"].notna().sum()
    expected = frame[COLUMNS].to_numpy()
    np.testing.assert_array_equal(found.select(COLUMNS).to_numpy(), expected)


def test_duckdb(scored: Path, frame: pd.DataFrame) -> None:
    """DuckDB reads it through Arrow, so that no extension has to be downloaded."""
    table = DeltaTable(str(scored)).to_pyarrow_table()
    with duckdb.connect() as connection:
        connection.register("scores", table)
        query = "SELECT count(*), count(p_sleep), avg(p_sleep), sum(truncated::int) FROM scores"
        n_rows, n_scored, mean, truncated = connection.execute(query).fetchone() or ()
    assert (n_rows, n_scored) == (len(frame), frame["error"].isna().sum())
    assert mean == pytest.approx(frame["p_sleep"].astype(float).mean(), abs=1e-9)
    assert truncated == frame["truncated"].sum()
