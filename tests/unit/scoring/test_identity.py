"""The scoring id names all that determines the numbers, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from psychescale.errors import UsageError
from psychescale.model.spec import ModelSpec
from psychescale.scoring.options import (
    Applied,
    ScoringOptions,
    compute_scoring_id,
    of_texts,
    settle,
)

SPEC = ModelSpec(
    labels=("sleep", "work"),
    columns=("sleep", "work"),
    activation="sigmoid",
    max_length=512,
    long_text="mean",
    stride=64,
    calibration={"slope": (1.5, 1.0), "intercept": (0.0, -0.5)},
    normalizer="n1",
    redactor="r1",
    model_type="bert",
    weights_digest="a" * 64,
    tokenizer_digest="b" * 64,
    config_digest="c" * 64,
)
OPTIONS = ScoringOptions()

GOLDEN = "4f8a7ec8457c860ea378ba37989802ac77488a8d047896a7eaa5ff18d4212d8f"


def changed_spec(**changes: Any) -> str:
    return compute_scoring_id(replace(SPEC, **changes), OPTIONS)


def changed_options(**changes: Any) -> str:
    return compute_scoring_id(SPEC, ScoringOptions(**changes))


def test_golden() -> None:
    """The id of these ingredients never changes: tables that were written with it stay valid.

    Where this fails, either undo the change, or raise SEMANTICS_VERSION because the numbers change.
    """
    assert compute_scoring_id(SPEC, OPTIONS) == GOLDEN


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": ("work", "sleep")},
        {"labels": ("sleep", "works")},
        {"activation": "softmax"},
        {"max_length": 256},
        {"long_text": "max"},
        {"stride": 32},
        {"calibration": None},
        {"calibration": {"slope": (1.5, 1.0), "intercept": (0.0, -0.25)}},
        {"calibration": {"slope": (1.5, 1.25), "intercept": (0.0, -0.5)}},
        {"normalizer": "n2"},
        {"normalizer": None},
        {"redactor": "r2"},
        {"weights_digest": "d" * 64},
        {"tokenizer_digest": "d" * 64},
        {"config_digest": "d" * 64},
    ],
)
def test_every_ingredient_of_the_model_changes_it(changes: dict[str, Any]) -> None:
    """Another model, label order, activation, window, calibration or text preparation: another id."""
    assert changed_spec(**changes) != compute_scoring_id(SPEC, OPTIONS)


@pytest.mark.parametrize(
    "changes",
    [
        {"long_text": "max"},
        {"long_text": "head-tail"},
        {"stride": 0},
        {"stride": 32},
        {"max_windows": 8},
        {"precision": "bf16"},
    ],
)
def test_every_numeric_option_changes_it(changes: dict[str, Any]) -> None:
    """Another policy, stride, bound of windows or precision: another id."""
    assert changed_options(**changes) != compute_scoring_id(SPEC, OPTIONS)


def test_second_text_changes_it() -> None:
    """A text read together with a question has other numbers than alone: another id."""
    with_question = compute_scoring_id(SPEC, OPTIONS, second_text=True)

    assert with_question != compute_scoring_id(SPEC, OPTIONS)


def test_engine_changes_it() -> None:
    """Another engine rounds in another way: another id."""
    assert compute_scoring_id(SPEC, OPTIONS, engine="onnx") != compute_scoring_id(SPEC, OPTIONS)


@pytest.mark.parametrize(
    "changes",
    [
        {"max_batch_tokens": 1},
        {"device": "cuda:1"},
        {"long_text": "mean"},  # said aloud, what holds anyway
        {"stride": 64},
    ],
)
def test_what_changes_no_number_changes_no_id(changes: dict[str, Any]) -> None:
    """Batches, device, and a default said aloud keep the id: scores can be resumed elsewhere."""
    assert changed_options(**changes) == compute_scoring_id(SPEC, OPTIONS)


def test_columns_and_model_type_are_no_ingredients() -> None:
    """What follows from labels and config is not counted twice."""
    same = changed_spec(columns=("a", "b"), model_type="roberta")

    assert same == compute_scoring_id(SPEC, OPTIONS)


def test_calibration_that_is_set_aside_is_no_ingredient() -> None:
    """Under softmax the calibration is not applied, so it cannot tell two ids apart."""
    competing = replace(SPEC, activation="softmax")
    plain = replace(competing, calibration=None)

    assert compute_scoring_id(plain, OPTIONS) == compute_scoring_id(competing, OPTIONS)


def test_calibration_of_texts_of_one_window() -> None:
    """Under another policy it is an ingredient, and the id is not that of a run without it.

    Nor that of a model whose own policy it is, which calibrates longer texts too.
    """
    options = ScoringOptions(long_text="max")
    other = compute_scoring_id(SPEC, options)

    assert other != compute_scoring_id(replace(SPEC, calibration=None), options)
    assert other != compute_scoring_id(replace(SPEC, long_text="max"), OPTIONS)


def test_raw_texts_are_a_version() -> None:
    """To a model that learned from redacted texts; one that records none is not changed by them."""
    plain = replace(SPEC, normalizer=None, redactor=None)

    assert compute_scoring_id(of_texts(SPEC, None), OPTIONS) != compute_scoring_id(SPEC, OPTIONS)
    assert of_texts(plain, None) == plain


def test_lists_and_tuples_give_the_same_id() -> None:
    """Numbers that came from JSON as lists are the same numbers."""
    lists = {"slope": [1.5, 1.0], "intercept": [0.0, -0.5]}

    assert changed_spec(calibration=lists) == compute_scoring_id(SPEC, OPTIONS)


class TestSettle:
    def test_models_own(self) -> None:
        """Without options the model's policy, stride and calibration hold."""
        assert Applied("mean", 64, "all", None) == settle(SPEC, OPTIONS)

    def test_no_calibration(self) -> None:
        """Where there is none, none is applied and none set aside."""
        applied = settle(replace(SPEC, calibration=None), OPTIONS)

        assert Applied("mean", 64, "none", None) == applied

    def test_other_policy_sets_calibration_aside(self) -> None:
        """There it holds for texts of one window alone, and the reason is given."""
        applied = settle(SPEC, ScoringOptions(long_text="max", stride=0))

        assert (applied.long_text, applied.stride) == ("max", 0)
        assert applied.calibrated == "one-window"
        assert applied.set_aside == "it was fitted under --long-text mean, this run uses max"

    def test_softmax_sets_calibration_aside(self) -> None:
        """A calibration per label means nothing where labels compete."""
        applied = settle(replace(SPEC, activation="softmax"), OPTIONS)

        assert applied.calibrated == "none"
        assert applied.set_aside is not None
        assert "softmax" in applied.set_aside

    def test_same_policy_keeps_calibration(self) -> None:
        """Naming the model's own policy changes nothing."""
        assert settle(SPEC, ScoringOptions(long_text="mean")) == settle(SPEC, OPTIONS)


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "flag"),
        [({"stride": -1}, "--stride -1"), ({"max_windows": 0}, "--max-windows 0")],
    )
    def test_out_of_range(self, options: dict[str, int], flag: str) -> None:
        """An option out of its range is refused by its flag."""
        with pytest.raises(UsageError) as refusal:
            ScoringOptions(**options)  # type: ignore[arg-type]

        assert refusal.value.problem.startswith(flag)
        assert refusal.value.remedy
