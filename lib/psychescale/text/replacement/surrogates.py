"""Made-up names and numbers in the place of real ones, consistent inside one document only.

A name that stood for the same person in the whole corpus would invite frequency attacks; so the seed
of a surrogate holds the document's own number (`document`), not only the value.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from psychescale.text.findings import PiiType
from psychescale.text.replacement.pseudonyms import Domain, Pseudonymizer

if TYPE_CHECKING:
    from faker import Faker

_MAKERS: Final[dict[PiiType, Callable[[Any], str]]] = {
    PiiType.NAME: lambda fake: fake.name(),
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
    """Whether `make_surrogate` can stand in for a type; numbers of persons get placeholders."""
    return kind in _MAKERS


def make_surrogate(
    kind: PiiType, value: str, pseudonymizer: Pseudonymizer, *, document: str
) -> str:
    """A made-up value of the same kind, the same for the same value in the same document.

    Args:
        kind: One that `has_surrogate` knows.
        value: What stands in the text; case and surrounding white space do not count.
        pseudonymizer: Key and source.
        document: What tells the document from all others of its source: its id.
    """
    fake = _faker()
    seed = f"{kind}\0{document}\0{value.strip().casefold()}"
    fake.seed_instance(pseudonymizer.number(Domain.SURROGATE, seed))
    return _MAKERS[kind](fake)
