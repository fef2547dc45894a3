"""The tables of docs/configuration.md and the files in conf/, made of the settings."""

import json
import re
import textwrap

from pydantic.fields import FieldInfo

from psychescale.errors import spelled
from psychescale.notice import NOTICE
from psychescale.settings.config import JobConfig
from psychescale.settings.keys import REQUIRED, choices_of, grouped_keys, is_several, shown_default
from psychescale.settings.shared import FilesConfig

_COMMAND = (JobConfig.__doc__ or "").partition("\n")[0].rstrip(".")
_FILES = (FilesConfig.__doc__ or "").rstrip(".")
_TOLD_ONCE = (_COMMAND, _FILES)
_WIDTH = 110
_INDENT = 29


def tables(kind: type[JobConfig]) -> str:
    """The keys of a job as tables in Markdown, without those that every job or every reader has."""
    groups = {t: keys for t, keys in grouped_keys(kind).items() if t not in _TOLD_ONCE}
    return "\n\n".join(f"{title}:\n\n{_table(keys)}" for title, keys in groups.items())


def shared_table(kind: type[JobConfig]) -> str:
    """The keys of one group as a table."""
    return _table(next(iter(grouped_keys(kind).values())))


def default_file(kind: type[JobConfig], verb: str) -> str:
    """A file of a job with every key at its default."""
    head = [
        f"# psychescale {verb}: every key with its default, made from the settings. {NOTICE}",
        *(f"# {example}" for example in kind.examples[:1]),
        f"# Flags, --set and environment variables (PSYCHESCALE_{verb.upper()}_<KEY>) win over this "
        "file. null: no value.",
    ]
    blocks = ["\n".join(head)]
    for title, keys in grouped_keys(kind).items():
        lines = "\n".join(_line(key, field) for key, field in keys.items())
        told = "Required; here, or as a flag" if title == REQUIRED else title
        blocks.append(f"# {told}\n{lines}")
    return "\n\n".join(blocks) + "\n"


def _line(key: str, field: FieldInfo) -> str:
    """A key with its default and its meaning; a required one as a comment."""
    value = f"# {key}:" if field.is_required() else f"{key}: {_yaml(field.default)}"
    told = [spelled(field.description or "", str)]
    if choices_of(field):
        told.append(_either(choices_of(field), "{}"))
    lines = textwrap.wrap("; ".join(told), _WIDTH - _INDENT - 2)
    first = f"{value:<{_INDENT - 1}} # {lines[0]}"
    return "\n".join([first, *(f"{'':<{_INDENT}}# {line}" for line in lines[1:])])


def _yaml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    if isinstance(value, str) and value:
        return value
    return f"{value:g}" if isinstance(value, float) else json.dumps(value)


def _table(keys: dict[str, FieldInfo]) -> str:
    rows = [f"| `{key}` | {_default(field)} | {_meaning(field)} |" for key, field in keys.items()]
    return "\n".join(["| key | default | meaning |", "| --- | --- | --- |", *rows])


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    said = re.search(r" \(default: (.*)\)$", field.description or "")
    if said:
        return _marked(said[1])
    if field.default is False:
        return "false"
    shown = shown_default(field)
    return f"`{shown}`" if shown else "none"


def _meaning(field: FieldInfo) -> str:
    told = [_marked(re.sub(r" \(default: .*\)$", "", field.description or ""))]
    if choices_of(field):
        told.append(_either(choices_of(field), "`{}`"))
    if is_several(field):
        told.append("names with commas")
    return "; ".join(told).replace("|", r"\|")


def _either(choices: tuple[str, ...], form: str) -> str:
    *first, last = (form.format(choice) for choice in choices)
    return f"{', '.join(first)} or {last}"


def _marked(text: str) -> str:
    """Options as code, and what stands in angles or braces too, which Markdown would swallow."""
    text = re.sub(r"(\S*<\w+>|\{.*\})", r"`\1`", text)
    return spelled(text, lambda key: f"`{key}`")
