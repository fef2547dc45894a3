"""Texts → token ids, once, without padding: a flat array and offsets (a ragged array)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychescale.errors import ModelError
from psychescale.model.checkpoint import VOCABULARY_FILES
from psychescale.model.heads.registration import register_heads


@dataclass(frozen=True)
class Ragged:
    """Token ids of several texts end to end.

    Attributes:
        values: int32, shape (n_tokens,): all ids, one text after the other.
        offsets: int64, shape (n_texts + 1,): text i is ``values[offsets[i]:offsets[i + 1]]``.
    """

    values: NDArray[np.int32]
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[Sequence[int] | NDArray[np.int32]]) -> "Ragged":
        """Pack `rows`, one sequence of ids a text."""
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum([len(row) for row in rows], out=offsets[1:])
        values = np.empty(int(offsets[-1]), np.int32)
        for row, start, end in zip(rows, offsets[:-1], offsets[1:], strict=True):
            values[start:end] = row
        return cls(values, offsets)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """int64, shape (n_texts,): tokens per text."""
        return np.diff(self.offsets)

    def all_below(self, bound: int) -> NDArray[np.bool_]:
        """Whether all ids of a text are below a bound, shape (n_texts,)."""
        above = np.concatenate(([0], np.cumsum(self.values >= bound)))
        below: NDArray[np.bool_] = np.diff(above[self.offsets]) == 0
        return below

    def take(self, indices: Sequence[int]) -> "Ragged":
        """The texts at `indices`, in that order."""
        if len(indices) == len(self):
            return self
        return Ragged.of([self[index] for index in indices])

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> NDArray[np.int32]:
        return self.values[self.offsets[index] : self.offsets[index + 1]]


@dataclass(frozen=True)
class Template:
    """The special tokens that a tokenizer puts around a text, or around two.

    Attributes:
        before, between, after: Special token ids. `between` is empty for single texts.
        types: Token type ids of (before, first text, between, second text, after): one a special
            token, one for all tokens of a text; or None where the model takes no token types.
        pad_type: Token type id of padding.
    """

    before: tuple[int, ...]
    between: tuple[int, ...]
    after: tuple[int, ...]
    types: tuple[tuple[int, ...], int, tuple[int, ...], int, tuple[int, ...]] | None
    pad_type: int = 0

    @property
    def n_special(self) -> int:
        """Special tokens in one window."""
        return len(self.before) + len(self.between) + len(self.after)


class TextEncoder:
    """A model's tokenizer, giving content tokens without special tokens, padding or truncation.

    Attributes:
        single: The template around one text.
        pair: The template around two texts.
        pad_id: Token id for padding, or None where the tokenizer has none.
        pad_left: Whether it fills up in front of a text.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._backend = tokenizer.backend_tokenizer
        self._backend.no_truncation()
        self._backend.no_padding()
        self.pad_id: int | None = tokenizer.pad_token_id
        self.pad_left: bool = tokenizer.padding_side == "left"
        self.single = self._read_template(pair=False)
        self.pair = self._read_template(pair=True)

    @classmethod
    def from_folder(cls, folder: Path) -> "TextEncoder":
        """Load the tokenizer of a model folder.

        Raises:
            ModelError: The tokenizer cannot be loaded, is not a fast one, or arranges special
                tokens in a way that windows cannot reproduce.
        """
        from transformers import AutoTokenizer

        register_heads()
        try:
            tokenizer = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False, use_fast=True
            )
        except Exception as error:  # noqa: BLE001 - whatever a broken tokenizer file makes the library raise
            raise ModelError(
                f"The tokenizer in {folder} cannot be loaded ({type(error).__name__}). "
                f"{_what_is_there(folder)}",
                remedy=_RESAVE,
            ) from None
        if not getattr(tokenizer, "is_fast", False):
            raise ModelError(
                f"{folder} has no fast tokenizer (tokenizer.json): a {type(tokenizer).__name__} is "
                "slow only.",
                remedy=_RESAVE,
            )
        return cls(tokenizer)

    @property
    def vocabulary_size(self) -> int:
        """One more than the highest token id that this tokenizer can give."""
        return int(max(self._backend.get_vocab(with_added_tokens=True).values())) + 1

    @property
    def special_tokens(self) -> tuple[str, ...]:
        """The special tokens, as a text may spell them."""
        return tuple(self._tokenizer.all_special_tokens)

    def plain(self, text: str, second: str | None = None) -> dict[str, list[int]]:
        """What the tokenizer makes of a text, or of two, by its own call: the model's inputs."""
        return dict(self._tokenizer(text, second))

    def encode(self, texts: Sequence[str]) -> Ragged:
        """Content tokens of every text, in order."""
        encodings = self._backend.encode_batch_fast(list(texts), add_special_tokens=False)
        return Ragged.of([encoding.ids for encoding in encodings])

    def encode_with_offsets(self, texts: Sequence[str]) -> tuple[Ragged, NDArray[np.int64]]:
        """Content tokens of every text, in order, and where they stand.

        Returns:
            The tokens; and for each of them its first code point in its text and the first after it,
            int64, shape (n_tokens, 2), texts end to end.
        """
        encodings = self._backend.encode_batch(list(texts), add_special_tokens=False)
        offsets = [pair for encoding in encodings for pair in encoding.offsets]
        return (
            Ragged.of([encoding.ids for encoding in encodings]),
            np.array(offsets, np.int64).reshape(-1, 2),
        )

    def _read_template(self, *, pair: bool) -> Template:
        """Encode a probe with and without special tokens; what is new are the special tokens."""
        first, second = self.encode(["a", "b"])[0].tolist(), self.encode(["a", "b"])[1].tolist()
        full = self._tokenizer("a", "b") if pair else self._tokenizer("a")
        ids: list[int] = full["input_ids"]
        start = _find(first, ids, 0)
        end = start + len(first)
        second_start = _find(second, ids, end) if pair else end
        second_end = second_start + (len(second) if pair else 0)
        types = None
        if "token_type_ids" in self._tokenizer.model_input_names:
            given: list[int] = full.get("token_type_ids") or [0] * len(ids)
            types = (
                tuple(given[:start]),
                given[start],
                tuple(given[end:second_start]),
                given[second_start] if pair else 0,
                tuple(given[second_end:]),
            )
        return Template(
            before=tuple(ids[:start]),
            between=tuple(ids[end:second_start]),
            after=tuple(ids[second_end:]),
            types=types,
            pad_type=int(self._tokenizer.pad_token_type_id),
        )


def exceeding(
    folder: Path, max_length: int
) -> Callable[[Sequence[str], Sequence[str | None]], Sequence[bool]]:
    """A function: texts, second texts → whether each has more tokens than a window of `max_length`.

    Raises:
        ModelError: The folder's tokenizer cannot be used.
    """
    encoder = TextEncoder.from_folder(folder)
    special = np.array([encoder.single.n_special, encoder.pair.n_special])

    def exceed(texts: Sequence[str], seconds: Sequence[str | None]) -> Sequence[bool]:
        paired = np.array([bool(second) for second in seconds], np.int64)
        content = encoder.encode(texts).lengths + encoder.encode([s or "" for s in seconds]).lengths
        over: list[bool] = (content + special[paired] > max_length).tolist()
        return over

    return exceed


def _find(part: list[int], whole: list[int], start: int) -> int:
    for index in range(start, len(whole) - len(part) + 1):
        if whole[index : index + len(part)] == part:
            return index
    raise ModelError(
        "The tokenizer changes a text's own tokens when it adds special tokens.",
        remedy="psychescale cannot window such a model; use another checkpoint.",
    )


def _what_is_there(folder: Path) -> str:
    """The tokenizer's files, and what is needed to read them, where tokenizer.json is not there."""
    there = [name for name in VOCABULARY_FILES if (folder / name).is_file()]
    needed = " and no tokenizer.json; it takes the package sentencepiece to read it"
    pieces = "tokenizer.json" not in there and any(name.endswith(".model") for name in there)
    return f"It has {', '.join(there)}{needed if pieces else ''}."


_RESAVE = (
    "Write tokenizer.json with AutoTokenizer.from_pretrained(…).save_pretrained(FOLDER), where the "
    "packages that it needs are installed."
)
