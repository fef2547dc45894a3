"""The two corpora: one as messy as real ones for demo and tests, one clean for training."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Final

from psychescale.synthetic.documents import Document
from psychescale.synthetic.features import LABELS
from psychescale.synthetic.oddities import BLANKS, write_emoji, write_foreign
from psychescale.synthetic.sources import LABELLED_BANDS, LONGEST_BANDS, SOURCES, Bands, Source
from psychescale.synthetic.texts.fictional import make_handle
from psychescale.synthetic.texts.grammar import TextPlan, write_text
from psychescale.synthetic.texts.notes import NOTES
from psychescale.synthetic.texts.rendering import Passage
from psychescale.synthetic.texts.survey import QUESTIONS, SURVEY

_NULL, _BLANK, _EMOJI, _FOREIGN, _DUPLICATE, _ORDINARY = range(6)
_KIND_WEIGHTS: Final = (7, 7, 5, 30, 21, 930)

_LONGEST_EVERY: Final = 500  # so that a corpus of 1,000 has texts close to the longest
_POOL_SIZE: Final = 1000  # documents kept to be duplicated; bounds memory for any corpus size
_N_HANDLES: Final = 700
_N_CLINICIANS: Final = 12
_START: Final = datetime(2023, 1, 1, tzinfo=UTC)
_PERIOD_S: Final = 731 * 86_400


def generate_corpus(n_documents: int = 3000, *, seed: int = 0) -> Iterator[Document]:
    """The demo corpus: forum posts, clinical notes and survey answers, with everything that hurts.

    About 2 % exact duplicates of earlier texts, 0.7 % nulls, 0.7 % blanks, 0.5 % emoji only, 3 %
    in other languages; identifiers in about a third; 2 to 2,000 words (white-space separated).
    A smaller corpus of the same seed is a prefix of a larger one.

    Raises ValueError for a negative ``n_documents``, before the first document is asked for.
    """
    _check_count(n_documents)
    return _generate_corpus(n_documents, _random("corpus", seed))


def generate_labelled(n_documents: int, *, seed: int) -> Iterator[Document]:
    """Training rows from the same grammar: English texts of 5 to 60 words, none planted twice.

    Raises ValueError for a negative ``n_documents``, before the first document is asked for.
    """
    _check_count(n_documents)
    return _generate_labelled(n_documents, _random("labelled", seed))


def _generate_corpus(n_documents: int, rng: Random) -> Iterator[Document]:
    authors = _Authors(rng)
    pool: list[Document] = []
    for index in range(n_documents):
        kind = rng.choices(range(len(_KIND_WEIGHTS)), _KIND_WEIGHTS)[0]
        source = _draw_source(rng)
        if index % _LONGEST_EVERY == _LONGEST_EVERY // 2:
            document = _draw_document(rng, SOURCES[0], LONGEST_BANDS, words=(2, 2000))
        elif kind == _DUPLICATE and pool:
            document = rng.choice(pool)
        elif kind in (_DUPLICATE, _ORDINARY):
            document = _draw_document(rng, source, source.bands, words=(2, 2000))
        else:
            document = _draw_oddity(rng, source, kind)
        if kind == _ORDINARY:
            _keep(pool, document, index)
        yield replace(
            document,
            id=f"{document.source}-{index:06d}",
            author=authors.draw(document.source),
            time=_draw_time(rng),
        )


def _generate_labelled(n_documents: int, rng: Random) -> Iterator[Document]:
    authors = _Authors(rng)
    for index in range(n_documents):
        source = _draw_source(rng)
        document = _draw_document(rng, source, LABELLED_BANDS, words=(5, 60))
        yield replace(
            document,
            id=f"train-{index:06d}",
            author=authors.draw(document.source),
            time=_draw_time(rng),
        )


def _draw_document(
    rng: Random, source: Source, bands: Bands, *, words: tuple[int, int]
) -> Document:
    """Draw texts until one has between ``words[0]`` and ``words[1]`` words (mostly the first)."""
    question, topic = _draw_question(rng, source)
    while True:
        fewest, most, _ = rng.choices(bands, [weight for *_, weight in bands])[0]
        plan = TextPlan(
            target_words=rng.randrange(fewest, most + 1),
            features=_draw_features(rng, source, topic),
            identified=rng.random() < source.identified,
        )
        passage = write_text(rng, source.register, plan)
        if words[0] <= len(passage.text.split()) <= words[1]:
            return _document(passage, source, question)


def _draw_oddity(rng: Random, source: Source, kind: int) -> Document:
    if kind in (_EMOJI, _FOREIGN) and source.register is NOTES:
        source = SOURCES[0]  # no clinician files those
    question, _ = _draw_question(rng, source)
    if kind == _NULL:
        return replace(_document(Passage(""), source, question), text=None)
    if kind == _BLANK:
        return _document(Passage(rng.choice(BLANKS)), source, question)
    if kind == _EMOJI:
        return _document(write_emoji(rng), source, question)
    return _document(write_foreign(rng, identified=rng.random() < 0.3), source, question)


def _draw_source(rng: Random) -> Source:
    return rng.choices(SOURCES, [source.weight for source in SOURCES])[0]


def _draw_question(rng: Random, source: Source) -> tuple[str | None, str | None]:
    """The question asked and the feature it invites; (None, None) where nothing is asked."""
    return rng.choice(QUESTIONS) if source.register is SURVEY else (None, None)


def _draw_features(rng: Random, source: Source, topic: str | None) -> tuple[str, ...]:
    drawn: list[str] = []
    for label in LABELS:
        probability = 0.65 if label == topic else source.prevalence[label]
        if rng.random() < probability:
            drawn.append(label)
    return tuple(drawn)


def _draw_time(rng: Random) -> datetime:
    return _START + timedelta(seconds=rng.randrange(_PERIOD_S))


def _document(passage: Passage, source: Source, question: str | None) -> Document:
    """A document that still lacks its id, author and time."""
    return Document(
        id="",
        text=passage.text,
        question=question,
        author=None,
        time=_START,
        source=source.register.source,
        labels=passage.labels,
        pii=passage.pii,
    )


def _keep(pool: list[Document], document: Document, index: int) -> None:
    if len(pool) < _POOL_SIZE:
        pool.append(document)
    else:
        pool[index % _POOL_SIZE] = document


def _check_count(n_documents: int) -> None:
    if n_documents < 0:
        raise ValueError(f"n_documents must be 0 or more, got {n_documents}")


def _random(purpose: str, seed: int) -> Random:
    """A generator of its own per purpose and seed; a string seed tells -1 from 1."""
    return Random(f"psychescale {purpose} {seed}")


class _Authors:
    """Who writes: a long tail of forum handles, a dozen clinicians, respondents who often hide."""

    def __init__(self, rng: Random) -> None:
        handles: dict[str, None] = {}  # a dict keeps the order, a set would not
        while len(handles) < _N_HANDLES:
            handles[make_handle(rng)] = None
        self._handles: Sequence[str] = tuple(handles)
        self._weights = tuple(accumulate(1_000_000 // (rank + 5) for rank in range(_N_HANDLES)))
        self._rng = rng

    def draw(self, source: str) -> str | None:
        rng = self._rng
        if source == NOTES.source:
            return f"clinician-{rng.randrange(1, _N_CLINICIANS + 1):02d}"
        if source == SURVEY.source:
            return f"respondent-{rng.randrange(10_000):04d}" if rng.random() < 0.5 else None
        if rng.random() < 0.02:
            return None
        return rng.choices(self._handles, cum_weights=self._weights)[0]
