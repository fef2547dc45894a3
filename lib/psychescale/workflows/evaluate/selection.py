"""Which rows are judged, and which teach baselines."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import InputError, UsageError
from psychescale.model.bundle import require_free
from psychescale.settings.evaluate import EvaluateConfig
from psychescale.training.split.digests import (
    KEY_FILE,
    KINDS,
    RowDigests,
    find_known,
    read_key,
)
from psychescale.training.split.stratify import deal_out
from psychescale.training.targets import keep_labels, to_targets
from psychescale.workflows.evaluate.comparators import Learning, read_margins, require_baselines
from psychescale.workflows.rows import LabelledRows

_TUNING_SHARE = 0.1


@dataclass(frozen=True)
class EvaluationRows:
    """Rows of an evaluation.

    Attributes:
        rows: The rows to judge.
        learning: What baselines learn from; None where there is nothing.
        flow: Steps of the data's way with how many documents were left after each.
        known: Rows that training knew, by kind, those left out included; None: not searched for.
    """

    rows: LabelledRows
    learning: Learning | None
    flow: tuple[tuple[str, int], ...]
    known: Mapping[str, int] | None = None


def select_rows(given: Mapping[str, LabelledRows], config: EvaluateConfig) -> EvaluationRows:
    """Settle which rows are judged and which teach.

    Args:
        given: Rows of ``input``, and of ``train`` and ``validation`` where there are such.
        config: Of the evaluation.

    Raises:
        InputError: No row is left to judge, or the membership is of another corpus.
    """
    rows = given["input"]
    with_text = len(rows) + rows.n_unannotated
    flow = [("rows of the input", with_text + rows.n_left_out), ("with a text", with_text),
            ("annotated", len(rows))]  # fmt: skip
    judged, learning = rows, None
    if config.membership is None:
        learning = _learning(given, config)
    else:
        parts = _members(rows, config.membership)
        judged = parts[config.part]
        flow.append((f"in the part {config.part}", len(judged)))
        # On validation, thresholds of baselines would be chosen on the rows they are judged on.
        if config.part == "test" and len(parts["train"]) and len(parts["validation"]):
            learning = Learning(parts["train"], parts["validation"])
    if not len(judged):
        raise InputError(
            f"‹membership› puts no row of ‹input› into {config.part}.",
            remedy="Give the corpus that was split, or another ‹part›.",
        )
    if not config.trained_on:
        return EvaluationRows(judged, learning, tuple(flow))
    known = _known(judged, config)
    if config.drop_known:
        judged = judged.take(np.flatnonzero(~np.any([*known.values()], axis=0)))
        flow.append(("unknown to training", len(judged)))
        if not len(judged):
            raise InputError(
                "Training knew every row of ‹input›.", remedy="Give rows that it has not seen."
            )
    counts = {kind: int(found.sum()) for kind, found in known.items()}
    return EvaluationRows(judged, learning, tuple(flow), counts)


def _known(rows: LabelledRows, config: EvaluateConfig) -> dict[str, NDArray[np.bool_]]:
    """Rows that one of the trainings knew, by kind; each under the first kind that applies."""
    authors = rows.columns[config.author_column] if config.author_column else None
    found: dict[str, NDArray[np.bool_]] = {}
    for folder in map(Path, config.trained_on):
        key = read_key(config.membership_key_file or str(folder / KEY_FILE))
        judged = RowDigests.of(key, rows.texts, authors)
        for kind, known in find_known(RowDigests.read(folder), judged).items():
            found[kind] = found.get(kind, np.zeros(len(rows), np.bool_)) | known
    seen = np.zeros(len(rows), np.bool_)
    for kind in [kind for kind in KINDS if kind in found]:
        found[kind], seen = found[kind] & ~seen, seen | found[kind]
    return found


def require_consistent(config: EvaluateConfig) -> None:
    """Refuse what can be refused before a model or a row is read.

    Raises:
        UsageError: The output is there already, or options do not fit each other.
    """
    require_free(Path(config.output))
    require_one_source(config)
    require_digests(config)
    require_baselines(config.baselines)
    read_margins(config)
    require_slices(config)


def require_one_source(config: EvaluateConfig) -> None:
    """Refuse two ways of saying what baselines learn from.

    Raises:
        UsageError: Both are given.
    """
    if config.membership is not None and config.train is not None:
        raise UsageError(
            "‹membership› and ‹train› both say what baselines learn from.",
            remedy="Leave ‹train› out: the rows of ‹input› that were trained on are taken.",
        )
    if config.validation is not None and config.train is None:
        raise UsageError("‹validation› needs ‹train›.", remedy="Add ‹train›, or leave it out.")


def require_digests(config: EvaluateConfig) -> None:
    """Refuse a search for rows that training knew which could not be made.

    Raises:
        UsageError: A folder has no digests or no key, or no folder is named.
    """
    if config.drop_known and not config.trained_on:
        raise UsageError(
            "‹drop_known› needs ‹trained_on›.",
            remedy="Name the restricted folder of the training: ‹trained_on› FOLDER.",
        )
    for folder in map(Path, config.trained_on):
        RowDigests.read(folder)
        read_key(config.membership_key_file or str(folder / KEY_FILE))


def require_slices(config: EvaluateConfig) -> None:
    """Refuse columns whose values must not stand in a report.

    Raises:
        UsageError: Naming the column.
    """
    hidden = {
        *config.id_column,
        config.text_column,
        config.second_text_column,
        config.author_column,
    }
    for name in config.slice_columns:
        if name in hidden:
            raise UsageError(
                f"‹slice› {name}: its values are ids or texts, and a report shows its groups.",
                remedy="Slice by a column of few, harmless values.",
            )


def _learning(given: Mapping[str, LabelledRows], config: EvaluateConfig) -> Learning | None:
    if "train" not in given:
        return None
    train = given["train"]
    if "validation" in given:
        return Learning(train, given["validation"])
    names = sorted({name for labels in train.label_sets for name in labels})
    targets = to_targets(keep_labels(train.label_sets, names), names)
    shares = (1 - _TUNING_SHARE, _TUNING_SHARE)
    part = deal_out(targets, np.arange(len(train)), shares, seed=config.seed)
    return Learning(train.take(np.flatnonzero(part == 0)), train.take(np.flatnonzero(part == 1)))


def _members(rows: LabelledRows, file: str) -> dict[str, LabelledRows]:
    part_of = _read(file)
    names = ("train", "validation", "test")
    found = np.array([part_of.get(name, "") for name in rows.ids], dtype=object)
    return {name: rows.take(np.flatnonzero(found == name)) for name in names}


def _read(file: str) -> dict[str, str]:
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
        members = [json.loads(line) for line in lines]
        pairs = [(str(member["id"]), str(member["part"])) for member in members]
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(
            "‹membership› cannot be read.",
            remedy="Give the membership.jsonl that `psychescale train` left in its restricted folder.",
        ) from None
    part_of = dict(pairs)
    if len(part_of) < len(pairs):
        raise InputError(
            "‹membership› has an id twice: the parts had inputs with ids of their own.",
            remedy="Evaluate on the input of that part alone, without ‹membership›.",
        )
    return part_of
