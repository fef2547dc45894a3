"""Rows of a part, as they go into training: varied, then encoded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import UsageError
from psychescale.training.classifier.augment import AugmentOptions, augment


@dataclass(frozen=True)
class Rows:
    """Labelled texts of one part.

    Attributes:
        texts: The texts.
        targets: float32, 0 or 1, shape (n_texts, n_labels).
        second_texts: A second text for each (a survey item's question), None where there is none.
    """

    texts: Sequence[str]
    targets: NDArray[np.float32]
    second_texts: Sequence[str | None] | None = None

    def __post_init__(self) -> None:
        lengths = {len(self.texts), len(self.targets), len(self.second_texts or self.texts)}
        if len(lengths) > 1:
            raise ValueError(f"texts, targets and second texts differ in number: {lengths}")


def augmented(train: Rows, options: AugmentOptions, mask: str | None) -> Rows:
    """Training rows and their varied copies.

    Raises:
        UsageError: Masking is asked for without a mask.
    """
    if options.masking and not mask:
        raise UsageError("The backbone has no mask token.", remedy="Set masking to 0.")
    result = augment(train.texts, train.targets, options, mask=mask or "")
    seconds = train.second_texts
    return Rows(
        result.texts,
        result.targets,
        None if seconds is None else [seconds[row] for row in result.origin],
    )


def encode(
    tokenizer: Any, rows: Rows, max_length: int, *, plain: bool = False
) -> list[dict[str, Any]]:
    """What the model is called with, text by text, before padding.

    Args:
        tokenizer: The model's.
        rows: The rows.
        max_length: Tokens to read of a text, special tokens included.
        plain: Whether special tokens that a text spells out are text: an encoder–decoder takes no
            batch of texts with unequal numbers of ends.
    """
    seconds = rows.second_texts or [None] * len(rows.texts)
    encoded: list[dict[str, Any]] = [{}] * len(rows.texts)
    for paired in (False, True):  # a tokenizer takes texts or pairs, not both at once
        members = [
            i for i, second in enumerate(seconds) if bool(second and second.strip()) == paired
        ]
        if not members:
            continue
        batch = tokenizer(
            [rows.texts[i] for i in members],
            [seconds[i] for i in members] if paired else None,
            truncation=True,
            max_length=max_length,
            split_special_tokens=plain,
        )
        names = [name for name in tokenizer.model_input_names if name in batch]
        for position, row in enumerate(members):
            inputs = {name: batch[name][position] for name in names}
            encoded[row] = {**inputs, "labels": rows.targets[row]}
    return encoded
