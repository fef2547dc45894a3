"""Labels and abstention over frames of pandas and polars, as over Spark's."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import psychescale
from psychescale.errors import InputError, ModelError
from psychescale.model.bundle import seal_bundle
from psychescale.model.spec import read_model
from psychescale.scoring.options import ScoringOptions, compute_scoring_id


@pytest.fixture(scope="module")
def bundle(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thresholds of .5, and a band of abstention for the first label alone."""
    folder = tmp_path_factory.mktemp("deciding") / "bundle"
    shutil.copytree(tiny_model, folder)
    n = len(read_model(str(tiny_model), activation="sigmoid")[1].labels)
    seal_bundle(folder, {
        "activation": "sigmoid",
        "thresholds": {"criterion": "f1", "values": [0.5] * n},
        "abstention": {"risk": 0.05, "bands": [[0.4, 0.6]] + [None] * (n - 1)},
    }, "card")  # fmt: skip
    return folder


@pytest.fixture
def scores(bundle: Path) -> pd.DataFrame:
    """Rows of the bundle's scoring id, a failed one, one of another model, two of another policy."""
    _, spec = read_model(str(bundle))
    own = compute_scoring_id(spec, ScoringOptions())
    other = compute_scoring_id(spec, ScoringOptions(long_text="max"))
    frame = pd.DataFrame({
        "id": list("abcdefg"),
        "scoring_id": [own, own, own, own, "elsewhere", other, other],
        "n_windows": [1, 2, 1, 0, 1, 1, 2],
        "truncated": [False] * 7,
    })  # fmt: skip
    for column in spec.columns:
        frame[f"p_{column}"] = np.float32([0.3, 0.5, 0.7, np.nan, 0.9, 0.6, 0.6])
    return frame


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_frames(kind: str, bundle: Path, scores: pd.DataFrame) -> None:
    """True, false or null by the threshold; the band's ends belong to it; the frame's kind stays."""
    given = scores
    if kind == "polars":
        given = pytest.importorskip("polars").from_pandas(scores)
    found = psychescale.with_labels(given, str(bundle))
    first, second = read_model(str(bundle))[1].columns[:2]

    assert type(found) is type(given)
    assert len(given.columns) < len(found.columns)
    as_lists = {
        name: [None if value is None or value is pd.NA else bool(value) for value in found[name]]
        for name in (f"label_{first}", f"abstain_{first}", f"abstain_{second}")
    }
    assert as_lists[f"label_{first}"] == [False, True, True, None, None, True, None]
    assert as_lists[f"abstain_{first}"] == [False, True, False, None, None, False, None]
    assert as_lists[f"abstain_{second}"] == [False, False, False, None, None, False, None]


def test_scoring_id(bundle: Path, scores: pd.DataFrame) -> None:
    """Rows of another id are labelled where a person names it, else refused if there are no others."""
    vouched = psychescale.with_labels(scores, str(bundle), scoring_id="elsewhere")
    first = read_model(str(bundle))[1].columns[0]
    assert vouched[f"label_{first}"].notna().tolist() == [False] * 4 + [True] + [False] * 2
    with pytest.raises(InputError, match="scoring_id="):
        psychescale.with_labels(scores[scores["id"] == "e"], str(bundle))
    with pytest.raises(InputError, match="n_windows"):
        psychescale.with_labels(scores.drop(columns="n_windows"), str(bundle))


def test_a_lazy_frame_is_refused(bundle: Path, scores: pd.DataFrame) -> None:
    """What has no rows yet is told how to get them."""
    lazy = pytest.importorskip("polars").from_pandas(scores).lazy()
    with pytest.raises(InputError, match="collect"):
        psychescale.with_labels(lazy, str(bundle))


def test_no_thresholds(tiny_model: Path, scores: pd.DataFrame) -> None:
    """A model without frozen thresholds has no labels."""
    with pytest.raises(ModelError):
        psychescale.with_labels(scores, str(tiny_model))


def test_frozen_thresholds_in_one_line(bundle: Path) -> None:
    """`psychescale.thresholds` is a dictionary from label to threshold."""
    assert set(psychescale.thresholds(str(bundle)).values()) == {0.5}
