"""What an evaluation adds to the model card: measures, what else was found, what not looked at."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from psychescale.errors import ModelError
from psychescale.evaluation.comparison.paired import HEADLINE
from psychescale.model.bundle import CARD_FILE, reseal_card
from psychescale.report.page import contender_measures, measure_name, show_count
from psychescale.training.card import CardFacts, with_measures
from psychescale.workflows.evaluate.candidate import Candidate

Json = Mapping[str, Any]


def write_card(candidate: Candidate, shown: Json) -> None:
    """Put what was measured into the model card of the bundle that was judged.

    Args:
        candidate: The bundle.
        shown: The masked document.

    Raises:
        ModelError: The folder is no bundle with a card of ours.
        UsageError: It cannot be written.
    """
    folder = candidate.checkpoint.folder
    card = folder / CARD_FILE
    if not candidate.checkpoint.scoring or not card.is_file():
        raise ModelError(f"{folder} is no bundle.", remedy="Leave out ‹write_card›.")
    facts = CardFacts(
        labels=shown["labels"],
        training={},
        measures={name: _for_card(found) for name, found in _measures(shown)},
        measured_on=f"{shown['data']['measured_on']}: {show_count(shown['data']['n_documents'])} "
        f"documents; labels: {len(shown['labels'])}",
        calibration=shown["model"]["calibration"],
        thresholds=shown["model"]["thresholds"],
        long_text=shown["model"]["long_texts"],
        findings=tuple(findings(shown)),
    )
    reseal_card(folder, with_measures(card.read_text(encoding="utf-8"), facts))


def findings(shown: Json) -> Iterator[str]:
    """Sentences on calibration, baselines, groups, both suites, and what was not looked at."""
    yield from _calibration(shown)
    yield from _baselines(shown)
    for table in shown["slices"]:
        yield from _groups(table)
    if shown["challenge"] and shown["challenge"]["categories"]:
        passed = (
            f"{c['category']} {c['passed']} of {c['n']}{_ends(c['rate'], '.2f')}"
            for c in shown["challenge"]["categories"]
        )
        yield f"Challenge suite, pairs passed (guessing passes half): {', '.join(passed)}."
    yield from _identity(shown)
    if shown["data"]["known"] is not None:
        counts = (f"{kind} {show_count(n)}" for kind, n in shown["data"]["known"].items())
        yield f"Documents that training knew: {', '.join(counts)}."
    missing = [what for what, is_missing in _unseen(shown).items() if is_missing]
    if missing:
        yield f"Not looked at: {'; '.join(missing)}."


def _measures(shown: Json) -> Iterator[tuple[str, Json]]:
    if len(shown["labels"]) > 1:
        overall = {**shown["overall"]["decisions"]["frozen"], **shown["overall"]["probabilities"]}
        yield from ((measure_name(name), overall[name]) for name in HEADLINE if name in overall)
        return
    part = shown["per_label"][shown["labels"][0]]
    every = {**part["decisions"]["frozen"], **part["yes_no"], **part["probabilities"]}
    every |= {f"calibration {name}": part["calibration"][name] for name in ("slope", "intercept")}
    yield from ((measure_name(name), found) for name, found in every.items())


def _calibration(shown: Json) -> Iterator[str]:
    if len(shown["labels"]) == 1:
        return
    for name, right in (("slope", 1), ("intercept", 0)):
        found = [part["calibration"][name] for part in shown["per_label"].values()]
        kept = [one for one in found if one["low"] is not None]
        values = [one["value"] for one in kept]
        off = sum(not one["low"] <= right <= one["high"] for one in kept)
        if kept:
            yield (
                f"Calibration {name} ({right} is right) of the {len(kept)} labels of which it may be "
                f"shown: estimates from {min(values):.2f} to {max(values):.2f}; {off} of the intervals "
                f"leave {right} out."
            )


def _baselines(shown: Json) -> Iterator[str]:
    averaged = len(shown["labels"]) > 1
    for other in shown["contenders"][1:]:
        if other["name"] == "before calibration":
            continue
        told = [
            (name, one)
            for name in contender_measures(shown)
            if (one := other["differences"].get(name)) is not None and one["value"] is not None
        ]
        if not told:
            yield f"This model minus {other['name']}: withheld, too few documents."
        for name, one in told[:1]:
            ends = _ends(one)
            called = measure_name(name, averaged=averaged)
            yield f"This model minus {other['name']}, {called}: {one['value']:+.2f}{ends}."


def _groups(table: Json) -> Iterator[str]:
    """Groups that differ from all others in F1, by their intervals: a gap alone can be chance."""
    found = {group["group"]: group["differences"].get("f1_micro") for group in table["groups"]}
    told = {name: one for name, one in found.items() if one and one["low"] is not None}
    apart = [
        f"{name} {one['value']:+.2f} ({one['low']:+.2f} to {one['high']:+.2f})"
        for name, one in told.items()
        if one["low"] > 0 or one["high"] < 0
    ]
    if len(found) < 2:  # noqa: PLR2004 - a group and another
        return
    head = f"F1 by {table['column']}, each group minus all others: "
    if not told:
        yield f"{head}withheld."
        return
    yield (
        f"{head}{len(apart)} of the {len(told)} intervals shown leave 0 out; one in twenty would "
        f"by chance{': ' if apart else ''}{'; '.join(apart)}."
    )


def _identity(shown: Json) -> Iterator[str]:
    changes = shown["identity"] or ()
    for category in dict.fromkeys(one["category"] for one in changes):
        worst = max(
            (one for one in changes if one["category"] == category),
            key=lambda one: abs(one["largest"]["value"]),
        )
        found = worst["largest"]
        ends = _ends(found)
        yield (
            f"Words for {category}: the largest mean change of a probability is "
            f"{found['value']:+.2f}{ends}, of {worst['label']} ({worst['terms']})."
        )


def _ends(found: Json, pattern: str = "+.2f") -> str:
    """An interval in brackets, where there is one."""
    if found["low"] is None:
        return ""
    return f" ({found['low']:{pattern}} to {found['high']:{pattern}})"


def _unseen(shown: Json) -> dict[str, bool]:
    own = {"length in tokens", "truncated"}
    return {
        "groups of people (no --slice)": not {t["column"] for t in shown["slices"]} - own,
        "rows that training knew (no --trained-on)": shown["data"]["known"] is None,
        "baselines": len(shown["contenders"]) == 1,
        "another model": shown["rival"] is None,
        "raters": shown["agreement"] is None,
        "the challenge suite": not (shown["challenge"] and shown["challenge"]["categories"]),
        "words for an identity": not shown["identity"],
    }


def _for_card(found: Json) -> float | tuple[float, ...]:
    """Value and interval, a value alone, or NaN where nothing is shown."""
    if found["value"] is None:
        return math.nan
    if found["low"] is None:
        return float(found["value"])
    return (found["value"], found["low"], found["high"])
