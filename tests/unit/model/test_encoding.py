"""Texts become the same tokens that the model's own tokenizer gives, without anything around them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychescale.errors import ModelError
from psychescale.model.encoding import Ragged, Template, TextEncoder

MakeModel = Callable[..., Path]
PAD, UNKNOWN, CLS, SEP = 0, 1, 2, 3  # of the WordPiece tokenizers


@pytest.fixture(scope="module")
def encoder(tiny_model: Path) -> TextEncoder:
    return TextEncoder.from_folder(tiny_model)


@pytest.fixture(scope="module")
def plain_tokenizer(tiny_model: Path, load_plain: Callable[[Path], tuple[Any, Any]]) -> Any:
    return load_plain(tiny_model)[0]


class TestRagged:
    @given(st.lists(st.lists(st.integers(0, 2**31 - 1))))
    def test_packing_loses_nothing(self, rows: list[list[int]]) -> None:
        """What is packed comes out again, row by row, with its length."""
        ragged = Ragged.of(rows)

        assert rows == [ragged[index].tolist() for index in range(len(ragged))]
        assert [len(row) for row in rows] == ragged.lengths.tolist()

    def test_dtypes(self) -> None:
        """Ids are 32 bits wide, and offsets 64: a long corpus has more than 2³¹ tokens."""
        ragged = Ragged.of([[1, 2], []])

        assert np.dtype(np.int32) == ragged.values.dtype
        assert np.dtype(np.int64) == ragged.offsets.dtype
        assert ragged.offsets.tolist() == [0, 2, 2]

    @given(st.data())
    def test_take(self, data: st.DataObject) -> None:
        """`take` gives the texts asked for, in ascending order of their index."""
        rows = data.draw(st.lists(st.lists(st.integers(0, 9), max_size=3), max_size=6))
        chosen = data.draw(st.sets(st.sampled_from(range(len(rows))))) if rows else set()
        taken = Ragged.of(rows).take(sorted(chosen))

        assert [rows[i] for i in sorted(chosen)] == [taken[i].tolist() for i in range(len(taken))]


class TestTemplates:
    def test_word_piece(self, encoder: TextEncoder) -> None:
        """BERT: [CLS] text [SEP], and the second text with its [SEP] has token type 1."""
        assert Template((CLS,), (), (SEP,), ((0,), 0, (), 0, (0,))) == encoder.single
        assert Template((CLS,), (SEP,), (SEP,), ((0,), 0, (0,), 1, (1,))) == encoder.pair
        assert encoder.single.n_special == 2
        assert encoder.pair.n_special == 3

    def test_byte_level(self, architecture: Callable[..., Path]) -> None:
        """RoBERTa: two separators between the texts, and no token types."""
        encoder = TextEncoder.from_folder(architecture("roberta"))
        begin, end = 0, 2

        assert Template((begin,), (), (end,), None) == encoder.single
        assert Template((begin,), (end, end), (end,), None) == encoder.pair
        assert encoder.pair.n_special == 4

    def test_no_token_types_where_the_model_takes_none(
        self, architecture: Callable[..., Path]
    ) -> None:
        """DistilBERT reads no token types, so none are made."""
        encoder = TextEncoder.from_folder(architecture("distilbert"))

        assert Template((CLS,), (), (SEP,), None) == encoder.single

    @pytest.mark.parametrize(("model_type", "pad_id"), [("bert", 0), ("roberta", 1)])
    def test_padding(self, architecture: Callable[..., Path], model_type: str, pad_id: int) -> None:
        """The padding id is the tokenizer's."""
        assert pad_id == TextEncoder.from_folder(architecture(model_type)).pad_id

    def test_tokenizer_that_rearranges_is_refused(self, plain_tokenizer: Any) -> None:
        """Windows cannot reproduce a tokenizer that changes a text's tokens beside special ones."""

        class Reversing:
            """The real tokenizer, but what it gives stands backwards."""

            backend_tokenizer = plain_tokenizer.backend_tokenizer
            pad_token_id = 0
            padding_side = "right"
            model_input_names = ("input_ids",)

            def __call__(self, *_texts: str) -> dict[str, list[int]]:
                return {"input_ids": [SEP, UNKNOWN, CLS]}

        with pytest.raises(ModelError) as refusal:
            TextEncoder(Reversing())

        assert "changes a text's own tokens" in refusal.value.problem
        assert "use another checkpoint" in refusal.value.remedy


class TestEncode:
    @pytest.mark.parametrize("model_type", ["bert", "roberta", "deberta-v2"])
    @given(texts=st.lists(st.text(max_size=30), max_size=4))
    def test_equals_the_tokenizer(
        self,
        model_type: str,
        texts: list[str],
        architecture: Callable[..., Path],
        load_plain: Callable[[Path], tuple[Any, Any]],
    ) -> None:
        """Any text gives the ids that the tokenizer itself gives without special tokens."""
        folder = architecture(model_type)
        encoded = cached_encoder(folder).encode(texts)
        expected = [
            load_plain(folder)[0](text, add_special_tokens=False)["input_ids"] for text in texts
        ]

        assert expected == [encoded[index].tolist() for index in range(len(encoded))]

    def test_nothing_is_cut(self, encoder: TextEncoder) -> None:
        """A text longer than the model's window keeps all its tokens."""
        assert encoder.encode(["word " * 1000]).lengths[0] >= 1000

    def test_nothing_is_padded(self, encoder: TextEncoder) -> None:
        """A short text beside a long one has its own few tokens only."""
        assert encoder.encode(["a", "b " * 50]).lengths[0] == 1

    def test_settings_in_the_file_do_not_hold(self, make_model: MakeModel) -> None:
        """A tokenizer.json that was saved with truncation and padding switched on does neither."""
        from tokenizers import Tokenizer

        folder = make_model()
        path = str(folder / "tokenizer.json")
        backend = Tokenizer.from_file(path)
        backend.enable_truncation(6)
        backend.enable_padding(length=9)
        backend.save(path)
        encoder = TextEncoder.from_folder(folder)

        assert encoder.encode(["a", "b " * 50]).lengths.tolist() == [1, 50]
        assert Template((CLS,), (), (SEP,), ((0,), 0, (), 0, (0,))) == encoder.single

    def test_no_texts(self, encoder: TextEncoder) -> None:
        """No texts, no rows."""
        assert len(encoder.encode([])) == 0

    @pytest.mark.parametrize("text", ["", " ", "\u200b", "\x00", "\u00ad\u2060"])
    def test_invisible_texts_have_no_tokens(self, encoder: TextEncoder, text: str) -> None:
        """Blanks, zero-width and control characters leave nothing."""
        assert encoder.encode([text]).lengths.tolist() == [0]


class TestFromFolder:
    def test_damaged_tokenizer(self, make_model: MakeModel) -> None:
        """A tokenizer.json that cannot be read is refused with the way to write it."""
        folder = make_model()
        (folder / "tokenizer.json").write_text("{", encoding="utf-8")

        with pytest.raises(ModelError) as refusal:
            TextEncoder.from_folder(folder)

        assert refusal.value.exit_code == 4
        assert f"The tokenizer in {folder} cannot be loaded (" in refusal.value.problem
        assert "AutoTokenizer.from_pretrained(…).save_pretrained(FOLDER)" in refusal.value.remedy

    def test_slow_tokenizer(self, make_model: MakeModel) -> None:
        """A tokenizer in pure Python (CANINE's here) is refused with the file that is missing."""
        folder = make_model(
            tokenizer_config={"tokenizer_class": "CanineTokenizer"}, delete=["tokenizer.json"]
        )

        with pytest.raises(ModelError) as refusal:
            TextEncoder.from_folder(folder)

        assert f"{folder} has no fast tokenizer (tokenizer.json): a" in refusal.value.problem
        assert "save_pretrained(FOLDER)" in refusal.value.remedy

    def test_vocabulary_size(self, make_model: MakeModel, encoder: TextEncoder) -> None:
        """The vocabulary ends after its highest id, added tokens included."""
        from transformers import AutoTokenizer

        folder = make_model()
        tokenizer = AutoTokenizer.from_pretrained(folder)
        tokenizer.add_tokens(["<user>", "<url>"])
        tokenizer.save_pretrained(folder)

        grown = TextEncoder.from_folder(folder)
        assert encoder.vocabulary_size + 2 == grown.vocabulary_size
        assert [grown.vocabulary_size - 1] == grown.encode(["<url>"])[0].tolist()


_ENCODERS: dict[Path, TextEncoder] = {}


def cached_encoder(folder: Path) -> TextEncoder:
    if folder not in _ENCODERS:
        _ENCODERS[folder] = TextEncoder.from_folder(folder)
    return _ENCODERS[folder]
