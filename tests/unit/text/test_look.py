"""What a sample says of a corpus, and what a person is told of it."""

import io

import pytest
from rich.console import Console

from psychescale.console.looking import print_look
from psychescale.text.sample.look import SampledRow, look_at
from psychescale.text.sample.placeholders import PLACEHOLDERS, is_placeholder

EN = "I could not sleep and it was no better"
DE = "Ich konnte nicht schlafen und es war nicht besser"


def test_counts() -> None:
    """Every row is counted where it belongs."""
    rows = [
        SampledRow("a", EN),
        SampledRow("a", EN),
        SampledRow("b", DE),
        SampledRow("c", " [Deleted] \n"),
        SampledRow("d", "  "),
        SampledRow("e", None),
        SampledRow(None, None, error="corrupt_row"),
        SampledRow("f", None, error="invalid_unicode"),
    ]
    look = look_at(rows, lambda texts, _: [len(text) > len(EN) for text in texts])
    assert look.rows == 8
    assert look.errors == {"empty_text": 1, "null_text": 1, "corrupt_row": 1, "invalid_unicode": 1}
    assert (look.placeholders, look.repeated_ids, look.repeated_texts, look.too_long) == (
        1,
        1,
        1,
        1,
    )
    assert look.languages == {"en": 2, "de": 1, "unknown": 1}


def told(rows: list[SampledRow]) -> str:
    out = io.StringIO()
    print_look(Console(file=out, width=200), look_at(rows))
    return out.getvalue()


@pytest.mark.parametrize("count", [1, 7, 8, 52, 103])
def test_told(count: int) -> None:
    """Counts from 1 to 7 are withheld, others rounded, and shares made of them."""
    rows = [SampledRow(str(i), EN if i >= count else None) for i in range(200)]
    lines = told(rows).splitlines()
    (line,) = [line for line in lines if "without a text" in line]
    if count < 8:
        assert "1–7" in line
        assert "%" not in line
    else:
        rounded = 5 * round(count / 5)
        assert f"{rounded} ({rounded / 200:.0%})" in line
    assert EN not in told(rows)


def test_nothing() -> None:
    """An empty sample is said to be that."""
    assert "first 0 rows" in told([])


def test_placeholders() -> None:
    """Whole texts alone, whatever their case and the white space around them."""
    assert all(is_placeholder(f"\t{text.upper()}\r\n") for text in PLACEHOLDERS)
    assert not any(map(is_placeholder, ["", " ", "none of it", "[deleted] but", "n", "nano"]))
    assert all(text == text.strip().lower() and text.isascii() for text in PLACEHOLDERS)
