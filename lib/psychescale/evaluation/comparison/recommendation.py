"""What to make of a comparison of two models, and what remains a person's to decide.

An estimate counts only with its interval. The new model replaces the old one if it is shown to be
better on one measure, and not worse by more than a margin on the others (non-inferiority: Piaggio et
al. 2012, doi 10.1001/jama.2012.87802; all of them are asked for, so none is corrected). A loss on a
measure, a label or a subgroup counts once it is shown among all that were looked at (Holm 1979): of
thirty intervals one leaves 0 out by chance.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from scipy import stats

from psychescale.evaluation.comparison.paired import HEADLINE, Comparison
from psychescale.evaluation.measures.intervals import Estimate
from psychescale.evaluation.measures.linear import LEVEL, NORMAL
from psychescale.evaluation.measures.registry import LESS_IS_BETTER, base_name

DETECTABLE = "Detectable"
"""How sentences begin that tell which difference these rows would have shown."""
OPEN, BETWEEN = "Open", "; "
"""How the sentence on labels and subgroups of which nothing is shown begins; what is between them."""
_POWER = 0.8
_TAIL = (1 - LEVEL) / 2


class Verdict(StrEnum):
    """What the intervals of a comparison amount to."""

    REPLACE = "replace"
    """Better on the main measure, no worse on the others, and nowhere shown to be worse."""
    NO_DIFFERENCE = "no difference shown"
    """The interval of the main measure includes 0."""
    KEEP = "keep"
    """Worse on the main measure."""
    DECIDE = "a person must weigh it"
    """Better overall; worse somewhere, or not shown to be no worse on another measure."""


@dataclass(frozen=True)
class Recommendation:
    """A verdict, its reasons, and what remains a person's to decide.

    Attributes:
        verdict: What the figures amount to.
        reasons: Sentences with figures.
        sign_off: What a professional must look at before the new model is used.
        margins: By how much a model may be worse and still count as no worse, by measure.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    sign_off: tuple[str, ...]
    margins: Mapping[str, float] = field(default_factory=dict)


SIGN_OFF = (
    "The new labels: who gave them, by which instructions, and how far the raters agreed.",
    "A sample of the texts on which the two models disagree, read by someone who knows the field.",
    "Each label and subgroup named above as worse, open or not estimable: whether the study can bear "
    "it.",
    "That series scored by the old model are not continued with the new one without a bridge: both "
    "models on the same documents of one period.",
)
"""Asked for whatever the verdict: figures on one test set cannot settle it."""


@dataclass(frozen=True)
class _Judged:
    """A difference that is looked at; its ends turned so that more is better.

    Attributes:
        told: What it is of.
        found: The difference.
        low: Its lower end, of the better.
        high: Its upper end.
        margin: Loss that counts as none.
    """

    told: str
    found: Estimate
    low: float
    high: float
    margin: float

    @classmethod
    def of(cls, told: str, name: str, found: Estimate, margins: Mapping[str, float]) -> "_Judged":
        sign = -1 if base_name(name) in LESS_IS_BETTER else 1
        low, high = sorted((sign * found.low, sign * found.high))
        return cls(told, found, low, high, margins.get(base_name(name), 0.0))

    @property
    def is_no_worse(self) -> bool:
        """Whether it is shown not to be worse by more than the margin."""
        return self.low > -self.margin

    @property
    def sentence(self) -> str:
        return f"{self.told} {describe(self.found)}"


def recommend(
    comparison: Comparison,
    subgroups: Mapping[str, Comparison] | None = None,
    *,
    labels: Sequence[str],
    margins: Mapping[str, float],
    measure: str = "f1_macro",
) -> Recommendation:
    """Read a comparison of an old and a new model.

    Args:
        comparison: On all documents.
        subgroups: Within each subgroup, if there are any.
        labels: Label names.
        margins: Measure → by how much it may be worse and still count as no worse.
        measure: The one that decides.
    """
    main = _Judged.of(measure, measure, comparison.overall[measure], margins)
    others = [
        _Judged.of(name, name, found, margins)
        for name, found in comparison.overall.items()
        if name in HEADLINE and name != measure
    ]
    by_label = zip(labels, comparison.per_label["f1"], strict=True)
    parts = [
        *(_Judged.of(f"label {label}, f1", "f1", found, margins) for label, found in by_label),
        *(
            _Judged.of(f"subgroup {group}, {measure}", measure, found.overall[measure], margins)
            for group, found in (subgroups or {}).items()
        ),
    ]
    blind = [one.told.partition(",")[0] for one in parts if np.isnan(one.low)]
    others, parts = ([one for one in of if not np.isnan(one.low)] for of in (others, parts))
    worse = _shown_worse([*others, *parts])
    doubtful = [one for one in others if not one.is_no_worse and one not in worse]
    open_parts = [one for one in parts if not one.is_no_worse and one not in worse]
    return Recommendation(
        _verdict(main, is_flawed=bool(worse or doubtful)),
        (
            f"{main.sentence} ({comparison.new} minus {comparison.old}).",
            *_of_main(main),
            *(f"Worse: {one.sentence}." for one in worse),
            *(f"Not shown to be no worse: {one.sentence}." for one in doubtful),
            *_of_open(open_parts, len(parts), len(others) + len(parts)),
            *([f"Not estimable, too few positives: {', '.join(blind)}."] if blind else []),
        ),
        SIGN_OFF,
        dict(margins),
    )


def describe(difference: Estimate) -> str:
    """A difference as text, with its interval where there is one."""
    if np.isnan(difference.value):
        return str(difference.reason)
    text = f"{difference.value:+.3f}"
    if np.isnan(difference.low):
        return f"{text} ({difference.reason})"
    return f"{text} (95 % interval {difference.low:+.3f} to {difference.high:+.3f})"


def detectable(low: float, high: float, *, tail: float = _TAIL) -> float:
    """The true difference that four in five such samples would show.

    Args:
        low: Lower end of the 95 % interval of the difference.
        high: Its upper end.
        tail: Chance of an error by which it would be shown; smaller where many are looked at.
    """
    deviation = (high - low) / (2 * NORMAL)
    return float((stats.norm.isf(tail) + stats.norm.ppf(_POWER)) * deviation)


def _verdict(main: _Judged, *, is_flawed: bool) -> Verdict:
    if main.high < 0:
        return Verdict.KEEP
    if not main.low > 0:
        return Verdict.NO_DIFFERENCE
    return Verdict.DECIDE if is_flawed else Verdict.REPLACE


def _shown_worse(judged: Sequence[_Judged]) -> list[_Judged]:
    """Losses shown among all these by Holm's procedure, but for those within the margin."""
    losses = sorted((one for one in judged if one.high < 0), key=lambda one: one.found.tail or 0.0)
    shown = []
    for rank, one in enumerate(losses):
        if (one.found.tail or 0.0) > _TAIL / (len(judged) - rank):
            break
        shown.append(one)
    return [one for one in shown if not one.is_no_worse]


def _of_main(main: _Judged) -> Iterable[str]:
    if np.isnan(main.low):
        return
    if main.low <= 0 <= main.high:
        told = "no" if main.is_no_worse else "not shown to be no"
        yield f"By the margin of this measure the new model is {told} worse."
    yield f"{DETECTABLE} on it in four of five such samples: {detectable(main.low, main.high):.3f}."


def _of_open(parts: Sequence[_Judged], of: int, looked_at: int) -> Iterable[str]:
    """What these rows cannot tell of labels and subgroups."""
    if not parts:
        return
    names = BETWEEN.join(one.told.partition(",")[0] for one in parts)
    yield f"{OPEN}, neither worse nor shown to be no worse, {len(parts)} of {of}: {names}."
    losses = [detectable(one.low, one.high, tail=_TAIL / looked_at) for one in parts]
    yield (
        f"{DETECTABLE} loss of these in four of five such samples: {min(losses):.3f} to "
        f"{max(losses):.3f}."
    )
