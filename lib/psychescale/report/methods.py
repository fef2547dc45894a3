"""The methods paragraph of an evaluation, from its facts.

Items in brackets are those of RECORD (Benchimol et al. 2015, doi 10.1371/journal.pmed.1001885) and
TRIPOD+AI (Collins et al. 2024, doi 10.1136/bmj-2023-078378) that a sentence belongs to, so that a list
of either can point at it; whether it is all of the item is the authors' to judge. A sentence is made
of what happened, or not printed. Their numbers were compared with published copies of both checklists.
"""

from collections.abc import Mapping
from typing import Any

_WEIGHING = ("weighted-bce", "focal", "asymmetric", "class-balanced")


def methods_paragraphs(document: Mapping[str, Any]) -> list[str]:
    """Sentences for a methods section, in three paragraphs: data, analysis, limits."""
    return [_data(document), _analysis(document), _limits(document)]


def _data(document: Mapping[str, Any]) -> str:
    data, n_labels = document["data"], len(document["labels"])
    authors = f" by {_count(data['n_units'])} authors" if data["unit"] == "author" else ""
    kind = (
        "a yes/no label"
        if n_labels == 1
        else f"{n_labels} labels, several of which may hold at once"
    )
    sentences = [
        f"The model {document['model']['name']} was evaluated on {_count(data['n_documents'])} "
        f"documents{authors}, with {kind}."
    ]
    if data["measured_on"]:
        sentences.append(f"They are {data['measured_on']}.")
    sentences += _search(data["known"])
    if data["flow"]:
        steps = "; ".join(f"{step['step']}: {_count(step['n'])}" for step in data["flow"])
        sentences.append(f"Data flow [RECORD 13.1; TRIPOD+AI 20a]: {steps}.")
    if len(data["parts"]) > 1:
        sentences.append(
            "Documents and positives of the development and evaluation parts are in Table 1 "
            "[TRIPOD+AI 21]."
        )
    if data["weighted"]:
        sentences.append(
            "Truth was gathered for a sample with unequal chances; shares, areas, losses and "
            "calibration are weighted by the inverse of these; counts"
            + (" and the raters' agreement" if document["agreement"] else "")
            + " are not."
        )
    if document["agreement"]:
        sentences.append(
            "Agreement of the raters is given as Krippendorff's alpha and as mean pairwise F1."
        )
    return " ".join(sentences)


def _search(known: Mapping[str, Any] | None) -> list[str]:
    if known is None:
        return ["Whether rows of the training are among them was not searched."]
    counts = "; ".join(f"{kind}: {_count(count)}" for kind, count in known.items())
    note = "" if "same author" in known else " Authors were not compared."
    return [f"They were searched for rows that training knew ({counts}).{note}"]


def _thresholds(document: Mapping[str, Any]) -> str:
    method = document["method"]
    if method["thresholds"] != "frozen":
        return f"{method['threshold_procedure']} [TRIPOD+AI 15]"
    stored = "Thresholds are those that the bundle holds."
    if method["fitted_here"]:
        stored += " They were fitted on these very documents, as was the calibration: it flatters."
    return f"{stored} {method['threshold_procedure']} [TRIPOD+AI 15]"


def _analysis(document: Mapping[str, Any]) -> str:
    method = document["method"]
    unit = "authors" if document["data"]["unit"] == "author" else "documents"
    loss = document["model"].get("loss")
    averages = (
        []
        if len(document["labels"]) == 1
        else [
            f"a second macro average takes the labels with at least {method['frequent_positives']}"
        ]
    )
    sentences = [
        _thresholds(document),
        *([_imbalance(loss, document["model"]["calibration"])] if loss in _WEIGHING else []),
        "Discrimination is reported as precision, sensitivity, specificity, F1, ROC-AUC and average "
        "precision, calibration as slope and intercept of a logistic recalibration (Cox 1958; Van "
        "Calster et al. 2016) and equal-mass calibration error [TRIPOD+AI 12e].",
        f"Intervals ({method['level']:.0%}) rest on linearised variances over the {unit}: of shares "
        "mid-P ones on the effective sample size (Korn & Graubard 1998), in which a further document "
        "of the largest weight could have gone unseen (Fay & Feuer 1997); of ROC-AUC Newcombe's "
        "(2006); of averages and differences MOVER's (Zou & Donner 2008); of losses log-normal; of "
        "calibration slope and intercept sandwich ones; of calibration error and of sensitivity at a "
        f"specificity, of {method['replicates']:,} bootstrap replicates.",
        "; ".join(
            [
                f"Below {method['min_positives']} positives no interval is given and no curve is drawn",
                *averages,
            ]
        )
        + ".",
    ]
    if len(document["contenders"]) > 1:
        sentences.append(
            "Differences from other models and baselines are paired: all saw the same documents "
            "[TRIPOD+AI 12e]."
        )
    if document["recommendation"]:
        margins = document["recommendation"]["margins"]
        told = ", ".join(f"{name} {margin:g}" for name, margin in margins.items())
        sentences.append(
            "For the recommendation a loss on a measure, a label or a subgroup counted once it was "
            "shown among all of them (Holm 1979), and a model was no worse where the paired interval "
            f"ended within a margin ({told})."
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
        sentences.append(
            f"Too few positives or negatives to estimate here: {', '.join(few)} [TRIPOD+AI 26]."
        )
    sentences.append(
        "The measures hold for documents that come about as these did; they say nothing about other "
        "sources, times or languages, nor about the validity of any label as a clinical construct. "
        "Counts are rounded to 5 and those from 1 to 7 withheld; a table with such a cell is left out, "
        "and shares are of the rounded tables."
    )
    return " ".join(sentences)


def _count(count: int | str) -> str:
    return f"{count:,}" if isinstance(count, int) else str(count).replace("<=", "at most ")
