"""What to make of a comparison of two models, and what remains a person's to decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from psychescale.evaluation.comparison.paired import HEADLINE, Comparison
from psychescale.evaluation.measures.intervals import Estimate
from psychescale.evaluation.measures.registry import LESS_IS_BETTER, base_name


class Verdict(StrEnum):
    """What the intervals of a comparison amount to."""

    REPLACE = "replace"
    """Better on the main measure, and worse on none beyond the margin."""
    NO_DIFFERENCE = "no difference shown"
    """The interval of the main measure includes 0."""
    KEEP = "keep"
    """Worse on the main measure."""
    DECIDE = "a person must weigh it"
    """Better overall, worse somewhere."""


@dataclass(frozen=True)
class Recommendation:
    """A verdict, its reasons, and what remains a person's to decide.

    Attributes:
        verdict: What the figures amount to.
        reasons: Sentences with figures.
        sign_off: What a professional must look at before the new model is used.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    sign_off: tuple[str, ...]


SIGN_OFF = (
    "The new labels: who gave them, by which instructions, and how far the raters agreed.",
    "A sample of the texts on which the two models disagree, read by someone who knows the field.",
    "Each label and subgroup named above as worse or not estimable: whether the study can bear it.",
    "That series scored by the old model are not continued with the new one without a bridge: both "
    "models on the same documents of one period.",
)
"""Asked for whatever the verdict: figures on one test set cannot settle it."""


def recommend(
    comparison: Comparison,
    subgroups: Mapping[str, Comparison] | None = None,
    *,
    labels: Sequence[str],
    measure: str = "f1_macro",
    margin: float = 0.02,
) -> Recommendation:
    """Read a comparison of an old and a new model.

    Args:
        comparison: On all documents.
        subgroups: Within each subgroup, if there are any.
        labels: Label names.
        measure: The one that decides.
        margin: A loss on another measure, label or subgroup counts once its whole interval is below
            0, or its estimate is below minus this.
    """
    main = comparison.overall[measure]
    worse = [
        *_worse_measures(comparison, measure, margin),
        *_worse_labels(comparison, labels, margin),
        *_worse_groups(subgroups or {}, measure, margin),
    ]
    blind = [
        label
        for label, found in zip(labels, comparison.per_label["f1"], strict=True)
        if np.isnan(found.low)
    ]
    reasons = [f"{measure}: {describe(main)} ({comparison.new} minus {comparison.old})."]
    reasons += [f"Worse: {text}." for text in worse]
    if blind:
        reasons.append(f"Not estimable, too few positives: {', '.join(blind)}.")
    return Recommendation(_verdict(main, worse=bool(worse)), tuple(reasons), SIGN_OFF)


def describe(difference: Estimate) -> str:
    """A difference as text, with its interval where there is one."""
    if np.isnan(difference.value):
        return str(difference.reason)
    text = f"{difference.value:+.3f}"
    if np.isnan(difference.low):
        return f"{text} ({difference.reason})"
    return f"{text} (95 % interval {difference.low:+.3f} to {difference.high:+.3f})"


def _verdict(main: Estimate, *, worse: bool) -> Verdict:
    if np.isnan(main.low) or main.low <= 0 <= main.high:
        return Verdict.NO_DIFFERENCE
    if main.high < 0:
        return Verdict.KEEP
    return Verdict.DECIDE if worse else Verdict.REPLACE


def _is_worse(found: Estimate, name: str, margin: float) -> bool:
    sign = -1 if base_name(name) in LESS_IS_BETTER else 1
    if np.isnan(found.low):
        return False
    best = max(sign * found.low, sign * found.high)
    return best < 0 or sign * found.value < -margin


def _worse_measures(comparison: Comparison, measure: str, margin: float) -> list[str]:
    return [
        f"{name} {describe(found)}"
        for name, found in comparison.overall.items()
        if name in HEADLINE and name != measure and _is_worse(found, name, margin)
    ]


def _worse_labels(comparison: Comparison, labels: Sequence[str], margin: float) -> list[str]:
    return [
        f"label {label}, f1 {describe(found)}"
        for label, found in zip(labels, comparison.per_label["f1"], strict=True)
        if _is_worse(found, "f1", margin)
    ]


def _worse_groups(subgroups: Mapping[str, Comparison], measure: str, margin: float) -> list[str]:
    return [
        f"subgroup {group}, {measure} {describe(found.overall[measure])}"
        for group, found in subgroups.items()
        if _is_worse(found.overall[measure], measure, margin)
    ]
