"""Measures of redaction as one document of numbers, and what of it may be shown.

A type with 1 to 7 gold spans has no measures in the masked document: a rate over so few would tell
single texts. Its presence stays.
"""

import copy
from collections.abc import Mapping
from typing import Any, Final

from psychescale.disclosure import CENSORED, is_small, masked
from psychescale.evaluation.pii.detection import PiiMeasures
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
    shown = copy.deepcopy(dict(document))
    shown["masked"] = True
    shown["quarantined"] = masked(shown["quarantined"], CENSORED)
    by_type = shown["measures"]["by_type"]
    for name, found in by_type.items():
        if is_small(found["spans"]):
            by_type[name] = {"spans": masked(found["spans"], CENSORED)}
    _mask_meaning(shown["measures"]["meaning"])
    return shown


def _mask_meaning(meaning: dict[str, Any]) -> None:
    """A kind with 1 to 7 spans or terms has no measures; findings beside gold are told from 8 on."""
    for kind, found in meaning["by_kind"].items():
        if is_small(found["spans"]) or is_small(found["terms"]):
            meaning["by_kind"][kind] = {
                name: masked(found[name], CENSORED) for name in ("spans", "terms")
            }
    if is_small(meaning["terms"]):
        meaning["terms"] = masked(meaning["terms"], CENSORED)
        meaning["kept"] = meaning["kept_rate"] = None
    meaning["findings_beside"] = {
        kind: masked(count, CENSORED) for kind, count in meaning["findings_beside"].items()
    }
