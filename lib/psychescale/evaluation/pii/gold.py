"""Texts with gold spans from a file, and what the public sets' labels mean to us."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from psychescale.errors import InputError
from psychescale.evaluation.pii.matching import Span

_SYNTH: Final = {
    "PERSON": "NAME",
    "PREFIX": "NAME",
    "TITLE": "NAME",
    "STREET_ADDRESS": "ADDRESS",
    "ADDRESS": "ADDRESS",
    "GPE": "LOCATION",
    "LOCATION": "LOCATION",
    "NRP": "LOCATION",
    "ORGANIZATION": "FACILITY",
    "CREDIT_CARD": "CARD",
    "DATE_TIME": "DATE",
    "PHONE_NUMBER": "PHONE",
    "AGE": "AGE",
    "EMAIL_ADDRESS": "EMAIL",
    "ZIP_CODE": "ZIP",
    "DOMAIN_NAME": "URL",
    "IBAN_CODE": "IBAN",
    "US_SSN": "NATIONAL_ID",
    "IP_ADDRESS": "IP",
    "US_DRIVER_LICENSE": "LICENSE",
}

LABEL_MAPS: Final[Mapping[str, Mapping[str, str]]] = {
    "presidio_synth_dataset_v2": _SYNTH,
    "presidio_generated_large": _SYNTH,
    "asq_phi": {
        "NAME": "NAME",
        "GEOGRAPHIC_LOCATION": "LOCATION",
        "DATE": "DATE",
        "MEDICAL_RECORD_NUMBER": "RECORD",
        "HEALTH_PLAN_BENEFICIARY_NUMBER": "ACCOUNT",
        "ACCOUNT_NUMBER": "ACCOUNT",
        "PHONE_NUMBER": "PHONE",
        "FAX_NUMBER": "PHONE",
        "SOCIAL_SECURITY_NUMBER": "NATIONAL_ID",
        "EMAIL_ADDRESS": "EMAIL",
        "UNIQUE_IDENTIFIER": "OTHER_ID",
        "CERTIFICATE_LICENSE_NUMBER": "LICENSE",
        "IP_ADDRESS": "IP",
    },
    # Brands, teams, products and works identify nobody; a place may be a city or a building.
    "wnut17_train": {"person": "NAME", "location": "LOCATION"},
}
"""Label of a public set → the value of our `PiiType`. A label that is missing here is not gold.

Facilities and cities count everywhere. Where a set does not tell a facility from a city (asq_phi,
WNUT 2017), both are LOCATION: strict and overlap counts by type then hold a hospital found as
FACILITY against us; characters and spans to 75 % do not. Nationalities (NRP), job and personal
titles and ages below 90 are annotated by Presidio's set and stay gold, although nothing obliges to
remove them.
"""


UNTOLD: Final = "OTHER_ID"
"""Type of a span without a label."""


@dataclass(frozen=True)
class GoldText:
    """A text and its true identifiers.

    Attributes:
        id: Of the text.
        text: The text.
        spans: Its identifiers, by our types.
        keep: What must stay, of any label.
        kind: What the text is a case of; empty for none.
    """

    id: str
    text: str
    spans: tuple[Span, ...]
    keep: tuple[Span, ...] = ()
    kind: str = ""


def read_gold(path: Path, label_map: Mapping[str, str] | None = None) -> list[GoldText]:
    """Read JSON lines of the form ``{id, text, spans: [{start, end, label}]}``.

    They may have ``keep: [{start, end}]``, parts that must stay, and a ``kind``; then spans need no
    label and count as `OTHER_ID`, since what they are is the kind's business.

    Args:
        path: The file.
        label_map: Its labels → our types; labels that are not in it are left out. None takes the
            map of `LABEL_MAPS` that has the file's name, or else the labels as they are.

    Raises:
        InputError: The file is missing, or a line does not have this form.
    """
    if not path.is_file():
        raise InputError(f"There is no file {path}.", remedy="Give a file of JSON lines.")
    known = LABEL_MAPS.get(path.stem) if label_map is None else label_map
    return list(_parse(path, known))


def _parse(path: Path, known: Mapping[str, str] | None) -> Iterator[GoldText]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row: Any = json.loads(line)
                spans = tuple(
                    Span(
                        int(span["start"]),
                        int(span["end"]),
                        str(label if known is None else known[label]),
                    )
                    for span in row["spans"]
                    for label in [span["label"] if "keep" not in row else span.get("label", UNTOLD)]
                    if known is None or label in known
                )
                keep = tuple(
                    Span(int(term["start"]), int(term["end"]), str(term.get("label", "")))
                    for term in row.get("keep", ())
                )
                yield GoldText(
                    str(row["id"]), str(row["text"]), spans, keep, str(row.get("kind") or "")
                )
            except (ValueError, KeyError, TypeError):
                raise InputError(
                    f"{path.name}, line {number}: no text with spans.",
                    remedy='One object a line: {"id", "text", "spans": [{"start", "end", "label"}]}.',
                ) from None
