"""A bundle: a model folder that says everything `score` must know, and proves it is whole."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from psychescale.errors import ModelError, UsageError
from psychescale.model.checkpoint import CHECKSUMS_FILE, SCORING_FILE, file_digest
from psychescale.model.spec import ModelSpec, read_model

FORMAT_VERSION = 1
CARD_FILE = "README.md"


def thresholds(bundle: str) -> dict[str, float]:
    """The frozen thresholds of a bundle: label → the probability from which it is given.

    Args:
        bundle: Its folder.

    Raises:
        ModelError: It has none, or its activation is softmax.
    """
    spec = read_deciding(bundle)
    return dict(zip(spec.labels, spec.thresholds or (), strict=True))


def read_deciding(bundle: str) -> ModelSpec:
    """What is known of a bundle with frozen thresholds.

    Raises:
        ModelError: It has none, or its activation is softmax.
    """
    _, spec = read_model(bundle)
    if spec.activation == "softmax":
        raise ModelError(
            f"{bundle}: its probabilities compete within a text (softmax).",
            remedy="Thresholds per label need a sigmoid model.",
        )
    if spec.thresholds is None:
        raise ModelError(
            f"{bundle} has no frozen thresholds.",
            remedy="Train a bundle with validation rows and ‹thresholds› f1.",
        )
    return spec


def require_free(folder: Path) -> None:
    """Refuse a place where something is already.

    Raises:
        UsageError: `folder` exists.
    """
    if folder.exists():
        raise UsageError(
            f"{folder} exists already.",
            remedy="Give another ‹output›, or delete it if it is not needed.",
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
    (folder / CARD_FILE).write_text(card, encoding="utf-8")
    files = sorted(path for path in folder.iterdir() if path.name != CHECKSUMS_FILE)
    lines = [f"{file_digest(path)}  {path.name}\n" for path in files]
    (folder / CHECKSUMS_FILE).write_text("".join(lines), encoding="utf-8")
    for path in folder.iterdir():
        path.chmod(0o644)


def reseal_card(folder: Path, card: str) -> None:
    """Replace the model card of a bundle, and its line in `SHA256SUMS`; nothing else changes.

    Raises:
        UsageError: The folder cannot be written, or has no checksums.
    """
    sums = folder / CHECKSUMS_FILE
    try:
        lines = sums.read_text(encoding="utf-8").splitlines()
        (folder / CARD_FILE).write_text(card, encoding="utf-8")
        others = [line for line in lines if line.split()[-1] != CARD_FILE]
        new = f"{file_digest(folder / CARD_FILE)}  {CARD_FILE}"
        ordered = sorted([*others, new], key=lambda line: line.split()[-1])
        sums.write_text("\n".join(ordered) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{folder}: the model card cannot be replaced: {error.strerror}.",
            remedy="Give a bundle that may be written, or leave out ‹write_card›.",
        ) from None
