"""The notebooks run top to bottom outside Databricks, and show what they say."""

import ast
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from psychescale.notice import NOTICE
from psychescale.synthetic import generate_labelled
from psychescale.training.classifier.dataset import Rows
from psychescale.training.classifier.fit import FitOptions, fit, label_names
from psychescale.training.targets import to_targets
from tests.conftest import LABELS
from tests.spark.conftest import Row, read_table, write_json_lines

NOTEBOOKS = sorted((Path(__file__).parents[3] / "notebooks").glob("*.py"))
COLUMNS = [f"p_{label}" for label in LABELS]


@pytest.fixture
def headless(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Figures without a screen, closed at the end."""
    import matplotlib.pyplot as plt

    monkeypatch.setenv("MPLBACKEND", "Agg")
    plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_source_format(path: Path) -> None:
    """Databricks' source format: header, separated cells, prose in MAGIC lines; and the notice."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# Databricks notebook source\n")
    cells = text.removeprefix("# Databricks notebook source\n").split(
        "\n\n# COMMAND ----------\n\n"
    )
    assert len(cells) > 5
    for cell in cells:
        lines = [line for line in cell.splitlines() if line]
        magic = [line for line in lines if line.startswith("# MAGIC")]
        assert magic in ([], lines)
        ast.parse(cell)
    prose = re.sub(r"\s+", " ", text.replace("# MAGIC", ""))
    assert NOTICE.rstrip(".") in prose


@pytest.mark.usefixtures("headless", "spark")
def test_score_corpus(
    monkeypatch: pytest.MonkeyPatch,
    rows: list[Row],
    tiny_model: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """01 scores a corpus, shows the table, and draws every text exactly once."""
    corpus = write_json_lines(tmp_path / "corpus.jsonl", rows)
    output = tmp_path / "scores"
    places = {"MODEL": tiny_model, "INPUT": corpus, "OUTPUT": output, "ACCEPT_RAW": "yes"}
    for name, value in places.items():
        monkeypatch.setenv(f"NOTEBOOK_{name}", str(value))
    told: dict[str, Any] = runpy.run_path(str(NOTEBOOKS[0]))

    table = read_table(output)
    assert len(table) == len(rows)
    expected = table["error"].fillna("scored").value_counts().to_dict()
    assert expected == told["outcomes"]
    bars = told["outcome_figure"].axes[0].patches
    assert sum(bar.get_width() for bar in bars) == len(rows)
    panels = [axes for axes in told["score_figure"].axes if axes.get_visible()]
    assert [axes.get_title() for axes in panels] == list(LABELS)
    for axes, column in zip(panels, COLUMNS, strict=True):
        heights = [patch.get_height() for patch in axes.patches]
        assert sum(heights) == expected["scored"]
        assert heights[-1] == (table[column] >= 0.95).sum()
    assert "p_sleep" in capfd.readouterr().out


@pytest.mark.usefixtures("headless")
def test_score_udf(
    spark: SparkSession,
    monkeypatch: pytest.MonkeyPatch,
    tiny_model: Path,
    oracle: Any,
) -> None:
    """02 gives the oracle's probabilities in a DataFrame and in SQL, and says why there is none."""
    monkeypatch.setenv("NOTEBOOK_MODEL", str(tiny_model))
    told: dict[str, Any] = runpy.run_path(str(NOTEBOOKS[1]))
    assert told["spark"] is spark
    frame = told["scored"].toPandas().set_index("id")
    assert frame["error"].to_dict() == {"a": None, "b": None, "c": None, "d": "empty_text"}
    texts = [text for _, text in told["rows"] if text]
    expected = oracle(tiny_model, texts)
    in_sql = told["in_sql"].toPandas().set_index("id")
    assert list(in_sql.index) == ["a", "b", "c"]
    assert abs(frame.loc[["a", "b", "c"], COLUMNS].to_numpy() - expected).max() < 1e-5
    assert abs(in_sql[COLUMNS].to_numpy() - expected).max() < 1e-5
    assert told["figure"].axes[0].images[0].get_array().shape == (3, len(LABELS))


@pytest.mark.usefixtures("headless")
def test_where_the_head_looked(
    monkeypatch: pytest.MonkeyPatch,
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """03 shows weights that sum to 1 for a typed text, what they are worth, and refuses a column."""
    options = FitOptions(
        epochs=1, learning_rate=1e-3, head_learning_rate=1e-3, batch_size=8, max_length=24, seed=1,
        head="label-attention",
    )  # fmt: skip
    documents = list(generate_labelled(16, seed=3))
    labels = label_names([document.labels or () for document in documents])
    targets = to_targets([document.labels or () for document in documents], labels)
    fit(
        tiny_model, Rows([d.text or "" for d in documents], targets), labels, options,
        output=tmp_path / "model",
    )  # fmt: skip
    monkeypatch.setenv("NOTEBOOK_MODEL", str(tmp_path / "model"))
    found = runpy.run_path(str(NOTEBOOKS[2]))

    assert found["attention"].shape[1] == 3
    assert found["attention"].sum().tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    assert found["faithfulness"]["ranking"].tolist() == ["attention", "occlusion", "random"]
    assert "notebook outputs are stored" in capsys.readouterr().out
