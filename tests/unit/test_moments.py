"""Times as columns hold them: one reading, or none."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from psychescale.moments import read_moment, read_moments


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2020", datetime(2020, 1, 1)),  # noqa: DTZ001
        ("2020-04", datetime(2020, 4, 1)),  # noqa: DTZ001
        (" 2020-04-13 ", datetime(2020, 4, 13)),  # noqa: DTZ001
        ("2020-04-13 10:30", datetime(2020, 4, 13, 10, 30)),  # noqa: DTZ001
        ("2020-04-13T10:30:00.5Z", datetime(2020, 4, 13, 10, 30, 0, 500_000, UTC)),
        (date(2020, 4, 13), datetime(2020, 4, 13)),  # noqa: DTZ001
        (datetime(2020, 4, 13, 1, tzinfo=UTC), datetime(2020, 4, 13, 1, tzinfo=UTC)),
        (2020, datetime(2020, 1, 1)),  # noqa: DTZ001
        (None, None),
        ("", None),
        (float("nan"), None),
        (np.datetime64("NaT"), None),
    ],
)
def test_iso(value: object, expected: datetime | None) -> None:
    """Year first needs no format; what is missing is no time."""
    assert read_moment(value, None) == expected


@pytest.mark.parametrize(
    "value",
    ["03/04/2020", "13/04/2020", "3.4.2020", "04-13-2020", "3 Apr 2020", "1586772000", "2020-13-04",
     "20200413", "yesterday", "12:30"],
)  # fmt: skip
def test_needs_a_format(value: str) -> None:
    """Whatever could be read in two ways, or is no date, is not read without a format."""
    assert read_moments([value, "2020-04-13"], None)[1] == 1


def test_formats() -> None:
    """With a format every value is read by it, and those that do not fit are counted."""
    moments, unread = read_moments(["03/04/2020", "13/04/2020", "04/13/2020", ""], "%d/%m/%Y")
    assert [m and (m.day, m.month) for m in moments] == [(3, 4), (13, 4), None, None]
    assert unread == 1
    assert read_moment("1586772000", "epoch") == datetime(2020, 4, 13, 10, tzinfo=UTC)
    assert read_moments(["1e99", "soon"], "epoch")[1] == 2
