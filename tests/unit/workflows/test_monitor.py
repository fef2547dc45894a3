"""What of a watch is told, and which reference it has."""

import json
from dataclasses import replace

import numpy as np
import pytest

from psychescale.console.monitoring import require_no_alert
from psychescale.errors import AlertError, InputError, UsageError
from psychescale.monitoring.changes import Drift, decide, find
from psychescale.monitoring.profile import profile_of
from psychescale.settings.monitor import MonitorConfig
from psychescale.workflows.monitor.document import drift_document, drift_files
from psychescale.workflows.monitor.reference import (
    reference_periods,
    settled_profile,
    written_profile,
)
from psychescale.workflows.monitor.told import MeasureRow, measure_rows
from tests.unit.monitoring.populations import population, totals

CONFIG = MonitorConfig(scores="scores", output="drift", reference=("2024-02", "2024-01"))
PROFILE = profile_of(
    totals(population(np.random.default_rng(0), 800)),
    scoring_id="0" * 64,
    periods=("2024-01", "2024-02"),
    thresholds=(0.5,) * 6,
)


def _rows(*drifts: Drift, texts: int = 1000) -> list[MeasureRow]:
    return list(measure_rows("2024-03", texts, drifts))


@pytest.mark.parametrize("texts", range(1, 8))
def test_small_period(texts: int) -> None:
    """A period of 1 to 7 texts is one row without a number, whatever it has."""
    assert _rows(texts=texts) == _rows(texts=1)
    assert _rows(texts=texts)[0].value is None


@pytest.mark.parametrize("few", range(1, 8))
@pytest.mark.parametrize("measure", ["failed", "truncated", "several_windows", "repeated"])
def test_share_of_few_texts(measure: str, few: int) -> None:
    """A share of 1 to 7 texts, or of all but so many, is not told; one of none, 8 or more is."""
    for share in (few / 1000, 1 - few / 1000):
        drift = Drift(measure, None, 0.01, 0.0, 0.02, 0.5, share, 0.4, texts=1000)
        row = _rows(drift)[1]
        assert (row.value, row.current, row.low, row.p) == (None,) * 4
        assert "withheld" in (row.reason or "")
    for share in (0.0, 0.008, 1.0):
        drift = Drift(measure, None, 0.01, 0.0, 0.02, 0.5, share, 0.4, texts=1000)
        assert _rows(drift)[1].current == pytest.approx(share, abs=0.0025)


def test_prevalence_of_few_texts() -> None:
    """A prevalence of fewer than 8 expected texts is not told, one of fewer than 20 has no interval."""
    rare, some, many = (
        _rows(Drift("prevalence", "a", 0.01, 0.0, 0.02, 0.03, share, 0.4, texts=1000))[1]
        for share in (0.0079, 0.0121, 0.0321)
    )
    assert (rare.current, rare.value) == (None, None)
    assert (some.current, some.low, some.p) == (0.01, None, None)
    assert (many.current, many.low, many.p) == (0.03, 0.0, 0.4)


def test_every_told_number_is_coarse() -> None:
    """Shares are multiples of 5 texts, distances have three decimals, p and areas two."""
    rng = np.random.default_rng(1)
    found = decide(find(PROFILE, totals(population(rng, 1000)), None), 0.05)
    for row in _rows(*found)[1:]:
        step = 0.001 if row.reference is None else 0.01 if "f1" in row.measure else 0.005
        for number in (row.value, row.low, row.high, row.current):
            assert number is None or abs(number / step - round(number / step)) < 1e-6, row
        assert row.p is None or round(row.p, 2) == row.p


def test_reference_that_is_there() -> None:
    """The profile of the output is taken where it is of the same reference, and no other."""
    kept = written_profile(PROFILE)
    assert reference_periods(CONFIG) == ("2024-01", "2024-02")
    assert settled_profile(CONFIG, None, None) is None
    assert settled_profile(CONFIG, kept, None) == PROFILE
    with pytest.raises(UsageError, match=r"another --reference \(2024-01, 2024-02\)"):
        settled_profile(CONFIG.model_copy(update={"reference": ("2024-01",)}), kept, None)
    of_file = CONFIG.model_copy(update={"reference": ("x/profile.json",)})
    assert settled_profile(of_file, None, kept) == PROFILE
    assert settled_profile(of_file, kept, kept) == PROFILE
    other = written_profile(replace(PROFILE, periods=("2023-01",)))
    with pytest.raises(UsageError, match="another --reference"):
        settled_profile(of_file, kept, other)


@pytest.mark.parametrize("content", [None, "", "[]", "{}", "junk", '{"version": 1}'])
def test_no_profile(content: str | None) -> None:
    """A file that is no profile, or not there, is refused by its name."""
    of_file = CONFIG.model_copy(update={"reference": ("x/profile.json",)})
    with pytest.raises(InputError, match=r"x/profile\.json is no profile"):
        settled_profile(of_file, None, content)


def test_documents() -> None:
    """Alerts are in the document and on the page, with what to do; only new ones end with code 8."""
    drift = Drift("failed", None, 0.3, 0.25, 0.35, 0.01, 0.3, 0.001, texts=1000, alert=True)
    rows = [*_rows(drift), MeasureRow("2024-04", "texts", None, 20.0, reason="few")]
    document = drift_document(CONFIG, PROFILE, rows, timeless=3)
    march, april = document["periods"]
    assert [(one["measure"], one["current"]) for one in march["alerts"]] == [("failed", 0.3)]
    assert march["advice"][0].startswith("Do not use the numbers of 2024-03")
    assert (april["alerts"], april["advice"], april["reason"]) == ([], [], "few")
    files = drift_files(document, rows)
    assert json.loads(files["alerts.json"]) == document
    assert march["advice"][0].split("'")[0] in files["report.html"]
    require_no_alert(["2024-04"], document)
    with pytest.raises(AlertError, match="2024-03 differs from the reference: failed"):
        require_no_alert(["2024-03", "2024-04"], document)


def test_page_before_the_first_period() -> None:
    """A watch that has measured nothing yet has a page that says so."""
    document = drift_document(CONFIG, PROFILE, [], timeless=0)
    assert "No period has been measured yet." in drift_files(document, [])["report.html"]
