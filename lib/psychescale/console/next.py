"""What a person may do after a verb: a line with the paths just used, ready to paste."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from psychescale.errors import as_flag
from psychescale.settings.config import JobConfig
from psychescale.settings.keys import key_of
from psychescale.settings.places import each, is_catalog_name
from psychescale.settings.sample import OWN_STRATA
from psychescale.settings.shared import LabelledConfig, ScoredConfig

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from psychescale.settings.anonymize import AnonymizeConfig
    from psychescale.settings.sample import SampleConfig
    from psychescale.settings.train import TrainConfig


def after_anonymize(config: AnonymizeConfig) -> str:
    """The line that scores the redacted texts."""
    second = ["--second-text-column", "second_text"] if config.second_text_column else []
    output = f"{config.output}_scores"
    words = ["score", "--model", "BUNDLE", "--input", config.output, "--output", output, *second]
    return _command(words)


def after_score(table: str) -> list[str]:
    """The lines of Python that read the score table."""
    if is_catalog_name(table):
        return [f"scores = spark.table({table!r})"]
    return [
        f"from deltalake import DeltaTable; scores = DeltaTable({table!r}).to_pandas()",
        f"scores = spark.read.format('delta').load({table!r})",
    ]


def after_train(config: TrainConfig, membership: Path) -> str:
    """The line that evaluates the bundle on its test rows."""
    output = config.output.rstrip("/")
    rows = _repeated("--input", config.test or config.train)
    rows += _repeated("--train", config.train) if config.test else ["--membership", str(membership)]
    more = _stated(config, LabelledConfig)
    return _command(
        ["evaluate", "--model", output, *rows, "--output", f"{output}-evaluation", *more]
    )


def after_sample(config: SampleConfig, sheet: str) -> list[str]:
    """The lines that look the filled-in sheet through, and study the scores with it."""
    groups = [name for name in config.strata if name not in OWN_STRATA]
    by = ["--by", ",".join(groups)] if groups else []
    given = [*_stated(config, ScoredConfig), "--annotated", sheet, *by, "--output", "findings"]
    return [_command(["sample", "--check", sheet]), _command(["study", *given])]


def print_next(console: Console, *lines: str) -> None:
    """Print the lines, each as it is pasted."""
    console.print("Next:")
    for line in lines:
        console.print(f"  {line}", markup=False)


def _repeated(flag: str, given: str | tuple[str, ...]) -> list[str]:
    return [word for one in each(given) for word in (flag, one)]


def _stated(config: JobConfig, kind: type[JobConfig]) -> list[str]:
    """Flags for the keys of `kind` that are not at their default, those of every job left out."""
    words: list[str] = []
    for name, field in kind.model_fields.items():
        value = getattr(config, name)
        if name not in JobConfig.model_fields and value != field.default:
            words.append(as_flag(key_of(name, field)))
            if value is not True:
                words.append(",".join(value) if isinstance(value, tuple) else str(value))
    return words


def _command(words: list[str]) -> str:
    return shlex.join(["psychescale", *words])
