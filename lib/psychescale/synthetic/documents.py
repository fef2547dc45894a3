"""What the generator hands out: a document, its labels and the identifiers planted in it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PiiSpan:
    """A planted identifier: ``text[start:end]``, offsets in code points, ``end`` exclusive."""

    start: int
    end: int
    label: str
    """One of ``PII_LABELS``."""


@dataclass(frozen=True, slots=True)
class Document:
    """One synthetic text with everything that is known about it by construction.

    ``text`` is None where the corpus plants a null. ``question`` is the survey item that ``text``
    answers, None outside the survey; labels and spans describe ``text`` alone. ``time`` is in UTC.
    ``labels`` is in the order of ``LABELS``, ``pii`` is sorted by ``start`` without overlaps.
    """

    id: str
    text: str | None
    question: str | None
    author: str | None
    time: datetime
    source: str
    labels: tuple[str, ...]
    pii: tuple[PiiSpan, ...]
