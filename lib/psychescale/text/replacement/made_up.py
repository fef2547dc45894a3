"""Made-up names in the form of the real ones, word for word; titles stay, and sex where it is known."""

import importlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Final, Literal

from psychescale.text.rules.persons.names import PARTICLE_WORDS, TITLE_WORDS
from psychescale.text.rules.rule import words

Sex = Literal["male", "female"]
Role = Literal["given", "family"]

# A possessive belongs to the sentence, an apostrophe inside a name to the name.
_WORD: Final = re.compile(r"(?<!['’\w])[^\W\d_]+(?:['’][^\W\d_]{2,})*")
_MALE: Final = "mr mister sir lord herr herrn heer mijnheer señor monsieur signor uncle grandpa"
_FEMALE: Final = "mrs ms miss madam madame mme mlle lady frau mevrouw señora doña signora aunt auntie grandma sister"  # noqa: E501
_TITLES: Final[dict[str, Sex | None]] = {
    **dict.fromkeys([*TITLE_WORDS, "jr", "md", "phd"]),
    **dict.fromkeys(_MALE.split(), "male"),
    **dict.fromkeys(_FEMALE.split(), "female"),
}
_OF_FIRST_NAMES: Final = words("uncle aunt auntie grandma grandpa sister coach lady doña")
"""Titles that a first name follows."""
_PARTICLES: Final = PARTICLE_WORDS | {"of", "y", "st"}
"""Stay where they are written small."""

_LOCALES: Final = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "sv_SE")
_ATTEMPTS: Final = 20


class MadeUpNames:
    """The names of one text, each word of them with a made-up one.

    ``Nora Whitlock``, ``Nora`` and ``Mrs. Whitlock`` come out as one person.

    Args:
        names: All names in the text, in their order.
        draw: A keyed number for a word, the same for the same word in the same document.
    """

    def __init__(self, names: Sequence[str], draw: Callable[[str], int]) -> None:
        self._draw = draw
        self._roles: dict[str, Role] = {}
        self._sexes: dict[str, Sex] = {}
        self._made: dict[str, str] = {}
        self._letters: dict[tuple[Role, str], str] = {}
        for name in sorted(names, key=lambda name: -len(_parts(name))):  # whole names tell the most
            self._learn(name)
        taken = set(self._roles)
        for word, role in self._roles.items():
            if len(word) > 1:
                made = self._made[word] = self._make(word, taken)
                taken.add(made.casefold())
                self._letters.setdefault((role, word[0]), made[0])

    def of(self, name: str) -> str:
        """The made-up name in the place of one of the text's, with its case and what is no word."""
        return _WORD.sub(lambda match: self._word(match[0]), name)

    def _learn(self, name: str) -> None:
        parts = _parts(name)
        sex = next((_TITLES[t] for t in _titles(name) if _TITLES[t]), None)
        for word, seems in zip(parts, self._find_roles(name, parts), strict=True):
            role = self._roles.setdefault(word, seems)
            if role == "given" and sex is not None:
                self._sexes.setdefault(word, sex)

    def _find_roles(self, name: str, parts: list[str]) -> list[Role]:
        if len(parts) == 1:
            return [_lonely_role(parts[0], titled=not _OF_FIRST_NAMES.issuperset(_titles(name)))]
        first_is_family = bool(re.match(r"\W*[^\W\d_]+,", name))
        family = 0 if first_is_family else len(parts) - 1
        return ["family" if at == family else "given" for at in range(len(parts))]

    def _word(self, word: str) -> str:
        if _is_kept(word):
            return word
        known = self._made.get(word.casefold()) or self._initial(word.casefold())
        return known.upper() if word.isupper() else known.lower() if word.islower() else known

    def _initial(self, letter: str) -> str:
        """The first letter of what a word of the text with this first letter has become."""
        role = self._roles.get(letter, "given")
        if (role, letter) in self._letters:
            return self._letters[role, letter]
        names = _given(None)
        return names[self._draw(letter) % len(names)][0]

    def _make(self, word: str, taken: set[str]) -> str:
        if self._roles[word] == "family":
            pool = _family()
        else:
            pool = _given(self._sexes.get(word) or _sex_of(word))
        for attempt in range(_ATTEMPTS):
            made = pool[self._draw(f"{word}\0{attempt}") % len(pool)]
            if made.casefold() not in taken:
                break
        return made  # a text of more names than there are made-up ones gets some twice


def _is_kept(word: str) -> bool:
    return word.casefold() in _TITLES or word in _PARTICLES


def _parts(name: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(name) if not _is_kept(word)]


def _titles(name: str) -> Iterator[str]:
    return (word.casefold() for word in _WORD.findall(name) if word.casefold() in _TITLES)


def _lonely_role(word: str, *, titled: bool) -> Role:
    is_given = any(_plain(word) in names for names in _first_names().values())
    return "family" if titled or (not is_given and _plain(word) in _surnames()) else "given"


def _sex_of(word: str) -> Sex | None:
    names = _first_names()
    male, female = (_plain(word) in names[sex] for sex in ("male", "female"))
    return None if male == female else "male" if male else "female"


def _plain(word: str) -> str:
    """In small letters, without accents: ``María`` is written ``maria`` often enough."""
    letters = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _provider(locale: str) -> Any:
    return importlib.import_module(f"faker.providers.person.{locale}").Provider


@cache
def _first_names() -> dict[Sex, frozenset[str]]:
    """First names of several countries, `_plain`."""
    sexes: tuple[Sex, Sex] = ("male", "female")
    return {
        sex: frozenset(
            _plain(name)
            for locale in _LOCALES
            for name in getattr(_provider(locale), f"first_names_{sex}", ())
        )
        for sex in sexes
    }


@cache
def _surnames() -> frozenset[str]:
    return frozenset(_plain(n) for locale in _LOCALES for n in _provider(locale).last_names)


@cache
def _given(sex: Sex | None) -> list[str]:
    """American first names that are of this sex only; of both, where it is not known."""
    provider = _provider("en_US")
    names = {*provider.first_names_male, *provider.first_names_female}
    return sorted(name for name in names if _sex_of(name) == sex)


@cache
def _family() -> list[str]:
    return sorted(set(_provider("en_US").last_names))
