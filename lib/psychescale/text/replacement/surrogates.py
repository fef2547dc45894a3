"""Made-up names and numbers in the place of real ones, consistent inside one document only.

A name that stood for the same person in the whole corpus would invite frequency attacks; so the seed
of a surrogate holds the document's own number, not only the value.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from psychescale.text.findings import PiiType
from psychescale.text.replacement.made_up import MadeUpNames
from psychescale.text.replacement.pseudonyms import Domain, Pseudonymizer, split_mark

if TYPE_CHECKING:
    from faker import Faker

_MAKERS: Final[dict[PiiType, Callable[[Any], str]]] = {
    PiiType.USER: lambda fake: fake.user_name(),
    PiiType.LOCATION: lambda fake: fake.city(),
    PiiType.FACILITY: lambda fake: fake.company(),
    PiiType.ADDRESS: lambda fake: fake.street_address(),
    PiiType.ZIP: lambda fake: fake.postcode(),
    PiiType.DATE: lambda fake: fake.date(),
    PiiType.PHONE: lambda fake: f"555-01{fake.random_int(0, 99):02d}",
    PiiType.EMAIL: lambda fake: fake.safe_email(),
    PiiType.URL: lambda fake: f"https://example.org/{fake.slug()}",
    PiiType.IP: lambda fake: f"192.0.2.{fake.random_int(1, 254)}",  # RFC 5737
}


@cache
def _faker() -> "Faker":
    from faker import Faker  # noqa: PLC0415 - half a second

    return Faker("en_US", use_weighting=False)


def has_surrogate(kind: PiiType) -> bool:
    """Whether `Surrogates` can stand in for a type; numbers of persons get placeholders."""
    return kind is PiiType.NAME or kind in _MAKERS


class Surrogates:
    """The made-up values of one text.

    Args:
        pseudonymizer: Key and source.
        document: What tells the document from all others of its source: its id.
        names: All names in the text: what is a surname in one of them is one in the others.
    """

    def __init__(self, pseudonymizer: Pseudonymizer, document: str, names: Sequence[str]) -> None:
        self._pseudonymizer, self._document = pseudonymizer, document
        self._names = MadeUpNames(names, lambda seed: self._draw(PiiType.NAME, seed))

    def of(self, kind: PiiType, value: str) -> str:
        """A made-up value of the same kind, the same for the same value in the same document.

        Args:
            kind: One that `has_surrogate` knows.
            value: What stands in the text; case and surrounding white space do not count, but for the
                form of a name, nor does a mark before a handle.
        """
        if kind is PiiType.NAME:
            return self._names.of(value)
        mark, bare = split_mark(value) if kind is PiiType.USER else ("", value.strip())
        fake = _faker()
        fake.seed_instance(self._draw(kind, bare.casefold()))
        return mark + _MAKERS[kind](fake)

    def _draw(self, kind: PiiType, value: str) -> int:
        return self._pseudonymizer.number(Domain.SURROGATE, f"{kind}\0{self._document}\0{value}")
