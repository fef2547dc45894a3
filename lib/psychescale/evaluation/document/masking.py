"""Small counts withheld: what of an evaluation may be shown, by the four rules of `disclosure`."""

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from psychescale.disclosure import (
    FEWEST,
    WITHHELD,
    decimals,
    is_small,
    is_table,
    masked,
    masked_groups,
    nearest,
)
from psychescale.evaluation.comparison.recommendation import BETWEEN, DETECTABLE, OPEN
from psychescale.evaluation.document.sections import WITHOUT_THRESHOLD, detectable_json
from psychescale.evaluation.document.shown import (
    NO_ENDS,
    blurred,
    coarse,
    estimate,
    hidden,
    is_estimable,
    of_table,
    of_tables,
    table,
    withheld,
)
from psychescale.evaluation.document.table_one import mask_counts, mask_part, mask_positives
from psychescale.evaluation.document.yes_no import RATIOS, of_cells
from psychescale.evaluation.measures.registry import base_name
from psychescale.evaluation.measures.slices import CALIBRATION
from psychescale.evaluation.predictions import FREQUENT_POSITIVES, Undefined

Json = dict[str, Any]
_NO_COUNTS = (*WITHOUT_THRESHOLD, *CALIBRATION)
_FIGURES = re.compile(r"[:,]? [+−-]\d+\.\d+(?: \([^()]*\))?")


def mask(document: Mapping[str, Any]) -> Json:
    """A copy of a full document that may be shown."""
    full = dict(document)
    shown = copy.deepcopy(full)
    shown["masked"] = True
    labels = _Labels.of(full)
    for name, part in shown["per_label"].items():
        _mask_label(part, labels, estimable=labels.estimable[name])
    shown["overall"] = _overall(full, shown, labels)
    shown["contenders"] = _contenders(full, shown, labels)
    if shown["rival"]:
        _mask_champion(shown, labels)
    for name, found in (shown["agreement"] or {}).items():
        shown["agreement"][name] = {
            key: round(value, 2) if labels.estimable[name] and value is not None else None
            for key, value in found.items()
        } | {"n_documents": masked(found["n_documents"])}
    for ranking in shown["faithfulness"] or ():
        ranking["n_texts"] = masked(ranking["n_texts"])
    for groups in shown["slices"]:
        _mask_groups(groups, labels)
    for step in shown["data"]["flow"]:
        step["n"] = masked(step["n"])
    for name in ("n_documents", "n_units"):
        shown["data"][name] = masked(shown["data"][name])
    _mask_data(shown["data"])
    if shown["recommendation"]:
        _mask_reasons(shown["recommendation"], shown)
    return shown


def _mask_data(data: Json) -> None:
    data["parts"] = [mask_part(part) for part in data["parts"]]
    data["missing"] = {
        what: {column: mask_counts(counts) for column, counts in columns.items()}
        for what, columns in data["missing"].items()
    }
    if data["known"] is not None:
        data["known"] = {kind: masked(count) for kind, count in data["known"].items()}


def _mask_label(part: Json, labels: "_Labels", *, estimable: bool) -> None:
    n, weighted = labels.n, labels.weighted
    positives = part["positives"]
    negatives = n - positives
    for name, cells in part["confusion"].items():
        part["confusion"][name] = table(cells)
        part["decisions"][name] = _decisions(
            part["confusion"][name], part["decisions"][name], estimable=estimable, weighted=weighted
        )
    ratios = {name: blurred(part["yes_no"][name]) for name in RATIOS}
    part["yes_no"] = _decisions(
        part["confusion"]["frozen"],
        {**part["yes_no"], **ratios},
        estimable=estimable,
        weighted=weighted,
        measured=of_cells,
    )
    found = part["probabilities"]
    part["probabilities"] = _coarse_or_withheld(found, shown=estimable)
    if is_table((positives, negatives)):
        share = nearest(positives) / nearest(n)
        value = round(found["base_rate"]["value"], 2) if weighted else share
        ends = found["base_rate"] if estimable else None
        part["probabilities"]["base_rate"] = estimate(value, ends)
    else:
        part["probabilities"] |= withheld(["base_rate"])
    cut = "sensitivity_at_specificity"
    if estimable and not weighted:
        part["probabilities"][cut] = _at_cut(found[cut], positives)
    calibration = part["calibration"]
    ends = {name: calibration[name] for name in ("slope", "intercept", "ici", "e90")}
    before = calibration["before"]
    part["calibration"] = {
        **_coarse_or_withheld(ends, shown=estimable),
        "bins": [_bin(one, weighted=weighted) for one in calibration["bins"] if _is_bin(one)]
        if estimable
        else [],
        "before": before and _coarse_or_withheld(before, shown=estimable),
    }
    if part["curves"] is not None:
        part["curves"] = None if weighted else _curves(part["curves"], positives, negatives)
    part["positives"] = mask_positives(positives, n)


def _decisions(
    cells: Json | None,
    found: Json,
    *,
    estimable: bool,
    weighted: bool,
    measured: Callable[[Json], dict[str, float]] = of_table,
) -> Json:
    if cells is None or (weighted and not estimable):
        return withheld(found)
    if weighted:  # a weighted share is no function of the counts
        return {name: coarse(name, one) for name, one in found.items()}
    values = measured(cells)
    return {
        name: dict(one)  # there is nothing to divide by
        if np.isnan(values[name])
        else estimate(values[name], one if estimable else NO_ENDS)
        for name, one in found.items()
    }


def _coarse_or_withheld(found: Json, *, shown: bool) -> Json:
    return {name: coarse(name, one) for name, one in found.items()} if shown else withheld(found)


def _at_cut(found: Json, positives: int) -> Json:
    """A sensitivity is a count of positives: above a cut, and below it."""
    above = round(found["value"] * positives) if found["value"] is not None else 0
    if not is_table((above, positives - above)):
        return hidden()
    return estimate(nearest(above) / nearest(positives), found)


def _is_bin(one: Json) -> bool:
    return is_table((one["positives"], one["n"] - one["positives"]))


def _bin(one: Json, *, weighted: bool) -> Json:
    n, positives = nearest(one["n"]), nearest(one["positives"])
    share = round(one["share"], 2) if weighted else positives / n
    ends = {end: round(one[end], 2) for end in ("low", "high")}
    return {**one, **ends, "n": n, "positives": positives, "share": share,
            "probability": round(one["probability"], 3)}  # fmt: skip


def _curves(curves: Json, positives: int, negatives: int) -> Json | None:
    """Points whose four cells may be shown, of the rounded cells, with the corners; or None."""
    roc = {
        (fp, tp)
        for rate, sensitivity in curves["roc"]
        for tp, fp in [(round(sensitivity * positives), round(rate * negatives))]
        if is_table((tp, fp, positives - tp, negatives - fp))
    }
    p, n = nearest(positives), nearest(negatives)
    corners = {(0, 0), (n, p)}
    cells = {(nearest(fp), nearest(tp)) for fp, tp in roc} | corners
    if cells == corners:
        return None
    return {
        "roc": [[fp / n, tp / p] for fp, tp in sorted(cells)],
        "precision_recall": [
            [tp / p, tp / (tp + fp)] for fp, tp in sorted(cells, reverse=True) if tp + fp
        ],
    }


def _overall(full: Json, shown: Json, labels: "_Labels") -> Json:
    """Averages of what is shown of the labels."""
    decided = {
        kind: _averages(
            found,
            {name: part["confusion"][kind] for name, part in shown["per_label"].items()},
            labels,
        )
        for kind, found in full["overall"]["decisions"].items()
    }
    values = {name: part["probabilities"] for name, part in shown["per_label"].items()}
    return {
        "decisions": decided,
        "probabilities": _means(full["overall"]["probabilities"], values, labels),
    }


@dataclass(frozen=True)
class _Labels:
    """What decides which averages may be shown.

    Attributes:
        n: Documents.
        weighted: Whether they stand for unequally many.
        estimable: Label → whether what is no function of counts is shown of it.
        frequent: Label → whether it is among the frequent ones.
    """

    n: int
    weighted: bool
    estimable: Mapping[str, bool]
    frequent: Mapping[str, bool]

    @classmethod
    def of(cls, full: Json) -> "_Labels":
        n = full["data"]["n_documents"]
        positives = {name: part["positives"] for name, part in full["per_label"].items()}
        return cls(
            n,
            full["data"]["weighted"],
            {name: is_estimable(count, n - count) for name, count in positives.items()},
            {name: count >= FREQUENT_POSITIVES for name, count in positives.items()},
        )

    def averaged(self, measure: str) -> list[str]:
        """Labels that a measure is the average of."""
        frequent = measure.endswith("_macro_frequent")
        return [name for name, often in self.frequent.items() if often or not frequent]

    def are_estimable(self, measure: str) -> bool:
        """Whether all of these are."""
        return all(self.estimable[name] for name in self.averaged(measure))


def _averages(found: Json, tables: Mapping[str, Json | None], labels: _Labels) -> Json:
    """Averages of decisions, where all tables that they are made of are shown."""
    kept = {name: cells for name, cells in tables.items() if cells is not None}
    if not kept:
        return withheld(found)
    values = of_tables([*kept.values()], frequent=[labels.frequent[name] for name in kept])
    shown: Json = {}
    for name, one in found.items():
        whole = all(label in kept for label in labels.averaged(name)) and labels.are_estimable(name)
        if name not in values and name != "jaccard" and not labels.weighted:
            shown[name] = _share(one, labels.n, whole=whole)
        elif not whole:  # labels are hidden for few errors: an average of the rest would be worse
            shown[name] = hidden()
        elif labels.weighted or name == "jaccard":  # no functions of the tables
            shown[name] = coarse(name, one)
        else:
            shown[name] = estimate(values[name], one)
    return shown


def _share(found: Json, n: int, *, whole: bool) -> Json:
    """A share of documents, made of its rounded count."""
    count = round((found["value"] or 0) * n)
    if not is_table((count, n - count)):
        return hidden()
    return estimate(nearest(count) / nearest(n), found if whole else NO_ENDS)


def _means(found: Json, values: Mapping[str, Json], labels: _Labels) -> Json:
    """Macro averages of what is no function of counts: over the labels that are estimable."""
    shown: Json = {}
    for name, one in found.items():
        chosen = [values[label][base_name(name)]["value"] for label in labels.averaged(name)]
        kept = [value for value in chosen if value is not None]
        if labels.are_estimable(name):
            shown[name] = coarse(name, one)
        elif kept:
            mean = estimate(sum(kept) / len(kept), reason=Undefined.SHOWN_LABELS)
            shown[name] = coarse(name, mean)
        else:
            shown[name] = hidden()
    return shown


def _contenders(full: Json, shown: Json, labels: _Labels) -> list[Json]:
    """Each contender, over the labels whose tables are shown of this model and of it alike."""
    own = {**shown["overall"]["decisions"]["frozen"], **shown["overall"]["probabilities"]}
    first, *others = full["contenders"]
    entries = [{**first, "values": {name: own[name] for name in first["values"]}}]
    for other in others:
        tables = {name: table(part["confusion"]) for name, part in other["per_label"].items()}
        comparable = all(
            (cells is None) == (shown["per_label"][name]["confusion"]["frozen"] is None)
            for name, cells in tables.items()
        )
        measured = {
            name: _coarse_or_withheld(
                {key: part[key] for key in WITHOUT_THRESHOLD}, shown=labels.estimable[name]
            )
            for name, part in other["per_label"].items()
        }
        decided = {key: one for key, one in other["values"].items() if key.startswith("f1")}
        ordered = {key: one for key, one in other["values"].items() if key not in decided}
        values = {
            **_averages(decided, tables if comparable else dict.fromkeys(tables), labels),
            **_means(ordered, measured, labels),
        }
        differences = {
            key: _difference(own[key], values[key], one, digits=decimals(key))
            for key, one in other["differences"].items()
        }
        by_label = {name: {"confusion": cells} for name, cells in tables.items()}
        entries.append(
            {
                "name": other["name"],
                "values": {key: values[key] for key in other["values"]},
                "differences": differences,
                "per_label": by_label,
            }
        )
    return entries


def _difference(new: Json, old: Json, found: Json, *, digits: int = 2) -> Json:
    """The difference of two shown values; with its interval where both have one."""
    if new["value"] is None or old["value"] is None:
        return hidden()
    partial = str(Undefined.SHOWN_LABELS)
    if partial in (new["reason"], old["reason"]):
        return estimate(new["value"] - old["value"], reason=Undefined.SHOWN_LABELS)
    return estimate(new["value"] - old["value"], found, digits=digits)


def _mask_champion(shown: Json, labels: _Labels) -> None:
    champion = shown["rival"]
    tables: Json = next(
        (c["per_label"] for c in shown["contenders"][1:] if c["name"] == champion["name"]), {}
    )
    for name, found in champion["per_label"].items():
        order = {key: found[key] for key in ("roc_auc", "brier")}
        kept = _coarse_or_withheld(order, shown=labels.estimable[name])
        cells = (tables.get(name) or {}).get("confusion")
        old = hidden() if cells is None else estimate(of_table(cells)["f1"])
        new = shown["per_label"][name]["decisions"]["frozen"]["f1"]
        champion["per_label"][name] = {"f1": _difference(new, old, found["f1"]), **kept}
    for group in champion["subgroups"]:
        n_cells = group["n"] * len(shown["labels"])
        estimable = is_estimable(group["positives"], n_cells - group["positives"])
        losses = estimable and not _is_remainder(group["n"], labels.n)
        group["differences"] = {
            name: coarse(name, one) if losses and name.startswith("brier") else hidden()
            for name, one in group["differences"].items()
        }
        group["n"], group["positives"] = masked(group["n"]), masked(group["positives"])


def _is_remainder(size: int, n: int) -> bool:
    """Whether a group, or what it leaves out, is small."""
    return size < FEWEST or 0 < n - size < FEWEST


def _mask_groups(groups: Json, labels: _Labels) -> None:
    sizes = masked_groups([group["n"] for group in groups["groups"]])
    positives = masked_groups([group["positives"] for group in groups["groups"]])
    for group, size, held in zip(groups["groups"], sizes, positives, strict=True):
        negatives = group["n"] * len(labels.estimable) - group["positives"]
        _mask_group(group, labels)
        group |= {"n": size, "positives": WITHHELD if is_small(negatives) else held}
    for name in groups["gaps"]:
        values = [group["values"].get(name, {}).get("value") for group in groups["groups"]]
        few = None in values or len(values) < 2  # noqa: PLR2004 - a gap has two sides
        groups["gaps"][name] = None if few else max(values) - min(values)


def _mask_group(group: Json, labels: _Labels) -> None:
    own, rest = table(group.pop("confusion")), table(group.pop("confusion_of_others"))
    positives, cells = group["positives"], group["n"] * max(group["n_labels"], 1)
    estimable = is_estimable(positives, cells - positives)
    estimable &= not _is_remainder(group["n"], labels.n)
    pooled = not labels.weighted and own is not None and rest is not None
    ours, others = (of_table(one) if one and pooled else {} for one in (own, rest))

    def is_micro(name: str) -> bool:
        return pooled and name.endswith("_micro")

    def otherwise(name: str, found: Json) -> Json:
        is_shown = estimable and (labels.weighted or base_name(name) in _NO_COUNTS)
        return coarse(name, found) if is_shown else hidden()

    values = {
        name: estimate(ours[base_name(name)], found if estimable else None)
        if is_micro(name)
        else otherwise(name, found)
        for name, found in group["values"].items()
    }
    differences = {
        name: _difference(
            values[name], estimate(others[base_name(name)]), found if estimable else NO_ENDS
        )
        if is_micro(name)
        else otherwise(name, found)
        for name, found in group["differences"].items()
    }
    group |= {"values": values, "differences": differences}


def _mask_reasons(recommendation: Json, shown: Json) -> None:
    """Sentences without their figures, which stand in the tables; labels not shown are left out."""
    unshown = [
        name
        for name, part in shown["per_label"].items()
        if part["decisions"]["frozen"]["f1"]["value"] is None
    ]
    recommendation["reasons"] = [
        _FIGURES.sub("", _named(reason, unshown))
        for reason in recommendation["reasons"]
        if not any(f"label {name}, f1" in reason for name in unshown)
        and not reason.startswith(DETECTABLE)
    ]
    recommendation["detectable"] = detectable_json(shown)


def _named(reason: str, unshown: Sequence[str]) -> str:
    """The sentence on what is open, without labels that are not shown."""
    if not reason.startswith(OPEN):
        return reason
    head, _, names = reason.removesuffix(".").partition(": ")
    hidden_names = {f"label {name}" for name in unshown}
    kept = [name for name in names.split(BETWEEN) if name not in hidden_names]
    return f"{head}: {BETWEEN.join(kept)}." if kept else f"{head}."
