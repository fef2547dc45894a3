"""Writing a bundle: a model folder that says everything `score` must know, and proves it is whole."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from psychescale.errors import UsageError
from psychescale.model.checkpoint import CHECKSUMS_FILE, SCORING_FILE, file_digest

FORMAT_VERSION = 1


def require_free(folder: Path) -> None:
    """Refuse a place where something is already.

    Raises:
        UsageError: `folder` exists.
    """
    if folder.exists():
        raise UsageError(
            f"{folder} exists already.",
            remedy="Give another --output, or delete it if it is not needed.",
        )


def seal_bundle(folder: Path, scoring: Mapping[str, Any], card: str) -> None:
    """Turn a folder with config, tokenizer and weights into a bundle.

    Writes `scoring.json`, `README.md` (the model card) and `SHA256SUMS` over every file, and makes
    all of them readable: weights come from `save_pretrained` with mode 0600, and an executor of
    another user could not open them.

    Args:
        folder: Holds what `save_pretrained` wrote for model and tokenizer.
        scoring: Content of `scoring.json`.
        card: The model card, Markdown.
    """
    content = {"format": FORMAT_VERSION, **scoring}
    (folder / SCORING_FILE).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    seal_folder(folder, card)


def seal_folder(folder: Path, card: str) -> None:
    """Write `README.md` and `SHA256SUMS` over every file, and make all of them readable.

    Args:
        folder: Holds what `save_pretrained` wrote.
        card: The model card, Markdown.
    """
    (folder / "README.md").write_text(card, encoding="utf-8")
    files = sorted(path for path in folder.iterdir() if path.name != CHECKSUMS_FILE)
    lines = [f"{file_digest(path)}  {path.name}\n" for path in files]
    (folder / CHECKSUMS_FILE).write_text("".join(lines), encoding="utf-8")
    for path in folder.iterdir():
        path.chmod(0o644)
