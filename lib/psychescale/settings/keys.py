"""What a key says of itself, for whoever shows it: its group, its choices, its default."""

import types
from typing import Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

REQUIRED: Final = "Required"
COMMON: Final = "Common"
"""Title of the keys that stand in a job's own class."""


def key_of(name: str, field: FieldInfo) -> str:
    """The key of a field, which Python may have to call otherwise."""
    return field.alias or name


def grouped_keys(kind: type[BaseModel]) -> dict[str, dict[str, FieldInfo]]:
    """Keys of a job by title: required ones, its own, those of each class that it is made of.

    A group is a class; the first line of its docstring is the title. A key that several classes state
    belongs to the one furthest from the job.
    """
    groups: dict[str, dict[str, FieldInfo]] = {REQUIRED: {}}
    for base in kind.__mro__:
        title = COMMON if base is kind else (base.__doc__ or "").partition("\n")[0].rstrip(".")
        for name, field in kind.model_fields.items():
            if _home(kind, name) is base:
                chosen = REQUIRED if field.is_required() else title
                groups.setdefault(chosen, {})[key_of(name, field)] = field
    return {title: keys for title, keys in groups.items() if keys}


def _home(kind: type[BaseModel], name: str) -> type:
    return [base for base in kind.__mro__ if name in vars(base).get("__annotations__", ())][-1]


def choices_of(field: FieldInfo) -> tuple[str, ...]:
    """The values that a key can have, where they are few."""
    return tuple(
        value
        for one in _alternatives(field.annotation)
        if get_origin(one) is Literal
        for value in get_args(one)
    )


def is_several(field: FieldInfo) -> bool:
    """Whether the key has a list of names."""
    return is_of(field, tuple) and not is_of(field, str)


def is_repeated(field: FieldInfo) -> bool:
    """Whether the key has one value or several, each with the flag."""
    return is_of(field, tuple) and is_of(field, str)


def is_of(field: FieldInfo, *kinds: type) -> bool:
    """Whether the values of a key are of one of these types."""
    return any((get_origin(one) or one) in kinds for one in _alternatives(field.annotation))


def shown_default(field: FieldInfo) -> str:
    """A default as a person writes it; empty where there is none, or the description says it."""
    value = field.default
    if field.is_required() or value is None or value is False or value in ("", (), {}):
        return ""
    if value is True:
        return "true"
    if isinstance(value, float):
        return f"{value:g}"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    """Members of a union; the annotation itself where it is none. `Annotated` is looked through."""
    if hasattr(annotation, "__metadata__"):
        return _alternatives(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(one for member in get_args(annotation) for one in _alternatives(member))
    return (annotation,)
