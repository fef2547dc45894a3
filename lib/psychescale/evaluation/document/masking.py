"""Small counts withheld: what of an evaluation may be shown. The rule is told in `document`."""

import copy
from collections.abc import Mapping
from typing import Any

from psychescale.disclosure import CENSORED, LARGEST_SMALL, is_small, masked
from psychescale.evaluation.predictions import MIN_POSITIVES, Undefined

_COARSE_DECIMALS = 2


def mask(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a full document that may be shown."""
    shown = copy.deepcopy(dict(document))
    shown["masked"] = True
    n = shown["data"]["n_documents"]
    small = {
        name
        for name, part in shown["per_label"].items()
        if is_small(part["positives"]) or is_small(n - part["positives"])
    }
    _mask_agreement(shown["agreement"] or {}, small)
    if shown["rival"]:
        coarse = {name for name, part in shown["per_label"].items() if _has_small_cell(part)}
        _mask_champion(shown["rival"], n, small=small, coarse=coarse)
    for ranking in shown["faithfulness"] or ():
        ranking["n_texts"] = masked(ranking["n_texts"], CENSORED)
    for part in shown["per_label"].values():
        _mask_label(part, n)
    for table in shown["slices"]:
        _mask_table(table, n)
    for step in shown["data"]["flow"]:
        step["n"] = masked(step["n"], CENSORED)
    shown["data"]["n_documents"] = masked(n, CENSORED)
    shown["data"]["n_units"] = masked(shown["data"]["n_units"], CENSORED)
    return shown


def _mask_agreement(agreement: dict[str, dict[str, Any]], small: set[str]) -> None:
    for name, found in agreement.items():
        if name in small:
            agreement[name] = dict.fromkeys(found)
        found["n_documents"] = masked(found["n_documents"], CENSORED)
        agreement[name]["n_documents"] = found["n_documents"]


def _mask_champion(champion: dict[str, Any], n: int, *, small: set[str], coarse: set[str]) -> None:
    for name, found in champion["per_label"].items():
        if name in small:
            champion["per_label"][name] = _withheld(found)
        elif name in coarse:
            _round(found)
    for group in champion["subgroups"]:
        _mask_group(group, n)


def _has_small_cell(part: Mapping[str, Any]) -> bool:
    return any(is_small(count) for cells in part["confusion"].values() for count in cells.values())


def _mask_label(part: dict[str, Any], n: int) -> None:
    positives = part["positives"]
    negatives = n - positives
    part["positives"] = masked(positives, CENSORED)
    if is_small(negatives):
        part["positives"] = f">={n - LARGEST_SMALL}"
    if is_small(positives) or is_small(negatives):
        _withhold_label(part)
        return
    for name, cells in part["confusion"].items():
        if any(is_small(count) for count in cells.values()):
            part["confusion"][name] = None
            _round(part["decisions"][name])
    if min(positives, negatives) < MIN_POSITIVES:
        part["curves"] = None
        part["calibration"]["bins"] = []
    part["calibration"]["bins"] = [
        found
        for found in part["calibration"]["bins"]
        if not is_small(found["positives"]) and not is_small(found["n"] - found["positives"])
    ]


def _withhold_label(part: dict[str, Any]) -> None:
    part["confusion"] = dict.fromkeys(part["confusion"])
    part["decisions"] = {name: _withheld(found) for name, found in part["decisions"].items()}
    part["probabilities"] = _withheld(part["probabilities"])
    calibration = part["calibration"]
    part["calibration"] = {
        **_withheld({name: calibration[name] for name in ("slope", "intercept")}),
        "bins": [],
        "before": calibration["before"] and _withheld(calibration["before"]),
    }
    part["curves"] = None


def _mask_table(table: dict[str, Any], n: int) -> None:
    sizes = [group["n"] for group in table["groups"]]
    small = [size for size in sizes if is_small(size)]
    for group in table["groups"]:
        _mask_group(group, n)
    if len(small) == 1 and len(sizes) > 1:
        # All the others would give it back, taken from the total.
        rest = [size for size in sizes if not is_small(size)]
        table["groups"][sizes.index(min(rest))]["n"] = str(Undefined.MASKED)
    if small:
        table["gaps"] = dict.fromkeys(table["gaps"])


def _mask_group(group: dict[str, Any], n: int) -> None:
    small = is_small(group["n"]) or is_small(n - group["n"]) or is_small(group["positives"])
    group["n"] = masked(group["n"], CENSORED)
    group["positives"] = masked(group["positives"], CENSORED)
    if small:
        group["values"] = _withheld(group["values"])
        group["differences"] = _withheld(group["differences"])


def _withheld(estimates: Mapping[str, Any]) -> dict[str, Any]:
    nothing = {"value": None, "low": None, "high": None, "reason": str(Undefined.MASKED)}
    return {name: dict(nothing) for name in estimates}


def _round(estimates: Mapping[str, dict[str, Any]]) -> None:
    for estimate in estimates.values():
        for end in ("value", "low", "high"):
            if estimate[end] is not None:
                estimate[end] = round(estimate[end], _COARSE_DECIMALS)
