"""First names and surnames, from the lists that faker ships for many countries (MIT)."""

import importlib
from functools import cache
from typing import Final

# Locales whose names are written with Latin letters; read once, about 0.3 s.
_LOCALES: Final = (
    "en_US", "en_GB", "en_IN", "en_NZ", "en_IE", "en_PK", "en_NG", "de_DE", "fr_FR", "es_ES", "es_MX",
    "es_AR", "it_IT", "nl_NL", "pt_PT", "pl_PL", "sv_SE", "da_DK", "no_NO", "fi_FI", "cs_CZ", "hu_HU",
    "ro_RO", "tr_TR", "hr_HR", "yo_NG", "sk_SK", "sl_SI", "et_EE", "lt_LT", "lv_LV",
)  # fmt: skip
_SURNAME_LOCALES: Final = (
    "en_US",
    "en_GB",
    "en_IE",
    "es_ES",
    "de_DE",
    "fr_FR",
    "it_IT",
    "nl_NL",
    "en_IN",
)
_SHORTEST: Final = 3


@cache
def first_names() -> frozenset[str]:
    """First names in lower case, common English words among them."""
    return frozenset(_names("first", _LOCALES)) | _SHORT_FORMS


@cache
def surnames() -> frozenset[str]:
    """Surnames in lower case, common English words among them."""
    return frozenset(_names("last", _SURNAME_LOCALES))


@cache
def clear_first_names() -> frozenset[str]:
    """First names that are hardly ever anything else in English text."""
    return first_names() - AMBIGUOUS


def _names(kind: str, locales: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    for locale in locales:
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        for attribute in dir(provider):
            if attribute.startswith(f"{kind}_names"):
                values = getattr(provider, attribute)
                if isinstance(values, (tuple, list, dict)):
                    found.update(name.lower() for name in values if isinstance(name, str))
    return {name for name in found if len(name) >= _SHORTEST and " " not in name}


_SHORT_FORMS: Final = frozenset(
    [
        "al",
        "ed",
        "jo",
        "bo",
        "cy",
        "di",
        "vi",
        "ty",
        "ray",
        "ron",
        "don",
        "dan",
        "tom",
        "tim",
        "jim",
        "joe",
        "bob",
        "rob",
        "ben",
        "sam",
        "max",
        "leo",
        "kim",
        "amy",
        "ann",
        "eve",
        "ian",
        "ken",
        "len",
        "lou",
        "meg",
        "ned",
        "nat",
        "pam",
        "pat",
        "peg",
        "sid",
        "stu",
        "sue",
        "ted",
        "val",
        "viv",
        "zoe",
        "andy",
        "becky",
        "beth",
        "betty",
        "bill",
        "billy",
        "bobby",
        "cathy",
        "charlie",
        "chris",
        "cindy",
        "danny",
        "dave",
        "debbie",
        "dick",
        "dolly",
        "ellie",
        "emmy",
        "fred",
        "freddie",
        "gabby",
        "greg",
        "harry",
        "jack",
        "jackie",
        "jake",
        "jamie",
        "jeff",
        "jen",
        "jenny",
        "jerry",
        "jess",
        "jill",
        "jimmy",
        "joey",
        "johnny",
        "josh",
        "judy",
        "kate",
        "kathy",
        "katie",
        "kenny",
        "larry",
        "lenny",
        "lily",
        "liz",
        "lizzie",
        "lucy",
        "maggie",
        "mandy",
        "matt",
        "mike",
        "mickey",
        "molly",
        "nancy",
        "nate",
        "nick",
        "nicky",
        "peggy",
        "pete",
        "polly",
        "randy",
        "rick",
        "ricky",
        "robbie",
        "ronnie",
        "rosie",
        "sally",
        "sammy",
        "sandy",
        "scotty",
        "shelly",
        "steve",
        "sue",
        "susie",
        "tammy",
        "teddy",
        "terry",
        "tina",
        "toby",
        "tommy",
        "tony",
        "tracy",
        "trish",
        "vicky",
        "wendy",
        "will",
        "willie",
        "zach",
    ]
)

# First names that are also words, places, months or brands: written in small letters at least once in
# ten times in GoEmotions' training set, or known for it. They count only next to a surname, an
# initial or a title.
# fmt: off
AMBIGUOUS: Final = frozenset(["addison", "al", "alexa", "amber", "angel", "ants", "april", "archer", "august", "aurora", "austin", "autumn", "basil", "beau", "bent", "bill", "blessing", "bo", "brooke", "brooklyn", "cal", "carolina", "carter", "chad", "charity", "chase", "chelsea", "christian", "cole", "comfort", "constance", "cooper", "cord", "crystal", "daisy", "dakota", "dale", "dawn", "dean", "destiny", "dev", "devon", "dex", "diamond", "dirk", "don", "earl", "ed", "edit", "else", "eve", "faith", "floor", "florence", "forum", "frank", "gal", "georgia", "german", "glen", "grace", "graham", "grant", "gun", "guy", "harley", "harm", "harmony", "harsh", "hazel", "hella", "holly", "hope", "hunter", "india", "indie", "iris", "isla", "israel", "ivy", "jade", "jasmine", "jay", "jean", "jet", "jo", "job", "jordan", "joy", "june", "junior", "juul", "kai", "kent", "kick", "lance", "lee", "lex", "lily", "lincoln", "line", "lone", "loot", "lore", "lorraine", "lot", "lou", "lourdes", "love", "lucky", "luna", "mad", "made", "madison", "man", "mar", "mari", "mark", "mart", "mason", "mate", "max", "may", "melody", "mercedes", "meta", "milan", "mile", "nacho", "nail", "nazi", "neo", "nova", "odd", "ole", "olive", "owe", "paige", "paris", "parker", "pastor", "pat", "patience", "paw", "peace", "peer", "peg", "penny", "per", "phoenix", "pier", "pierce", "polly", "poppy", "puck", "ray", "roman", "romeo", "rose", "ruby", "ryder", "sad", "saga", "said", "sandy", "santa", "santiago", "savannah", "sayin", "server", "sierra", "siri", "skye", "sole", "stan", "sue", "summer", "sydney", "tai", "tan", "tanner", "taylor", "tea", "theres", "thor", "ties", "till", "tone", "tore", "toy", "trinity", "ty", "urban", "val", "valentine", "vi", "violet", "virginia", "viv", "will", "wilson", "wolf", "zion"])  # noqa: E501
# fmt: on
"""Lower-case first names that are common words as well."""
