"""What of a study may be shown: counts by the one rule, estimates to the grain of a count.

1. Texts, missing and annotated ones: 1 to 7 withheld, others rounded to 5.
2. Where a total and its other parts would give a withheld count back, a second part is withheld. That
   holds for counts, for tables of a label, and for estimated positives.
3. A naive share is made of rounded counts, and shown where neither it nor the rest is from 1 to 7.
4. An estimate is shown in steps of 5 texts, where positives and negatives are estimated at 8 or more.

What is withheld is not told apart, whether for being small or for what it would give away.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychescale.disclosure import FEWEST, ROUNDED_TO, nearest
from psychescale.prevalence.complement import complement
from psychescale.prevalence.design_based import Change
from psychescale.prevalence.domains import PERIOD, DomainSums, Line
from psychescale.prevalence.naive import DecisionCounts, adjusted, counted
from psychescale.prevalence.strata import Floats

Json = dict[str, Any]
DESIGN, COUNT, MEAN, ADJUSTED = (
    "design-based",
    "naive: share above threshold",
    "mean probability",
    "adjusted count (Rogan-Gladen)",
)
"""Estimators by name."""
FEW = "withheld: fewer than 8 texts, or it would give such a count away"
_NO_SAMPLE = "no annotated text"
_DIGITS = 6


@dataclass(frozen=True)
class Findings:
    """All figures of a study, raw.

    Attributes:
        labels: Their names.
        parts: Domains.
        lines: In which they add up.
        estimates: float64, shape (n_parts, n_labels, 3): value, low, high by the annotated sample; NaN
            where there is none. None without a sample.
        changes: Pairs of domains, by label: (number of one, of the other, label, change, differs).
        confusion: Of each label, from an evaluation; None where that is not known.
    """

    labels: tuple[str, ...]
    parts: Sequence[DomainSums]
    lines: Sequence[Line]
    estimates: Floats | None
    changes: Sequence[tuple[int, int, int, Change, bool]]
    confusion: Sequence[DecisionCounts | None]


def release(found: Findings) -> list[Json]:
    """Rows that may be shown, one an estimate; see `COLUMNS` for what they hold."""
    n = np.array([part.n for part in found.parts])
    hidden = complement(found.lines, n, np.zeros(len(n), np.bool_))
    told = {
        "texts": [
            None if h else nearest(part.n) for h, part in zip(hidden, found.parts, strict=True)
        ],
        "missing": _counts(found, [part.missing for part in found.parts], hidden),
        "annotated": _counts(found, [int(part.inside.sum()) for part in found.parts], hidden)
        if found.estimates is not None
        else [None] * len(n),
    }
    rows: list[Json] = []
    for label in range(len(found.labels)):
        for shown in (_designed, _naive, _mean, _adjusted):
            rows += [
                _bounded(
                    {**_place(found, label, part), **{k: v[part] for k, v in told.items()}, **one}
                )
                for part, one in enumerate(shown(found, label, hidden))
                if one
            ]
    return rows + _changed(found, rows)


COLUMNS = {
    "label": "the label, as the model names it",
    "measure": "share: of the texts with scores; difference: of two shares",
    "estimator": "how it was estimated; design-based holds whatever the classifier does, the "
    "others rest on the assumption that the methods name",
    "column": "kept column that makes the group; empty: all texts",
    "group": "value of that column; (other): groups of fewer than 8 texts, (none): no value",
    "period": "period of the texts; empty: all",
    "against": "of a difference: the group or period that was taken away",
    "texts": "texts with scores, to the nearest 5; empty: withheld",
    "missing": "texts without scores, to the nearest 5, not in texts; empty: withheld",
    "annotated": "annotated texts, to the nearest 5; empty: withheld, or none",
    "value": "the estimate, in steps of 5 texts; empty: withheld",
    "low": "lower end of the 95 % interval",
    "high": "upper end of the 95 % interval",
    "low_if_missing_lack": "the lower end if no text without scores had the label",
    "high_if_missing_have": "the upper end if every text without scores had the label",
    "differs": "of a difference: whether it holds at a false discovery rate of 5 % over all "
    "differences",
    "note": "why something is empty",
}
"""Columns of the release: name → meaning."""


def _counts(found: Findings, counts: Sequence[int], hidden: NDArray[np.bool_]) -> list[int | None]:
    withheld = complement(found.lines, np.array(counts), hidden)
    return [None if gone else nearest(n) for gone, n in zip(withheld, counts, strict=True)]


def _place(found: Findings, label: int, part: int) -> Json:
    values = dict(found.parts[part].values)
    period = values.pop(PERIOD, None)
    column, group = next(iter(values.items()), (None, None))
    return {
        "label": found.labels[label],
        "measure": "share",
        "column": column,
        "group": group,
        "period": period,
        "against": None,
        "differs": None,
    }


def _shares(
    found: Findings, estimator: str, values: Floats, hidden: NDArray[np.bool_]
) -> list[Json]:
    """Estimates as they may be shown.

    Args:
        found: The study.
        estimator: Its name.
        values: float64, shape (n_parts, 3): value, low, high; NaN where there is none.
        hidden: Domains whose texts are withheld.
    """
    n = np.array([part.n for part in found.parts])
    positives = np.rint(np.nan_to_num(values[:, 0]) * n).astype(np.int64)
    few = np.minimum(positives, n - positives) < FEWEST
    unknown = np.isnan(values[:, 0])
    withheld = hidden | few | unknown
    if estimator == MEAN:  # the others do not add up over domains: no total gives one back
        withheld = complement(found.lines, positives, withheld, (n, hidden))
    rows = []
    for part, (gone, ends) in enumerate(zip(withheld, values, strict=True)):
        total = nearest(found.parts[part].n)
        if gone or total == 0:
            rows.append(_withheld(estimator, "there is no such text" if n[part] == 0 else FEW))
            continue
        value, low, high = (_stepped(float(end), total) for end in ends)
        rows.append(_row(estimator, value, low, high, None))
    return rows


def _stepped(share: float, total: int) -> float | None:
    """A share in steps of 5 texts of a rounded total."""
    if np.isnan(share):
        return None
    return min(1.0, _in_steps(share, total))


def _in_steps(value: float, total: int) -> float:
    return round(ROUNDED_TO * round(value * total / ROUNDED_TO) / total, _DIGITS)


def _row(
    estimator: str, value: float | None, low: float | None, high: float | None, note: str | None
) -> Json:
    return {"estimator": estimator, "value": value, "low": low, "high": high,
            "low_if_missing_lack": None, "high_if_missing_have": None, "note": note}  # fmt: skip


def _withheld(estimator: str, why: str) -> Json:
    return _row(estimator, None, None, None, why)


def _bounded(row: Json) -> Json:
    """The row with its ends if no text without scores had the label, and if every one had."""
    n, missing = row["texts"], row["missing"]
    if None not in {n, missing, row["low"], row["high"]} and n + missing > 0:
        row["low_if_missing_lack"] = round(row["low"] * n / (n + missing), _DIGITS)
        row["high_if_missing_have"] = round((row["high"] * n + missing) / (n + missing), _DIGITS)
    return row


def _designed(found: Findings, label: int, hidden: NDArray[np.bool_]) -> list[Json]:
    if found.estimates is None:
        return [{}] * len(found.parts)
    rows = _shares(found, DESIGN, found.estimates[:, label], hidden)
    for part, row in enumerate(rows):
        value, high, n = *found.estimates[part, label, [0, 2]], found.parts[part].n
        if hidden[part] or row["value"] is not None:
            continue
        if np.isnan(value):
            row["note"] = _NO_SAMPLE
        elif value * n < FEWEST <= min(high * n, n - high * n):
            row["high"] = _stepped(high, nearest(n))
            row["note"] = "fewer than 8 texts estimated; the upper end alone is shown"
    return rows


def _naive(found: Findings, label: int, hidden: NDArray[np.bool_]) -> list[Json]:
    return [
        _withheld(COUNT, FEW) if total is None else _of_ends(COUNT, *counted(above, total))
        for above, total in _tables(found, label, hidden)
    ]


def _of_ends(estimator: str, value: float, ends: tuple[float, float]) -> Json:
    shown, low, high = (None if np.isnan(one) else round(one, _DIGITS) for one in (value, *ends))
    return _row(estimator, shown, low, high, "there is no such text" if np.isnan(value) else None)


def _tables(found: Findings, label: int, hidden: NDArray[np.bool_]) -> list[tuple[int, int | None]]:
    """Texts above the threshold and in all, rounded; None for the second where they are withheld.

    The rest is never told by itself: rounded a second time, it would narrow what is known of all texts.
    """
    above = np.array([part.above[label] for part in found.parts])
    texts = np.array([part.n for part in found.parts])
    withheld = complement(found.lines, above, hidden, (texts, hidden))
    return [
        (0, None) if gone else (nearest(a), nearest(n))
        for gone, a, n in zip(withheld, above.tolist(), texts.tolist(), strict=True)
    ]


def _mean(found: Findings, label: int, hidden: NDArray[np.bool_]) -> list[Json]:
    values = np.array(
        [[part.sums[label] / part.n if part.n else np.nan, np.nan, np.nan] for part in found.parts]
    )
    return _shares(found, MEAN, values, hidden)


def _adjusted(found: Findings, label: int, hidden: NDArray[np.bool_]) -> list[Json]:
    known = found.confusion[label]
    if known is None:
        return [{}] * len(found.parts)
    tables = _tables(found, label, hidden)
    values = np.full((len(found.parts), 3), np.nan)
    for part, (above, total) in enumerate(tables):
        if total:
            value, ends = adjusted(above / total, total, known)
            values[part] = value, *ends
    return _shares(found, ADJUSTED, values, hidden)


def _changed(found: Findings, rows: Sequence[Json]) -> list[Json]:
    """Differences of shares that are shown, in the steps of the smaller domain."""
    key: Callable[[Json], tuple[Any, ...]] = lambda row: (  # noqa: E731
        row["label"], row["column"], row["group"], row["period"],
    )  # fmt: skip
    shown = {key(row): row for row in rows if row["estimator"] == DESIGN}
    differences = []
    for one, other, label, change, differs in found.changes:
        first, second = (shown.get(key(_place(found, label, part))) for part in (one, other))
        if first is None or second is None or None in {first["value"], second["value"]}:
            continue
        total = min(first["texts"], second["texts"])
        low, high = (
            None if np.isnan(end) else _in_steps(end, total) for end in (change.low, change.high)
        )
        differences.append(
            first
            | _row(DESIGN, round(first["value"] - second["value"], _DIGITS), low, high, None)
            | {
                "measure": "difference",
                "against": second["group"] if first["column"] else second["period"],
                "differs": differs,
                "texts": None,
                "missing": None,
                "annotated": None,
            }
        )
    return differences
