"""What a study shows gives no small count back, though most come back with the rule off."""

import os

import numpy as np
import pytest

from psychescale.disclosure import nearest
from psychescale.prevalence.design_based import Sample
from psychescale.prevalence.domains import NONE, OTHER, Cells, DomainSums, parts_of, pooled
from psychescale.prevalence.releasable import COLUMNS, COUNT, DESIGN, MEAN, Findings, release
from psychescale.workflows.study.estimation import assess
from tests.unit.evaluation.attacker import Program

TABLES = int(os.environ.get("PSYCHESCALE_ATTACKS", "12"))
FAMILIES = ("n", "missing", "above", "below")


def random_findings(seed: int) -> Findings:
    """Two to four periods by two to four groups, many of them small."""
    rng = np.random.default_rng(seed)
    periods = [f"2026-0{i}" for i in range(1, rng.integers(3, 6))]
    groups = list("abcd")[: rng.integers(2, 5)]
    keys = tuple((p, g) for p in periods for g in groups)
    n = rng.negative_binomial(1, 0.03, len(keys))
    scores = rng.uniform(0.05, 0.5)
    above = rng.binomial(n, scores)[:, None]
    cells = Cells(
        ("period", "site"), keys, n, rng.negative_binomial(1, 0.15, len(keys)),
        (n * scores)[:, None], above,
    )  # fmt: skip
    return assess(["x"], cells, None, [None])


def true_counts(part: DomainSums) -> dict[str, int]:
    """Counts of a domain by family."""
    above = int(part.above[0])
    return {"n": part.n, "missing": part.missing, "above": above, "below": part.n - above}


def shown_counts(found: Findings) -> list[dict[str, int | None]]:
    """What a reader knows of them: rounded, or nothing."""
    rows = {place(row): row for row in release(found) if row["estimator"] == COUNT}
    told = []
    for part in found.parts:
        row, true = rows[tuple(sorted(part.values.items()))], true_counts(part)
        is_told = row["value"] is not None
        if is_told:
            assert row["value"] == round(nearest(true["above"]) / nearest(true["n"]), 6)
        table = {"above": nearest(true["above"]) if is_told else None, "below": None}
        told.append({"n": row["texts"], "missing": row["missing"], **table})
    return told


def place(row: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """The domain of a row, as parts name it."""
    values = {"period": row["period"], "site": row["group"]}
    return tuple(sorted((k, v) for k, v in values.items() if v is not None))


def attack(found: Findings, counts: list[dict[str, object]], *, rounded: bool) -> Program:
    """All that follows from counts and their sums."""
    program = Program(rounded=rounded)
    for number, told in enumerate(counts):
        for family in FAMILIES:
            program.count(f"{family} {number}", told[family])
        program.equal({f"above {number}": 1, f"below {number}": 1, f"n {number}": -1})
    for line in found.lines:
        for family in FAMILIES:
            whole = dict.fromkeys((f"{family} {part}" for part in line.parts), 1.0)
            program.equal({**whole, f"{family} {line.total}": -1})
    return program


def test_no_small_count_follows() -> None:
    """Least and greatest value of every small count differ; with the rule off they mostly do not."""
    hidden = recovered_before = shown = 0
    for seed in range(TABLES):
        found = random_findings(seed)
        true = [true_counts(part) for part in found.parts]
        told = shown_counts(found)
        shown += sum(value is not None for one in told for value in one.values())
        rule = attack(found, [dict(one) for one in told], rounded=True)
        without = [{f: "<=7" if 0 < v < 8 else v for f, v in one.items()} for one in true]
        before = attack(found, without, rounded=False)
        for number, one in enumerate(true):
            for family, count in one.items():
                if 0 < count < 8:
                    name = f"{family} {number}"
                    assert rule.recovered(name) is None, (seed, name, count)
                    hidden += 1
                    recovered_before += before.recovered(name) == count
    assert hidden > TABLES
    assert recovered_before > 0.3 * hidden
    assert shown > hidden
    print(f"{TABLES} tables, {hidden} small counts: recovered 0, with the rule off {recovered_before}; "
          f"{shown} counts shown")  # fmt: skip


def test_no_small_count_is_shown() -> None:
    """Every count is 0 or a multiple of 5 from 10 on, or 10 rounded from 8; estimates come in steps."""
    for seed in range(40):
        for row in release(random_findings(seed)):
            for name in ("texts", "missing", "annotated"):
                assert row[name] is None or (row[name] % 5 == 0 and row[name] != 5)
            if row["estimator"] in {DESIGN, MEAN} and row["value"] is not None:
                steps = row["value"] * row["texts"] / 5
                assert steps == pytest.approx(round(steps), abs=1e-3) or row["value"] == 1
            assert set(row) == set(COLUMNS)


def test_rare_groups_lose_their_names() -> None:
    """A group of fewer than 8 texts is pooled: its name may be that of a person; periods stay."""
    keys = (("2026-01", "a"), ("2026-02", "jane doe"), ("2026-01", NONE))
    n = np.array([100, 3, 50])
    cells = Cells(("period", "site"), keys, n, np.zeros(3, int), n[:, None] * 0.5, n[:, None] // 2)
    found, sample = pooled(cells, [("2026-02", "jane doe")])
    assert found.keys == (("2026-01", "a"), ("2026-02", OTHER), ("2026-01", NONE))
    assert sample == [("2026-02", OTHER)]


def test_lines_add_up() -> None:
    """Every total is the sum of its parts, in every family, down to groups by period."""
    found = random_findings(3)
    assert {frozenset(p.values) for p in found.parts} == {
        frozenset(), frozenset({"period"}), frozenset({"site"}), frozenset({"period", "site"}),
    }  # fmt: skip
    for line in found.lines:
        for family in FAMILIES:
            parts = sum(true_counts(found.parts[part])[family] for part in line.parts)
            assert parts == true_counts(found.parts[line.total])[family]


@pytest.mark.parametrize("n_texts", [0, 1, 9, 400])
@pytest.mark.parametrize("truth", [0.0, 1.0])
def test_edges(n_texts: int, truth: float) -> None:
    """No text, one, few; nobody or everybody has the label: rows come out, none with a small count."""
    keys = (("a",),) if n_texts else ()
    n = np.array([n_texts] if n_texts else [], np.int64)
    cells = Cells(
        ("site",), keys, n, np.zeros(len(n), np.int64), n[:, None] * 0.3, n[:, None] * int(truth)
    )
    drawn = min(n_texts, 50)
    sample = Sample(
        np.zeros(drawn, np.int64), np.array([n_texts]), np.full((drawn, 1), 0.3),
        np.full((drawn, 1), truth),
    )  # fmt: skip
    found = assess(["x"], cells, (sample, [("a",)] * drawn) if drawn else None, [None])
    rows = release(found)
    whole = [row for row in rows if row["column"] is None]
    assert {row["estimator"] for row in whole} >= {COUNT, MEAN}
    design = [row for row in whole if row["estimator"] == DESIGN]
    if n_texts == 400 and truth == 0:  # "at most", as far as the sample reaches
        assert design[0]["value"] is None
        assert 0 < design[0]["high"] < 0.1
    parts, lines = parts_of(cells, [])
    assert len(parts) == 1 + len(keys)
    assert all(line.total == 0 for line in lines)
