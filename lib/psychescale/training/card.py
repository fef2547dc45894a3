"""The model card of a bundle, written from facts and from nothing else."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psychescale.disclosure import is_small, told
from psychescale.errors import ModelError
from psychescale.notice import NOTICE

VALIDITY = (
    "Nothing here shows validity for any clinical construct. Measures on public corpora such as "
    "GoEmotions and SAD test the machinery, not a claim about mental health."
)


@dataclass(frozen=True)
class CardFacts:
    """What a card states. An empty part is left out, or said to be missing.

    Attributes:
        labels: Label names, in the order of the logits.
        training: Choices and digests of the run: backbone, rows, loss, seed, ….
        split: Rows of each part, rows left out, digests of membership.
        labelled: Positives of each label in (train, validation, test); 1 to 7 are masked.
        deviations: Per label, how far its distribution over the parts is from the rows'.
        leaks: Rows dropped from a part because a later one knows them, by part and kind.
        provenance: Normalizer and redactor versions that the texts went through.
        measures: Name → value, as `evaluate` gives them; (value, low, high) for one with an interval.
        measured_on: What the measures were computed on, such as ``test, 5,427 rows``.
        calibration: How probabilities were calibrated, in a sentence.
        calibrated: Whether the bundle holds a calibration.
        thresholds: Criterion of the thresholds.
        long_text: Long-text policy that all of this was measured under.
        limits: Sentences.
        findings: Sentences on what else an evaluation found, and what it did not look at.
    """

    labels: Sequence[str]
    training: Mapping[str, Any]
    split: Mapping[str, Any] = field(default_factory=dict)
    labelled: Mapping[str, Sequence[int]] = field(default_factory=dict)
    deviations: Mapping[str, float] = field(default_factory=dict)
    leaks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    provenance: Mapping[str, str | None] = field(default_factory=dict)
    measures: Mapping[str, float | Sequence[float]] = field(default_factory=dict)
    measured_on: str = ""
    calibration: str = ""
    calibrated: bool = False
    thresholds: str = ""
    long_text: str = ""
    limits: Sequence[str] = ()
    findings: Sequence[str] = ()


_LOSSES = ("Brier score", "log loss")  # known to three decimals, all else to two


def write_card(labels: Sequence[str], training: Mapping[str, Any]) -> str:
    """The card of a bundle of which no more is known than how it was trained."""
    return make_card(CardFacts(labels, training))


def make_card(facts: CardFacts) -> str:
    """Markdown, with the hub's metadata: what a bundle is, how it came to be, and what it is not.

    It holds no text of any document, no id, and no count from 1 to 7 of rows; counts are rounded to 5.
    """
    from huggingface_hub import ModelCard, ModelCardData

    data = ModelCardData(
        library_name="transformers",
        pipeline_tag="text-classification",
        tags=["multi-label", "psychescale", "research-only"],
    )
    content = f"---\n{data.to_yaml()}\n---\n\n" + "\n\n".join(filter(None, _sections(facts))) + "\n"
    return str(ModelCard(content))


_RECALIBRATION, _MEASURES, _AFTER_MEASURES = "## Recalibration", "## Measures", "## Limits"


def with_measures(card: str, facts: CardFacts) -> str:
    """A card with other measures than it had.

    Args:
        card: A card that `make_card` wrote.
        facts: Measures, and what they were measured on and under.

    Raises:
        ModelError: It is another card.
    """
    before, found, rest = card.partition(f"{_MEASURES}\n")
    _, limits, after = rest.partition(f"{_AFTER_MEASURES}\n")
    if not (found and limits):
        raise ModelError(
            "The model card is not one that `psychescale train` wrote.",
            remedy="Leave out --write-card.",
        )
    section = "\n\n".join([_MEASURES, *_measures(facts), _AFTER_MEASURES])
    return f"{before}{section}\n{after}"


def with_recalibration(card: str, facts: Mapping[str, Any], sentences: Sequence[str]) -> str:
    """A card of a bundle whose calibration was fitted anew: measures of the old one are gone.

    Args:
        card: A card that `make_card` wrote.
        facts: What it was fitted on.
        sentences: What became of each label.

    Raises:
        ModelError: It is another card.
    """
    card = with_measures(card, CardFacts((), {}))
    before, _, rest = card.partition(f"{_MEASURES}\n")
    head = before.partition(f"{_RECALIBRATION}\n")[0]
    section = "\n\n".join([_RECALIBRATION, _table(facts), _bullets(sentences), _MEASURES])
    return f"{head}{section}\n{rest}"


def _sections(facts: CardFacts) -> list[str]:
    return [
        "# Multi-label text classifier",
        NOTICE,
        f"**{VALIDITY}**",
        "## Labels",
        "Each with a probability of its own (sigmoid).",
        _labels(facts),
        "## How it was trained",
        _table(facts.training),
        "## Data",
        _table({**facts.split, **_leak_rows(facts.leaks), **_provenance(facts.provenance)})
        or "No split is recorded.",
        _MEASURES,
        *_measures(facts),
        _AFTER_MEASURES,
        _bullets([*facts.limits, *_STANDING_LIMITS]),
        "## Intended use",
        "Research on collections of texts, by people who may read them: prevalences, comparisons and "
        "trends over many texts, with the classifier's error taken into account. "
        "`psychescale score --model FOLDER --input CORPUS --output TABLE`, or `AutoTokenizer` and "
        "`AutoModelForSequenceClassification` of transformers (`psychescale.register_heads()` first).",
        _CALIBRATE if facts.calibrated else "",
        "## Out of scope",
        _bullets(_OUT_OF_SCOPE),
    ]


_CALIBRATE = (
    "Transformers gives logits before calibration, and so other probabilities than `score`. These are "
    '`score`\'s: `torch.sigmoid(logits * torch.tensor(c["slope"]) + torch.tensor(c["intercept"]))` '
    'with `c = json.load(open("FOLDER/scoring.json"))["calibration"]`.'
)
_OUT_OF_SCOPE = (
    "Diagnosis, screening, triage or risk assessment of a person.",
    "Any decision about a person: care, insurance, employment, moderation, policing.",
    "Monitoring of individuals, or finding out who wrote a text.",
    "Texts of another kind, language or time than it was evaluated on, without a new evaluation.",
)
_STANDING_LIMITS = (
    "It scores texts, not people: what somebody writes is not what somebody has.",
    "Probabilities hold for texts drawn like the validation rows; elsewhere prevalence and meaning "
    "shift, and calibration with them.",
    "Labels are what annotators, or their votes, made of the texts.",
)


def _labels(facts: CardFacts) -> str:
    if not facts.labelled:
        return _bullets(facts.labels)
    lines = [
        "| label | train | validation | test | deviation of the split |",
        "|---|--:|--:|--:|--:|",
    ]
    for label in facts.labels:
        counts = facts.labelled[label]
        deviation = f"{facts.deviations.get(label, math.nan):.2f}"
        if any(map(is_small, counts)):  # it is made of the counts
            deviation = "withheld"
        lines.append(f"| {_cell(label)} | {' | '.join(map(told, counts))} | {deviation} |")
    return "\n".join(lines)


def _measures(facts: CardFacts) -> list[str]:
    if not facts.measures:
        return [
            "It has not been evaluated: nothing here shows that its probabilities are right, fair or "
            "calibrated."
        ]
    conditions = {
        "measured on": facts.measured_on,
        "long texts": facts.long_text,
        "calibration": facts.calibration,
        "thresholds": facts.thresholds,
    }
    lines = ["| measure | value | 95 % interval |", "|---|--:|--:|"]
    for name, value in facts.measures.items():
        point, *bounds = value if isinstance(value, Sequence) else (value,)
        digits = 3 if name.startswith(_LOSSES) else 2
        interval = " to ".join(_number(bound, digits) for bound in bounds)
        lines.append(f"| {_cell(name)} | {_number(point, digits)} | {interval} |")
    table = _table({key: text for key, text in conditions.items() if text})
    return [table, "\n".join(lines), *([_bullets(facts.findings)] if facts.findings else [])]


def _leak_rows(leaks: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
    return {
        f"dropped from {part}": ", ".join(
            f"{told(count)} ({kind})" for kind, count in kinds.items()
        )
        for part, kinds in leaks.items()
    }


def _provenance(versions: Mapping[str, str | None]) -> dict[str, str]:
    return {name: version or "none recorded" for name, version in versions.items()}


def _table(values: Mapping[str, Any]) -> str:
    if not values:
        return ""
    rows = [
        f"| {_cell(name.replace('_', ' '))} | {_cell(value)} |" for name, value in values.items()
    ]
    return "\n".join(["| | |", "|---|---|", *rows])


def _bullets(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _number(value: float, digits: int) -> str:
    return "not estimable" if math.isnan(value) else f"{value:.{digits}f}"


def _cell(value: object) -> str:
    shown = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return shown.replace("|", "\\|").replace("\n", " ")
