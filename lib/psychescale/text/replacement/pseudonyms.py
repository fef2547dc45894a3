"""Pseudonyms of ids, authors and mentions: HMAC-SHA256, each kind and source in a domain of its own.

The message is ``domain 0x00 source 0x00 value`` in UTF-8. Domains hold no zero byte, and one in a
source is refused, so that no two triples share a message. The same value gets the same pseudonym in
every run with the same key; without the key, pseudonyms of two sources, or of an id and an author,
cannot be linked.
"""

import base64
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from psychescale.errors import UsageError
from psychescale.text.replacement.keys import PseudonymKey

PSEUDONYM_BYTES: Final = 20
"""160 bits, 32 letters of base32: a collision among 10^12 authors has a probability below 10^-24."""


_MARK: Final = re.compile(r"\s*(?:/?u ?/ ?|@ ?)?", re.IGNORECASE)

NOBODY: Final = frozenset({"", "[deleted]", "[removed]", "nan", "nat", "<na>", "null", "none"})
"""What columns of authors hold where nobody is named, in small letters, blanks around it aside."""


class Domain(StrEnum):
    """What a pseudonym stands for."""

    ID = "id"
    AUTHOR = "author"
    MENTION = "mention"
    DATE_SHIFT = "date-shift"
    SURROGATE = "surrogate"


@dataclass(frozen=True, slots=True)
class Pseudonymizer:
    """Makes the pseudonyms of one source.

    Attributes:
        key: The secret.
        source: Name of the corpus; "" is a source like any other.

    Raises:
        UsageError: The source's name holds a zero byte.
    """

    key: PseudonymKey
    source: str

    def __post_init__(self) -> None:
        if "\0" in self.source:
            raise UsageError("A source's name holds a zero byte.", remedy="Rename the source.")

    def id(self, value: str) -> str:
        """Pseudonym of a document's id, 32 characters of ``a-z2-7``."""
        return self._text(Domain.ID, value)

    def author(self, value: str) -> str:
        """Pseudonym of an author as the column holds it, 32 characters of ``a-z2-7``."""
        return self._text(Domain.AUTHOR, value)

    def mention(self, value: str) -> str:
        """Pseudonym of what a text mentions, case and Unicode form aside, 32 characters."""
        return self._text(Domain.MENTION, _folded(value))

    def handle(self, value: str) -> str:
        """Pseudonym of an author by the handle: case, Unicode form and a mark before it aside.

        One domain for the column and the texts, so that who mentions whom can be followed. Authors
        whose handles differ by case only are one.
        """
        return self.author(_folded(split_mark(value)[1]))

    def number(self, domain: Domain, value: str) -> int:
        """160 bits for keyed choices: the shift of a date, the seed of a surrogate."""
        return int.from_bytes(self._digest(domain, value), "big")

    def _text(self, domain: Domain, value: str) -> str:
        return base64.b32encode(self._digest(domain, value)).decode("ascii").lower()

    def _digest(self, domain: Domain, value: str) -> bytes:
        message = f"{domain.value}\0{self.source}\0{value}".encode("utf-8", "surrogatepass")
        return self.key.digest(message)[:PSEUDONYM_BYTES]


def split_mark(handle: str) -> tuple[str, str]:
    """``u/fern`` → ``u/``, ``fern``; a handle without a mark has an empty one."""
    mark = _MARK.match(handle)
    assert mark is not None
    return mark[0], handle[mark.end() :].strip()


def _folded(value: str) -> str:
    return unicodedata.normalize("NFKC", value).casefold()
