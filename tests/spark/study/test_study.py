"""`psychescale sample` and `psychescale study`, from a score table to what may be shown."""

import csv
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from tests.spark.conftest import read_runs
from tests.spark.study.conftest import LABELS, make_corpus, write_scores

Run = Callable[..., int]
Captured = pytest.CaptureFixture[str]


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


def mode(path: Path) -> int:
    """Permissions."""
    return stat.S_IMODE(path.stat().st_mode)


def test_sample(sheet: Path, corpus: pd.DataFrame) -> None:
    """A sheet has ids and empty labels; its design has every text's chance, and both are private."""
    with sheet.open(newline="", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    assert header == ["id", *LABELS]
    design = json.loads(sheet.with_name("sheet.design.json").read_text())
    scored = set(corpus.loc[corpus["p_sleep"].notna(), "id"])
    ids = [line[0] for line in lines]
    assert len(set(ids)) == len(ids) == 400
    assert set(ids) <= scored
    assert all(line[1:] == ["", ""] for line in lines)
    assert sum(1 / design["chance"][ident] for ident in ids) == pytest.approx(len(scored))
    strata = [design["stratum_of"][ident] for ident in ids]
    assert strata != sorted(strata)  # nothing of the scores shows in the order
    assert mode(sheet) == mode(sheet.with_name("sheet.design.json")) == 0o600


def test_same_seed_same_texts(run: Run, scores: Path, sheet: Path) -> None:
    """The same seed draws the same texts, another one others; raters share as many as was asked for."""
    drawn = []
    for name, seed in (("again", 0), ("other", 1)):
        path = scores.parent / f"{name}.csv"
        assert run(
            "sample", "--scores", scores, "--output", path, "--size", 400,
            "--strata", "score,region", "--seed", seed, "--raters", 2, "--overlap", 30,
        ) == 0  # fmt: skip
        lines = pd.read_csv(path)
        assert lines.groupby("rater")["id"].nunique().tolist() == [215, 215]
        assert lines["id"].duplicated().sum() == 30
        drawn.append(set(lines["id"]))
    assert drawn[0] == set(pd.read_csv(sheet)["id"])
    assert len(drawn[0] & drawn[1]) < 200


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
        assert whole["low_if_missing_lack"] < whole["low"] < whole["high_if_missing_have"]
        of_south = design[(design["group"] == "south") & design["period"].isna()].iloc[0]
        assert of_south["low"] <= south[f"truth_{number}"].mean() <= of_south["high"]
        naive = own[own["estimator"].str.startswith("naive") & (own["group"] == "south")]
        assert naive.iloc[0]["low"] > south[f"truth_{number}"].mean()
    differences = shown[shown["measure"] == "difference"]
    assert set(differences["against"]) == {"south", "2026-01"}


def test_counts_are_those_of_the_table(study: Path, corpus: pd.DataFrame) -> None:
    """Every shown count is the table's, to the nearest 5; Spark's sums are pandas' sums."""
    raw = json.loads((study / "restricted" / "figures.json").read_text())["domains"]
    scored = corpus[corpus["p_sleep"].notna()]
    for one in raw:
        values = one["values"]
        rows = scored
        if "region" in values:
            group = rows["region"].replace("CANARYGROUP", "(other)")
            rows = rows[group == values["region"]]
        if "period" in values:
            rows = rows[rows["time"].str[:7].fillna("(none)") == values["period"]]
        assert one["texts"] == len(rows), values
        found = one["labels"]["sleep"]
        assert found["above"] == (rows["p_sleep"] >= 0.5).sum()
        assert found["summed_probability"] == pytest.approx(rows["p_sleep"].sum(), rel=1e-5)
    shown = pd.read_csv(study / "release" / "estimates.csv")
    assert shown["texts"].max() == round(len(scored) / 5) * 5


def test_nothing_of_a_text_is_released(study: Path, scores: Path) -> None:
    """No id, no name of a small group and no small count is in a release, its report or a log of it."""
    files = [*(study / "release").iterdir(), study / "report.html"]
    assert {file.name for file in files} == {
        "estimates.csv", "estimates.parquet", "dictionary.csv", "about.json", "report.html",
    }  # fmt: skip
    for file in files:
        content = file.read_bytes().lower()
        assert b"canary" not in content, file
    shown = pd.read_csv(study / "release" / "estimates.csv")
    same = pd.read_parquet(study / "release" / "estimates.parquet")
    for name in shown.columns.drop("differs"):
        assert shown[name].fillna("").tolist() == same[name].fillna("").tolist(), name
    for name in ("texts", "missing", "annotated"):
        counts = shown[name].dropna()
        assert ((counts == 0) | ((counts % 5 == 0) & (counts >= 10))).all()
    assert mode(study / "restricted") == 0o700
    log = DeltaTable(str(scores / "_psychescale" / "releases")).to_pandas()
    assert len(log) == 1
    assert "canary" not in log.to_json().lower()
    runs = read_runs(scores)
    assert {"sample", "study"} <= set(runs["job"])
    assert "canary" not in runs.to_json().lower()


def test_without_annotations(run: Run, scores: Path, capsys: Captured) -> None:
    """Without a sample there is no headline, and the report says so in red; nothing is design-based."""
    folder = scores.parent / "unannotated"
    assert run("study", "--scores", scores, "--output", folder, "--only", "sleep") == 0
    assert "canary" not in "".join(capsys.readouterr()).lower()
    about = json.loads((folder / "release" / "about.json").read_text())
    assert about["headline"] is None
    assert about["estimators"] == ["naive: share above threshold", "mean probability"]
    report = (folder / "report.html").read_text()
    assert 'role="alert"' in report
    assert "sensitivity analyses" in report


def test_evaluation_corrects(run: Run, scores: Path, tmp_path: Path) -> None:
    """With an evaluation's table of decisions there is an adjusted count, with its assumption named."""
    cells = {"tp": 200, "fp": 120, "fn": 20, "tn": 660}
    per_label = {
        label: {"thresholds": {"frozen": 0.5}, "confusion": {"frozen": cells}} for label in LABELS
    }
    (tmp_path / "measures.json").write_text(json.dumps({"per_label": per_label}))
    folder = tmp_path / "findings"
    code = run("study", "--scores", scores, "--output", folder, "--evaluation", tmp_path)
    assert code == 0
    shown = pd.read_csv(folder / "release" / "estimates.csv")
    adjusted = shown[shown["estimator"].str.startswith("adjusted")]
    assert adjusted["value"].notna().all()
    assert "assumes the sensitivity and specificity" in (folder / "report.html").read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: [*lines, ["nobody", "0", "1"]], "1 lines whose id was not drawn"),
        (lambda lines: [*lines, lines[0]], "1 ids more than once"),
        (
            lambda lines: [[lines[0][0], "1", ""], *lines[1:]],
            "some labels are filled in and others",
        ),
        (
            lambda lines: [[lines[0][0], "1", "maybe"], *lines[1:]],
            "other values than 0, 1 and nothing",
        ),
        (lambda lines: [[line[0], "", ""] for line in lines], "no annotated line"),
    ],
    ids=["unknown", "doubled", "half", "value", "blank"],
)
def test_sheets_that_do_not_hold(
    run: Run,
    annotated: Path,
    sheet: Path,
    tmp_path: Path,
    capsys: Captured,
    change: Callable[[list[list[str]]], list[list[str]]],
    message: str,
) -> None:
    """What is wrong with a sheet is named, and nothing that stands in it."""
    with annotated.open(newline="", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    path = tmp_path / "sheet.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *change(lines)])
    design = sheet.with_name("sheet.design.json")
    capsys.readouterr()
    assert run("sample", "--check", path, "--design", design) == 3
    told = capsys.readouterr().err
    assert message in told, told
    assert "canary" not in told
    assert "maybe" not in told


def test_sheets_that_hold(
    run: Run, annotated: Path, sheet: Path, tmp_path: Path, capsys: Captured
) -> None:
    """A workbook is as good as CSV; how much is done is told in rounded counts."""
    book = tmp_path / "sheet.xlsx"
    pd.read_csv(annotated, dtype=str).to_excel(book, index=False)
    (tmp_path / "sheet.design.json").write_text(sheet.with_name("sheet.design.json").read_text())
    capsys.readouterr()
    assert run("sample", "--check", book) == 0
    assert "395 of 400 drawn texts are annotated, 1–7 lines are blank" in capsys.readouterr().out


def test_designs_that_do_not_hold(
    run: Run, scores: Path, annotated: Path, sheet: Path, tmp_path: Path, capsys: Captured
) -> None:
    """A design that was edited, that is missing, or of another table is refused."""
    stated = ("study", "--scores", scores, "--annotated", annotated, "--output", tmp_path / "f")
    assert run(*stated) == 3  # no design beside a renamed sheet
    assert "has no design beside it" in capsys.readouterr().err
    content = json.loads(sheet.with_name("sheet.design.json").read_text())
    content["strata"][0]["size"] += 1
    edited = tmp_path / "edited.json"
    edited.write_text(json.dumps(content))
    assert run(*stated, "--design", edited) == 3
    assert "changed after the draw" in capsys.readouterr().err


def test_texts_go_behind_0700(
    run: Run, scores: Path, corpus: pd.DataFrame, tmp_path: Path, capsys: Captured
) -> None:
    """Texts are in a sheet of restricted/ alone; a raw corpus is refused without a word for it."""
    texts = tmp_path / "corpus.csv"
    corpus[["id"]].assign(text=corpus["id"].str.replace("canary", "TEXT")).to_csv(
        texts, index=False
    )
    stated = (
        "sample", "--scores", scores, "--output", tmp_path / "s.csv", "--size", 100, "--input", texts,
    )  # fmt: skip
    assert run(*stated) == 5
    assert run(*stated, "--accept-raw") == 0
    sheet = tmp_path / "restricted" / "s.csv"
    found = pd.read_csv(sheet)
    assert (found["text"] == found["id"].str.replace("canary", "TEXT")).all()
    assert (mode(sheet.parent), mode(sheet)) == (0o700, 0o600)
    assert not (tmp_path / "s.csv").exists()
    assert "TEXT-" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("kind", ["one row", "all failed"])
def test_nearly_nothing(
    run: Run, spark: SparkSession, tmp_path: Path, capsys: Captured, kind: str
) -> None:
    """One row, or rows without scores: a study that withholds, and a draw that says what it lacks."""
    corpus = make_corpus(n=100)
    corpus = corpus[20:21].fillna(0.3) if kind == "one row" else corpus[20:60]
    scores = write_scores(spark, tmp_path / "scores", corpus)
    folder = tmp_path / "findings"
    assert run("study", "--scores", scores, "--output", folder, "--by", "region") == 0
    shown = pd.read_csv(folder / "release" / "estimates.csv")
    assert shown["value"].isna().all()
    assert shown["note"].notna().all()
    capsys.readouterr()
    drawn = run("sample", "--scores", scores, "--output", tmp_path / "s.csv", "--size", 5)
    assert drawn == (0 if kind == "one row" else 3)


def test_refusals(run: Run, scores: Path, tmp_path: Path, capsys: Captured) -> None:
    """A column of ids is no group; too few texts for the strata; a label that is none."""
    output = tmp_path / "out"
    assert run("study", "--scores", scores, "--output", output, "--by", "author") == 3
    assert run("study", "--scores", scores, "--output", output, "--only", "joy") == 2
    assert (
        run("sample", "--scores", scores, "--output", output, "--size", 30, "--strata", "score")
        == 2
    )
    assert "of at least 20 texts each need" in capsys.readouterr().err
    assert run("sample", "--output", output) == 2
    assert not output.exists()
