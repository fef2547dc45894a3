"""A model meets texts that were redacted otherwise than those it learned from."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from psychescale.errors import ModelError
from psychescale.model.checkpoint import Checkpoint
from psychescale.scoring.preflight import ChosenModel
from psychescale.settings.score import ScoreConfig
from psychescale.spark.score.job import meet_corpus
from tests.unit.scoring.test_identity import OPTIONS, SPEC, changed_spec


def checked(**changes: Any) -> ChosenModel:
    """The model of the tests of the scoring id; it learned from n1 and r1."""
    spec = replace(SPEC, **changes)
    checkpoint = Checkpoint(Path("m"), {}, {}, {})
    return ChosenModel(checkpoint, spec, OPTIONS, second_text=False)


def config(**changes: Any) -> ScoreConfig:
    return ScoreConfig.model_validate({"model": "m", "input": "i", "output": "o"} | changes)


def test_same_versions() -> None:
    """Texts like those it learned from keep the id that the model has by itself."""
    model = checked()

    assert meet_corpus(model, ("n1", "r1"), config()).scoring_id == model.scoring_id


def test_raw_texts() -> None:
    """They have an id of their own, unless the model records no versions."""
    plain = checked(normalizer=None, redactor=None)

    assert meet_corpus(checked(), None, config()).scoring_id != checked().scoring_id
    assert meet_corpus(plain, None, config()).scoring_id == plain.scoring_id


@pytest.mark.parametrize("mark", [("n1", "r2"), ("n2", "r1")])
def test_other_versions(mark: tuple[str, str]) -> None:
    """Others are refused by the flag; accepted, both enter the scoring id."""
    with pytest.raises(ModelError, match="--accept-other-redaction") as refusal:
        meet_corpus(checked(), mark, config())
    met = meet_corpus(checked(), mark, config(accept_other_redaction=True))

    assert set(mark) - {"n1", "r1"} <= set(refusal.value.problem.replace(".", "").split())
    assert met.scoring_id == changed_spec(normalizer=mark[0], redactor=mark[1])
    assert met.scoring_id != checked().scoring_id


def test_model_that_records_none() -> None:
    """A plain model takes any corpus, and the corpus's versions enter its id."""
    plain = {"normalizer": None, "redactor": None}
    met = meet_corpus(checked(**plain), ("n1", "r1"), config())

    assert met.scoring_id == changed_spec() != changed_spec(**plain)
