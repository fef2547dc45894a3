"""From label names to the columns of the score table."""

import re
from collections.abc import Sequence

from psychescale.errors import ModelError

PROBABILITY_PREFIX = "p_"
LOGIT_PREFIX = "logit_"


def column_suffix(label: str) -> str:
    """The part of a column name that stands for `label`.

    The written rule: lower case, every run of characters other than ``a-z0-9`` becomes one ``_``.
    """
    return re.sub(r"[^a-z0-9]+", "_", label.lower())


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
