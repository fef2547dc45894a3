"""`psychescale sample` and `psychescale study`, from a score table to what may be shown."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.spark.study.conftest import LABELS

Run = Callable[..., int]


@pytest.fixture(scope="module")
def study(run: Run, scores: Path, sheet: Path, annotated: Path) -> Path:
    """A study with annotations, by region and month."""
    folder = scores.parent / "findings"
    code = run(
        "study", "--scores", scores, "--annotated", annotated, "--output", folder,
        "--design", sheet.with_name("sheet.design.json"), "--by", "region",
        "--time-column", "time",
    )  # fmt: skip
    assert code == 0
    return folder


def test_truth_is_inside(study: Path, corpus: pd.DataFrame) -> None:
    """The headline's intervals hold the truth; the naive count of the south does not."""
    shown = pd.read_csv(study / "release" / "estimates.csv")
    scored = corpus[corpus["p_sleep"].notna()]
    south = scored[scored["region"] == "south"]
    for number, label in enumerate(LABELS):
        own = shown[(shown["label"] == label) & (shown["measure"] == "share")]
        design = own[own["estimator"] == "design-based"]
        whole = design[design["column"].isna() & design["period"].isna()].iloc[0]
        assert whole["low"] <= scored[f"truth_{number}"].mean() <= whole["high"]
        of_south = design[(design["group"] == "south") & design["period"].isna()].iloc[0]
        assert of_south["low"] <= south[f"truth_{number}"].mean() <= of_south["high"]
        naive = own[own["estimator"].str.startswith("naive") & (own["group"] == "south")]
        assert naive.iloc[0]["low"] > south[f"truth_{number}"].mean()
