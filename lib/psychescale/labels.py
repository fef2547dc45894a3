"""From label names to the columns of the score table."""

import re
import unicodedata
from collections.abc import Sequence

from psychescale.errors import ModelError

PROBABILITY_PREFIX = "p_"
LOGIT_PREFIX = "logit_"


def n_labels(labels: Sequence[str]) -> str:
    """How many there are, as a person reads it."""
    return "1 label" if len(labels) == 1 else f"{len(labels)} labels"


def column_suffix(label: str) -> str:
    """The part of a column name that stands for `label`.

    The written rule: letters without their marks (NFKD), ß as ss, lower case, and every run of
    characters other than ``a-z0-9`` as one ``_``.
    """
    parts = unicodedata.normalize("NFKD", label)
    letters = "".join(c for c in parts if not unicodedata.combining(c)).casefold()
    return re.sub(r"[^a-z0-9]+", "_", letters)


def column_suffixes(labels: Sequence[str]) -> tuple[str, ...]:
    """Column suffixes of `labels`, in their order.

    Raises:
        ModelError: Two labels would share a column, or a label leaves no column name at all.
    """
    owners: dict[str, str] = {}
    for label in labels:
        suffix = column_suffix(label)
        if not suffix.strip("_"):
            raise ModelError(
                f"Label {label!r} has no ASCII letter or digit to make a column name of.",
                remedy="Give the labels names with ‹labels› NAME,NAME,… in the model's order.",
            )
        if suffix in owners:
            raise ModelError(
                f"Labels {owners[suffix]!r} and {label!r} would both be the column p_{suffix}.",
                remedy="Give them distinct names with ‹labels› NAME,NAME,… in the model's order.",
            )
        owners[suffix] = label
    return tuple(owners)
