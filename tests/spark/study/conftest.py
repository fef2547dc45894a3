"""A score table of a corpus whose truth is known, and sheets that are filled in by it."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession
from scipy.special import expit

LABELS = ("low mood", "sleep")
N_TEXTS = 3000
GROUPS = ("north", "south", "CANARYGROUP")


def make_corpus(seed: int = 0, n: int = N_TEXTS) -> pd.DataFrame:
    """Truth, groups, months and scores of texts; the classifier finds too much in the south.

    The third group has five texts; a few have no time, and some no scores.
    """
    rng = np.random.default_rng(seed)
    truth = rng.random((n, 2)) < np.array([0.3, 0.1])
    south = rng.random(n) < 0.4
    noise = rng.normal(0, 1.2, (n, 2)) + 1.5 * south[:, None]
    scores = expit(3.0 * truth - 1.5 + noise)
    frame = pd.DataFrame(
        {
            "id": [f"canary-{i:05}" for i in range(n)],
            "region": np.where(south, "south", "north"),
            "time": [f"2026-0{m}-15" for m in rng.integers(1, 4, n)],
            "p_low_mood": scores[:, 0].astype(np.float32),
            "p_sleep": scores[:, 1].astype(np.float32),
            "truth_0": truth[:, 0].astype(int),
            "truth_1": truth[:, 1].astype(int),
        }
    )
    frame.loc[:4, "region"] = "CANARYGROUP"
    frame.loc[10:12, "time"] = None
    frame.loc[20:59, ["p_low_mood", "p_sleep"]] = None
    return frame


def write_scores(spark: SparkSession, folder: Path, corpus: pd.DataFrame) -> Path:
    """A score table of the corpus, as `score` would leave it."""
    names = {"p_low_mood": LABELS[0], "p_sleep": LABELS[1]}
    rows: Any = corpus.drop(columns=["truth_0", "truth_1"]).assign(scoring_id="a" * 64, run_id="r")
    schema = ", ".join(f"{n} {'double' if n in names else 'string'}" for n in rows.columns)
    plain = rows.astype(object).where(rows.notna(), None)
    frame = spark.createDataFrame(plain.to_dict("records"), schema)
    typed = [f"CAST({name} AS FLOAT) AS {name}" if name in names else name for name in rows.columns]
    made = frame.selectExpr(
        *typed,
        "CASE WHEN p_sleep IS NULL THEN 'empty_text' END AS error",
        "timestamp'2026-05-01' AS scored_at",
    )
    for name, label in names.items():
        comment = {"comment": f"Probability of the label {label!r}"}
        made = made.withMetadata(name, comment)
    made.coalesce(1).write.format("delta").save(str(folder))
    return folder


def fill_in(sheet: Path, corpus: pd.DataFrame, *, leave: int = 0) -> Path:
    """The sheet with the truth of its texts, the last lines left blank."""
    truth = corpus.set_index("id")[["truth_0", "truth_1"]]
    with sheet.open(newline="", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    done = len(lines) - leave
    filled = [
        [*line[: -len(LABELS)], *map(str, truth.loc[line[0]])] if i < done else line
        for i, line in enumerate(lines)
    ]
    path = sheet.with_name(f"filled-{sheet.name}")
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *filled])
    return path


@pytest.fixture(scope="module")
def corpus() -> pd.DataFrame:
    """Three thousand texts."""
    return make_corpus()


@pytest.fixture(scope="module")
def scores(
    spark: SparkSession, corpus: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Its score table."""
    return write_scores(spark, tmp_path_factory.mktemp("study") / "scores", corpus)


@pytest.fixture(scope="module")
def sheet(run: Callable[..., int], scores: Path) -> Path:
    """A sheet of 400 texts, in strata by score and region."""
    path = scores.parent / "sheet.csv"
    code = run(
        "sample", "--scores", scores, "--output", path, "--size", 400, "--strata", "score,region"
    )
    assert code == 0
    return path


@pytest.fixture(scope="module")
def annotated(sheet: Path, corpus: pd.DataFrame) -> Path:
    """The sheet, filled in but for five lines."""
    return fill_in(sheet, corpus, leave=5)
