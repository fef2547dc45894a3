"""Scores of texts that were redacted otherwise, and frozen thresholds over a score table."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

import psychescale
from psychescale.errors import InputError, ModelError
from psychescale.spark import create_labels_view, with_labels
from psychescale.spark.corpus.source import MARK_PROPERTIES
from tests.spark.conftest import Row, read_runs, read_table

THRESHOLDS = [0.5, 0.25, 0.75, 0.1, 0.9]


def marked(spark: SparkSession, rows: list[Row], place: Path, *versions: str) -> Path:
    """A Delta table with the mark of `anonymize`."""
    frame = spark.createDataFrame(rows, "id string, text string, source string")
    frame.write.format("delta").save(str(place))
    properties = ", ".join(
        f"'{name}' = '{v}'" for name, v in zip(MARK_PROPERTIES, versions, strict=True)
    )
    spark.sql(f"ALTER TABLE delta.`{place}` SET TBLPROPERTIES ({properties})")
    return place


@pytest.fixture
def bundle(make_model: Callable[..., Path]) -> Path:
    """A model that learned from texts of n1 and r1, with frozen thresholds."""
    return make_model(
        scoring={
            "labels": ["sleep", "work", "family", "thanks", "body"],
            "activation": "sigmoid",
            "normalizer": "n1",
            "redactor": "r1",
            "training": {"max_length": 24},
            "calibration": {"slope": [1.5] * 5, "intercept": [-0.5] * 5},
            "thresholds": {"values": THRESHOLDS, "criterion": "f1"},
            "abstention": {"risk": 0.05, "bands": [None, [0.0, 1.0], [0.7, 0.8], None, None]},
        }
    )


def test_other_redaction(
    run: Callable[..., int],
    spark: SparkSession,
    rows: list[Row],
    bundle: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Other versions are refused; accepted, they give ids of their own, which `verify` knows."""
    same = marked(spark, rows[:9], tmp_path / "same", "n1", "r1")
    other = marked(spark, rows[:9], tmp_path / "other", "n1", "r2")
    output = tmp_path / "scores"
    common = ("score", "--model", bundle, "--output", output, "--max-failed-share", "1", "--input")
    assert run(*common, other) == 4
    assert "--accept-other-redaction" in capsys.readouterr().err
    assert not output.exists()
    assert run(*common, same) == 0
    assert run(*common, other, "--accept-other-redaction") == 0
    told = capsys.readouterr().out
    assert "the model learned from texts of redactor r1" in told
    assert "longer than the 24 tokens that the model learned from" in told
    table = read_table(output)
    config = json.loads(read_runs(output)["config"].iloc[-1])

    assert config["accept_other_redaction"] is True
    assert table["scoring_id"].value_counts().tolist() == [9, 9]
    assert run("verify", "--run", output) == 0

    scores = spark.read.format("delta").load(str(output))
    found = with_labels(scores, str(bundle)).toPandas()
    decided = found[found["label_work"].notna()]
    own = table[table["scoring_id"] == decided["scoring_id"].iloc[0]]
    assert len(decided) == own["p_work"].notna().sum() > 0
    for name, threshold in zip(
        ("sleep", "work", "family", "thanks", "body"), THRESHOLDS, strict=True
    ):
        np.testing.assert_array_equal(
            decided[f"label_{name}"].astype(bool), decided[f"p_{name}"] >= threshold
        )
    assert decided["abstain_work"].astype(bool).all()
    assert not decided["abstain_sleep"].astype(bool).any()
    made = [name for name in found if name.startswith(("label_", "abstain_"))]
    alike = psychescale.with_labels(found.drop(columns=made), str(bundle))
    pd.testing.assert_frame_equal(alike[made].astype("boolean"), found[made].astype("boolean"))
    foreign = next(one for one in table["scoring_id"] if one not in set(decided["scoring_id"]))
    vouched = with_labels(scores, str(bundle), scoring_id=foreign)
    assert vouched.where(F.col("label_work").isNotNull()).count() == len(decided)
    with pytest.raises(InputError, match="scoring_id="):
        with_labels(scores.where(F.col("scoring_id") == foreign), str(bundle))

    spark.sql("CREATE DATABASE IF NOT EXISTS views")
    create_labels_view(spark, "views.labels", str(output), str(bundle))
    kept = spark.table("views.labels").where("label_work IS NOT NULL")
    assert kept.count() == len(decided)
    spark.sql("DROP VIEW views.labels")
    spark.sql("DROP DATABASE views")


def test_no_thresholds(
    spark: SparkSession, make_model: Callable[..., Path], tiny_model: Path
) -> None:
    """Without thresholds, or under softmax, there are no labels, and the message says why."""
    scores = spark.createDataFrame([("1", 0.5)], "scoring_id string, p_sleep float")
    with pytest.raises(ModelError, match=r"no frozen thresholds.*--thresholds"):
        with_labels(scores, str(tiny_model))
    softmax = make_model(
        config={"problem_type": "single_label_classification"},
        scoring={"thresholds": {"values": THRESHOLDS}},
    )
    with pytest.raises(ModelError, match="softmax"):
        with_labels(scores, str(softmax))


def test_other_policy(
    run: Callable[..., int], spark: SparkSession, bundle: Path, tmp_path: Path
) -> None:
    """A text read in one window keeps calibration and label under another policy, no other does."""
    texts = [(str(n), "I could not sleep" * repeats, "x") for n, repeats in enumerate((1, 2, 400))]
    corpus = marked(spark, texts, tmp_path / "corpus", "n1", "r1")
    common = ("score", "--model", bundle, "--output", tmp_path / "scores", "--input", corpus)
    assert run(*common) == 0
    assert run(*common, "--long-text", "truncate") == 0
    runs = read_runs(tmp_path / "scores")
    table = with_labels(spark.read.format("delta").load(str(tmp_path / "scores")), str(bundle))
    own, other = (
        table.where(F.col("scoring_id") == one).toPandas().set_index("id")
        for one in runs["scoring_id"]
    )
    whole = other.index[(other["n_windows"] == 1) & ~other["truncated"]]

    assert runs["calibrated"].tolist() == ["all", "one-window"]
    assert runs["long_text"].tolist() == ["mean", "truncate"]
    assert set(other.index) - set(whole) == {"2"} == set(other.index[other["label_work"].isna()])
    scores = [name for name in own.columns if name.startswith("p_")]
    columns = [*scores, *[name for name in own.columns if name.startswith("label_")]]
    np.testing.assert_allclose(own.loc[whole, scores], other.loc[whole, scores], atol=1e-5)
    assert (own.loc[whole, columns[5:]] == other.loc[whole, columns[5:]]).all(axis=None)
    assert own.notna().loc["2", columns].all()
