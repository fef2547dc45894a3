"""Finished score tables as later jobs read them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from psychescale.errors import InputError, UsageError
from psychescale.settings.shared import Period, ScoredConfig
from psychescale.spark.scored.periods import period_of
from psychescale.spark.scored.scores import ScoreTable, open_scores
from tests.conftest import LABELS
from tests.spark.conftest import Row, write_json_lines

TIMES = ("2026-01-01", "2027-01-01T23:30:00", "", "junk", "2026-03-31")


@pytest.fixture(scope="module")
def scores(
    run: Callable[..., int],
    rows: list[Row],
    tiny_model: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A table of two scoring ids, with a time, and a kept column that is named like a label's."""
    folder = tmp_path_factory.mktemp("scored")
    timed = [
        {**row, "time": TIMES[number % 5], "p_other": number} for number, row in enumerate(rows)
    ]
    corpus = write_json_lines(folder / "corpus.jsonl", timed)
    for policy in ("mean", "max"):
        code = run(
            "score", "--model", tiny_model, "--input", corpus, "--output", folder / "scores",
            "--accept-raw", "--max-failed-share", "0.5", "--keep", "time,source,p_other",
            "--long-text", policy,
        )  # fmt: skip
        assert code == 0
    return folder / "scores"


def _opened(spark: SparkSession, scores: Path) -> ScoreTable:
    """The table under the first of its ids."""
    with pytest.raises(UsageError) as refused:
        open_scores(spark, ScoredConfig(scores=str(scores)))
    first = str(refused.value).split("scoring ids: ")[1][:64]
    return open_scores(spark, ScoredConfig(scores=str(scores), scoring_id=first))


def test_one_scoring_id(spark: SparkSession, scores: Path, rows: list[Row]) -> None:
    """Two ids are refused by name and date; the named one has all rows, labels and kept columns."""
    with pytest.raises(UsageError, match=r"2 scoring ids: \w{64} \(scored 20\d\d-\d\d-\d\d\)"):
        open_scores(spark, ScoredConfig(scores=str(scores)))
    with pytest.raises(UsageError, match="no row of this --scoring-id"):
        open_scores(spark, ScoredConfig(scores=str(scores), scoring_id="0" * 64))
    table = _opened(spark, scores)
    assert (table.labels, table.columns) == (LABELS, LABELS)
    assert (table.kept, table.activation) == (("time", "source", "p_other"), "sigmoid")
    found = table.rows().select("id", "error", table.is_missing().alias("missing")).collect()
    assert len({row["id"] for row in found}) == len(found) == len(rows)
    assert all(row["missing"] == (row["error"] is not None) for row in found)
    assert any(row["missing"] for row in found)


def test_kept_columns(spark: SparkSession, scores: Path) -> None:
    """A column that was not kept is named, with those that were."""
    table = _opened(spark, scores)
    table.require_kept("by", ["source"])
    with pytest.raises(InputError, match=r"--by author.*It keeps time, source, p_other"):
        table.require_kept("by", ["source", "author"])


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("day", ["2026-01-01", "2027-01-01", None, None, "2026-03-31"]),
        ("week", ["2026-W01", "2026-W53", None, None, "2026-W14"]),
        ("month", ["2026-01", "2027-01", None, None, "2026-03"]),
        ("quarter", ["2026-Q1", "2027-Q1", None, None, "2026-Q1"]),
        ("year", ["2026", "2027", None, None, "2026"]),
    ],
)
def test_periods(
    spark: SparkSession, scores: Path, period: Period, expected: list[str | None]
) -> None:
    """A time is its period; no time and an unreadable one are null, and rows stay."""
    table = _opened(spark, scores)
    named = period_of(table, "time", None, period).alias("period")
    found = table.rows().orderBy("id").limit(5).select(named).collect()
    assert [row["period"] for row in found] == expected


def test_not_a_score_table(spark: SparkSession, scores: Path, tmp_path: Path) -> None:
    """No table, and a table that `score` did not write, are refused."""
    with pytest.raises(InputError, match="no score table"):
        open_scores(spark, ScoredConfig(scores=str(tmp_path / "nothing")))
    with pytest.raises(InputError, match="no columns p_<label>"):
        open_scores(spark, ScoredConfig(scores=str(scores / "_psychescale" / "runs")))
