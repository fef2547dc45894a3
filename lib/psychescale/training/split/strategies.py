"""Training, validation and test rows, of which no author and no near-duplicate is in two."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import InputError, UsageError
from psychescale.training.split.near_duplicates import connect, first_of_each
from psychescale.training.split.stratify import deal_out

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")

_EMPTY = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Split:
    """Rows of each part, as ascending indices, int64.

    Attributes:
        train: What weights are fitted on.
        validation: What stops training, and what calibration and thresholds are fitted on.
        test: What nothing is fitted on.
        left_out: Rows in no part, because their group reaches into a part that must not see them.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    left_out: NDArray[np.int64]

    def counts(self) -> dict[str, int]:
        """Rows of each part."""
        names = (*PARTS, "left_out")
        return {name: len(getattr(self, name)) for name in names}


@dataclass(frozen=True)
class LabelShare:
    """How far a label is from an even distribution over the parts.

    Attributes:
        label: Its name.
        positives: Rows with it in each part, in the order of `PARTS`.
        deviation: Largest difference, over the parts, between the part's share of the label's rows
            and its share of all rows; 0 is perfect, NaN for a label without rows.
    """

    label: str
    positives: tuple[int, int, int]
    deviation: float


def group_rows(*memberships: NDArray[np.int64]) -> NDArray[np.int64]:
    """Groups that keep every membership whole: authors, joined with clusters of near-duplicates.

    Args:
        memberships: int64, shape (n_rows,) each: rows with the same number belong together; -1 is
            nobody's (an unknown author).

    Returns:
        int64, shape (n_rows,): the first row of each row's group.
    """
    n_rows = len(memberships[0])
    ends: list[NDArray[np.int64]] = []
    starts: list[NDArray[np.int64]] = []
    for membership in memberships:
        known = np.flatnonzero(membership >= 0)
        starts.append(known[first_positions(membership[known])])
        ends.append(known)
    return connect(n_rows, np.concatenate(starts), np.concatenate(ends))


def first_positions(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position of the first equal value, for each value; int64, shape (n,)."""
    return first_of_each(values) if len(values) else _EMPTY


def numbered(names: Sequence[str | None]) -> NDArray[np.int64]:
    """Running numbers of names, -1 for None; int64, shape (n,)."""
    numbers: dict[str, int] = {}
    return np.array(
        [-1 if name is None else numbers.setdefault(name, len(numbers)) for name in names],
        np.int64,
    )


def split_stratified(
    targets: NDArray[np.float32],
    groups: NDArray[np.int64],
    *,
    validation_share: float,
    test_share: float,
    seed: int,
) -> Split:
    """A random split, stratified by label as far as whole groups allow.

    Args:
        targets: 0 or 1, shape (n_rows, n_labels).
        groups: int64, shape (n_rows,), as `group_rows` gives them.
        validation_share: Share of the rows.
        test_share: Share of the rows; may be 0 where a test set is given elsewhere.
        seed: Of the order among equals.

    Raises:
        UsageError: The shares leave nothing to train on.
        InputError: A part with a share is empty.
    """
    shares = _shares(validation_share, test_share)
    part = deal_out(targets, groups, shares, seed=seed)
    train, validation, test = (np.flatnonzero(part == number) for number in range(3))
    split = Split(train, validation, test, _EMPTY)
    require_parts(split, [name for name, share in zip(PARTS, shares, strict=True) if share])
    return split


def split_by_time(
    times: NDArray[np.datetime64],
    groups: NDArray[np.int64],
    *,
    validation_share: float,
    test_share: float,
) -> Split:
    """Train on what came first, validate on what followed, test on what came last.

    Rows of one moment stay together. A group that reaches over a border is kept in its last part;
    its earlier rows are left out, so that nobody is known from training and nothing from the future
    is.

    Args:
        times: datetime64, shape (n_rows,).
        groups: int64, shape (n_rows,), as `group_rows` gives them.
        validation_share: Share of the rows.
        test_share: Share of the rows.

    Raises:
        InputError: A time is missing, or a part is empty.
        UsageError: The shares leave nothing to train on.
    """
    if np.isnat(times).any():
        raise InputError(
            f"{int(np.isnat(times).sum())} rows have no time.",
            remedy="Split at random instead (‹split› random), or leave these rows out.",
        )
    shares = _shares(validation_share, test_share)
    order = np.sort(times, kind="stable")
    borders = np.round(np.cumsum(shares)[:-1] * len(times)).astype(np.int64)
    cuts = [order[border] if border < len(order) else None for border in borders]
    part = np.zeros(len(times), np.int64)
    for number, cut in enumerate(cuts, start=1):
        if cut is not None:
            part[times >= cut] = number
    split = _keep_last(part, groups)
    require_parts(split, [name for name, share in zip(PARTS, shares, strict=True) if share])
    return split


def split_by_source(
    sources: Sequence[str | None],
    held_out: str,
    targets: NDArray[np.float32],
    groups: NDArray[np.int64],
    *,
    validation_share: float,
    seed: int,
) -> Split:
    """Test on one source, train and validate on all others (leave-one-source-out).

    Rows of other sources whose group reaches into the source that is held out are left out.

    Args:
        sources: The source of each row.
        held_out: The source to test on.
        targets: 0 or 1, shape (n_rows, n_labels).
        groups: int64, shape (n_rows,), as `group_rows` gives them.
        validation_share: Share of the other rows.
        seed: Of the order among equals.

    Raises:
        InputError: No row has this source, or no row another.
        UsageError: The share leaves nothing to train on.
    """
    names = np.array([source or "" for source in sources])
    test = names == held_out
    if not test.any():
        known = ", ".join(sorted(set(names.tolist()))[:10])
        raise InputError(
            f"No row has the source {held_out!r}.", remedy=f"Sources of this corpus: {known}."
        )
    spoilt = np.isin(groups, groups[test]) & ~test
    rest = np.flatnonzero(~test & ~spoilt)
    if not len(rest):
        raise InputError(
            f"Every row outside {held_out!r} shares an author or a text with it.",
            remedy="Hold another source out, or split at random.",
        )
    part = deal_out(
        targets[rest], groups[rest], (1 - validation_share, validation_share), seed=seed
    )
    split = Split(
        rest[part == 0], rest[part == 1], np.flatnonzero(test), left_out=np.flatnonzero(spoilt)
    )
    require_parts(split, PARTS if validation_share else ("train", "test"))
    return split


def label_shares(
    targets: NDArray[np.float32], labels: Sequence[str], split: Split
) -> tuple[LabelShare, ...]:
    """Positives per part and deviation, label by label.

    Args:
        targets: 0 or 1, shape (n_rows, n_labels).
        labels: Names, in the order of the columns.
        split: The parts.
    """
    parts = [split.train, split.validation, split.test]
    sizes = np.array([len(part) for part in parts], np.float64)
    positives = np.stack(
        [targets[part].sum(axis=0, dtype=np.float64) for part in parts]
    )  # (3, n_labels)
    total = positives.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = positives / total
    deviation = np.abs(shares - (sizes / sizes.sum())[:, None]).max(axis=0)
    return tuple(
        LabelShare(label, _three(positives[:, column]), float(deviation[column]))
        for column, label in enumerate(labels)
    )


_PROLIFIC = 0.05


def prolific_rows(groups: NDArray[np.int64], split: Split) -> tuple[int, int, int] | None:
    """Rows of the largest twentieth of the groups in each part: is it even for authors of every size.

    Args:
        groups: int64, shape (n_rows,), as `group_rows` gives them.
        split: The parts.

    Returns:
        Rows of train, validation, test; None where every row is a group of its own.
    """
    _, group_of, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if sizes.max(initial=0) < 2:  # noqa: PLR2004
        return None
    largest = np.argsort(-sizes, kind="stable")[: max(1, int(_PROLIFIC * len(sizes)))]
    of_largest = np.isin(group_of, largest)
    return _three(np.array([of_largest[getattr(split, part)].sum() for part in PARTS], np.float64))


def _three(counts: NDArray[np.float64]) -> tuple[int, int, int]:
    train, validation, test = counts.astype(np.int64).tolist()
    return train, validation, test


def require_parts(split: Split, names: Sequence[str] = PARTS) -> None:
    """Refuse a split that lacks a part.

    Raises:
        InputError: Naming the empty part.
    """
    for name in names:
        if not len(getattr(split, name)):
            raise InputError(
                f"The {name} part holds no row.",
                remedy=f"Give it rows (‹{name}›, or a larger ‹{name}_share›); groups of one author "
                "or of near-duplicates stay whole.",
            )


def membership_digest(key: bytes, ids: Sequence[str]) -> str:
    """HMAC-SHA-256 (hex) over the sorted ids of a part.

    Whoever has the key and the ids can prove which rows a part held; nobody else can try ids out.
    """
    digest = hmac.new(key, digestmod=hashlib.sha256)
    for name in sorted(ids):
        encoded = name.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()


def _keep_last(part: NDArray[np.int64], groups: NDArray[np.int64]) -> Split:
    """Parts in which a group is only where its last rows are."""
    _, group = np.unique(groups, return_inverse=True)
    last = np.zeros(int(group.max(initial=0)) + 1, np.int64)
    np.maximum.at(last, group, part)
    early = part < last[group]
    train, validation, test = (np.flatnonzero((part == n) & ~early) for n in range(3))
    return Split(train, validation, test, np.flatnonzero(early))


def _shares(validation_share: float, test_share: float) -> tuple[float, float, float]:
    train_share = 1 - validation_share - test_share
    if validation_share < 0 or test_share < 0 or train_share <= 0:
        raise UsageError(
            f"‹validation_share› {validation_share} and ‹test_share› {test_share} leave "
            f"{max(train_share, 0):.0%} to train on.",
            remedy="Give shares from 0 to 1 that add up to less than 1.",
        )
    return train_share, validation_share, test_share


def without(split: Split, rows: NDArray[np.int64], part: Part = "train") -> Split:
    """The split with `rows` taken out of a part and left out."""
    kept = np.setdiff1d(getattr(split, part), rows)
    out = np.union1d(split.left_out, np.intersect1d(getattr(split, part), rows))
    return replace(split, **{part: kept, "left_out": out})
