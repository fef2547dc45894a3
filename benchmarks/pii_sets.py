"""The public sets of identifiers, their parts, and what Presidio calls the types that they annotate.

Parts keep apart what may have been seen while rules were written and the tagger was trained:

- *presidio_synth_dataset_v2*: rows whose wording (the text with all of its spans taken out, words
  only) also occurs in *presidio_generated_large*, a training set of the tagger, are ``seen``, the
  others ``unseen``;
- *asq_phi*: halves by the first byte of the SHA-256 of the id; rules were written looking at half 0;
- *wnut17_train*: five folds by the same byte; each is tagged by a model that never read it. Gold are
  persons; ``lower-case`` counts only those written without a capital.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from psychescale.evaluation.pii.gold import GoldText, read_gold
from psychescale.evaluation.pii.matching import Span
from psychescale.training.tagger.data import FOLDS, fold_of

SYNTH, ASQ, WNUT = "presidio_synth_dataset_v2", "asq_phi", "wnut17_train"

_PERSON = frozenset({"PERSON"})
PRESIDIO_TYPES: Mapping[str, frozenset[str]] = {
    SYNTH: frozenset(
        {
            "PERSON", "LOCATION", "ORGANIZATION", "NRP", "DATE_TIME", "CREDIT_CARD", "PHONE_NUMBER",
            "EMAIL_ADDRESS", "URL", "IBAN_CODE", "US_SSN", "IP_ADDRESS", "US_DRIVER_LICENSE",
        }
    ),
    # It has no record or plan numbers; hospitals are organizations to it, and places to the set.
    ASQ: frozenset(
        {
            "PERSON", "LOCATION", "ORGANIZATION", "DATE_TIME", "PHONE_NUMBER", "EMAIL_ADDRESS",
            "US_SSN", "IP_ADDRESS", "MEDICAL_LICENSE", "US_DRIVER_LICENSE",
        }
    ),
    WNUT: _PERSON,
}  # fmt: skip
"""Presidio's entity types that a set annotates."""


@dataclass(frozen=True)
class Part:
    """Rows of a set that are measured together.

    Attributes:
        name: Of the part.
        rows: Indices into the set's rows.
        gold: True spans of these rows.
    """

    name: str
    rows: Sequence[int]
    gold: Sequence[Sequence[Span]]


def read_set(folder: Path, name: str) -> list[GoldText]:
    """The rows of a set; of WNUT 2017 persons alone."""
    known = {"person": "NAME"} if name == WNUT else None
    return read_gold(folder / f"{name}.jsonl", known)


def parts_of(name: str, rows: Sequence[GoldText], folder: Path) -> list[Part]:
    """The parts of a set."""
    if name == SYNTH:
        known = {_wording(row) for row in read_gold(folder / "presidio_generated_large.jsonl")}
        seen = [_wording(row) in known for row in rows]
        return [_part("seen", rows, seen), _part("unseen", rows, [not flag for flag in seen])]
    if name == ASQ:
        half = [first_byte(row) % 2 for row in rows]
        return [_part(f"half {n}", rows, [h == n for h in half]) for n in (0, 1)]
    everything = _part("persons", rows, [True] * len(rows))
    lower = [[s for s in row.spans if row.text[s.start : s.end].islower()] for row in rows]
    folds = [fold_of(row.id) for row in rows]
    return [
        everything,
        Part("persons, lower-case", everything.rows, lower),
        *[_part(f"persons, fold {n}", rows, [fold == n for fold in folds]) for n in range(FOLDS)],
    ]


def first_byte(row: GoldText) -> int:
    """First byte of the SHA-256 of a row's id: splits that need no random numbers."""
    return hashlib.sha256(row.id.encode()).digest()[0]


def _part(name: str, rows: Sequence[GoldText], chosen: Sequence[bool]) -> Part:
    indices = [index for index, flag in enumerate(chosen) if flag]
    return Part(name, indices, [rows[index].spans for index in indices])


def _wording(row: GoldText) -> str:
    pieces, position = [], 0
    for span in sorted(row.spans):
        pieces.append(row.text[position : span.start])
        position = max(position, span.end)
    return " ".join(re.findall(r"\w+", "\0".join([*pieces, row.text[position:]]).lower()))
