"""How well identifiers are found: spans, characters, documents, and texts that hold none.

A gold span and a predicted one are (first code point, first after it, type). Four ways of counting
stand side by side, because published figures use different ones:

- **strict**: same span and same type; **overlap**: same type and at least one common character
  (the "strict" and "type" rows of SemEval-2013 task 9). One prediction answers one gold span.
- **characters**: each character is part of an identifier or not; type and borders of spans do not
  matter. This is what leaks or does not.
- **found to 75 %**: a gold span counts when at least 75 % of its characters are covered by
  predictions of any type and number.
- **intersection over union**: as presidio-evaluator 0.2's `SpanEvaluator` counts: spans of one text are
  matched one to one where they share at least .75 of the characters that they cover together, type
  left aside; predictions that touch each other or have only blanks and punctuation in between are
  merged before, and punctuation and blanks at the ends are left out. Its older `Evaluator` counts
  tokens; as every tokenizer gives other figures, `token_counts` takes runs of non-blank characters.

F2 weighs recall twice as much as precision (van Rijsbergen 1979): a missed name costs more than a
word too many.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import InputError
from psychescale.evaluation.pii.matching import (
    Span,
    match_iou,
    match_overlap,
    merge_for_iou,
    token_ranges,
)

FOUND_SHARE: Final = 0.75
"""Share of a gold span's characters that must be covered for it to count as found."""

_BETA2: Final = 4.0  # F2


@dataclass(frozen=True)
class Counts:
    """Hits, false alarms and misses of one kind of unit.

    Attributes:
        hits: Units that are gold and predicted.
        false: Units predicted that are not gold.
        missed: Gold units that are not predicted.
    """

    hits: int = 0
    false: int = 0
    missed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.hits + other.hits, self.false + other.false, self.missed + other.missed)

    @property
    def precision(self) -> float | None:
        """Share of predictions that are gold; None without predictions."""
        predicted = self.hits + self.false
        return self.hits / predicted if predicted else None

    @property
    def recall(self) -> float | None:
        """Share of gold that is predicted; None without gold."""
        gold = self.hits + self.missed
        return self.hits / gold if gold else None

    @property
    def f2(self) -> float | None:
        """(1 + 4) P R / (4 P + R); None where there is neither gold nor prediction."""
        weighted = (1 + _BETA2) * self.hits + _BETA2 * self.missed + self.false
        return (1 + _BETA2) * self.hits / weighted if weighted else None

    def as_json(self) -> dict[str, Any]:
        """Counts and measures by name."""
        measures = {"precision": self.precision, "recall": self.recall, "f2": self.f2}
        return {**asdict(self), **measures}


@dataclass(frozen=True)
class TypeMeasures:
    """How one type of identifier fared.

    Attributes:
        strict: Same span, same type.
        overlap: Common characters, same type.
        spans: Gold spans of this type.
        found: Those of them that are found to 75 %, by predictions of any type.
        characters: Gold characters of this type.
        leaked: Those of them that no prediction covers.
    """

    strict: Counts
    overlap: Counts
    spans: int
    found: int
    characters: int
    leaked: int

    def as_json(self) -> dict[str, Any]:
        """Counts and measures by name."""
        return {
            "strict": self.strict.as_json(),
            "overlap": self.overlap.as_json(),
            "spans": self.spans,
            "found": self.found,
            "found_rate": _ratio(self.found, self.spans),
            "characters": self.characters,
            "leaked": self.leaked,
            "leaked_rate": _ratio(self.leaked, self.characters),
        }


@dataclass(frozen=True)
class PiiMeasures:
    """How a set of texts fared.

    Attributes:
        overall: All types together.
        by_type: By gold type, and by predicted type where it is nowhere gold (false alarms only).
        characters: Characters, identifier or not.
        iou: Spans as presidio-evaluator's `SpanEvaluator` counts them, type left aside.
        tokens: Runs of non-blank characters, identifier (in part) or not.
        documents: Texts with at least one gold span.
        documents_without_leak: Those of them with no uncovered gold character.
        documents_all_found: Those of them with every gold span found to 75 %.
        negatives: Texts without a gold span.
        negatives_touched: Those of them with at least one predicted character.
    """

    overall: TypeMeasures
    by_type: Mapping[str, TypeMeasures]
    characters: Counts
    iou: Counts
    tokens: Counts
    documents: int
    documents_without_leak: int
    documents_all_found: int
    negatives: int
    negatives_touched: int

    def as_json(self) -> dict[str, Any]:
        """Counts and measures by name; numbers and type names only."""
        return {
            "overall": self.overall.as_json(),
            "by_type": {name: measures.as_json() for name, measures in self.by_type.items()},
            "characters": self.characters.as_json(),
            "iou_75": self.iou.as_json(),
            "tokens": self.tokens.as_json(),
            "documents": self.documents,
            "documents_without_leak": self.documents_without_leak,
            "documents_without_leak_rate": _ratio(self.documents_without_leak, self.documents),
            "documents_all_found": self.documents_all_found,
            "negatives": self.negatives,
            "negatives_touched": self.negatives_touched,
            "over_redaction_rate": _ratio(self.negatives_touched, self.negatives),
        }


def measure_pii(
    texts: Sequence[str], gold: Sequence[Sequence[Span]], predicted: Sequence[Sequence[Span]]
) -> PiiMeasures:
    """Compare predictions with the truth.

    Args:
        texts: The texts.
        gold: True spans of each text, in any order; they may overlap.
        predicted: Found spans of each text, the same.

    Raises:
        InputError: The three differ in length, or a span is empty or outside of its text.
    """
    if not len(texts) == len(gold) == len(predicted):
        raise InputError(
            f"{len(texts)} texts, {len(gold)} lists of gold and {len(predicted)} of found spans.",
            remedy="Give one list a text, in the same order.",
        )
    tally = _Tally()
    for number, (text, true, found) in enumerate(zip(texts, gold, predicted, strict=True)):
        for span in (*true, *found):
            if not 0 <= span.start < span.end <= len(text):
                raise InputError(
                    f"Text number {number} has a span that is empty or outside of it.",
                    remedy="Offsets are code points of the text, the end exclusive.",
                )
        tally.add(text, true, found)
    return tally.result()


class _Tally:
    """Sums under way."""

    def __init__(self) -> None:
        self._strict: dict[str, Counts] = {}
        self._overlap: dict[str, Counts] = {}
        self._sums: dict[str, NDArray[np.int64]] = {}  # spans, found, characters, leaked
        self._all = np.zeros(4, np.int64)
        self._characters = self._iou = self._tokens = Counts()
        self._documents = self._clean = self._found = 0
        self._negatives = self._touched = 0

    def add(self, text: str, gold: Sequence[Span], found: Sequence[Span]) -> None:
        true, covered = _mask(text, gold), _mask(text, found)
        self._characters += _compare(true, covered)
        self._iou += _count_iou(text, gold, found)
        ranges = token_ranges(text)
        self._tokens += _compare(_touched(ranges, true), _touched(ranges, covered))
        for name in sorted({span.type for span in (*gold, *found)}):
            ours = [span for span in gold if span.type == name]
            theirs = [span for span in found if span.type == name]
            self._strict[name] = self._strict.get(name, Counts()) + _count_strict(ours, theirs)
            matched = match_overlap(ours, theirs)
            self._overlap[name] = self._overlap.get(name, Counts()) + _of(matched, ours, theirs)
            self._sums[name] = self._sums.get(name, np.zeros(4, np.int64)) + _coverage(
                text, ours, covered
            )
        coverage = _coverage(text, gold, covered)
        self._all += coverage
        if gold:
            self._documents += 1
            self._clean += int(coverage[3] == 0)
            self._found += int(coverage[0] == coverage[1])
        else:
            self._negatives += 1
            self._touched += int(bool(found))

    def result(self) -> PiiMeasures:
        return PiiMeasures(
            overall=TypeMeasures(
                sum(self._strict.values(), Counts()),
                sum(self._overlap.values(), Counts()),
                *self._all.tolist(),
            ),
            by_type={
                name: TypeMeasures(self._strict[name], self._overlap[name], *sums.tolist())
                for name, sums in sorted(self._sums.items())
            },
            characters=self._characters,
            iou=self._iou,
            tokens=self._tokens,
            documents=self._documents,
            documents_without_leak=self._clean,
            documents_all_found=self._found,
            negatives=self._negatives,
            negatives_touched=self._touched,
        )


def _mask(text: str, spans: Sequence[Span]) -> NDArray[np.bool_]:
    """bool, shape (n_characters,): which characters are part of a span."""
    mask = np.zeros(len(text), np.bool_)
    for span in spans:
        mask[span.start : span.end] = True
    return mask


def _compare(true: NDArray[np.bool_], found: NDArray[np.bool_]) -> Counts:
    return Counts(int((true & found).sum()), int((found & ~true).sum()), int((true & ~found).sum()))


def _touched(ranges: Sequence[tuple[int, int]], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.array([mask[start:end].any() for start, end in ranges], np.bool_)


def _coverage(text: str, gold: Sequence[Span], covered: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Gold spans, those found to 75 %, gold characters (each once), those not covered."""
    found = sum(
        int(covered[span.start : span.end].sum()) >= FOUND_SHARE * (span.end - span.start)
        for span in gold
    )
    true = _mask(text, gold)
    return np.array([len(gold), found, true.sum(), (true & ~covered).sum()], np.int64)


def _count_strict(gold: Sequence[Span], found: Sequence[Span]) -> Counts:
    matched = len(set(gold) & set(found))
    return _of(matched, list(set(gold)), list(set(found)))


def _count_iou(text: str, gold: Sequence[Span], found: Sequence[Span]) -> Counts:
    ours, theirs = merge_for_iou(text, gold), merge_for_iou(text, found)
    return _of(match_iou(ours, theirs, at_least=FOUND_SHARE), ours, theirs)


def _of(matched: int, gold: Sequence[Any], found: Sequence[Any]) -> Counts:
    return Counts(matched, len(found) - matched, len(gold) - matched)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
