"""First names and surnames: the lists that faker ships for many countries (MIT), and one of our own."""

import importlib
from functools import cache
from typing import Final

from psychescale.text.term_lists import read_terms

# Locales whose names are written with Latin letters; read once, about 0.3 s.
_LOCALES: Final = (
    "en_US", "en_GB", "en_IN", "en_NZ", "en_IE", "en_PK", "en_NG", "de_DE", "fr_FR", "es_ES", "es_MX",
    "es_AR", "it_IT", "nl_NL", "pt_PT", "pl_PL", "sv_SE", "da_DK", "no_NO", "fi_FI", "cs_CZ", "hu_HU",
    "ro_RO", "tr_TR", "hr_HR", "yo_NG", "sk_SK", "sl_SI", "et_EE", "lt_LT", "lv_LV", "en", "en_KE",
    "en_TH", "es_CL", "es_CO", "fr_BE", "fr_CA", "fr_DZ", "ga_IE", "ha_NG", "id_ID", "ig_NG", "nl_BE",
    "pt_BR", "sw", "tw_GH", "uz_UZ", "vi_VN", "zu_ZA", "az_AZ", "de_AT", "de_CH", "de_LU",
)  # fmt: skip
_SURNAME_LOCALES: Final = (
    "en_US", "en_GB", "en_IE", "es_ES", "de_DE", "fr_FR", "it_IT", "nl_NL", "en_IN", "en_KE", "ga_IE",
    "ig_NG", "yo_NG", "vi_VN", "zu_ZA", "tw_GH", "pt_BR", "pl_PL", "tr_TR", "sv_SE", "da_DK", "fr_DZ",
)  # fmt: skip
_SHORTEST: Final = 3


def world_names(section: str) -> frozenset[str]:
    """Names of our own list in lower case: ``first`` or ``last``."""
    return read_terms(__package__, "world_names", section)


@cache
def first_names() -> frozenset[str]:
    """First names in lower case, common English words among them."""
    return frozenset(_names("first", _LOCALES)) | _SHORT_FORMS | world_names("first")


@cache
def surnames() -> frozenset[str]:
    """Surnames in lower case, common English words among them."""
    return frozenset(_names("last", _SURNAME_LOCALES)) | world_names("last")


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
AMBIGUOUS: Final = frozenset(
    ["aba", "abb", "abe", "abie", "ace", "acy", "add", "addison", "ade", "adelaide", "aja", "al", "ala", "alabama", "alexa", "ally", "almond", "alpha", "alto", "aly", "ama", "amber", "america", "ami", "among", "anes", "angel", "angeles", "angelic", "anh", "anon", "ants", "apollo", "april", "ara", "arch", "archer", "arely", "arizona", "arlington", "art", "asa", "ashlie", "asia", "atlas", "august", "aurora", "austin", "author", "autumn", "ayu", "azul", "ağa", "babe", "baby", "baker", "bale", "bama", "banks", "barb", "basil", "bea", "beat", "beau", "bee", "bell", "bent", "berlin", "berry", "bette", "bev", "bill", "bird", "bishop", "blanche", "blaze", "blessing", "bliss", "blossom", "bo", "booker", "boss", "boston", "boyd", "bradford", "brain", "branch", "bristol", "brook", "brooke", "brooklyn", "brooks", "brown", "buck", "bud", "budd", "buddy", "bunk", "burns", "bush", "buster", "butler", "bảo", "cadence", "cal", "cam", "camden", "can", "candy", "cannon", "canyon", "cap", "captain", "carolina", "carry", "carson", "carter", "case", "casen", "cash", "cass", "ceasar", "cem", "chad", "champ", "chance", "chandler", "charity", "chase", "chastity", "chelsea", "cherish", "cherry", "chet", "chi", "chin", "china", "chip", "chrissy", "christ", "christi", "christian", "chuck", "cinnamon", "clay", "clem", "cleveland", "cliff", "clyde", "cole", "colt", "columbus", "comfort", "con", "constance", "constant", "cooper", "cord", "council", "coy", "creed", "crystal", "cuba", "dai", "daisy", "dakota", "dale", "dallas", "daren", "darl", "darling", "darwin", "dawn", "dax", "dayton", "dean", "deb", "dee", "deja", "dell", "delmar", "delta", "denver", "desi", "destiny", "dev", "devon", "dex", "diamond", "dimple", "dirk", "dixie", "doc", "doctor", "dodo", "doll", "dom", "don", "dot", "dove", "dow", "drake", "duff", "duke", "dusty", "dwi", "ean", "earl", "early", "earnest", "easter", "ebb", "eben", "echo", "ed", "edd", "eddy", "edi", "edit", "edw", "ega", "eja", "eka", "eko", "elder", "ell", "els", "else", "ely", "ember", "emerald", "emy", "ena", "era", "esi", "essa", "essence", "esta", "ether", "eve", "ever", "exa", "fae", "fairy", "faith", "fancy", "fares", "fate", "fawn", "fed", "felicity", "fella", "fern", "festus", "fielding", "fisher", "fleet", "flo", "floor", "florence", "florida", "floyd", "ford", "forest", "forum", "foster", "foy", "france", "frank", "fremont", "french", "friend", "fuller", "gaines", "gal", "garda", "garfield", "garland", "garner", "gauge", "gaven", "gay", "gee", "general", "geneva", "genie", "geo", "georgia", "german", "gia", "gibson", "gilmore", "ginger", "glen", "golden", "grace", "graham", "grant", "graves", "gray", "green", "greet", "griffin", "gun", "gus", "guy", "hal", "hall", "ham", "hamilton", "handy", "harden", "harding", "harley", "harm", "harmony", "harsh", "haven", "hazel", "heath", "heaven", "hella", "hence", "henderson", "herb", "hill", "hillary", "hobart", "holly", "homer", "hoover", "hope", "houston", "hoy", "huey", "hung", "hunt", "hunter", "huy", "hymen", "hải", "icy", "ide", "ifa", "ike", "ila", "ilo", "ima", "imer", "imo", "india", "indiana", "indie", "ine", "infant", "innocent", "ione", "ireland", "iris", "irl", "irvine", "irving", "isla", "israel", "ita", "ivory", "ivy", "iza", "jacki", "jade", "jail", "jalen", "january", "jasmine", "jax", "jay", "jean", "jeb", "jed", "jef", "jep", "jet", "jewel", "jil", "jo", "job", "johnie", "joi", "joke", "jones", "jordan", "journey", "joy", "joé", "jua", "judah", "judge", "june", "junior", "justice", "juul", "kael", "kai", "karma", "karman", "katana", "kem", "kemba", "kent", "kenya", "kia", "kick", "king", "kip", "kit", "kitty", "kris", "kya", "kyrie", "lacy", "lady", "lala", "lan", "lance", "lander", "lane", "lassie", "latrice", "laurel", "lavender", "lawyer", "lean", "lee", "lem", "lemon", "les", "less", "levy", "lew", "lex", "liberty", "lien", "lies", "lily", "lim", "lincoln", "line", "link", "lio", "little", "loan", "lode", "lon", "london", "lone", "long", "lonzo", "loot", "lore", "lorraine", "lot", "lou", "louisiana", "lourdes", "love", "loy", "loyal", "loyola", "lucky", "lue", "lum", "luna", "lya", "lyn", "lyric", "lâm", "léa", "léo", "lía", "mac", "mad", "madden", "maddox", "made", "madison", "mae", "magnolia", "mai", "major", "mal", "male", "man", "manila", "manly", "manning", "mar", "mari", "mark", "marry", "marsh", "mart", "martial", "marvel", "mason", "mat", "mate", "math", "maverick", "max", "may", "mayo", "meadow", "media", "mel", "melbourne", "melody", "memphis", "mercedes", "mercy", "merrily", "merry", "meta", "metro", "mignon", "milan", "mile", "miles", "mills", "miner", "minor", "miracle", "missouri", "moe", "montana", "moody", "myer", "mía", "nacho", "nail", "nam", "nan", "nazi", "nel", "neo", "nevada", "newt", "nile", "nim", "noble", "noe", "north", "nova", "nya", "obe", "odd", "odessa", "odin", "ole", "oline", "olive", "oma", "ona", "opal", "ora", "orange", "osa", "ota", "ott", "ova", "owe", "ozy", "page", "paige", "pak", "paris", "park", "parker", "pastor", "pat", "patience", "patsy", "paw", "peace", "pearl", "peer", "peg", "penny", "pepper", "per", "phoenix", "pier", "pierce", "pink", "pinkie", "pleasant", "pol", "polly", "poppy", "powell", "precious", "press", "price", "prince", "princess", "puck", "purity", "queen", "rae", "raleigh", "rand", "ras", "ray", "reason", "red", "reed", "reno", "rey", "rice", "rich", "richmond", "rim", "river", "robb", "rock", "rocky", "rod", "roe", "roll", "rollin", "roma", "roman", "rome", "romeo", "rose", "rosy", "royal", "rua", "ruby", "rush", "rusty", "ryder", "rym", "rza", "sad", "saga", "sage", "said", "saint", "sal", "salah", "sanders", "sandy", "santa", "santiago", "savanna", "savannah", "sayin", "scarlet", "serenity", "server", "shade", "sharen", "shep", "shepherd", "sheridan", "sie", "siena", "sierra", "silver", "sim", "sincere", "sing", "siri", "sister", "skip", "sky", "skye", "smith", "sole", "solon", "son", "spring", "stan", "stanford", "star", "stetson", "stone", "storm", "stormy", "sue", "summer", "sunday", "sunny", "sunshine", "sydney", "sylvanus", "tab", "tad", "tai", "tal", "tan", "tanner", "tate", "taurus", "taylor", "tea", "telly", "tennessee", "tex", "texas", "theres", "thor", "thos", "tiara", "ties", "til", "till", "tiny", "tobe", "tod", "tone", "toon", "tore", "torrance", "toy", "trace", "trae", "tre", "treasure", "tri", "trinity", "true", "turner", "ty", "tye", "téo", "uda", "ula", "umi", "unique", "unknown", "unnamed", "ura", "urban", "val", "valencia", "valentine", "valid", "van", "velvet", "venice", "verona", "versa", "vi", "vic", "victory", "violet", "virginia", "viv", "von", "vân", "wade", "wage", "walker", "ward", "wash", "washington", "wellington", "wells", "wendell", "wes", "west", "whit", "wilder", "will", "wilson", "wim", "windy", "wing", "winston", "winter", "wolf", "wood", "worth", "yaa", "yaw", "yee", "yoga", "york", "young", "yến", "zeb", "zed", "zion", "zoa", "ánh", "əli"]  # noqa: E501
)
# fmt: on
"""Lower-case first names that are common words as well."""
