"""The notebooks: one source for Databricks and Jupyter; run top to bottom, they show what they say."""

import ast
import re
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from pyspark.sql import SparkSession

import psychescale
from psychescale.disclosure import is_small, nearest
from psychescale.notice import NOTICE
from psychescale.synthetic import generate_labelled
from psychescale.synthetic.writing import write_json_lines as write_labelled
from psychescale.training.classifier.dataset import Rows
from psychescale.training.classifier.fit import FitOptions, fit, label_names
from psychescale.training.targets import to_targets
from tests.conftest import LABELS
from tests.spark.conftest import Row, read_table, write_json_lines

ROOT = Path(__file__).parents[3]
WRITER: Any = runpy.run_path(str(ROOT / "deploy" / "notebooks.py"))
NOTEBOOKS = {path.stem: path for path in WRITER["sources_in"](ROOT / "notebooks")}
COLUMNS = [f"p_{label}" for label in LABELS]
THRESHOLDS = [0.3, 0.5, 0.5, 0.4, 0.6]


@pytest.fixture
def headless(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Figures without a screen, closed at the end."""
    import matplotlib.pyplot as plt

    monkeypatch.setenv("MPLBACKEND", "Agg")
    plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.fixture
def run_notebook(monkeypatch: pytest.MonkeyPatch, headless: None) -> Callable[..., dict[str, Any]]:
    """A function (name, settings) → what a source holds in the end, run as a plain file."""
    del headless

    def execute(name: str, **settings: object) -> dict[str, Any]:
        for key, value in settings.items():
            monkeypatch.setenv(f"NOTEBOOK_{key.upper()}", str(value))
        return runpy.run_path(str(NOTEBOOKS[name]))

    return execute


@pytest.mark.parametrize("path", NOTEBOOKS.values(), ids=NOTEBOOKS)
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


@pytest.mark.parametrize("path", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_jupyter_form(path: Path) -> None:
    """Beside it lie the same cells, executed, small, with nothing of the machine (`make notebooks`)."""
    written = path.with_suffix(".ipynb")
    notebook = nbformat.read(written, as_version=4)
    nbformat.validate(notebook)
    wanted = WRITER["to_notebook"](path.read_text(encoding="utf-8"))
    assert [(c.cell_type, c.source) for c in notebook.cells] == [
        (c.cell_type, c.source) for c in wanted.cells
    ]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [one for cell in code for one in cell.outputs]
    assert all(cell.execution_count for cell in code)
    assert {output.output_type for output in outputs} <= {
        "stream",
        "execute_result",
        "display_data",
    }
    shown = "".join(
        str(o.get("text", "")) + str(o.get("data", {}).get("text/plain")) for o in outputs
    )
    assert re.search(r"(?<![\w.])/(home|root|work|tmp|Users|mnt|usr|opt)/|file:/", shown) is None
    assert written.stat().st_size < 300_000


def test_tidy() -> None:
    """What went to stderr is not kept; cells are numbered anew; a place of the machine is an error."""
    notebook = WRITER["to_notebook"]("# Databricks notebook source\nx = 1\n")
    (cell,) = notebook.cells
    stream = {"output_type": "stream", "name": "stdout", "text": "b: 2 of 2"}
    cell.outputs = [
        nbformat.from_dict(one)
        for one in (stream, {**stream, "name": "stderr"}, {**stream, "text": "/some/where/x"})
    ]
    with pytest.raises(ValueError, match="/some/where"):
        WRITER["tidy"](notebook, own=("/else", "/some/where"))
    WRITER["tidy"](notebook, own=("/else",))
    assert [output.text for output in cell.outputs] == ["b: 2 of 2", "/some/where/x"]
    assert cell.execution_count == 1


@pytest.mark.usefixtures("spark")
def test_score_corpus(
    run_notebook: Callable[..., dict[str, Any]],
    rows: list[Row],
    tiny_model: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """01 scores a corpus, shows the table, and draws every text once, but for small counts."""
    corpus = write_json_lines(tmp_path / "corpus.jsonl", rows)
    told = run_notebook(
        "01_score_corpus", model=tiny_model, input=corpus, output=tmp_path / "scores",
        accept_raw="yes", time="",
    )  # fmt: skip

    table = read_table(tmp_path / "scores")
    assert len(table) == len(rows)
    assert told["outcomes"] == table["error"].fillna("scored").value_counts().to_dict()
    bars = told["outcome_figure"].axes[0].patches
    assert [bar.get_width() for bar in bars] == [nearest(told["outcomes"]["scored"]), 0, 0, 0]
    panels = [axes for axes in told["score_figure"].axes if axes.get_visible()]
    assert [axes.get_title() for axes in panels] == list(LABELS)
    for axes, column in zip(panels, COLUMNS, strict=True):
        found = (table[column].dropna() * 20).astype(int).clip(upper=19).value_counts()
        wanted = [0 if is_small(n) else nearest(n) for n in (found.get(b, 0) for b in range(20))]
        assert [patch.get_height() for patch in axes.patches] == wanted
    assert told["shares"] == {}  # a model without thresholds gives no labels
    assert "p_sleep" in capfd.readouterr().out


@pytest.mark.usefixtures("spark")
def test_shares_by_month_and_group(
    run_notebook: Callable[..., dict[str, Any]],
    corpus_texts: list[str],
    make_model: Callable[..., Path],
    tmp_path: Path,
) -> None:
    """01 draws the share of texts given a label, by month and group, but for small counts."""
    model = make_model(scoring={"thresholds": {"values": THRESHOLDS, "criterion": "f1"}})
    months = ["2021-01-31T23:10:00", "2021-02-01 08:00:00", "2021-02-20"]
    rows = [
        {"id": str(i), "text": text, "forum": "b" if i % 4 else "a", "at": months[i % 3]}
        for i, text in enumerate(corpus_texts[:240])
    ]
    output = tmp_path / "scores"
    told = run_notebook(
        "01_score_corpus", model=model, input=write_json_lines(tmp_path / "c.jsonl", rows),
        output=output, accept_raw="yes", group="forum", time="at", label="work",
    )  # fmt: skip

    table = read_table(output)
    assert list(table.columns[:3]) == ["id", "forum", "at"]
    given = table["p_work"] >= THRESHOLDS[1]
    month = pd.to_datetime(table["at"].str[:7])
    for (forum, at), cell in given.groupby([table["forum"], month]):
        found = told["shares"][forum][at]
        positives, n = int(cell.sum()), len(cell)
        if is_small(positives) or is_small(n - positives):
            assert found is None
        else:
            value, low, high = found
            assert value == nearest(positives) / nearest(n)
            assert low <= value <= high
    lines = [axes.lines[0].get_xdata()[0] for axes in told["score_figure"].axes[:5]]
    assert lines == pytest.approx(THRESHOLDS)
    drawn = [axes for axes in told["share_figure"].axes if axes.containers]
    assert len(drawn) == sum(any(cells.values()) for cells in told["shares"].values()) > 0


def test_score_udf(
    spark: SparkSession,
    run_notebook: Callable[..., dict[str, Any]],
    tiny_model: Path,
    oracle: Any,
) -> None:
    """02 gives the oracle's probabilities in a DataFrame and in SQL, and says why there is none."""
    told = run_notebook("02_score_udf", model=tiny_model)
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


def test_where_the_head_looked(
    run_notebook: Callable[..., dict[str, Any]],
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
    found = run_notebook("03_where_the_head_looked", model=tmp_path / "model")

    assert found["attention"].shape[1] == 3
    assert found["attention"].sum().tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    assert found["faithfulness"]["ranking"].tolist() == ["attention", "occlusion", "random"]
    assert "notebook outputs are stored" in capsys.readouterr().out


@pytest.mark.usefixtures("spark")
def test_train_and_evaluate(
    run_notebook: Callable[..., dict[str, Any]],
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """05 trains, judges beside the former on rows that neither saw, and ends with a verdict."""
    labelled = tmp_path / "labelled.jsonl"
    write_labelled(labelled, generate_labelled(240, seed=4))
    same = {"max_length": 64, "validation_share": 0.1, "test_share": 0.2, "accept_raw": True}
    former = tmp_path / "former"
    psychescale.train(backbone=tiny_model, train=labelled, output=former, epochs=1, **same)
    found = run_notebook(
        "05_train_and_evaluate", backbone=tiny_model, labelled=labelled, former=former,
        bundle=tmp_path / "bundle", evaluation=tmp_path / "evaluation",
    )  # fmt: skip

    assert found["judged"].recommendation in capsys.readouterr().out
    assert {"bundle", "former"} < set(found["contenders"])
    assert found["thresholds"] == psychescale.thresholds(bundle=str(tmp_path / "bundle"))
    (axes,) = found["figure"].axes
    shown = [one for one in found["differences"].values() if one["low"] is not None]
    assert len(axes.lines) == 1 + 2 * len(shown)
