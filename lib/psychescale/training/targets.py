"""Labels of labelled rows: from a list of names, or from one column of 0 and 1 per label."""

import json
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import InputError

_TRUE = {"1", "1.0", "true"}
_FALSE = {"0", "0.0", "false"}
_SHOWN = 5


def read_label_sets(
    values: Sequence[object], *, place: str, empty: str | None = None
) -> list[tuple[str, ...] | None]:
    """The labels of rows: lists of names, JSON lists, or names with commas between them.

    A missing value is None: nobody has annotated the row. An empty list is no label. An empty text
    can be either, and a person must say.

    Args:
        values: What the labels column holds.
        place: Where it was read, for the message.
        empty: What an empty text means: ``none`` or ``unannotated``; None: nobody has said.

    Raises:
        InputError: A value is of another form, or is empty and nobody has said what that means.
    """
    n_empty = sum(_is_blank(value) for value in values)
    if n_empty and empty is None:
        raise InputError(
            f"{place}: {n_empty:,} of {len(values):,} rows have nothing where their labels stand: no "
            "label, or not annotated?",
            remedy="Say which: ‹empty_labels› none, or ‹empty_labels› unannotated (left out).",
        )
    blank = () if empty == "none" else None
    return [
        None if _is_missing(v) else blank if _is_blank(v) else _label_set(v, place) for v in values
    ]


def _label_set(value: object, place: str) -> tuple[str, ...]:
    if isinstance(value, str):
        if not value.lstrip().startswith("["):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if isinstance(value, (list, tuple, np.ndarray)) and all(isinstance(n, str) for n in value):
        return tuple(str(name) for name in value)
    raise InputError(
        f"{place}: a row's labels are no list of names.",
        remedy='Write ["name", "name"], or name,name; ‹labels_column› says where. One 0/1 column '
        "per label: ‹label_columns› NAME,NAME,…",
    )


def from_columns(columns: Mapping[str, Sequence[object]], *, place: str) -> NDArray[np.float32]:
    """Targets from one column per label.

    Args:
        columns: Values of each column, in label order; 0/1 as numbers, booleans or text.
        place: Where they were read, for the message.

    Returns:
        float32, shape (n_rows, n_labels); NaN where a value is missing or blank: not annotated.

    Raises:
        InputError: A value is neither 0 nor 1; the column is named, its values are not.
    """
    return np.stack([_binary(name, values, place) for name, values in columns.items()], axis=1)


def to_targets(
    label_sets: Sequence[Sequence[str]], labels: Sequence[str], *, part: str = "train"
) -> NDArray[np.float32]:
    """float32, shape (n_rows, n_labels): 1 where a row has a label.

    Raises:
        InputError: A row of a later part has a label that no training row has.
    """
    index = {name: position for position, name in enumerate(labels)}
    unknown = sorted({name for names in label_sets for name in names} - set(index))
    if unknown:
        raise InputError(
            f"Labels of {part} rows that no training row has: {_few(unknown)}.",
            remedy="Give training rows with them, or name the labels to keep: ‹labels› NAME,NAME,…",
        )
    targets = np.zeros((len(label_sets), len(labels)), np.float32)
    for row, names in enumerate(label_sets):
        targets[row, [index[name] for name in names]] = 1
    return targets


def keep_labels(
    label_sets: Sequence[Sequence[str]], labels: Sequence[str]
) -> list[tuple[str, ...]]:
    """Label sets without any other label: what ``--labels`` asks for."""
    wanted = set(labels)
    return [tuple(name for name in names if name in wanted) for names in label_sets]


def require_seen(targets: NDArray[np.float32], labels: Sequence[str]) -> None:
    """Refuse to train a label that no training row has: its probability would mean nothing.

    Args:
        targets: 0 or 1, shape (n_rows, n_labels): the training rows.
        labels: Names, in the order of the columns.

    Raises:
        InputError: The training part is empty, or a label is never seen in it.
    """
    if not len(targets):
        raise InputError(
            "The train part holds no row.",
            remedy="Check ‹train› and ‹text_column›, or lower ‹validation_share› and ‹test_share›.",
        )
    never = [name for name, count in zip(labels, targets.sum(axis=0), strict=True) if not count]
    if never:
        raise InputError(
            f"Labels that no training row has: {_few(never)}.",
            remedy="Give rows with them, or leave them out: name the others with "
            "‹labels› NAME,NAME,…",
        )


def _binary(name: str, values: Sequence[object], place: str) -> NDArray[np.float32]:
    words = [str(value).strip().lower() for value in values]
    truth = np.array([word in _TRUE for word in words])
    falsehood = np.array([word in _FALSE for word in words])
    unseen = np.array([_is_missing(value) or _is_blank(value) for value in values])
    wrong = int((~truth & ~falsehood & ~unseen).sum())
    if wrong:
        raise InputError(
            f"{place}: column {name!r} is not binary: {wrong:,} of {len(words):,} rows hold neither "
            "0, nor 1, nor nothing (not annotated).",
            remedy="Make it 0 or 1 (weights and votes need a cut of yours), or leave it out of "
            "‹label_columns›.",
        )
    return np.where(unseen, np.nan, truth).astype(np.float32)


def _is_missing(value: object) -> bool:
    """Null, or the NaN that pandas puts in its place."""
    return value is None or (isinstance(value, float) and np.isnan(value))


def _is_blank(value: object) -> bool:
    return isinstance(value, str) and not value.strip()


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
