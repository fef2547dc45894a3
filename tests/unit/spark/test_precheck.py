"""Which columns pass through as they are."""

import pytest

from psychescale.spark.anonymize.precheck import identifiers_of
from psychescale.text.findings import PiiType
from psychescale.text.handles import Handles
from psychescale.text.redact import RedactionOptions, Redactor

REDACTOR = Redactor(handles=Handles.of(["zorkmid_1"]))


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("email", ["a@example.org", "none"], "EMAIL"),
        ("contact", ["x"] * 400 + ["a@example.org"], "EMAIL"),
        ("phone", ["3125550134", "3125550135"], "PHONE"),
        ("full_name", ["Nora Whitlock", "Tom Hanks"], "NAME"),
        ("nick", ["zorkmid_1", "x"], "USER"),
        ("admitted", ["2024-03-05", "2024-03-06"], "DATE"),
        ("mrn", ["00123456", "00123457"], "RECORD"),
        ("ssn", ["536-90-4399"], "NATIONAL_ID"),
        ("zip", ["94103", "94104"], "ZIP"),
        ("link", ["https://example.org/r/x/comments/abc"], "URL"),
        ("hospital", ["St. Mary's Hospital"], "FACILITY"),
        ("home", ["12 Main Street, Springfield"], "ADDRESS"),
    ],
)  # fmt: skip
def test_identifiers(name: str, values: list[str], kind: str) -> None:
    """A column with identifiers is told: by one that has a form, else by more than one in 100."""
    assert PiiType(kind) in identifiers_of(name, values, REDACTOR)
    left = Redactor(RedactionOptions(excluded=frozenset(PiiType)))
    assert identifiers_of(name, values, left) == []


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("source", ["forum", "survey"]), ("subreddit", ["depression", "SuicideWatch", "AskReddit"]),
        ("wave", ["1", "2"]), ("year", ["2019", "2020"]), ("age", ["34", "51"]),
        ("country", ["Germany", "US"]),
        ("age_group", ["18-24", "25-34", "65+"] * 10),
        ("gender", ["female", "male", "non-binary"]),
        ("score", ["12", "1024", "-3"]),
        ("diagnosis", ["F32.1", "Z91.5"]), ("ward", ["3B", "4A"]),
        ("phq9", ["12", "21"]),
        ("week", ["2024-W12"]),
        ("item", ["I feel sad", "I sleep badly"]),
        ("record_type", ["progress", "discharge"]), ("account_type", ["premium", "free"]),
    ],
)  # fmt: skip
def test_groups(name: str, values: list[str]) -> None:
    """Codes, counts, years, countries and groups pass."""
    assert identifiers_of(name, values, REDACTOR) == []
