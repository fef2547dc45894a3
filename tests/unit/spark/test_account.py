"""How a run is cut into tasks, counted, and stopped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychescale.errors import FailureBudgetError
from psychescale.spark.pipeline.land import MAX_TEXT_BYTES_PER_FILE, MIN_ROWS_PER_FILE, file_count
from psychescale.spark.pipeline.runs import Tally
from psychescale.spark.pipeline.stream import check_budget


@given(
    n_rows=st.integers(0, 10**7),
    n_bytes=st.integers(0, 2**40),
    slots=st.integers(1, 64),
    rows_per_task=st.integers(1, 10**5),
)
def test_files_hold_at_most(n_rows: int, n_bytes: int, slots: int, rows_per_task: int) -> None:
    """On average no file has more rows or more text than it may."""
    n_files = file_count(n_rows, n_bytes, slots=slots, rows_per_task=rows_per_task)
    assert n_files >= 1
    assert n_rows <= n_files * rows_per_task
    assert n_bytes <= n_files * MAX_TEXT_BYTES_PER_FILE


@pytest.mark.parametrize(
    ("n_rows", "files"),
    [(0, 1), (MIN_ROWS_PER_FILE, 1), (MIN_ROWS_PER_FILE + 1, 2), (16 * 500, 16), (16 * 9_000, 144)],
)
def test_small_corpora_are_cut_finer(n_rows: int, files: int) -> None:
    """Two slots have eight tasks each, down to 200 rows a file and up to the stated most."""
    assert file_count(n_rows, 0, slots=2, rows_per_task=1000) == files


def test_a_batch_counts_once() -> None:
    """What the stream reports again is not added again; what did not fail is done."""
    tally = Tally()
    for _ in range(2):
        tally.add(0, {"rows": 5, "null_text": 2, "empty_text": 0, "tokens": 40})
    tally.add(1, {"rows": 3, "null_text": 1, "computed_tokens": 60})
    assert (tally.rows, tally.done, dict(tally.failed)) == (8, 5, {"null_text": 3})
    assert (tally.tokens, tally.computed_tokens) == (40, 60)


@pytest.mark.parametrize(("n_failed", "share"), [(0, 0.0), (5, 0.05), (100, 1.0)])
def test_within_the_budget(n_failed: int, share: float) -> None:
    """Exactly as many failures as are allowed do not stop a run."""
    check_budget({"null_text": n_failed}, 100, share)


def test_over_the_budget() -> None:
    """One more does; the reasons are counted, the commonest first and with its usual cause."""
    with pytest.raises(FailureBudgetError, match=r"6 of 100 rows .*5 null_text, 1 empty_text") as e:
        check_budget({"empty_text": 1, "null_text": 5}, 100, 0.05)
    assert "--text-column" in e.value.remedy
