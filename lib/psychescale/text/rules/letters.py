"""Words that begin with a capital, in the scripts that have capitals."""

import unicodedata
from typing import Final


def _ranges(category: str) -> str:
    """The letters of a category as the inside of a character class."""
    codes = [
        code
        for low, high in ((0x41, 0x530), (0x1E00, 0x2000))
        for code in range(low, high)
        if unicodedata.category(chr(code)) == category
    ]
    return "".join(map(chr, codes))


UPPER: Final = _ranges("Lu")
"""Capital letters: Latin, Greek, Cyrillic, Armenian."""
LOWER: Final = _ranges("Ll")
"""Small letters of the same scripts."""

TITLED: Final = (
    rf"[{UPPER}](?:['.][{UPPER}])?[{LOWER}]+(?:['-][{UPPER}{LOWER}][{LOWER}]+|[{UPPER}][{LOWER}]+)*"
)
"""A word with a capital: Sarah, O'Brien, Jean-Luc, McDonald."""
CAPITAL: Final = rf"(?:{TITLED}|[{UPPER}]{{2,24}}(?:['-][{UPPER}]{{2,24}})*)"
"""The same, or a word in capitals."""
