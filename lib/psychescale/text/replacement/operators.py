"""What takes the place of a finding."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from psychescale.errors import UsageError
from psychescale.text.findings import PiiType
from psychescale.text.replacement.dating import DateOrder, DateShift, proven_order, year_of
from psychescale.text.replacement.pseudonyms import Pseudonymizer
from psychescale.text.replacement.surrogates import Surrogates, has_surrogate
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
    """``[USER:k3xw…]``, the same for the same value of a source: linkable. A handle's begins like the
    author's own pseudonym."""
    YEAR = "year"
    """The year of a date; a placeholder if it has none."""
    SHIFT = "shift"
    """A date moved by the constant of the text's author; a placeholder if it is no full date."""
    AGE_CAP = "age-cap"
    """``90+`` for an age above 89."""
    ZIP3 = "zip3"
    """Three digits of a US ZIP code under the population rule; a placeholder for other postcodes."""
    SURROGATE = "surrogate"
    """A made-up value, consistent inside one document; names keep their form, sex and titles."""


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
        date_order: Of day and month, where the corpus or a date of the text tells it.
        surrogates: Of the text, with regard to all names in it; None where only one is known.
    """

    id: str = ""
    author: str = ""
    date_order: DateOrder | None = None
    surrogates: Surrogates | None = None


@dataclass(frozen=True)
class Operators:
    """The operator of every type; `PLACEHOLDER` where none is named.

    Attributes:
        by_type: Type → operator.
        pseudonymizer: Key and source; needed by `PSEUDONYM`, `SHIFT` and `SURROGATE`.
        date_order: Of day and month in the corpus; None where nobody knows. Then `SHIFT` moves dates
            like 03/04/2021 only where another date of the same text proves the order.

    Raises:
        UsageError: An operator does not fit its type, or has no key.
    """

    by_type: Mapping[PiiType, Operator] = field(default_factory=dict)
    pseudonymizer: Pseudonymizer | None = None
    date_order: DateOrder | None = None

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

    def seen(
        self, found: Sequence[tuple[PiiType, str]], document: DocumentContext
    ) -> DocumentContext:
        """The context of a text once all findings in it are known: type and words, in their order."""
        order, surrogates = self.date_order, None
        if Operator.SHIFT in self.by_type.values() and order is None:
            order = proven_order(value for kind, value in found if kind is PiiType.DATE)
        if Operator.SURROGATE in self.by_type.values():
            names = [value for kind, value in found if kind is PiiType.NAME]
            surrogates = Surrogates(self._keyed, document.id, names)
        return replace(document, date_order=order, surrogates=surrogates)

    def replace(self, kind: PiiType, value: str, document: DocumentContext) -> str:
        """What stands for `value` in the redacted text."""
        operator = self.by_type.get(kind, Operator.PLACEHOLDER)
        if operator is not Operator.PLACEHOLDER:
            replaced = self._apply(operator, kind, value, document)
            if replaced is not None:
                return replaced
        return f"[{kind.value}]"

    @property
    def _keyed(self) -> Pseudonymizer:
        assert self.pseudonymizer is not None
        return self.pseudonymizer

    def _apply(
        self, operator: Operator, kind: PiiType, value: str, document: DocumentContext
    ) -> str | None:
        if operator is Operator.YEAR:
            return year_of(value)
        if operator is Operator.AGE_CAP:
            return f"{_OLDEST + 1}+"
        if operator is Operator.ZIP3:
            return generalize_zip(value)
        if operator is Operator.SHIFT:
            shift = DateShift.of_author(self._keyed, document.author)
            return shift.text(value, self.date_order or document.date_order)
        if operator is Operator.SURROGATE:
            made_up = document.surrogates or Surrogates(self._keyed, document.id, [value])
            return made_up.of(kind, value)
        pseudonym = self._keyed.handle if kind is PiiType.USER else self._keyed.mention
        return f"[{kind.value}:{pseudonym(value.strip())[:_LINK_CHARS]}]"
