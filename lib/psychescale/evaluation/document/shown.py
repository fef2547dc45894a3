"""Measures made of what may be shown: of rounded tables, and to as many decimals as tell nothing."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from psychescale.disclosure import FEWEST_OF_A_CLASS, decimals, is_table, nearest
from psychescale.evaluation.measures import counts as decisions
from psychescale.evaluation.predictions import Undefined

Json = dict[str, Any]
Cells = Mapping[str, int]
NO_ENDS: Json = {"low": None, "high": None}
CELLS = ("tp", "fp", "fn", "tn")
_DECIMALS = 2


def hidden() -> Json:
    """An estimate that is withheld."""
    return estimate(None, reason=Undefined.MASKED)


def withheld(estimates: Iterable[str]) -> Json:
    """Every estimate withheld."""
    return {name: hidden() for name in estimates}


def estimate(
    value: float | None,
    found: Json | None = None,
    *,
    reason: Undefined | None = None,
    digits: int = _DECIMALS,
) -> Json:
    """An estimate: a value that may be shown, with the interval of `found` where there is one."""
    if value is not None and math.isnan(value):  # there is nothing to divide by
        value, reason = None, reason or Undefined.NONE_PREDICTED
    ends = (None, None) if found is None or value is None else (found["low"], found["high"])
    low, high = (None if end is None else round(end, digits) for end in ends)
    if low is None and found is not None and reason is None:
        reason = Undefined.FEW_POSITIVES
    return {
        "value": value,
        "low": low,
        "high": high,
        "reason": None if reason is None else str(reason),
    }


def blurred(found: Json) -> Json:
    """A ratio whose ends have two significant figures, rounded outwards.

    The ends of a log-normal interval give the ratio back as the root of their product: to two decimals
    they would tell it to four figures or more.
    """
    if not found["low"]:
        return found
    sides = {"low": math.floor, "high": math.ceil}
    ends = {end: side(found[end] / _step(found[end])) * _step(found[end])
            for end, side in sides.items()}  # fmt: skip
    return {**found, **ends}


def _step(value: float) -> float:
    """One of the second significant figure; a hundredth at least."""
    return float(max(10.0 ** (math.floor(math.log10(value)) - 1), 10.0**-_DECIMALS))


def coarse(name: str, found: Json) -> Json:
    """An estimate that is no function of counts, to as many decimals as may be shown."""
    digits = decimals(name)
    ends = {
        end: None if found[end] is None else round(found[end], digits)
        for end in ("value", "low", "high")
    }
    return {**ends, "reason": found["reason"]}


def is_estimable(positives: int, negatives: int) -> bool:
    """Whether what is no function of counts may be shown."""
    return min(positives, negatives) >= FEWEST_OF_A_CLASS


def table(cells: Cells | None) -> dict[str, int] | None:
    """The rounded table, or None where it may not be shown."""
    if cells is None or not is_table(cells.values()):
        return None
    return {name: nearest(cells[name]) for name in CELLS}


def of_table(cells: Cells) -> dict[str, float]:
    """Measures of one table by name, `predicted_rate` among them."""
    whole = sum(cells.values())
    found = {name: float(of(_confusion([cells]))[0, 0]) for name, of in decisions.PER_LABEL.items()}
    predicted = cells["tp"] + cells["fp"]
    return {**found, "predicted_rate": predicted / whole if whole else math.nan}


def of_tables(tables: Sequence[Cells], *, frequent: Sequence[bool]) -> dict[str, float]:
    """Averages over labels by name, from their tables; and the share of cells that are wrong."""
    counts = _confusion(tables)
    found: dict[str, float] = {}
    for name, of in decisions.PER_LABEL.items():
        for average, value in decisions.averages(name, counts).items():
            found[f"{name}_{average}"] = float(value[0])
        if any(frequent):
            chosen = np.nan_to_num(of(counts))[np.array(frequent)]
            found[f"{name}_macro_frequent"] = float(chosen.mean())
    total = counts.total()
    wrong = float((total.fp + total.fn)[0, 0])
    found["hamming_loss"] = wrong / float((total.tp + total.tn)[0, 0] + wrong)
    return found


def _confusion(tables: Sequence[Cells]) -> decisions.Confusion:
    cells = np.array([[one[name] for name in CELLS] for one in tables], np.float64)
    return decisions.Confusion(*(column[:, None] for column in cells.T))
