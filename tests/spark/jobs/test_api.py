"""Jobs as functions, in a real Spark: what they give back, from places and from DataFrames."""

import ast
import inspect
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession

import psychescale
from psychescale.errors import InputError, ModelError, PrivacyError, StorageError, UsageError
from psychescale.results import ScoreResult
from tests.conftest import LABELS
from tests.spark.conftest import Row, read_runs, read_table
from tests.spark.jobs.test_documented_commands import blocks

PAGE = "docs/python.md"
COLUMNS = [f"p_{label}" for label in LABELS]
NOT_RUN = (
    "psychescale.train(",
    "psychescale.sample(",
    "psychescale.monitor(",
)  # minutes, or people
PLACES = {"input", "output", "model", "key_file", "run"}

pytestmark = pytest.mark.usefixtures("spark")


@pytest.fixture(scope="module")
def parquet(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows as a Parquet file."""
    path = tmp_path_factory.mktemp("corpus") / "corpus.parquet"
    pd.DataFrame(rows).to_parquet(path)
    return path


@pytest.fixture
def frame(spark: SparkSession, rows: list[Row]) -> DataFrame:
    """The same as a DataFrame of Spark."""
    return spark.createDataFrame(
        [(row["id"], row["text"], row["source"]) for row in rows],
        "id string, text string, source string",
    )


@pytest.fixture(scope="module")
def scored(
    spark: SparkSession, parquet: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> ScoreResult:
    """The result of scoring the file; its table is not to be changed."""
    del spark
    output = tmp_path_factory.mktemp("scored") / "scores"
    return psychescale.score(model=tiny_model, input=parquet, output=output, accept_raw=True)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A key of pseudonyms."""
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_bytes(os.urandom(32))
    return path


def views(spark: SparkSession) -> list[str]:
    """Temporary views that psychescale left."""
    names = [row["viewName"] for row in spark.sql("SHOW VIEWS").collect() if row["isTemporary"]]
    return [name for name in names if name.startswith("psychescale_")]


class Absolute(ast.NodeTransformer):
    """Places of a page below a folder: the working folder of Spark stays where it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        if node.arg in PLACES and isinstance(node.value, ast.Constant):
            node.value.value = str(self.folder / str(node.value.value))
        return node


def without_times(table: pd.DataFrame) -> pd.DataFrame:
    """What two runs over the same rows must have in common."""
    return table[["id", *COLUMNS, "n_tokens", "n_windows", "truncated", "error"]]


def test_score(scored: ScoreResult, rows: list[Row]) -> None:
    """The result counts every row once, as the run table does."""
    output = Path(scored.table)
    table, run = read_table(output), read_runs(output).to_dict("records")[0]
    assert scored.run_id == scored.run["run_id"] == run["run_id"]
    assert scored.scoring_id == run["scoring_id"] == table["scoring_id"].unique().item()
    assert (scored.rows_in, scored.rows_known) == (len(rows), 0)
    assert scored.rows_failed == table["error"].notna().sum()
    assert scored.rows_scored + scored.rows_failed == len(rows)
    assert scored.failed_by_reason == table["error"].value_counts().to_dict()
    assert run["run_id"] in scored._repr_html_()
    json.dumps(scored.run, default=str)


def test_score_again(scored: ScoreResult, parquet: Path, tiny_model: Path, rows: list[Row]) -> None:
    """A second call has nothing to do, and says so."""
    again = psychescale.score(model=tiny_model, input=parquet, output=scored.table, accept_raw=True)
    assert (again.rows_in, again.rows_known, again.rows_scored) == (0, len(rows), 0)
    assert again.scoring_id == scored.scoring_id
    assert again.run_id != scored.run_id


def test_score_frame(
    spark: SparkSession,
    scored: ScoreResult,
    frame: DataFrame,
    tiny_model: Path,
    rows: list[Row],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A DataFrame is scored as the file is, progress is told, nothing printed, and no view is left."""
    told: list[tuple[str, int, int]] = []
    result = psychescale.score(
        model=tiny_model, input=frame, output=tmp_path / "framed", accept_raw=True,
        on_progress=lambda *step: told.append(step),
    )  # fmt: skip
    assert capfd.readouterr().out == ""
    assert (result.table, result.rows_in) == (str(tmp_path / "framed"), len(rows))
    expected = without_times(read_table(Path(scored.table)))
    pd.testing.assert_frame_equal(without_times(read_table(tmp_path / "framed")), expected)
    assert {title for title, _, _ in told} == {"scoring"}
    assert {total for _, _, total in told} == {len(rows)}
    done = [step[1] for step in told]
    assert done == sorted(done)
    assert views(spark) == []


def test_frame_that_does_not_fit(
    spark: SparkSession, frame: DataFrame, tiny_model: Path, tmp_path: Path
) -> None:
    """A DataFrame is refused for what a table is refused for: no mark, a column that is missing."""
    given: dict[str, Any] = {"model": tiny_model, "output": tmp_path / "scores", "input": frame}
    with pytest.raises(PrivacyError, match="`accept_raw`"):
        psychescale.score(**given)
    with pytest.raises(InputError, match="body"):
        psychescale.score(**given, accept_raw=True, text_column="body")
    assert views(spark) == []
    assert not (tmp_path / "scores").exists()


def test_dry_run(parquet: Path, tiny_model: Path, tmp_path: Path) -> None:
    """With `dry_run` nothing is written and nothing comes back."""
    called: Any = psychescale.score
    output = tmp_path / "scores"
    given = {"model": tiny_model, "input": parquet, "output": output, "accept_raw": True}
    assert called(**given, dry_run=True) is None
    assert not output.exists()


def test_verify(scored: ScoreResult, frame: DataFrame, rows: list[Row], tmp_path: Path) -> None:
    """A table that holds gives counts, against its file and against a DataFrame; else it raises."""
    table = tmp_path / "scores"
    shutil.copytree(scored.table, table)
    for given in ({}, {"input": frame}):
        result = psychescale.verify(run=table, **given)
        assert result.holds
        assert result.run_id == scored.run_id
        assert (result.rows, result.sampled, result.missing) == (len(rows), len(rows), 0)
        assert result.largest_difference < 1e-6
    DeltaTable(str(table)).update({"n_tokens": "99"}, predicate="id = 'doc-021'")
    with pytest.raises(StorageError, match="1 differ"):
        psychescale.verify(run=table)


def test_refusal_names_keywords(scored: ScoreResult, make_model: Any) -> None:
    """Where a flag would help, the keyword is named."""
    other = make_model(config={"label2id": None, "id2label": {str(i): f"x{i}" for i in range(5)}})
    with pytest.raises(ModelError, match="`model`"):
        psychescale.verify(run=scored.table, model=other)


def test_doctor(tiny_model: Path, tmp_path: Path) -> None:
    """Every check is there; a model that is missing is red, no error, and named by its keyword."""
    fit = psychescale.doctor(model=tiny_model, output=tmp_path / "scores")
    assert fit.status == "green", fit
    assert {"model", "output", "executors", "delta"} <= {one["check"] for one in fit.checks}

    unfit = psychescale.doctor(model=tmp_path / "none")
    assert unfit.status == "red"
    red = [one for one in unfit.checks if one["status"] == "red"]
    assert {one["check"] for one in red} == {"model"}
    assert "--" not in "".join(one["remedy"] for one in red)


@pytest.mark.parametrize("form", ["parquet", "frame"])
def test_anonymize(
    form: str, request: pytest.FixtureRequest, key: Path, rows: list[Row], tmp_path: Path
) -> None:
    """The result counts what was kept and what was not, and holds the report."""
    output = tmp_path / "redacted"
    result = psychescale.anonymize(
        input=request.getfixturevalue(form), output=output, key_file=key, keep=["source"]
    )
    kept, failed = read_table(output), DeltaTable(result.quarantine).to_pandas()
    (run,) = read_runs(output).to_dict("records")
    assert result.table == str(output)
    assert result.run_id == result.run["run_id"] == run["run_id"]
    assert (result.rows_in, result.rows_known) == (len(rows), 0)
    assert (result.rows_kept, result.rows_quarantined) == (len(kept), len(failed))
    assert result.rows_kept + result.rows_quarantined == len(rows)
    assert sum(result.failed_by_reason.values()) == result.rows_quarantined
    assert set(result.failed_by_reason) == set(failed["error"])
    assert result.report
    shown = repr(result) + result._repr_html_()
    assert [row["id"] for row in rows if row["id"] in shown] == []


def test_no_key(parquet: Path, tmp_path: Path) -> None:
    """A key that is not there is a usage error that names the keyword."""
    with pytest.raises(UsageError, match="`key_file`"):
        psychescale.anonymize(input=parquet, output=tmp_path / "out", key_file=tmp_path / "none")


def test_documented_keywords() -> None:
    """Every call of the page has keywords of its function, and every function is called."""
    called = set()
    for code in blocks(PAGE, "python"):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("psychescale."):
                verb = ast.unparse(node.func).removeprefix("psychescale.")
                called.add(verb)
                keywords: dict[str, object] = {str(one.arg): None for one in node.keywords}
                inspect.signature(getattr(psychescale, verb)).bind(*node.args, **keywords)
    assert called == {*psychescale.__all__} - {"Scorer", "__version__"}


def test_documented_fields() -> None:
    """The table of the page lists the fields of each result."""
    page = Path(__file__).parents[3] / PAGE
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("| `psychescale."):
            verb, kind, told = (cell.strip(" `") for cell in line.strip("|").split("|"))
            function: Any = getattr(psychescale, verb.removeprefix("psychescale."))
            outcome = inspect.signature(function).return_annotation
            assert outcome.__name__ == kind
            assert told.replace("`", "").split(", ") == [*outcome.__dataclass_fields__]


def test_documented_python(
    spark: SparkSession,
    tiny_model: Path,
    rows: list[Row],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The Python of the page runs from top to bottom, but for the training."""
    pd.DataFrame(rows).assign(author="somebody").to_csv(tmp_path / "posts.csv", index=False)
    (tmp_path / "bundle").symlink_to(tiny_model, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"spark": spark}
    for code in blocks(PAGE, "python"):
        if not any(one in code for one in NOT_RUN):
            tree = Absolute(tmp_path).visit(ast.parse(code))
            exec(compile(tree, PAGE, "exec"), names)  # noqa: S102 - the page's own
    assert names["redacted"].rows_in == len(rows)
    assert names["verified"].holds
    assert names["scores"].count() == 3
    assert "`accept_raw`" in capsys.readouterr().out
