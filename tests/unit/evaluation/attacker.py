"""Whoever reads a shown document and wants the counts behind it: integer programming.

Everything that the document says of counts is an equation or a band over whole numbers. A count is
recovered if its least and its greatest possible value are the same.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from psychescale.evaluation.measures.shares import mid_p

CELLS = ("tp", "fp", "fn", "tn")
# measure → (numerator, denominator) as weights of the four cells
RATIOS = {
    "precision": ((1, 0, 0, 0), (1, 1, 0, 0)),
    "recall": ((1, 0, 0, 0), (1, 0, 1, 0)),
    "specificity": ((0, 0, 0, 1), (0, 1, 0, 1)),
    "f1": ((2, 0, 0, 0), (2, 1, 1, 0)),
    "npv": ((0, 0, 0, 1), (0, 0, 1, 1)),
    "accuracy": ((1, 0, 0, 1), (1, 1, 1, 1)),
    "predicted_rate": ((1, 1, 0, 0), (1, 1, 1, 1)),
}
# likelihood ratio → the cells whose quotient it is, times negatives over positives
LIKELIHOOD = {"lr_positive": ("tp", "fp"), "lr_negative": ("fn", "tn")}
Row = dict[str, float]
MOST = 1e6
"""No count is larger: a program without a bound tells neither what it lacks nor that it holds."""


class Program:
    """Counts that are known in part, and what follows from it.

    Attributes:
        rounded: Shown counts and what is made of them are rounded to 5; else they are exact, and
            shares have two decimals where a table is withheld.
    """

    def __init__(self, *, rounded: bool) -> None:
        self.rounded = rounded
        self._names: dict[str, int] = {}
        self._rows: list[tuple[Row, float, float]] = []
        self._bands: dict[str, tuple[float, float]] = {}

    def recovered(self, name: str) -> int | None:
        """The count of this name, if it can only be one."""
        low, high = (self._end(name, sign) for sign in (1, -1))
        return low if low == high else None

    def _end(self, name: str, sign: int) -> int:
        """Its least value, or with -1 its greatest; what is shown must leave one."""
        size = len(self._names)
        matrix = np.zeros((len(self._rows), size))
        for number, (row, _, _) in enumerate(self._rows):
            for variable, weight in row.items():
                matrix[number, self._names[variable]] += weight
        low = [row[1] for row in self._rows]
        high = [row[2] for row in self._rows]
        bands = [self._bands.get(variable, (0, MOST)) for variable in self._names]
        goal = np.zeros(size)
        goal[self._names[name]] = sign
        found = milp(
            goal,
            integrality=np.ones(size),
            bounds=Bounds([b[0] for b in bands], [b[1] for b in bands]),
            constraints=LinearConstraint(matrix, low, high),
        )
        assert found.success, f"what is shown of {name} contradicts itself"
        return round(sign * found.fun)

    def count(self, name: str, shown: Any) -> None:
        """A count: withheld for being small, shown, or not told of."""
        self._names.setdefault(name, len(self._names))
        if shown == "<=7":
            band = (1.0, 7.0)
        elif isinstance(shown, int):
            slack = 2 if self.rounded and shown else 0
            band = (max(0.0, shown - slack), float(shown + slack))
        else:
            return
        self._bands[name] = band

    def within(self, part: str, whole: str) -> None:
        """One is part of the other."""
        self._rows.append(({part: 1, whole: -1}, -np.inf, 0))

    def equal(self, row: Row) -> None:
        """A weighted sum is 0."""
        self._rows.append((row, 0, 0))


class Attack(Program):
    """All that an evaluation's document says."""

    def __init__(self, document: Mapping[str, Any], *, rounded: bool) -> None:
        super().__init__(rounded=rounded)
        self._read(document)

    def _read(self, document: Mapping[str, Any]) -> None:
        self.count("n", document["data"]["n_documents"])
        for label, part in document["per_label"].items():
            positives = f"{label} positives"
            self.count(positives, part["positives"])
            self.within(positives, "n")
            for kind, cells in part["confusion"].items():
                found = {**part["decisions"][kind], **(part["yes_no"] if kind == "frozen" else {})}
                self._table(f"{label} {kind}", cells, positives, found)
            self._share(part["probabilities"]["base_rate"], {positives: 1}, {"n": 1})
            self._bins(label, part)
        self._parts(document)
        for other in document["contenders"][1:]:
            for label, part in other.get("per_label", {}).items():
                name = f"{label} {other['name']}"
                self._table(name, part["confusion"], f"{label} positives", {})
        for table in document["slices"]:
            self._groups(document, table)
        self._averages(document)

    def _table(
        self, name: str, cells: Mapping[str, int] | None, positives: str, found: Mapping[str, Any]
    ) -> None:
        names = [f"{name} {cell}" for cell in CELLS]
        for variable, cell in zip(names, CELLS, strict=True):
            self.count(variable, None if cells is None else cells[cell])
        tp, fp, fn, tn = names
        self.equal({tp: 1, fn: 1, positives: -1})
        self.equal({tp: 1, fp: 1, fn: 1, tn: 1, "n": -1})
        for measure, (above, below) in RATIOS.items():
            if measure in found:
                over = dict(zip(names, above, strict=True))
                under = dict(zip(names, below, strict=True))
                self._share(found[measure], over, under)
                if measure != "f1" and cells is not None:
                    total = sum(cells[cell] * one for cell, one in zip(CELLS, below, strict=True))
                    self._ends(found[measure], over, under, total)
        for measure, (above_cell, below_cell) in LIKELIHOOD.items():
            if cells is not None and measure in found:
                self._ratio(found[measure], f"{name} {above_cell}", f"{name} {below_cell}", cells)

    def _ends(self, found: Mapping[str, Any], over: Row, under: Row, total: int) -> None:
        """The ends of a share's interval: of the exact share, to two decimals."""
        if found["low"] is None or not self.rounded:
            return
        shown, slack = (found["low"], found["high"]), 2 * len(CELLS)  # each cell is rounded
        fits = [
            part / whole
            for whole in range(max(1, total - slack), total + slack + 1)
            for part in range(int(shown[0] * whole), int(shown[1] * whole + 2))
            if part <= whole and np.allclose(_exact_ends(part, whole), shown, rtol=0, atol=0.00501)
        ]
        self._between(over, under, min(fits) - 1e-9, max(fits) + 1e-9)

    def _between(self, over: Row, under: Row, low: float, high: float) -> None:
        """A quotient of counts lies between two numbers."""
        for end, lower, upper in ((low, -1e-9, np.inf), (high, -np.inf, 1e-9)):
            row = dict(over)
            for name, weight in under.items():
                row[name] = row.get(name, 0) - end * weight
            self._rows.append((row, lower, upper))

    def _ratio(
        self, found: Mapping[str, Any], over: str, under: str, cells: Mapping[str, int]
    ) -> None:
        """The ends of a likelihood ratio: it is the root of their product."""
        if found["low"] is None or not self.rounded:
            return
        shown = np.array([found["low"], found["high"]])
        step = np.maximum(0.01, 10 ** (np.floor(np.log10(np.maximum(shown, 0.01))) - 1)) + 1e-6
        low = float(np.sqrt(shown[0] * max(shown[1] - step[1], 0)))
        high = float(np.sqrt((shown[0] + step[0]) * shown[1]))
        positives, negatives = cells["tp"] + cells["fn"], cells["fp"] + cells["tn"]
        self._between(
            {over: 1},
            {under: 1},
            low * max(positives - 4, 1) / (negatives + 4),
            high * (positives + 4) / max(negatives - 4, 1),
        )

    def _share(self, found: Mapping[str, Any], over: Row, under: Row) -> None:
        """A share that is shown: of rounded cells it says what they say; else to its decimals."""
        if found["value"] is None or self.rounded:
            return
        half = 0.005
        self._between(over, under, found["value"] - half, found["value"] + half)

    def _bins(self, label: str, part: Mapping[str, Any]) -> None:
        names = []
        for number, one in enumerate(part["calibration"]["bins"]):
            names.append(f"{label} bin {number}")
            self.count(names[-1], one["positives"])
        if names:
            self._rows.append(({**dict.fromkeys(names, 1), f"{label} positives": -1}, -np.inf, 0))

    def _parts(self, document: Mapping[str, Any]) -> None:
        """Table 1; its last part are the judged documents. Rows that training knew, by kind."""
        for number, part in enumerate(document["data"]["parts"]):
            is_judged = number == len(document["data"]["parts"]) - 1
            n = "n" if is_judged else f"part {number}"
            self.count(n, part["n"])
            for label, positives in part["positives"].items():
                name = f"{label} positives" if is_judged else f"part {number} {label}"
                self.count(name, positives)
                self.within(name, n)
            for column, counts in part["groups"].items():
                names = [
                    f"{column} {group} n" if is_judged else f"part {number} {column} {group}"
                    for group in counts
                ]
                for name, count in zip(names, counts.values(), strict=True):
                    self.count(name, count)
                self.equal({**dict.fromkeys(names, 1), n: -1})
        for kind, count in (document["data"]["known"] or {}).items():
            self.count(f"known {kind}", count)
            self.within(f"known {kind}", "n")
        for what, columns in document["data"]["missing"].items():
            for column, counts in columns.items():
                for group, count in counts.items():
                    self.count(f"{what} {column} {group}", count)
                whole = {f"{what} {column} {group}": 1.0 for group in counts}
                self._names.setdefault(f"{what} all", len(self._names))
                self.equal({**whole, f"{what} all": -1})

    def _groups(self, document: Mapping[str, Any], table: Mapping[str, Any]) -> None:
        sizes, positives = [], []
        for group in table["groups"]:
            name = f"{table['column']} {group['group']}"
            sizes.append(f"{name} n")
            positives.append(f"{name} positives")
            self.count(sizes[-1], group["n"])
            self.count(positives[-1], group["positives"])
        self.equal({**dict.fromkeys(sizes, 1), "n": -1})
        labels = [f"{label} positives" for label in document["per_label"]]
        self.equal({**dict.fromkeys(positives, 1), **dict.fromkeys(labels, -1)})

    def _averages(self, document: Mapping[str, Any]) -> None:
        """Micro averages of all labels, where they are of exact counts."""
        for kind, found in document["overall"]["decisions"].items():
            for measure, (above, below) in RATIOS.items():
                one = found.get(f"{measure}_micro")
                if one is None:
                    continue
                over: Row = {}
                under: Row = {}
                for label in document["per_label"]:
                    for cell, a, b in zip(CELLS, above, below, strict=True):
                        over[f"{label} {kind} {cell}"] = a
                        under[f"{label} {kind} {cell}"] = b
                self._share(one, over, under)


@cache
def _exact_ends(part: int, whole: int) -> tuple[float, float]:
    """Of a share of documents that were all judged, each by an author of its own."""
    share = part / whole
    return mid_p(share, whole, share * (1 - share) / whole)


def small_cells(full: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Every cell from 1 to 7 of a full document: its name in an attack, and its value."""
    for label, part in full["per_label"].items():
        if 0 < part["positives"] < 8:
            yield f"{label} positives", part["positives"]
        for kind, cells in part["confusion"].items():
            for cell, count in cells.items():
                if 0 < count < 8:
                    yield f"{label} {kind} {cell}", count
    for table in full["slices"]:
        for group in table["groups"]:
            for what in ("n", "positives"):
                if 0 < group[what] < 8:
                    yield f"{table['column']} {group['group']} {what}", group[what]


def small_parts(full: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The same of Table 1, of what is missing, and of what training knew."""
    *learnt, _ = full["data"]["parts"] or [None]
    for number, part in enumerate(learnt):
        named = {f"part {number} {label}": count for label, count in part["positives"].items()}
        for column, counts in part["groups"].items():
            named |= {f"part {number} {column} {group}": n for group, n in counts.items()}
        yield from ((name, count) for name, count in named.items() if 0 < count < 8)
    for kind, count in (full["data"]["known"] or {}).items():
        if 0 < count < 8:
            yield f"known {kind}", count
    for what, columns in full["data"]["missing"].items():
        for column, counts in columns.items():
            for group, count in counts.items():
                if 0 < count < 8:
                    yield f"{what} {column} {group}", count


def as_before(full: Mapping[str, Any]) -> dict[str, Any]:
    """A document as it was shown before the rule: small counts left out, all else as it is."""

    def hide(part: Any) -> Any:
        if isinstance(part, list):
            return [hide(item) for item in part]
        if not isinstance(part, dict):
            return part
        if set(part) == {*CELLS} and any(0 < count < 8 for count in part.values()):
            return None
        names = {"positives", "n", "n_documents"}
        return {
            key: "<=7" if key in names and isinstance(v, int) and 0 < v < 8 else hide(v)
            for key, v in part.items()
        }

    shown: dict[str, Any] = hide(dict(full))
    return shown
