"""The keys of a job as keywords of a function: values checked, parameters and help made of them."""

import inspect
import os
from collections.abc import Collection, Mapping
from typing import Any, Final, get_type_hints

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from psychescale.errors import PYTHON_NAMES, UsageError, as_keyword, spelled
from psychescale.settings.config import Config, JobConfig, merge_spark, usage_error
from psychescale.settings.flags import suggest
from psychescale.settings.keys import key_of

COMMAND_ONLY: Final = ("explain_config", "json_output", "quiet")
"""Keys of how a command prints, which a function does not."""


def keyword_fields(kind: type[JobConfig]) -> dict[str, FieldInfo]:
    """Keys by keyword: those of the job before those of every job, the ones without a default first."""
    fields = {name: one for name, one in kind.model_fields.items() if name not in COMMAND_ONLY}
    order = sorted(
        fields, key=lambda name: (name in JobConfig.model_fields, not fields[name].is_required())
    )
    return {name: fields[name] for name in order}


def from_keywords(kind: type[Config], verb: str, keywords: Mapping[str, Any]) -> Config:
    """The configuration of a call; paths count as text.

    Raises:
        UsageError: A keyword is unknown (with a suggestion), missing, or its value of the wrong form.
    """
    fields = keyword_fields(kind)
    told = f"help(psychescale.{verb}) lists the keywords."
    given = {}
    for name, value in keywords.items():
        if name not in fields:
            raise UsageError(
                f"psychescale.{verb} has no keyword {name!r}.",
                remedy=suggest(PYTHON_NAMES.get(name, name), list(fields)) or told,
            )
        given[key_of(name, fields[name])] = _plain(value)
    if "spark" in given:
        given["spark"] = merge_spark({}, given["spark"])
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        fault = usage_error(error, kind, verb, dict.fromkeys(given, "keyword"))
        raise UsageError(fault.template[0], remedy=told) from None


def parameters_of(kind: type[JobConfig], frames: Collection[str]) -> list[inspect.Parameter]:
    """A keyword-only parameter for each key; those of `frames` take a DataFrame too."""
    hints = get_type_hints(kind)
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=_also_frame(hints[name]) if name in frames else hints[name],
            default=inspect.Parameter.empty if one.is_required() else one.default,
        )
        for name, one in keyword_fields(kind).items()
    ]


def help_of(kind: type[JobConfig], frames: Collection[str]) -> str:
    """The first part of a docstring: what the job does, and its keywords."""
    lines = [spelled(kind.__doc__ or "", as_keyword), "", "Args:"]
    for name, one in keyword_fields(kind).items():
        also = "; or a Spark DataFrame" if name in frames else ""
        lines.append(f"    {name}: {spelled(one.description or '', as_keyword)}{also}")
    return "\n".join(lines)


def _plain(value: object) -> object:
    if isinstance(value, list | tuple):
        return tuple(_plain(one) for one in value)
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _also_frame(annotation: object) -> str:
    return f"{inspect.formatannotation(annotation)} | DataFrame"  # pyspark may not be there
