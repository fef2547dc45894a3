"""Texts with identifiers and their spans: read, mapped to the tagger's labels, split by template."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final, Protocol

from psychescale.errors import InputError

TAGS: Final = ("NAME", "USER", "LOCATION", "FACILITY", "ADDRESS")
"""What the tagger tells apart. Dates, numbers, mail and web addresses have a form that rules know."""

IGNORED: Final = "?"
"""Label of characters that the loss leaves out, because the sets disagree on them."""

PUBLIC_TAGS: Final[Mapping[str, str]] = {
    "PERSON": "NAME",
    "PREFIX": "NAME",
    "LOCATION": "LOCATION",
    "ORGANIZATION": "FACILITY",
    "ADDRESS": "ADDRESS",
    "TITLE": IGNORED,  # of a job in one row, of a person in another
    "person": "NAME",
    "location": "LOCATION",
    # Bands, teams, brands and employers alike: some identify a writer, most do not.
    "group": IGNORED,
    "corporation": IGNORED,
}
"""Labels of presidio-research and WNUT 2017 → the tagger's; a label that is not here is no name."""

# A handle is nothing to WNUT 2017 and an identifier to us.
_HANDLE: Final = re.compile(r"(?<!\S)@\w+")


@dataclass(frozen=True)
class TaggedText:
    """A text and its labelled spans.

    Attributes:
        text: The text.
        spans: (first code point, first after it, one of `TAGS` or `IGNORED`), sorted, apart.
        template: What the text shares with others of the same wording.
    """

    text: str
    spans: tuple[tuple[int, int, str], ...]
    template: str


FOLDS: Final = 5
"""Parts of a set for cross-validation; see `fold_of`."""


def fold_of(row_id: str) -> int:
    """Which of `FOLDS` parts a row is in: from the first byte of the SHA-256 of its id."""
    return hashlib.sha256(row_id.encode()).digest()[0] % FOLDS


def read_tagged(path: Path, *, without_fold: int | None = None) -> list[TaggedText]:
    """Read a file of public spans, one object a line: ``{text, spans: [{start, end, label}]}``.

    Args:
        path: The file.
        without_fold: Leave out the rows whose ``id`` is in this fold.

    Raises:
        InputError: There is no such file of text, or a line does not have this form.
    """
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputError(
            f"{path} cannot be read as a file of text.",
            remedy="Check ‹clean› and ‹posts›: JSON lines in UTF-8.",
        ) from None
    rows = []
    for number, line in enumerate(content.split("\n")):
        if line.strip():
            try:
                row = json.loads(line)
                if without_fold is None or fold_of(str(row["id"])) != without_fold:
                    rows.append(_tagged(row))
            except (ValueError, KeyError, TypeError):
                raise InputError(
                    f"{path.name}, line {number + 1}: no text with spans.",
                    remedy='One object a line: {"text": …, "spans": [{"start", "end", "label"}]}.',
                ) from None
    return rows


class LabelledSpan(Protocol):
    """``text[start:end]`` is an identifier of the kind `label`."""

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
        """One of `TAGS`."""
        ...


class PlantedRow(Protocol):
    """A text of `psychescale.synthetic.planted.generator`, or of the same form."""

    @property
    def text(self) -> str:
        """The text."""
        ...

    @property
    def spans(self) -> Sequence[LabelledSpan]:
        """Its identifiers, sorted, apart."""
        ...

    @property
    def template(self) -> str:
        """What it was made from."""
        ...


def from_planted(rows: Iterable[PlantedRow]) -> list[TaggedText]:
    """Texts of our own grammar, as training rows; their labels are `TAGS` already."""
    return [
        TaggedText(row.text, tuple((s.start, s.end, s.label) for s in row.spans), row.template)
        for row in rows
    ]


def split_by_template(
    rows: Sequence[TaggedText], *, held_out: float, seed: int = 0
) -> tuple[list[TaggedText], list[TaggedText]]:
    """Training and held-out rows; rows of one template are on one side.

    Args:
        rows: All rows.
        held_out: Share of templates to hold out.
        seed: Another seed, another split.
    """
    limit = int(held_out * 2**32)
    train: list[TaggedText] = []
    rest: list[TaggedText] = []
    for row in rows:
        digest = hashlib.sha256(f"{seed} {row.template}".encode()).digest()
        (rest if int.from_bytes(digest[:4], "big") < limit else train).append(row)
    return train, rest


def lower_some(rows: Sequence[TaggedText], *, share: float, seed: int) -> list[TaggedText]:
    """The rows, a share of them in lower case: people type names so. Spans must stay in place."""
    rng = Random(seed)
    lowered = []
    for row in rows:
        text = row.text.lower() if rng.random() < share else row.text
        fits = len(text) == len(row.text)
        lowered.append(TaggedText(text if fits else row.text, row.spans, row.template))
    return lowered


def _tagged(row: Mapping[str, Any]) -> TaggedText:
    text: str = row["text"]
    found = sorted((int(s["start"]), int(s["end"]), str(s["label"])) for s in row["spans"])
    spans = [(start, end, PUBLIC_TAGS[la]) for start, end, la in found if la in PUBLIC_TAGS]
    taken = {position for start, end, _ in spans for position in range(start, end)}
    spans += [
        (m.start(), m.end(), IGNORED)
        for m in _HANDLE.finditer(text)
        if taken.isdisjoint(range(*m.span()))
    ]
    pieces, position = [], 0
    for start, end, label in found:
        pieces += [text[position:start], f"<{PUBLIC_TAGS.get(label, label)}>"]
        position = end
    wording = "".join([*pieces, text[position:]]).lower()
    return TaggedText(text, tuple(sorted(spans)), " ".join(re.findall(r"[\w<>]+", wording)))
