"""Identifiers to plant: names, places, employers, streets, handles; names and streets from faker.

faker (MIT) brings the names of many countries. Its hidden state is one `random.Random` a locale,
seeded here from ours, so that the same seed gives the same identifiers with the same faker.
"""

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from faker import Faker

from psychescale.synthetic.texts.fictional import make_handle
from psychescale.text.rules.lexicon import world_names

LOCALES: Final = (
    "en_US", "en_GB", "en_AU", "en_CA", "en_IN", "en_IE", "de_DE", "fr_FR", "es_ES", "es_MX",
    "it_IT", "nl_NL", "pl_PL", "pt_BR", "pt_PT", "sv_SE", "da_DK", "no_NO", "fi_FI", "cs_CZ",
    "hu_HU", "ro_RO", "hr_HR", "sl_SI", "tr_TR", "id_ID", "vi_VN", "et_EE", "sk_SK", "en_NG",
)  # fmt: skip
"""Locales whose names are written in Latin letters."""
_ENGLISH: Final = ("en_US", "en_US", "en_GB", "en_AU", "en_CA", "en_IE", "en_IN")
_CITY_LOCALES: Final = ("de_DE", "it_IT", "nl_NL", "pl_PL", "fr_FR", "es_MX", "hu_HU", "cs_CZ")

# fmt: off
_CITIES: Final = (
    "London", "Leeds", "Bristol", "Glasgow", "Cardiff", "Belfast", "Norwich", "Sheffield", "Derby",
    "Dublin", "Cork", "Paris", "Lyon", "Berlin", "Hamburg", "Munich", "Vienna", "Zurich", "Madrid",
    "Lisbon", "Porto", "Rome", "Milan", "Athens", "Warsaw", "Prague", "Budapest", "Stockholm",
    "Oslo", "Helsinki", "Copenhagen", "Moscow", "Kyiv", "Istanbul", "Cairo", "Lagos", "Nairobi",
    "Cape Town", "Delhi", "Mumbai", "Chennai", "Karachi", "Dhaka", "Manila", "Jakarta", "Tokyo",
    "Osaka", "Seoul", "Beijing", "Shanghai", "Sydney", "Perth", "Brisbane", "Auckland", "Toronto",
    "Calgary", "Montreal", "Ottawa", "Halifax", "New York", "Brooklyn", "Queens", "Buffalo",
    "Boston", "Worcester", "Hartford", "Philly", "Pittsburgh", "Baltimore", "Richmond", "Raleigh",
    "Charlotte", "Savannah", "Orlando", "Tampa", "Nashville", "Memphis", "Louisville", "Columbus",
    "Dayton", "Akron", "Detroit", "Flint", "Chicago", "Milwaukee", "Madison", "Minneapolis",
    "Des Moines", "Omaha", "Kansas City", "St. Louis", "Tulsa", "Austin", "El Paso", "San Antonio",
    "Albuquerque", "Tucson", "Reno", "Las Vegas", "Boise", "Spokane", "Portland", "Tacoma",
    "Oakland", "Fresno", "San Diego", "San Jose", "LA", "NYC", "Honolulu", "Anchorage", "Lima",
    "Bogotá", "Santiago", "Buenos Aires", "São Paulo", "Mexico City", "Tijuana", "Havana",
)
_STATES: Final = (
    "NY", "MA", "CT", "NJ", "PA", "OH", "MI", "IL", "WI", "MN", "IA", "MO", "TX", "FL", "GA", "NC",
    "VA", "TN", "KY", "CA", "OR", "WA", "AZ", "NV", "CO", "UT", "Ontario", "Texas", "Ohio", "Maine",
    "Florida", "Kent", "Alberta", "Queensland", "Virginia", "Iowa", "Georgia", "Oregon",
)
_SAINTS: Final = ("Luke", "Anne", "Clare", "Hilda", "Mark", "Bridget", "Elizabeth", "Thomas", "James")
_FOUNDERS: Final = ("Whitfield", "Alder", "Barlow", "Greer", "Kessler", "Lindley", "Prescott", "Weld")
_LANDSCAPE: Final = (
    "Riverside", "Hillcrest", "Oakwood", "Lakeshore", "Northgate", "Maple Grove", "Seaview",
    "Cedar Park", "Fox Valley", "Pine Ridge", "Greenfield", "Silver Lake", "Highland", "Eastbrook",
)
_CARE: Final = (
    "Hospital", "Clinic", "Medical Center", "General Hospital", "General", "Infirmary", "Hospice",
    "Children's Hospital", "Health Centre", "Memorial Hospital", "Behavioral Health", "Surgery",
    "Nursing Home", "Community Hospital", "Rehab", "Psychiatric Unit", "Med Ctr", "Care Home",
)
_SCHOOL: Final = (
    "High School", "University", "College", "Primary School", "Middle School", "Academy",
    "Community College", "Elementary", "High", "State", "School of Nursing", "Tech",
)
_TRADE: Final = (
    "Logistics", "Foods", "Insurance", "Motors", "Bakery", "Bank", "Consulting", "Pharmacy",
    "Energy", "Records", "Airlines", "Books", "Hardware", "Solutions", "Software", "Kitchens",
    "Construction", "Energy Partners", "Law", "Group", "Industries", "Media", "& Sons", "Co.",
)
_SITE: Final = ("Park", "Mall", "Station", "Square", "Beach", "Bridge", "Airport", "Market", "Arena")
_STREET: Final = (
    "Street", "St", "St.", "Road", "Rd", "Avenue", "Ave", "Lane", "Drive", "Dr", "Blvd", "Court",
    "Way", "Close", "Crescent", "Terrace", "Place", "Boulevard",
)
_TREES: Final = (
    "Oak", "Elmwood", "Willow", "Birch", "Church", "Station", "Victoria", "Mill", "Park", "High",
    "Chestnut", "Jefferson", "King", "Harbour", "Garden", "Second", "W 43rd", "Sunset",
)
_NICKS: Final = (
    "Bex", "Teddy", "Mags", "Fitz", "Jojo", "Dee", "Mikey", "Sammy", "Gus", "Lottie", "Izzy", "Kit",
    "Mo", "Bear", "Ziggy", "Tash", "Nate", "Manny", "Lexi", "Robbo", "Chaz", "Bibi", "Pip", "AJ",
    "TJ", "JD", "Big Tony", "Little Ray", "Old Pete",
)
_WORD_NAMES: Final = (
    "will", "mark", "grace", "hope", "may", "april", "june", "rose", "joy", "faith", "bill", "rob",
    "frank", "jack", "summer", "dawn", "amber", "iris", "violet", "hunter", "chase", "drew", "pat",
    "art", "ray", "dean", "grant", "miles", "heath", "ivy", "melody", "destiny", "angel", "sky",
    "max", "josh", "gene", "herb", "carol", "robin", "jade", "ruby", "lily", "olive", "ash", "reed",
)
_TITLES: Final = (
    "Dr.", "Dr", "Doctor", "Mr.", "Mr", "Mrs.", "Ms.", "Miss", "Prof.", "Nurse", "Sister", "Dr.",
)
# fmt: on
_WORLD_SHARE: Final = 0.25
_FIRST_NAMES: Final = tuple(name.title() for name in sorted(world_names("first")))
_LAST_NAMES: Final = tuple(name.title() for name in sorted(world_names("last")))


class Makers:
    """Makers of identifiers that draw from one stream of random numbers.

    Attributes:
        by_slot: Slot of a template → (label of the span, maker).
    """

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._fakers = {locale: _seeded(locale, rng) for locale in LOCALES}
        self.by_slot: Mapping[str, tuple[str, Callable[[], str]]] = {
            "name": ("NAME", self.name),
            "first": ("NAME", self.first),
            "first_word": ("NAME", self.word_name),
            "last": ("NAME", self.last),
            "titled": ("NAME", self.titled),
            "initialled": ("NAME", self.initialled),
            "initials": ("NAME", self.initials),
            "nick": ("NAME", lambda: rng.choice(_NICKS)),
            "handle": ("USER", self.handle),
            "city": ("LOCATION", self.city),
            "city_state": ("LOCATION", self.city_state),
            "country": ("LOCATION", self.country),
            "place": ("LOCATION", self.place),
            "hospital": ("FACILITY", self.hospital),
            "school": ("FACILITY", self.school),
            "employer": ("FACILITY", self.employer),
            "street": ("ADDRESS", self.street),
            "address": ("ADDRESS", self.address),
            "address_line": ("ADDRESS", self.address_line),
            "zip": ("ADDRESS", self.zip_code),
        }

    def _fake(self, locales: tuple[str, ...] = LOCALES) -> Faker:
        # Half of the names are of English-speaking countries, as in the texts that are read here.
        english = locales is LOCALES and self._rng.random() < 0.5
        return self._fakers[self._rng.choice(_ENGLISH if english else locales)]

    def first(self) -> str:
        """A first name; one in four of a list of names that faker misses."""
        if self._rng.random() < _WORLD_SHARE:
            return self._rng.choice(_FIRST_NAMES)
        return self._fake().first_name()

    def last(self) -> str:
        """A surname; one in four of the same list."""
        if self._rng.random() < _WORLD_SHARE:
            return self._rng.choice(_LAST_NAMES)
        return self._fake().last_name()

    def name(self) -> str:
        """A name: mostly first name and surname, sometimes with an initial, or one of them."""
        first, last, rng = self.first(), self.last(), self._rng
        initial = rng.choice("ABCDEGHJKLMNPRSTW")
        full = f"{first} {last}"
        return rng.choice((full, full, full, full, first, last, f"{first} {initial}. {last}"))

    def word_name(self) -> str:
        """A first name that is also a word, in lower case or not."""
        name = self._rng.choice(_WORD_NAMES)
        return name if self._rng.random() < 0.5 else name.capitalize()

    def titled(self) -> str:
        """A title and a name, as in ``Dr. Weber``."""
        rest = self.last() if self._rng.random() < 0.6 else self.name()
        return f"{self._rng.choice(_TITLES)} {rest}"

    def initialled(self) -> str:
        """First name and the initial of the surname."""
        dot = self._rng.choice((".", ".", ""))
        return f"{self.first()} {self._rng.choice('ABCDEFGHJKLMNPRSTVWZ')}{dot}"

    def initials(self) -> str:
        """Two initials, as notes abbreviate a name."""
        one, two = self._rng.choice("ABCDEFGHJKLMNPRST"), self._rng.choice("BCDFGHKLMNPRSTW")
        return self._rng.choice((f"{one}.{two}.", f"{one}. {two}.", f"{one}{two}"))

    def handle(self) -> str:
        """A forum handle, with or without the sign that a rule would know it by."""
        return self._rng.choice(("", "", "@", "u/")) + make_handle(self._rng)

    def city(self) -> str:
        """A city: half of the time a well-known one."""
        if self._rng.random() < 0.5:
            return self._rng.choice(_CITIES)
        return self._fake((*_CITY_LOCALES, "en_US", "en_GB")).city()

    def city_state(self) -> str:
        """City and state."""
        return f"{self.city()}, {self._rng.choice(_STATES)}"

    def country(self) -> str:
        """A country or state."""
        if self._rng.random() < 0.3:
            return self._rng.choice([state for state in _STATES if len(state) > 2])
        return self._fakers["en_US"].country()

    def place(self) -> str:
        """A park, station or the like."""
        owner = self._rng.choice((self.city, self.last, lambda: self._rng.choice(_LANDSCAPE)))()
        return f"{owner} {self._rng.choice(_SITE)}"

    def hospital(self) -> str:
        """A hospital or clinic, named after a saint, a founder, a city or the landscape."""
        rng = self._rng
        saint = f"{rng.choice(('St.', 'St', 'Saint'))} {rng.choice(_SAINTS)}'s"
        if rng.random() < 0.12:
            return rng.choice((saint, f"{self.city()} {rng.choice(('Med', 'Gen', 'VA'))}"))
        owner = rng.choice((saint, rng.choice(_FOUNDERS), self.city(), rng.choice(_LANDSCAPE)))
        return f"{owner} {rng.choice(_CARE)}"

    def school(self) -> str:
        """A school or university."""
        rng = self._rng
        if rng.random() < 0.2:
            return f"University of {self.city()}"
        owner = rng.choice(
            (rng.choice(_FOUNDERS), self.city(), rng.choice(_LANDSCAPE), self.last())
        )
        return f"{owner} {rng.choice(_SCHOOL)}"

    def employer(self) -> str:
        """A firm."""
        rng = self._rng
        if rng.random() < 0.4:
            return self._fake(_ENGLISH).company()
        owner = rng.choice((rng.choice(_LANDSCAPE), self.city(), self.last(), rng.choice(_TREES)))
        return f"{owner} {rng.choice(_TRADE)}"

    def street(self) -> str:
        """A street without number."""
        if self._rng.random() < 0.4:
            return self._fake().street_name()
        owner = self._rng.choice((self._rng.choice(_TREES), self.last()))
        return f"{owner} {self._rng.choice(_STREET)}"

    def address_line(self) -> str:
        """Number and street, perhaps with a flat."""
        flat = (
            f"{self._rng.choice((' Apt. ', ', Flat ', ' #', ' Suite '))}{self._rng.randrange(900)}"
        )
        return f"{self._rng.randrange(1, 9999)} {self.street()}" + (
            flat if self._rng.random() < 0.2 else ""
        )

    def address(self) -> str:
        """A whole address: over several lines, or in one."""
        rng = self._rng
        if rng.random() < 0.5:
            text = self._fake().address()
        else:
            town = rng.choice((self.city(), self.city_state()))
            text = f"{self.address_line()}\n{town} {self.zip_code()}"
            if rng.random() < 0.3:
                text += f"\n{self.country()}"
        return text if rng.random() < 0.4 else ", ".join(text.split("\n"))

    def zip_code(self) -> str:
        """A postal code."""
        return (
            self._fake().postcode() if self._rng.random() < 0.5 else self._fakers["en_US"].zipcode()
        )


def _seeded(locale: str, rng: Random) -> Faker:
    fake = Faker(locale)
    fake.seed_instance(rng.getrandbits(32))
    return fake
