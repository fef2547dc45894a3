"""Measures of redaction as one document of numbers, and what of it may be shown.

It follows the rules of `disclosure`: a table (hits, false alarms, misses; found and not; leaked and
not) is shown, to the nearest 5, where none of its cells is from 1 to 7, and rates are those of the
rounded table. Where a table of one type alone is withheld, that of the next larger type is too.
"""

from collections.abc import Mapping
from typing import Any, Final

from psychescale.disclosure import is_small, is_table, masked, masked_groups, nearest
from psychescale.evaluation.pii.detection import Counts, PiiMeasures
from psychescale.evaluation.pii.meaning import Meaning
from psychescale.notice import NOTICE

SCHEMA: Final = 1
_METHOD: Final = {
    "strict": "same first and last character, same type; one prediction answers one gold span",
    "overlap": "same type, at least one common character; one prediction answers one gold span",
    "characters": "characters, identifier or not; types and borders left aside",
    "found": "gold spans covered to 75 % by predictions of any type",
    "iou_75": "as presidio-evaluator 0.2 counts (SpanEvaluator): neighbouring predictions merged, "
    "spans matched one to one from an intersection over union of .75, type left aside",
    "tokens": "as presidio-evaluator's older Evaluator counts, on runs of non-blank characters",
    "leaked_rate": "gold characters that no prediction covers",
    "over_redaction_rate": "texts without a gold span in which something was found",
    "f2": "recall weighs twice as much as precision",
    "kept_rate": "terms that must stay of which no letter or digit was taken",
    "findings_beside": "findings that share no character with a gold span, by their type",
    "quarantined": "texts that anonymize would not have passed on; in no measure",
    "gate": "texts with a name, and how many of them the check before the tagger lets through",
}


def build_document(
    measures: PiiMeasures,
    meaning: Meaning,
    redactor: Mapping[str, object],
    *,
    quarantined: int,
    gate: tuple[int, int],
) -> dict[str, Any]:
    """The full document.

    Args:
        measures: Of all texts.
        meaning: What of their terms stayed.
        redactor: Versions and settings of what was judged.
        quarantined: Texts that could not be redacted.
        gate: Texts with a name, and those of them that the gate lets through.
    """
    with_names, passed = gate
    return {
        "schema": SCHEMA,
        "task": "pii",
        "masked": False,
        "notice": NOTICE,
        "redactor": dict(redactor),
        "quarantined": quarantined,
        "gate": {
            "texts_with_names": with_names,
            "passed": passed,
            "rate": passed / with_names if with_names else None,
        },
        "measures": {**measures.as_json(), "meaning": meaning.as_json()},
        "method": dict(_METHOD),
    }


def masked_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy that may be shown."""
    gate, measures = document["gate"], document["measures"]
    passed, rate = _share(gate["passed"], gate["texts_with_names"])
    return {
        **document,
        "masked": True,
        "quarantined": masked(document["quarantined"]),
        "gate": {
            "texts_with_names": masked(gate["texts_with_names"]), "passed": passed, "rate": rate
        },
        "measures": {
            "overall": _type(measures["overall"]),
            "by_type": _types(measures["by_type"]),
            **{name: _table(measures[name]) for name in ("characters", "iou_75", "tokens")},
            "meaning": _meaning(measures["meaning"]),
            **_documents(measures),
        },
    }  # fmt: skip


def _documents(measures: Mapping[str, Any]) -> dict[str, Any]:
    clean, clean_rate = _share(measures["documents_without_leak"], measures["documents"])
    touched, touched_rate = _share(measures["negatives_touched"], measures["negatives"])
    return {
        "documents": masked(measures["documents"]),
        "documents_without_leak": clean,
        "documents_without_leak_rate": clean_rate,
        "documents_all_found": _share(measures["documents_all_found"], measures["documents"])[0],
        "negatives": masked(measures["negatives"]),
        "negatives_touched": touched,
        "over_redaction_rate": touched_rate,
    }


def _meaning(found: Mapping[str, Any]) -> dict[str, Any]:
    by_kind = found["by_kind"]
    shown = {kind: _kind(of) for kind, of in by_kind.items()}
    for part in ("found", "kept"):
        _withhold_a_second(shown, by_kind, part, None)
    beside = {name: masked(count) for name, count in found["findings_beside"].items()}
    return {**_kind(found), "by_kind": shown, "findings_beside": beside}


def _kind(found: Mapping[str, Any]) -> dict[str, Any]:
    return _shares(found, ("found", "spans"), ("kept", "terms"))


def _types(by_type: Mapping[str, Any]) -> dict[str, Any]:
    names = [*by_type]
    spans = masked_groups([by_type[name]["spans"] for name in names])
    shown = {
        name: {"spans": count}
        if is_small(by_type[name]["spans"]) or isinstance(count, str)
        else _type(by_type[name])
        for name, count in zip(names, spans, strict=True)
    }
    for part, cell in (("strict", "hits"), ("overlap", "hits"), ("found", None), ("leaked", None)):
        _withhold_a_second(shown, by_type, part, cell)
    return shown


def _withhold_a_second(
    shown: dict[str, Any], by_type: Mapping[str, Any], part: str, cell: str | None
) -> None:
    """The table of one type alone would follow from those of all the others and the total."""

    def is_shown(name: str) -> bool:
        value = shown[name].get(part)
        return (value if cell is None or value is None else value[cell]) is not None

    kept = [name for name in shown if is_shown(name)]
    if len(kept) != len(shown) - 1 or not kept:
        return
    name = min(kept, key=lambda one: by_type[one]["spans"])
    if cell is not None:
        shown[name][part] = dict.fromkeys(shown[name][part])
    else:
        shown[name] |= {part: None, f"{part}_rate": None}


def _type(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "strict": _table(found["strict"]),
        "overlap": _table(found["overlap"]),
        **_shares(found, ("found", "spans"), ("leaked", "characters")),
    }


def _shares(found: Mapping[str, Any], *pairs: tuple[str, str]) -> dict[str, Any]:
    """Of every (part, whole) the whole, the part and the part's rate, as far as they may be shown."""
    shown: dict[str, Any] = {}
    for part, whole in pairs:
        n_part, rate = _share(found[part], found[whole])
        shown |= {whole: masked(found[whole]), part: n_part, f"{part}_rate": rate}
    return shown


def _table(found: Mapping[str, Any]) -> dict[str, Any]:
    """Counts and measures of the rounded table; each null where it may not be shown."""
    cells = [found[name] for name in ("hits", "false", "missed")]
    return Counts(*map(nearest, cells)).as_json() if is_table(cells) else dict.fromkeys(found)


def _share(part: int, whole: int) -> tuple[int | None, float | None]:
    """A part of a whole, rounded, and its share; null where either side is small."""
    if not is_table((part, whole - part)):
        return None, None
    one, rest = nearest(part), nearest(whole - part)
    return one, one / (one + rest) if one + rest else None
