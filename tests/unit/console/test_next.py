"""The line that a verb's end prints is one that the next verb takes, with the paths just used."""

import shlex
from pathlib import Path

import pytest

from psychescale.console.main import settings_of
from psychescale.console.next import after_anonymize, after_sample, after_score, after_train
from psychescale.settings.anonymize import AnonymizeConfig
from psychescale.settings.config import JobConfig, load_config
from psychescale.settings.sample import SampleConfig
from psychescale.settings.train import TrainConfig


def parsed(line: str) -> JobConfig:
    """The configuration that a pasted line leads to."""
    program, verb, *flags = shlex.split(line)
    assert program == "psychescale"
    return load_config(settings_of(verb), verb, flags, environ={}).config


def test_after_anonymize() -> None:
    """What was redacted is scored, the second text too; a blank in a path does no harm."""
    config = AnonymizeConfig(
        input="i", output="my study/redacted", key_file="k", second_text_column="question"
    )
    assert parsed(after_anonymize(config)).model_dump(exclude_defaults=True) == {
        "model": "BUNDLE",
        "input": "my study/redacted",
        "output": "my study/redacted_scores",
        "second_text_column": "second_text",
    }


def test_after_train() -> None:
    """The bundle is judged on the part it has not seen, columns and form said as in training."""
    told = TrainConfig(
        train="it's.csv", output="b/", accept_raw=True, separator=";", label_columns=("x", "y")
    )
    config = parsed(after_train(told, Path("b-restricted/membership.jsonl")))
    assert config.model_dump(exclude_defaults=True) == {
        "model": "b",
        "input": "it's.csv",
        "output": "b-evaluation",
        "membership": "b-restricted/membership.jsonl",
        "accept_raw": True,
        "separator": ";",
        "label_columns": ("x", "y"),
    }
    given = TrainConfig(train="a", test="t", output="b")
    assert parsed(after_train(given, Path("m"))).model_dump(exclude_defaults=True) == {
        "model": "b",
        "input": "t",
        "train": "a",
        "output": "b-evaluation",
    }


@pytest.mark.parametrize("table", ["my scores", "it's", "hive.scores"])
def test_after_score(table: str) -> None:
    """The lines are Python that names the table."""
    for line in after_score(table):
        assert repr(table) in line
        compile(line, "pasted", "exec")


def test_after_sample() -> None:
    """The sheet is looked through and studied by the same groups, of the same scores and times."""
    config = SampleConfig(
        scores="my scores", output="s.csv", size=100, strata=("score", "source"),
        time_column="at", period="year",
    )  # fmt: skip
    check, study = map(parsed, after_sample(config, "restricted/s.csv"))
    assert check.model_dump(exclude_defaults=True) == {"check": "restricted/s.csv"}
    assert study.model_dump(exclude_defaults=True) == {
        "scores": "my scores",
        "time_column": "at",
        "period": "year",
        "annotated": "restricted/s.csv",
        "by": ("source",),
        "output": "findings",
    }
