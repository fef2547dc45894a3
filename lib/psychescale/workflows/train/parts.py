"""From labelled rows to the parts of a training run: labels, targets, split, leaks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import InputError, UsageError
from psychescale.moments import require_moments
from psychescale.settings.train import TrainConfig
from psychescale.training.classifier.dataset import Rows
from psychescale.training.classifier.fit import label_names
from psychescale.training.split.leaks import Leak, count_dropped, find_leaks, resolve_leaks
from psychescale.training.split.near_duplicates import find_near_duplicates
from psychescale.training.split.strategies import (
    PARTS,
    LabelShare,
    Part,
    Split,
    group_rows,
    label_shares,
    membership_digest,
    numbered,
    split_by_source,
    split_by_time,
    split_stratified,
)
from psychescale.training.targets import keep_labels, require_seen, to_targets
from psychescale.workflows.rows import LabelledRows, join_rows

_NONE = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Parts:
    """Rows, and which part each is in.

    Attributes:
        rows: All rows that were read, those in no part included.
        labels: Label order.
        targets: float32, 0 or 1, shape (n_rows, n_labels).
        groups: int64, shape (n_rows,): authors joined with clusters of near-duplicates.
        split: The parts.
        dropped: Rows dropped because a later part knows them, by part and kind.
        shares: How even each label lies over the parts.
    """

    rows: LabelledRows
    labels: tuple[str, ...]
    targets: NDArray[np.float32]
    groups: NDArray[np.int64]
    split: Split
    dropped: Mapping[str, Mapping[str, int]]
    shares: tuple[LabelShare, ...]

    def index(self, part: Part) -> NDArray[np.int64]:
        """Row numbers of a part, int64, ascending."""
        rows: NDArray[np.int64] = getattr(self.split, part)
        return rows

    def to_fit(self, part: Part) -> Rows | None:
        """A part as `fit` takes it; None where it has no row."""
        chosen = self.index(part)
        taken = self.rows.take(chosen)
        return Rows(taken.texts, self.targets[chosen], taken.second_texts) if len(chosen) else None

    def digests(self, key: bytes) -> dict[str, str]:
        """Keyed digest of each part's ids."""
        return {p: membership_digest(key, self.rows.take(self.index(p)).ids) for p in PARTS}


def divide(given: Mapping[Part, LabelledRows], config: TrainConfig) -> Parts:
    """Settle labels and parts: those given, and those still to be made of the training rows.

    Args:
        given: Rows of each part that has an input of its own; ``train`` always.
        config: Of the run.

    Raises:
        InputError: A part is empty, a label has no training row, or given parts know each other.
        UsageError: The choices do not fit each other.
    """
    _require_fitting(config)
    rows = join_rows([given[part] for part in PARTS if part in given])
    labels = _choose_labels(rows, config)
    sets = keep_labels(rows.label_sets, labels) if config.labels else rows.label_sets
    targets = to_targets(sets, labels)
    clusters = find_near_duplicates(rows.texts)
    authors = column_of(rows, config.author_column)
    groups = group_rows(*([clusters] if authors is None else [clusters, numbered(authors)]))
    split = _place(given, _split_train(len(given["train"]), rows, targets, groups, config))
    leaks: tuple[Leak, ...] = ()
    if len(given) > 1:
        leaks = find_leaks(rows.texts, split, clusters=clusters, authors=authors)
        split = resolve_leaks(split, leaks, config.on_leak)
    require_seen(targets[split.train], labels)
    shares = label_shares(targets, labels, split)
    return Parts(rows, labels, targets, groups, split, count_dropped(leaks), shares)


def _require_fitting(config: TrainConfig) -> None:
    needed = {"time": ["time_column"], "source": ["source_column", "held_out"], "random": []}
    for name in needed[config.split]:
        if getattr(config, name) is None:
            raise UsageError(f"‹split› {config.split} needs ‹{name}›.", remedy=f"Add ‹{name}›.")
    if config.split == "source" and config.test is not None:
        raise UsageError(
            "‹split› source makes the test part, and ‹test› gives it.", remedy="Leave one out."
        )


def _choose_labels(rows: LabelledRows, config: TrainConfig) -> tuple[str, ...]:
    known = set(rows.label_names) | {name for labels in rows.label_sets for name in labels}
    unknown = [name for name in config.labels if name not in known]
    if unknown:
        raise InputError(
            f"No row has the label {unknown[0]!r} of ‹labels›.", remedy="Check its spelling."
        )
    return config.labels or rows.label_names or label_names(rows.label_sets)


def column_of(rows: LabelledRows, name: str | None) -> list[str | None] | None:
    """A column's values as text; None where none is named."""
    if name is None:
        return None
    return [None if value is None else str(value) for value in rows.columns[name]]


def _split_train(
    n_train: int,
    rows: LabelledRows,
    targets: NDArray[np.float32],
    groups: NDArray[np.int64],
    config: TrainConfig,
) -> Split:
    """Parts of the training input, of which parts with an input of their own get nothing."""
    every = np.arange(n_train)
    targets, groups = targets[every], groups[every]
    validation_share = config.validation_share if config.validation is None else 0.0
    test_share = config.test_share if config.test is None else 0.0
    if config.split == "source" and config.source_column and config.held_out:
        return split_by_source(
            (column_of(rows, config.source_column) or [])[:n_train],
            config.held_out,
            targets,
            groups,
            validation_share=validation_share,
            seed=config.seed,
        )
    if not validation_share and not test_share:
        return Split(every, _NONE, _NONE, _NONE)
    if config.split == "time" and config.time_column:
        times = _times(rows.columns[config.time_column][:n_train], config.time_format)
        return split_by_time(
            times, groups, validation_share=validation_share, test_share=test_share
        )
    return split_stratified(
        targets, groups, validation_share=validation_share, test_share=test_share, seed=config.seed
    )


def _times(values: Sequence[object], time_format: str | None) -> NDArray[np.datetime64]:
    """Moments in UTC, NaT where there is none.

    Raises:
        InputError: Some cannot be read.
    """
    naive = [
        m if m is None or m.tzinfo is None else m.astimezone(UTC).replace(tzinfo=None)
        for m in require_moments(values, time_format)
    ]
    return np.array(naive, "datetime64[us]")


def _place(given: Mapping[Part, LabelledRows], made: Split) -> Split:
    """Made parts of the training input, and the inputs of parts that are given behind them."""
    parts = {part: getattr(made, part) for part in PARTS}
    start = len(given["train"])
    for part in PARTS[1:]:
        if part in given:
            parts[part] = np.arange(start, start + len(given[part]))
            start += len(given[part])
    return Split(**parts, left_out=made.left_out)
