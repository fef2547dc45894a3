"""The report on redaction as one HTML file that needs nothing else."""

from collections.abc import Mapping
from typing import Any

from psychescale.report.page import render


def render_identifiers(document: Mapping[str, Any]) -> str:
    """HTML of an evaluation of redaction.

    Args:
        document: The masked document; its schema is told in `evaluation.pii_document`.

    Raises:
        PrivacyError: The document is not masked.
    """
    return render("identifiers.html.jinja", document)
