"""What takes the place of a finding."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from psychescale.errors import UsageError
from psychescale.text.findings import PiiType
from psychescale.text.replacement.dating import DateShift, year_of
from psychescale.text.replacement.pseudonyms import Pseudonymizer
from psychescale.text.replacement.surrogates import has_surrogate, make_surrogate
from psychescale.text.replacement.zip3 import generalize_zip

PLACEHOLDER: Final = re.compile(rf"\[(?:{'|'.join([*PiiType, 'RELIGION'])})(?::[a-z2-7]{{12}})?\]")
"""What this module writes, and what GoEmotions' makers wrote: ``[NAME]``, ``[RELIGION]``.

Anything else in brackets (``[MRN:00123456]``, ``[NORA]:``) is text.
"""

_LINK_CHARS: Final = 12
"""Characters of a linkable mention: 60 bits, beyond chance for the mentions of one corpus."""
_OLDEST: Final = 89


class Operator(StrEnum):
    """Ways to replace a finding."""

    PLACEHOLDER = "placeholder"
    """``[NAME]``."""
    PSEUDONYM = "pseudonym"
    """``[USER:k3xw…]``, the same for the same value of a source: linkable."""
    YEAR = "year"
    """The year of a date; a placeholder if it has none."""
    SHIFT = "shift"
    """A date moved by the constant of the text's author; a placeholder if it is no full date."""
    AGE_CAP = "age-cap"
    """``90+`` for an age above 89."""
    ZIP3 = "zip3"
    """Three digits of a US ZIP code under the population rule; a placeholder for other postcodes."""
    SURROGATE = "surrogate"
    """A made-up value, consistent inside one document."""


_ALLOWED: Final[Mapping[Operator, frozenset[PiiType]]] = MappingProxyType(
    {
        Operator.YEAR: frozenset({PiiType.DATE}),
        Operator.SHIFT: frozenset({PiiType.DATE}),
        Operator.AGE_CAP: frozenset({PiiType.AGE}),
        Operator.ZIP3: frozenset({PiiType.ZIP}),
        Operator.SURROGATE: frozenset(kind for kind in PiiType if has_surrogate(kind)),
    }
)
_KEYED: Final = frozenset({Operator.PSEUDONYM, Operator.SHIFT, Operator.SURROGATE})


@dataclass(frozen=True, slots=True)
class DocumentContext:
    """What operators must know of the text around a finding.

    Attributes:
        id: Tells the document from all others of its source; only `SURROGATE` asks for it.
        author: Whose constant shifts its dates: the same word for all documents of an author, such as
            the author's pseudonym; only `SHIFT` asks for it.
    """

    id: str = ""
    author: str = ""


@dataclass(frozen=True)
class Operators:
    """The operator of every type; `PLACEHOLDER` where none is named.

    Attributes:
        by_type: Type → operator.
        pseudonymizer: Key and source; needed by `PSEUDONYM`, `SHIFT` and `SURROGATE`.

    Raises:
        UsageError: An operator does not fit its type, or has no key.
    """

    by_type: Mapping[PiiType, Operator] = field(default_factory=dict)
    pseudonymizer: Pseudonymizer | None = None

    def __post_init__(self) -> None:
        for kind, operator in self.by_type.items():
            fitting = _ALLOWED.get(operator)
            if fitting is not None and kind not in fitting:
                raise UsageError(
                    f"The operator {operator.value} does not fit {kind.value}.",
                    remedy=f"It takes {', '.join(sorted(fitting))}.",
                )
            if operator in _KEYED and self.pseudonymizer is None:
                raise UsageError(
                    f"The operator {operator.value} needs a key.", remedy="Give ‹key_file›."
                )

    def replace(self, kind: PiiType, value: str, document: DocumentContext) -> str:
        """What stands for `value` in the redacted text."""
        operator = self.by_type.get(kind, Operator.PLACEHOLDER)
        if operator is not Operator.PLACEHOLDER:
            replaced = self._apply(operator, kind, value, document)
            if replaced is not None:
                return replaced
        return f"[{kind.value}]"

    def _apply(
        self, operator: Operator, kind: PiiType, value: str, document: DocumentContext
    ) -> str | None:
        if operator is Operator.YEAR:
            return year_of(value)
        if operator is Operator.AGE_CAP:
            return f"{_OLDEST + 1}+"
        if operator is Operator.ZIP3:
            return generalize_zip(value)
        assert self.pseudonymizer is not None
        if operator is Operator.SHIFT:
            return DateShift.of_author(self.pseudonymizer, document.author).text(value)
        if operator is Operator.SURROGATE:
            return make_surrogate(kind, value, self.pseudonymizer, document=document.id)
        bare = value.strip().removeprefix("/").removeprefix("u/").removeprefix("@")
        return f"[{kind.value}:{self.pseudonymizer.mention(bare)[:_LINK_CHARS]}]"
