"""Which rows are judged, and which teach baselines."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from psychescale.errors import InputError, UsageError
from psychescale.model.bundle import require_free
from psychescale.settings.evaluate import EvaluateConfig
from psychescale.training.split.stratify import deal_out
from psychescale.training.targets import keep_labels, to_targets
from psychescale.workflows.evaluate.comparators import Learning, require_baselines
from psychescale.workflows.rows import LabelledRows

_TUNING_SHARE = 0.1


@dataclass(frozen=True)
class EvaluationRows:
    """Rows of an evaluation.

    Attributes:
        rows: The rows to judge.
        learning: What baselines learn from; None where there is nothing.
        flow: Steps of the data's way with how many documents were left after each.
    """

    rows: LabelledRows
    learning: Learning | None
    flow: tuple[tuple[str, int], ...]


def select_rows(given: Mapping[str, LabelledRows], config: EvaluateConfig) -> EvaluationRows:
    """Settle which rows are judged and which teach.

    Args:
        given: Rows of ``input``, and of ``train`` and ``validation`` where there are such.
        config: Of the evaluation.

    Raises:
        InputError: No row is left to judge, or the membership is of another corpus.
    """
    rows = given["input"]
    flow = [("rows of the input", len(rows) + rows.n_left_out), ("with a text", len(rows))]
    if config.membership is None:
        return EvaluationRows(rows, _learning(given, config), tuple(flow))
    parts = _members(rows, config.membership)
    judged = parts[config.part]
    if not len(judged):
        raise InputError(
            f"‹membership› puts no row of ‹input› into {config.part}.",
            remedy="Give the corpus that was split, or another ‹part›.",
        )
    flow.append((f"in the part {config.part}", len(judged)))
    train, validation = parts["train"], parts["validation"]
    learning = Learning(train, validation) if len(train) and len(validation) else None
    if config.part == "validation":
        learning = None  # thresholds of baselines would be chosen on the rows they are judged on
    return EvaluationRows(judged, learning, tuple(flow))


def require_consistent(config: EvaluateConfig) -> None:
    """Refuse what can be refused before a model or a row is read.

    Raises:
        UsageError: The output is there already, or options do not fit each other.
    """
    require_free(Path(config.output))
    require_one_source(config)
    require_baselines(config.baselines)
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
