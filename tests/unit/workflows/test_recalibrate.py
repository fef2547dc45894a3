"""A bundle for another place: its calibration updated, everything else as it was."""

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from psychescale.errors import InputError, ModelError, UsageError
from psychescale.model.bundle import seal_bundle
from psychescale.model.checkpoint import open_checkpoint
from psychescale.model.spec import read_model
from psychescale.scoring.options import ScoringOptions, compute_scoring_id
from psychescale.scoring.scorer import Scorer
from psychescale.settings.recalibrate import RecalibrateConfig
from psychescale.training.calibration import sigmoid
from psychescale.training.card import CardFacts, make_card, with_measures
from psychescale.training.split.digests import RowDigests
from psychescale.workflows.recalibrate import open_former, update, write_updated
from psychescale.workflows.rows import LabelledRows

WORDS = ("calm", "tired", "afraid", "glad", "alone", "busy", "sleep", "work", "home", "train")


@pytest.fixture(scope="module")
def bundle(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A calibrated bundle with thresholds, and with measures in its card."""
    folder = tmp_path_factory.mktemp("there") / "bundle"
    shutil.copytree(tiny_model, folder)
    labels = read_model(str(tiny_model), activation="sigmoid")[1].labels
    scoring = {
        "labels": list(labels),
        "activation": "sigmoid",
        "long_text": {"policy": "mean", "stride": 8},
        "calibration": {"slope": [2.0] * len(labels), "intercept": [-0.5] * len(labels)},
        "thresholds": {"criterion": "f1", "values": [0.4] * len(labels), "told": []},
        "normalizer": "n1",
        "redactor": "r1",
    }
    facts = CardFacts(labels, {}, measures={"macro-F1": (0.81, 0.79, 0.83)})
    seal_bundle(folder, scoring, with_measures(make_card(facts), facts))
    return folder


def rows_of(bundle: Path, *, shift: float, n: int = 400) -> LabelledRows:
    """Texts of invented words, whose labels follow the bundle's probabilities moved by `shift`."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, 12)) + f" {number}" for number in range(n)]
    scorer = Scorer.from_pretrained(bundle)
    p = sigmoid(2.0 * scorer.score(texts).logits.astype(np.float64) - 0.5 + shift)
    held = rng.random(p.shape) < p
    sets = [tuple(np.array(scorer.labels)[row]) for row in held]
    return LabelledRows([str(i) for i in range(n)], texts, sets, mark=("n2", "r1"))


def config_for(bundle: Path, output: Path, **more: Any) -> RecalibrateConfig:
    return RecalibrateConfig(
        **{"from": str(bundle)}, validation="new.jsonl", output=str(output), **more
    )


def test_a_shift_is_found(bundle: Path, tmp_path: Path) -> None:
    """The new bundle adds the shift, keeps thresholds and weights, and says what it was fitted on."""
    rows = rows_of(bundle, shift=1.5)
    config = config_for(bundle, tmp_path / "here")
    former = open_former(config)
    facts = write_updated(config, former, rows, update(config, former, rows))
    checkpoint, spec = read_model(config.output)
    _, before = read_model(str(bundle))

    assert spec.calibration is not None
    assert {one["chosen"] for one in facts["recalibration"]["labels"].values()} <= {
        "intercept", "intercept and slope"
    }  # fmt: skip
    new = np.array(spec.calibration["intercept"]) + 0.5 * np.array(spec.calibration["slope"]) / 2
    np.testing.assert_allclose(new, 1.5, atol=0.6)
    assert spec.thresholds == before.thresholds
    assert (spec.weights_digest, spec.normalizer) == (before.weights_digest, "n2")
    ids = {compute_scoring_id(one, ScoringOptions()) for one in (before, spec)}
    assert len(ids) == 2
    assert facts["recalibration"]["from_scoring_id"] in ids
    assert json.loads((checkpoint.folder / "scoring.json").read_text())["recalibration"]


def test_card_and_restricted(bundle: Path, tmp_path: Path) -> None:
    """Measures of the bundle before are gone from the card; digests of the rows are mode 0700."""
    rows = rows_of(bundle, shift=1.5)
    config = config_for(bundle, tmp_path / "here", thresholds="youden")
    former = open_former(config)
    write_updated(config, former, rows, update(config, former, rows))
    card = (tmp_path / "here" / "README.md").read_text()
    restricted = tmp_path / "here-restricted"

    assert "macro-F1" not in card
    assert "has not been evaluated" in card
    assert card.count("## Recalibration") == 1
    assert "| validation rows | 400 |" in card
    assert stat.S_IMODE(restricted.stat().st_mode) == 0o700
    assert len(RowDigests.read(restricted).texts) == len(rows)
    scoring = open_checkpoint(tmp_path / "here").scoring
    assert scoring["thresholds"]["criterion"] == "youden"
    assert "own_weight" not in scoring["thresholds"]


def test_again(bundle: Path, tmp_path: Path) -> None:
    """What was updated holds on its own rows: a second run keeps all, and the scoring id with it."""
    rows = rows_of(bundle, shift=1.5)
    ids = []
    for old, new in ((bundle, "one"), (tmp_path / "one", "two")):
        config = config_for(old, tmp_path / new)
        former = open_former(config)
        facts = write_updated(config, former, rows, update(config, former, rows))
        ids.append(compute_scoring_id(read_model(config.output)[1], ScoringOptions()))
    assert {one["chosen"] for one in facts["recalibration"]["labels"].values()} == {"kept"}
    assert ids[0] == ids[1]
    assert (tmp_path / "two" / "README.md").read_text().count("## Recalibration") == 1


def test_refusals(bundle: Path, tiny_model: Path, tmp_path: Path) -> None:
    """A folder that is no bundle, an output that is there, labels of another model, too few rows."""
    with pytest.raises(UsageError, match="exists already"):
        open_former(config_for(bundle, bundle))
    former = open_former(config_for(bundle, tmp_path / "here"))
    rows = rows_of(bundle, shift=0, n=10)
    with pytest.raises(InputError, match="rows like these"):
        update(config_for(bundle, tmp_path / "here"), former, rows)
    other = LabelledRows(["1"], ["a text"], [("unheard_of",)])
    with pytest.raises(InputError, match="unheard_of"):
        update(config_for(bundle, tmp_path / "here"), former, other)
    with pytest.raises(ModelError):
        open_former(config_for(tiny_model, tmp_path / "here"))
    assert not (tmp_path / "here").exists()
