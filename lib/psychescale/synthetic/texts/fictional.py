"""Fictional identifiers, and the slots that plant them.

Phones stay in the 555-01xx range reserved for fiction and e-mail in example.org. Links (RFC 2606
hosts), weekdays and clock times are not identifiers and carry no span; a title ("Dr.") and the
letters "MRN" stay outside the span, the prefix of a handle ("u/", "@") is inside.
"""

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

PII_LABELS: Final = ("name", "handle", "email", "phone", "mrn", "address", "date")
"""Every value of ``PiiSpan.label``."""

# fmt: off
_FIRST_NAMES: Final = (
    "Nora", "Amir", "Zoë", "Tobias", "Priya", "Marek", "Lucía", "Jonas", "Fatima", "Henrik",
    "Mei", "Oskar", "Leila", "Bruno", "Ingrid", "Kwame", "Saskia", "Rafael", "Yuki", "Tamsin",
    "Declan", "Anneke", "Ravi", "Beatriz", "Søren", "Hana", "Malik", "Petra", "Callum", "Renée",
    "Łukasz", "Odette", "Farid", "Greta", "Matteo", "Sunniva", "Desmond", "Chiara", "Emeka",
    "Wiebke",
)
_SURNAMES: Final = (
    "Whitlock", "Okonjo", "Brandvold", "Castellan", "Dunmore", "Eriksen", "Fairburn", "Galante",
    "Hathersage", "Ivanek", "Jellicoe", "Kowalczyk", "Lindqvist", "Marchetti", "Novák", "Oyelaran",
    "Pemberley", "Quiroga", "Rasmussen", "Satterly", "Takeda", "Underhay", "Vasquez", "Wexcombe",
    "Yarrowby", "Zielinski", "Ashgrove", "Bellweather", "Corrigan", "Doyle-Finch", "Müller-Haas",
    "O'Rourke", "Thackeray", "Nakamura", "Sandoval",
)
_ADJECTIVES: Final = (
    "quiet", "sunny", "pebble", "velvet", "tiny", "misty", "lucky", "amber", "windy", "paper",
    "copper", "lunar", "mellow", "wandering", "salty", "polite", "fuzzy", "northern", "humble",
    "striped", "marble", "crispy",
)
_NOUNS: Final = (
    "otter", "teapot", "lantern", "fern", "badger", "comet", "pancake", "harbor", "sparrow",
    "button", "meadow", "walrus", "biscuit", "cactus", "raindrop", "turnip", "magpie", "compass",
    "mitten", "puffin", "kettle",
)
_STREETS: Final = (
    "Alder", "Birchfield", "Cobbler's", "Dovecote", "Elmwood", "Foxglove", "Gantry", "Hazel",
    "Juniper", "Kingfisher", "Larkspur", "Millrace", "Nettle", "Orchard", "Quarry", "Rowan",
)
_STREET_KINDS: Final = ("Street", "Lane", "Road", "Avenue", "Close", "Drive", "St.")
_AREA_CODES: Final = ("202", "312", "415", "503", "617", "713")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)
# fmt: on
_ASCII: Final = str.maketrans("ëíøéŁ", "eioeL")


def make_handle(rng: Random) -> str:
    """A forum handle without prefix, such as ``quiet_otter42``."""
    ending = str(rng.randrange(1, 1000)) if rng.random() < 0.6 else ""
    return f"{rng.choice(_ADJECTIVES)}{rng.choice(('_', '', '-'))}{rng.choice(_NOUNS)}{ending}"


def make_name(rng: Random) -> str:
    """A first name, half of the time with a surname."""
    first = rng.choice(_FIRST_NAMES)
    return f"{first} {rng.choice(_SURNAMES)}" if rng.random() < 0.5 else first


def _make_surname(rng: Random) -> str:
    return rng.choice(_SURNAMES)


def _make_user(rng: Random) -> str:
    return f"u/{make_handle(rng)}"


def _make_mention(rng: Random) -> str:
    return f"@{make_handle(rng)}"


def _make_email(rng: Random) -> str:
    first = rng.choice(_FIRST_NAMES).translate(_ASCII).lower()
    host = rng.choice(("example.org", "mail.example.org", "post.example.org"))
    return f"{first}{rng.choice(('.', '_', ''))}{rng.choice(_NOUNS)}{rng.randrange(100)}@{host}"


def _make_phone(rng: Random) -> str:
    line = f"01{rng.randrange(100):02d}"
    area = rng.choice(_AREA_CODES)
    return rng.choice(
        (f"555-{line}", f"({area}) 555-{line}", f"+1 {area} 555 {line}", f"{area}-555-{line}")
    )


def _make_mrn(rng: Random) -> str:
    return str(rng.randrange(1_000_000, 100_000_000))


def _make_address(rng: Random) -> str:
    flat = f", Flat {rng.randrange(1, 30)}" if rng.random() < 0.2 else ""
    return f"{rng.randrange(1, 220)} {rng.choice(_STREETS)} {rng.choice(_STREET_KINDS)}{flat}"


def _make_birthday(rng: Random) -> str:
    year, month, day = rng.randrange(1950, 2005), rng.randrange(1, 13), rng.randrange(1, 29)
    return rng.choice((f"{year}-{month:02d}-{day:02d}", f"{day:02d}/{month:02d}/{year}"))


def _make_date(rng: Random) -> str:
    year, month, day = rng.randrange(2023, 2025), rng.randrange(1, 13), rng.randrange(1, 29)
    name = _MONTHS[month - 1]
    return rng.choice(
        (
            f"{year}-{month:02d}-{day:02d}",
            f"{day:02d}/{month:02d}/{year}",
            f"{day} {name} {year}",
            f"{name} {day}, {year}",
            f"{day}.{month}.{year % 100}",
            f"{day} {name[:3]}",
        )
    )


IDENTIFIERS: Final[Mapping[str, tuple[str, Callable[[Random], str]]]] = {
    "name": ("name", make_name),
    "surname": ("name", _make_surname),
    "user": ("handle", _make_user),
    "mention": ("handle", _make_mention),
    "email": ("email", _make_email),
    "phone": ("phone", _make_phone),
    "mrn": ("mrn", _make_mrn),
    "address": ("address", _make_address),
    "date": ("date", _make_date),
    "birthday": ("date", _make_birthday),
}
"""Slot of a template → label of the span, maker of the identifier."""
