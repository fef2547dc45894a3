"""What redaction leaves of meaning: terms that must stay, and what was taken beside identifiers.

A text may name parts that are no identifiers and must stay readable: drugs, scores, section titles. A
term is kept if no letter or digit of it was taken. Texts may be of kinds ("drug", "date"), so that a
kind of mistake shows as one figure.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psychescale.evaluation.pii.detection import FOUND_SHARE
from psychescale.evaluation.pii.gold import GoldText
from psychescale.evaluation.pii.matching import Span


@dataclass(frozen=True)
class KindMeasures:
    """How the texts of one kind fared.

    Attributes:
        spans: Gold spans.
        found: Those of them that are found to 75 %, by predictions of any type.
        terms: Terms that must stay.
        kept: Those of them of which no letter or digit was taken.
    """

    spans: int = 0
    found: int = 0
    terms: int = 0
    kept: int = 0

    def __add__(self, other: "KindMeasures") -> "KindMeasures":
        return KindMeasures(
            self.spans + other.spans,
            self.found + other.found,
            self.terms + other.terms,
            self.kept + other.kept,
        )

    def as_json(self) -> dict[str, Any]:
        """Counts and rates by name."""
        return {
            "spans": self.spans,
            "found": self.found,
            "found_rate": self.found / self.spans if self.spans else None,
            "terms": self.terms,
            "kept": self.kept,
            "kept_rate": self.kept / self.terms if self.terms else None,
        }


@dataclass(frozen=True)
class Meaning:
    """What of a set's meaning stayed.

    Attributes:
        overall: All texts together.
        by_kind: By the kind of their texts; empty where texts have none.
        beside: Predicted type → findings that share no character with a gold span.
    """

    overall: KindMeasures
    by_kind: Mapping[str, KindMeasures]
    beside: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """Counts and rates by name."""
        return {
            **self.overall.as_json(),
            "by_kind": {kind: found.as_json() for kind, found in sorted(self.by_kind.items())},
            "findings_beside": dict(sorted(self.beside.items())),
        }


def measure_meaning(rows: Sequence[GoldText], predicted: Sequence[Sequence[Span]]) -> Meaning:
    """Compare what was found in each text with what must go and what must stay."""
    by_kind: defaultdict[str, KindMeasures] = defaultdict(KindMeasures)
    beside: Counter[str] = Counter()
    for row, found in zip(rows, predicted, strict=True):
        by_kind[row.kind] += _of_text(row, found)
        beside.update(
            span.type for span in found if not any(_meet(span, gold) for gold in row.spans)
        )
    overall = sum(by_kind.values(), KindMeasures())
    return Meaning(overall, {kind: of for kind, of in by_kind.items() if kind}, beside)


def _of_text(row: GoldText, found: Sequence[Span]) -> KindMeasures:
    covered = {at for span in found for at in range(span.start, span.end)}
    lettered = [{at for at in range(s.start, s.end) if row.text[at].isalnum()} for s in row.keep]
    return KindMeasures(
        spans=len(row.spans),
        found=sum(
            sum(at in covered for at in range(s.start, s.end)) >= FOUND_SHARE * (s.end - s.start)
            for s in row.spans
        ),
        terms=len(lettered),
        kept=sum(covered.isdisjoint(term) for term in lettered),
    )


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


BARS: Final[Mapping[str, tuple[str, ...]]] = {
    "recall": ("characters", "recall"),
    "precision": ("characters", "precision"),
    "f2": ("characters", "f2"),
    "found": ("overall", "found_rate"),
    "kept_terms": ("meaning", "kept_rate"),
}
"""What `--require` can ask for → where it stands among the measures."""


def below(measures: Mapping[str, Any], required: Mapping[str, float]) -> dict[str, float | None]:
    """The measures that are below what is required, or that these texts cannot tell.

    Args:
        measures: Of the full document.
        required: Name of `BARS` → least value.
    """
    values = {name: of_bar(measures, name) for name in required}
    return {name: of for name, of in values.items() if of is None or of < required[name]}


def of_bar(measures: Mapping[str, Any], name: str) -> float | None:
    """The measure that a name of `BARS` stands for; None where these texts cannot tell it."""
    found: Any = measures
    for key in BARS[name]:
        found = found[key]
    return None if found is None else float(found)
