"""Models that no padding suits, through the job, its verification and the UDF."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

import psychescale
from psychescale.spark import score_udf
from tests.conftest import LABELS
from tests.spark.conftest import Row, read_table
from tests.unit.model.families import FAMILIES, write_family

PROBABILITIES = [f"p_{label}" for label in LABELS]
AWKWARD = ("FNet (no attention mask)", "XLNet", "GPT-2, no padding token")


@pytest.mark.parametrize("name", AWKWARD)
def test_family(
    name: str,
    spark: SparkSession,
    rows: list[Row],
    corpus_texts: list[str],
    oracle: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """Each text has the number that it has alone; the run verifies."""
    family = next(family for family in FAMILIES if family.name == name)
    model = write_family(family, tmp_path / "model", corpus_texts[:300])
    options: dict[str, Any] = {"model": model, "max_length": 64, "long_text": "truncate"}
    frame = spark.createDataFrame(pd.DataFrame(rows)[["id", "text"]])
    psychescale.score(input=frame, output=tmp_path / "scores", accept_raw=True, **options)
    verified = psychescale.verify(run=tmp_path / "scores", input=frame, sample=20, model=model)
    assert verified is not None
    assert verified.holds

    table = read_table(tmp_path / "scores").set_index("id")
    good = [row for row in rows if table.loc[row["id"], "error"] is None]
    expected = oracle(model, [row["text"] for row in good], max_length=64)
    ids = [row["id"] for row in good]
    np.testing.assert_allclose(table.loc[ids, PROBABILITIES], expected, rtol=0, atol=1e-5)
    scored = frame.withColumn("s", score_udf(**options)("text")).select("id", "s.*").toPandas()
    by_udf = scored.set_index("id").loc[ids, PROBABILITIES]
    np.testing.assert_allclose(by_udf, expected, rtol=0, atol=1e-5)
