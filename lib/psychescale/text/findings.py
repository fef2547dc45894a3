"""What a recognizer finds: a span of the original text, its type, and who found it."""

from dataclasses import dataclass
from enum import StrEnum


class PiiType(StrEnum):
    """Kinds of identifiers; the value is what a placeholder shows, as in ``[NAME]``."""

    NAME = "NAME"
    USER = "USER"
    """A handle of a forum or network."""
    LOCATION = "LOCATION"
    """A place smaller than a state or country: city, county, named landmark."""
    FACILITY = "FACILITY"
    """Hospital, school, employer or another organization."""
    ADDRESS = "ADDRESS"
    """Street address, or a part of one."""
    ZIP = "ZIP"
    DATE = "DATE"
    AGE = "AGE"
    """An age over 89."""
    PHONE = "PHONE"
    """Telephone or fax number."""
    EMAIL = "EMAIL"
    URL = "URL"
    IP = "IP"
    MAC = "MAC"
    NATIONAL_ID = "NATIONAL_ID"
    """Social security, NHS, passport and other national numbers."""
    RECORD = "RECORD"
    """Medical record or case number."""
    ACCOUNT = "ACCOUNT"
    """Account, member or health-plan number."""
    LICENSE = "LICENSE"
    """Certificate or licence number."""
    CARD = "CARD"
    IBAN = "IBAN"
    VEHICLE = "VEHICLE"
    DEVICE = "DEVICE"
    OTHER_ID = "OTHER_ID"


@dataclass(frozen=True, order=True)
class Finding:
    """A span that identifies, or could.

    Attributes:
        start: First code point in the original text, from 0.
        end: First code point after it.
        type: What it is.
        source: Which recognizer found it, as in ``rule:phone`` or ``model:NAME``.
        confidence: 0 to 1; decides between overlapping findings together with their lengths.
    """

    start: int
    end: int
    type: PiiType
    source: str
    confidence: float
