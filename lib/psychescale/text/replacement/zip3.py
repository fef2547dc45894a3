"""The first three digits of a ZIP code, where enough people live (45 CFR 164.514(b)(2)(i)(B)).

Three digits may stay if the areas that share them hold more than 20,000 people; the others become
``000``. The list is that of the 2000 census, which the guidance of the US Department of Health and
Human Services on de-identification (26 November 2012) still prints. Later censuses change a few.
"""

import re
from typing import Final

LOW_POPULATION: Final = frozenset(
    [
        "036",
        "059",
        "063",
        "102",
        "203",
        "556",
        "692",
        "790",
        "821",
        "823",
        "830",
        "831",
        "878",
        "879",
        "884",
        "890",
        "893",
    ]
)
"""Prefixes of 20,000 people or fewer (2000 census)."""

_FIVE: Final = re.compile(r"(?<![0-9])([0-9]{3})[0-9]{2}(?:-[0-9]{4})?(?![0-9])")


def generalize_zip(text: str) -> str | None:
    """``94103`` → ``941**``, ``03601-1234`` → ``000**``; None for anything but a US ZIP code."""
    match = _FIVE.fullmatch(text.strip())
    if match is None:
        return None
    prefix = match[1]
    return f"{'000' if prefix in LOW_POPULATION else prefix}**"
