"""The methods paragraph of an evaluation, from its facts.

Items in brackets are those of RECORD (Benchimol et al. 2015, doi 10.1371/journal.pmed.1001885) and
TRIPOD+AI (Collins et al. 2024, doi 10.1136/bmj-2023-078378) that a sentence answers, so that a list
of either can point at it. Their numbers were compared with published copies of both checklists.
"""

from collections.abc import Mapping
from typing import Any

_WEIGHING = ("weighted-bce", "focal", "asymmetric", "class-balanced")


def methods_paragraphs(document: Mapping[str, Any]) -> list[str]:
    """Sentences for a methods section, in three paragraphs: data, analysis, limits."""
    return [_data(document), _analysis(document), _limits(document)]


def _data(document: Mapping[str, Any]) -> str:
    data = document["data"]
    sentences = [
        f"The model {document['model']['name']} was evaluated on "
        f"{_count(data['n_documents'])} documents [TRIPOD+AI 21]",
    ]
    if data["unit"] == "author":
        sentences[0] += f" by {_count(data['n_units'])} authors"
    sentences[0] += f", with {len(document['labels'])} labels, several of which may hold at once."
    if data["flow"]:
        steps = "; ".join(f"{step['step']}: {_count(step['n'])}" for step in data["flow"])
        sentences.append(f"Data flow [RECORD 13.1; TRIPOD+AI 20a]: {steps}.")
    if data["weighted"]:
        sentences.append(
            "The documents with truth are a sample with unequal chances; every measure is weighted by "
            "the inverse of these [TRIPOD+AI 5a]."
        )
    if document["agreement"]:
        sentences.append(
            "Agreement of the raters is given as Krippendorff's alpha and as mean pairwise F1, the "
            "ceiling for a model that learns from them [TRIPOD+AI 8a, 8b]."
        )
    return " ".join(sentences)


def _analysis(document: Mapping[str, Any]) -> str:
    method = document["method"]
    unit = "authors" if document["data"]["unit"] == "author" else "documents"
    procedure = method["threshold_procedure"]
    loss = document["model"].get("loss")
    sentences = [
        "Thresholds were frozen before the evaluation [TRIPOD+AI 15]."
        + (f" {procedure}" if procedure else ""),
        *([_imbalance(loss, document["model"]["calibration"])] if loss in _WEIGHING else []),
        "Discrimination is reported as precision, sensitivity, specificity, F1, ROC-AUC and average "
        "precision, calibration as slope and intercept of a logistic recalibration (Cox 1958; Van "
        "Calster et al. 2016) and equal-mass calibration error [TRIPOD+AI 12e].",
        f"Intervals ({method['level']:.0%}) of shares and areas are score intervals on the effective "
        f"sample size that the variance over {method['replicates']:,} bootstrap replicates of the "
        f"{unit} amounts to (Wilson 1927; Korn & Graubard 1998); of losses, log-normal ones with that "
        "variance; of calibration slope and intercept, sandwich ones.",
        f"Below {method['min_positives']} positives no interval is given and no curve is drawn; a "
        f"second macro average takes the labels with at least {method['frequent_positives']}.",
    ]
    if len(document["contenders"]) > 1:
        sentences.append(
            "Differences from other models and baselines, thresholded by the same procedure, are "
            "paired: all saw the same documents and the same replicates [TRIPOD+AI 12e]."
        )
    if document["slices"]:
        columns = ", ".join(table["column"] for table in document["slices"])
        sentences.append(
            f"Groups were compared with all other documents by {columns} [TRIPOD+AI 23a]; "
            "these intervals are not corrected for their number."
        )
    return " ".join(sentences)


def _imbalance(loss: str, calibration: str) -> str:
    after = "recalibrated on validation rows" if calibration == "applied" else "not recalibrated"
    return f"Rare labels were met by the {loss} loss; probabilities were {after} [TRIPOD+AI 13]."


def _limits(document: Mapping[str, Any]) -> str:
    few = [
        name
        for name, part in document["per_label"].items()
        if not isinstance(part["positives"], int)
        or part["positives"] < document["method"]["min_positives"]
    ]
    sentences = []
    if few:
        sentences.append(f"Too rare to estimate here: {', '.join(few)} [TRIPOD+AI 26].")
    sentences.append(
        "The measures hold for documents that come about as these did; they say nothing about other "
        "sources, times or languages, nor about the validity of any label as a clinical construct "
        "[RECORD 19.1; TRIPOD+AI 26]. Counts are rounded to 5 and those from 1 to 7 "
        "withheld; a table with such a cell is left out, and shares are of the rounded tables."
    )
    return " ".join(sentences)


def _count(count: int | str) -> str:
    return f"{count:,}" if isinstance(count, int) else str(count).replace("<=", "at most ")
