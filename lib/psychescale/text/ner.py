"""Tier 2: names that have no form of their own, found by a model, as findings of our types."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from psychescale.errors import UsageError
from psychescale.text.findings import Finding, PiiType
from psychescale.text.rules.lexicon import first_names, surnames

LABEL_MAP: Final[Mapping[str, PiiType]] = {
    **{kind.value: kind for kind in PiiType},
    # OntoNotes 5 (spaCy). NORP, nationalities and religions, and events identify nobody alone.
    "PERSON": PiiType.NAME,
    "GPE": PiiType.LOCATION,
    "LOC": PiiType.LOCATION,
    "FAC": PiiType.FACILITY,
    "ORG": PiiType.FACILITY,
    # CoNLL 2003; WikiNEuRal
    "PER": PiiType.NAME,
    # i2b2 2014 de-identification
    "PATIENT": PiiType.NAME,
    "DOCTOR": PiiType.NAME,
    "STAFF": PiiType.NAME,
    "USERNAME": PiiType.USER,
    "HOSPITAL": PiiType.FACILITY,
    "HOSP": PiiType.FACILITY,
    "ORGANIZATION": PiiType.FACILITY,
    "PATORG": PiiType.FACILITY,
    "CITY": PiiType.LOCATION,
    "STREET": PiiType.ADDRESS,
    "MEDICALRECORD": PiiType.RECORD,
    "ID": PiiType.OTHER_ID,
    "IDNUM": PiiType.OTHER_ID,
    "OTHERPHI": PiiType.OTHER_ID,
}
"""Labels of common models → our types; a label that is not in a map is not a finding.

Ages and dates are left to the rules: models label "two weeks" as a date and 34 as an age.
"""

SPACY_CONFIDENCE: Final = 0.85
"""spaCy's entity recognizer gives no probabilities; Presidio states the same figure for it."""

_SPACY_PIECE: Final = 100_000  # characters; spaCy refuses a million, and its memory grows with them
_BLANK: Final = re.compile(r"\s")


class NerModel(Protocol):
    """A model for names, called with many texts at once."""

    def find(self, texts: Sequence[str]) -> list[list[Finding]]:
        """Findings of each text, offsets in its code points."""
        ...


class Labelled(Protocol):
    """A labelled part of a text, as `psychescale.model.tagging.token_classifier` gives it."""

    @property
    def start(self) -> int:
        """First code point, from 0."""
        ...

    @property
    def end(self) -> int:
        """First code point after it."""
        ...

    @property
    def label(self) -> str:
        """Type, without the prefix of a labelling scheme."""
        ...

    @property
    def probability(self) -> float:
        """That it is what it is labelled."""
        ...


class Tagger(Protocol):
    """Texts → labelled parts of each."""

    def __call__(self, texts: Sequence[str], /) -> Sequence[Sequence[Labelled]]:
        """Labelled parts of each text, offsets in its code points."""
        ...


class TaggerNer:
    """A token classifier as a recognizer.

    Args:
        tagger: Such as `model.tagging.token_classifier.TextTagger`; this room imports no torch.
        label_map: Its labels → our types; None takes `LABEL_MAP` without ages and dates.
    """

    def __init__(self, tagger: Tagger, label_map: Mapping[str, PiiType] | None = None) -> None:
        self._tagger = tagger
        self._types = _read_map(label_map)

    def find(self, texts: Sequence[str]) -> list[list[Finding]]:
        """Findings of each text; the confidence is the tagger's probability."""
        return [
            [
                Finding(e.start, e.end, self._types[e.label], f"model:{e.label}", e.probability)
                for e in entities
                if e.label in self._types
            ]
            for entities in self._tagger(texts)
        ]


class SpacyNer:
    """A spaCy pipeline as a recognizer.

    Args:
        nlp: A pipeline that sets entities.
        label_map: Its labels → our types; None takes `LABEL_MAP` without ages and dates.
        batch_size: Texts that spaCy computes at once.
    """

    def __init__(
        self, nlp: Any, label_map: Mapping[str, PiiType] | None = None, *, batch_size: int = 256
    ) -> None:
        self._nlp = nlp
        self._types = _read_map(label_map)
        self._batch_size = batch_size

    @classmethod
    def load(cls, name: str, label_map: Mapping[str, PiiType] | None = None) -> "SpacyNer":
        """Load an installed pipeline, or one in a folder, with what entities need and no more.

        Raises:
            UsageError: spaCy, or the pipeline, is not installed.
        """
        try:
            import spacy  # noqa: PLC0415 - optional, and slow to import
        except ImportError:
            raise UsageError(
                "spaCy is not installed.", remedy="pip install 'psychescale[spacy]'."
            ) from None
        unused = ["tagger", "parser", "lemmatizer", "attribute_ruler", "morphologizer", "senter"]
        try:
            nlp = spacy.load(name, exclude=unused)
        except OSError:
            raise UsageError(
                f"spaCy has no pipeline {name}.",
                remedy="Install one, such as en_core_web_sm, or give the folder of one.",
            ) from None
        return cls(nlp, label_map)

    def find(self, texts: Sequence[str]) -> list[list[Finding]]:
        """Findings of each text; long ones are read in pieces that end at blanks."""
        found: list[list[Finding]] = [[] for _ in texts]
        for document, (number, base) in self._documents(texts):
            for entity in document.ents:
                kind = self._types.get(entity.label_)
                if kind is not None:
                    start, end = base + entity.start_char, base + entity.end_char
                    source = f"model:{entity.label_}"
                    found[number].append(Finding(start, end, kind, source, SPACY_CONFIDENCE))
        return found

    def _documents(self, texts: Sequence[str]) -> Iterable[tuple[Any, tuple[int, int]]]:
        pieces = (
            (piece, (number, base))
            for number, text in enumerate(texts)
            for base, piece in _split(text, _SPACY_PIECE)
        )
        documents: Iterable[tuple[Any, tuple[int, int]]] = self._nlp.pipe(
            pieces, as_tuples=True, batch_size=self._batch_size
        )
        return documents


_LETTERS: Final = re.compile(r"[^\W\d_]+")
_FILE: Final = re.compile(
    r"[\w.-]+\.(?:py|ipynb|js|ts|jsx|tsx|c|cc|cpp|h|hpp|java|kt|rb|go|rs|php|pl|lua|r|sh|bat|ps1|sql|md|rst|txt"
    r"|csv|tsv|json|xml|ya?ml|toml|ini|cfg|conf|log|html?|css|exe|dll|so|jar|whl|zip|t?gz|tar|pdf|docx?|xlsx?|pptx?"
    r"|png|jpe?g|gif|svg|mp[34]|wav)",
    re.IGNORECASE,
)
_LETTERED: Final = frozenset({PiiType.NAME, PiiType.USER, PiiType.LOCATION, PiiType.FACILITY})


def is_plausible(kind: PiiType, value: str) -> bool:
    """Whether a model's finding can be what it says: ``-0.96`` names nobody, ``rpc.py`` neither.

    A file's name stays a finding where a first name or surname is in it.
    """
    if kind not in _LETTERED:
        return True
    letters = _LETTERS.findall(value.lower())
    if not letters or not _FILE.fullmatch(value.strip()):
        return bool(letters)
    return any(word in first_names() or word in surnames() for word in letters[:-1])


def _read_map(label_map: Mapping[str, PiiType] | None) -> dict[str, PiiType]:
    if label_map is not None:
        return dict(label_map)
    by_rules = (PiiType.AGE, PiiType.DATE)
    return {name: kind for name, kind in LABEL_MAP.items() if kind not in by_rules}


def _split(text: str, longest: int) -> Iterator[tuple[int, str]]:
    """Pieces of at most `longest` characters, cut at blanks where there are any; where each starts."""
    start = 0
    while len(text) - start > longest:
        window = text[start : start + longest]
        blank = _BLANK.search(window[::-1])
        end = start + (longest - blank.start() if blank else longest)
        yield start, text[start:end]
        start = end
    yield start, text[start:]
