"""How many tokens a model can read, as far as its folder says."""

import json
from pathlib import Path
from typing import Any

from psychescale.errors import ModelError
from psychescale.model.checkpoint import Checkpoint

# transformers writes 1e30 for "unknown"; nothing that a BERT-family model reads is this long.
_BELIEVABLE_LENGTH = 100_000
# These count positions from padding_idx + 1, so the first ones are never used.
_OFFSET_POSITIONS = {
    "camembert",
    "data2vec-text",
    "esm",
    "ibert",
    "longformer",
    "luke",
    "markuplm",
    "mpnet",
    "roberta",
    "roberta-prelayernorm",
    "xlm-roberta",
    "xlm-roberta-xl",
    "xmod",
}
_SHORTEST_WINDOW = 8

LABEL_ATTENTION = "psychescale-label-attention"
"""Model type of the label-attention head; the encoder's own configuration is nested in its."""


def choose_max_length(checkpoint: Checkpoint, given: int | None) -> int:
    """The longest window in tokens: as asked for, or the model's own.

    Raises:
        ModelError: The model cannot read as many tokens, or does not say how many it can.
    """
    config = _encoder_config(checkpoint)
    stated = [_believable(config.get(n)) for n in ("max_position_embeddings", "n_positions")]
    positions = next((n for n in stated if n), None)
    if positions is not None and config.get("model_type") in _OFFSET_POSITIONS:
        pad = config.get("pad_token_id", 1)
        positions -= (pad if isinstance(pad, int) else 1) + 1
    tokenizer_length = _tokenizer_max_length(checkpoint.folder / "tokenizer_config.json")
    limits = [positions, tokenizer_length, _stated_length(checkpoint)]
    own = min((limit for limit in limits if limit is not None), default=None)
    if own is not None and own < _SHORTEST_WINDOW:
        raise ModelError(
            f"{checkpoint.folder} states a maximum length of {own} tokens.",
            remedy="Correct max_length in scoring.json, or model_max_length of the tokenizer.",
        )
    if given is None:
        if own is None:
            raise ModelError(
                f"{checkpoint.folder} does not say how many tokens it can read.",
                remedy="Add ‹max_length› with the length it was trained with (often 512).",
            )
        return own
    ceiling = positions if positions is not None else _BELIEVABLE_LENGTH
    if not _SHORTEST_WINDOW <= given <= ceiling:
        raise ModelError(
            f"‹max_length› {given} is out of the range of {checkpoint.folder}.",
            remedy=f"Choose a length from {_SHORTEST_WINDOW} to {ceiling}, special tokens included.",
        )
    return given


def _believable(length: object) -> int | None:
    """A length that a model may be believed to read; None for anything else."""
    if isinstance(length, int | float) and 0 < length < _BELIEVABLE_LENGTH:
        return int(length)
    return None


def _stated_length(checkpoint: Checkpoint) -> int | None:
    stated = checkpoint.scoring.get("max_length")
    if not isinstance(stated, int | None):
        raise ModelError(
            f"{checkpoint.folder}: max_length in scoring.json is no length: {stated!r}.",
            remedy="Correct max_length in scoring.json, or pack or train the bundle again.",
        )
    return stated


def _encoder_config(checkpoint: Checkpoint) -> dict[str, Any]:
    """What `config.json` says of the encoder."""
    if checkpoint.config.get("model_type") != LABEL_ATTENTION:
        return checkpoint.config
    encoder = checkpoint.config.get("encoder")
    if not isinstance(encoder, dict):
        raise ModelError(
            f"{checkpoint.folder}: config.json does not describe the encoder.",
            remedy="Copy the bundle again.",
        )
    return encoder


def _tokenizer_max_length(path: Path) -> int | None:
    if not path.is_file():
        return None
    try:
        length = json.loads(path.read_text(encoding="utf-8")).get("model_max_length")
        if not isinstance(length, int | float | None):
            raise ModelError(
                f"{path}: model_max_length is no number.", remedy="Write the number without quotes."
            )
    except (ValueError, AttributeError):
        raise ModelError(
            f"{path} cannot be read as JSON.", remedy="Copy the model folder again."
        ) from None
    return _believable(length)
