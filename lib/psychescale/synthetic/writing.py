"""Synthetic documents as files."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from psychescale.synthetic.documents import Document


def write_json_lines(path: Path, documents: Iterable[Document]) -> None:
    """Write one JSON object a document, times in ISO 8601, planted identifiers as `pii` spans."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("w", encoding="utf-8") as file:
        for document in documents:
            file.write(json.dumps(asdict(document), default=str, ensure_ascii=False) + "\n")
    unfinished.replace(path)
