"""The report on redaction as one HTML file that needs nothing else."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from psychescale.errors import PrivacyError
from psychescale.report.page import show_count, show_number


def render_identifiers(document: Mapping[str, Any]) -> str:
    """HTML of an evaluation of redaction.

    Args:
        document: The masked document; its schema is told in `evaluation.pii_document`.

    Raises:
        PrivacyError: The document is not masked.
    """
    if not document["masked"]:
        raise PrivacyError(
            "A report is not made of unmasked measures: it would show small counts.",
            remedy="Mask the document first; the full one belongs under restricted/.",
        )
    environment = Environment(
        loader=PackageLoader("psychescale.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": show_count, "number": show_number}
    page: str = environment.get_template("identifiers.html.jinja").render(d=document)
    return page
