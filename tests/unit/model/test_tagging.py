"""Entities found in batches are those that plain transformers finds, one text at a time."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychescale.errors import ModelError, UsageError
from psychescale.model.engines.pytorch import TorchEngine
from psychescale.model.tagging.entities import Aggregation, Entity, TagScheme, find_words
from psychescale.model.tagging.token_classifier import TextTagger
from tests.conftest import TAGS

WORDS = st.sampled_from(["sleep", "I", "unbelievably", "a_b", "O'Neill", "Zoë", "(so", "x.", "7"])
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)
PLAIN = st.lists(st.sampled_from(["sleep", "work", "unbelievable", "oslo", "qqqq"]), min_size=1)
SPACE = "\u2028"


@pytest.fixture(scope="module")
def folders(make_tagger: Callable[..., Path]) -> dict[str, Path]:
    """A token classifier of each architecture."""
    return {name: make_tagger(name) for name in ("bert", "roberta")}


@pytest.fixture(scope="module")
def load() -> Callable[..., TextTagger]:
    """A function that loads each tagger once."""
    loaded: dict[Any, TextTagger] = {}

    def get(folder: Path, **options: Any) -> TextTagger:
        key = (folder, *sorted(options.items()))
        if key not in loaded:
            loaded[key] = TextTagger.from_pretrained(folder, device="cpu", **options)
        return loaded[key]

    return get


@pytest.fixture(scope="module")
def reference() -> Callable[..., list[Entity]]:
    """A function (folder, text, …) → entities, with plain transformers and loops."""
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    loaded: dict[Path, Any] = {}

    def find(
        folder: Path,
        text: str,
        aggregation: Aggregation = "average",
        threshold: float | None = None,
        max_length: int = 64,
        stride: int = 32,
    ) -> list[Entity]:
        if folder not in loaded:
            model = AutoModelForTokenClassification.from_pretrained(folder).eval()
            loaded[folder] = AutoTokenizer.from_pretrained(folder), model
        tokenizer, model = loaded[folder]
        offsets, rows = _token_rows(tokenizer, model, text, max_length, stride)
        return _entities(text, offsets, rows, aggregation, threshold)

    return find


def _token_rows(
    tokenizer: Any, model: Any, text: str, max_length: int, stride: int
) -> tuple[list[tuple[int, int]], list[Any]]:
    """Offsets and probabilities of tokens, each from the window that shows most around it."""
    import torch

    given = tokenizer(
        text,
        truncation=True,
        max_length=max_length,
        stride=stride,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
    )
    best: dict[int, tuple[int, Any, tuple[int, int]]] = {}
    room = max_length - 2
    count = len(given["input_ids"])
    for number, ids in enumerate(given["input_ids"]):
        with torch.no_grad():
            output = model(torch.tensor([ids])).logits[0].softmax(-1).numpy()
        special = given["special_tokens_mask"][number]
        content = [at for at, flag in enumerate(special) if not flag]
        for position, at in enumerate(content):
            left = position if number else 10**6
            right = len(content) - 1 - position if number < count - 1 else 10**6
            token = number * (room - stride) + position
            seen = min(left, right)
            if token not in best or seen >= best[token][0]:
                best[token] = seen, output[at], tuple(given["offset_mapping"][number][at])
    ordered = [best[token] for token in sorted(best)]
    return [offset for _, _, offset in ordered], [row for _, row, _ in ordered]


def _entities(
    text: str,
    offsets: list[tuple[int, int]],
    rows: list[Any],
    aggregation: Aggregation,
    threshold: float | None,
) -> list[Entity]:
    words: list[tuple[int, int, list[Any]]] = []
    for (start, end), row in zip(offsets, rows, strict=True):
        while start < end and text[start].isspace():
            start += 1  # noqa: PLW2901 - a byte-level token may hold the blank before its word
        seam = words and start < end and words[-1][1] >= start
        if seam and re.fullmatch(r"\w\w", text[words[-1][1] - 1] + text[start]):
            words[-1] = words[-1][0], max(end, words[-1][1]), [*words[-1][2], row]
        else:
            words.append((start, end, [row]))
    found: list[tuple[int, int, str, list[float]]] = []
    open_ = False
    for start, end, parts in words:
        row = {
            "first": parts[0],
            "average": np.mean(parts, axis=0),
            "max": max(parts, key=lambda part: part.max()),
        }[aggregation]
        is_entity = row.argmax() > 0 if threshold is None else 1 - row[0] >= threshold
        if not is_entity or start >= end:
            open_ = False
            continue
        prefix, _, kind = TAGS[1 + row[1:].argmax()].partition("-")
        if open_ and prefix == "I" and found[-1][2] == kind:
            found[-1] = found[-1][0], end, kind, [*found[-1][3], 1 - row[0]]
        else:
            found.append((start, end, kind, [1 - row[0]]))
        open_ = True
    return [Entity(start, end, kind, float(np.mean(ps))) for start, end, kind, ps in found]


def check(expected: list[list[Entity]], found: list[list[Entity]]) -> None:
    """Same spans and labels; probabilities within 1e-5."""

    def spans(rows: list[list[Entity]]) -> list[list[tuple[int, int, str]]]:
        return [[(e.start, e.end, e.label) for e in row] for row in rows]

    assert spans(expected) == spans(found)
    np.testing.assert_allclose(
        [e.probability for row in expected for e in row],
        [e.probability for row in found for e in row],
        atol=1e-5,
    )


class TestAgainstPlainTransformers:
    @pytest.mark.parametrize("model_type", ["bert", "roberta"])
    @given(
        texts=st.lists(TEXTS, min_size=1, max_size=6),
        aggregation=st.sampled_from(["first", "average", "max"]),
        threshold=st.sampled_from([None, 0.3, 0.8]),
    )
    def test_batches(
        self,
        folders: dict[str, Path],
        load: Callable[..., TextTagger],
        reference: Callable[..., list[Entity]],
        model_type: str,
        texts: list[str],
        aggregation: Aggregation,
        threshold: float | None,
    ) -> None:
        """Every strategy finds what a loop over single texts finds."""
        folder = folders[model_type]
        tagger = load(folder, aggregation=aggregation, threshold=threshold, max_batch_tokens=40)

        check([reference(folder, text, aggregation, threshold) for text in texts], tagger(texts))

    @given(words=st.lists(WORDS, min_size=40, max_size=120), stride=st.sampled_from([0, 7, 8]))
    def test_long_texts(
        self,
        folders: dict[str, Path],
        load: Callable[..., TextTagger],
        reference: Callable[..., list[Entity]],
        words: list[str],
        stride: int,
    ) -> None:
        """A text of many windows is read to its end; a token counts where more stands around it."""
        folder, text = folders["bert"], " ".join(words)
        tagger = load(folder, max_length=24, stride=stride)

        check([reference(folder, text, max_length=24, stride=stride)], tagger([text]))

    @pytest.mark.parametrize("aggregation", ["first", "average", "max"])
    def test_the_library_s_own_pipeline(
        self, folders: dict[str, Path], load: Callable[..., TextTagger], aggregation: Aggregation
    ) -> None:
        """For plain words, spans and labels are those of transformers' pipeline."""
        from transformers import pipeline

        classify: Any = pipeline(
            "token-classification",
            model=str(folders["bert"]),
            aggregation_strategy=aggregation,
            device="cpu",
        )
        found = load(folders["bert"], aggregation=aggregation)
        words = ["sleep", "work", "unbelievable", "oslo", "qqqq", "family", "thanks"]
        texts = [" ".join(words[i:] + words[: i // 2]) for i in range(len(words))]

        for text in texts:
            expected = [(e["start"], e["end"], e["entity_group"]) for e in classify(text)]
            assert expected == [(e.start, e.end, e.label) for e in found([text])[0]]


class TestTagger:
    @given(texts=st.lists(st.text(max_size=60), max_size=5))
    def test_any_text(
        self, folders: dict[str, Path], load: Callable[..., TextTagger], texts: list[str]
    ) -> None:
        """Whatever the characters, spans are ordered, apart, not empty and inside of their text."""
        for text, found in zip(texts, load(folders["bert"], threshold=0.3)(texts), strict=True):
            borders = [border for e in found for border in (e.start, e.end)]

            assert sorted(borders) == borders
            assert all(text[e.start : e.end].strip() for e in found)
            assert all(e.end <= len(text) for e in found)

    def test_no_texts(self, folders: dict[str, Path], load: Callable[..., TextTagger]) -> None:
        """Nothing, empty texts and blanks have no entities."""
        tagger = load(folders["bert"], threshold=0.1)

        assert tagger([]) == []
        assert tagger(["", " ", SPACE]) == [[], [], []]

    def test_half_a_surrogate_pair(
        self, folders: dict[str, Path], load: Callable[..., TextTagger]
    ) -> None:
        """A text that no tokenizer takes keeps its offsets."""
        tagger = load(folders["bert"], threshold=0.1)
        with_half, without = tagger(["sleep \ud800 work", "sleep \ufffd work"])

        assert without == with_half

    def test_equal_texts_are_computed_once(
        self,
        folders: dict[str, Path],
        load: Callable[..., TextTagger],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Ten times the same text is one window for the model, and ten results."""
        tagger, read = load(folders["bert"], threshold=0.1), []
        compute = TorchEngine.token_logits

        def count(engine: TorchEngine, windows: Any) -> Any:
            read.append(len(windows))
            return compute(engine, windows)

        monkeypatch.setattr(TorchEngine, "token_logits", count)
        found = tagger(["work and sleep"] * 10)

        assert read == [1]
        assert [found[0]] * 10 == found
        assert found[0]

    def test_labels(self, folders: dict[str, Path], load: Callable[..., TextTagger]) -> None:
        """Labels are types, without the scheme's prefixes."""
        assert load(folders["bert"]).labels == ("NAME", "PLACE")


class TestScheme:
    def test_bioes(self) -> None:
        """S- and B- begin, E- and S- end; BILOU's U- and L- alike."""
        scheme = TagScheme.of(["O", "B-X", "I-X", "E-X", "S-X", "L-X", "U-X"])

        assert scheme.types == ("", "X", "X", "X", "X", "X", "X")
        assert scheme.begins.tolist() == [0, 1, 0, 0, 1, 0, 1]
        assert scheme.ends.tolist() == [0, 0, 0, 1, 1, 1, 1]

    def test_plain_types(self) -> None:
        """Labels without prefix are types, also when they start with a letter of a scheme."""
        assert TagScheme.of(["PERSON", "O", "BAR"]).types == ("PERSON", "", "BAR")

    def test_no_outside(self) -> None:
        """Labels without O cannot be read."""
        with pytest.raises(ModelError, match="no label O"):
            TagScheme.of(["LABEL_0", "LABEL_1"])

    def test_words(self) -> None:
        """Tokens belong to one word where letters or digits touch, within one text."""
        offsets = np.array([(0, 2), (2, 4), (4, 5), (5, 6), (0, 2)])

        words = find_words(["ab3c-d", "ef"], np.array([4, 1]), offsets)

        assert list(
            zip(words.text.tolist(), words.start.tolist(), words.end.tolist(), strict=True)
        ) == [(0, 0, 4), (0, 4, 5), (0, 5, 6), (1, 0, 2)]


class TestRefusals:
    def test_a_classifier_of_texts(self, tiny_model: Path) -> None:
        """A model for whole texts is named as such."""
        with pytest.raises(ModelError, match="BertForSequenceClassification"):
            TextTagger.from_pretrained(tiny_model)

    @pytest.mark.parametrize("threshold", [0.0, 1.0, -1.0])
    def test_threshold(self, tiny_model: Path, threshold: float) -> None:
        """A threshold is a probability between 0 and 1."""
        with pytest.raises(UsageError, match="threshold"):
            TextTagger.from_pretrained(tiny_model, threshold=threshold)

    def test_stride(self, tiny_model: Path) -> None:
        """A stride cannot be negative."""
        with pytest.raises(UsageError, match="stride"):
            TextTagger.from_pretrained(tiny_model, stride=-1)

    def test_labels_without_outside(self, make_tagger: Callable[..., Path]) -> None:
        """Generic labels stop before any text is read."""
        with pytest.raises(ModelError, match="no label O"):
            TextTagger.from_pretrained(make_tagger(labels=("X", "Y")), device="cpu")
