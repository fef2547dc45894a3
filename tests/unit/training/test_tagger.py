"""A tagger is trained on spans, and comes out as a plain token-classification folder."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychescale.errors import InputError
from psychescale.model.tagging.token_classifier import TextTagger
from psychescale.synthetic.planted.generator import generate_planted
from psychescale.training.classifier.fit import FitOptions
from psychescale.training.tagger.data import (
    IGNORED,
    TaggedText,
    from_planted,
    lower_some,
    read_tagged,
    split_by_template,
)
from psychescale.training.tagger.fit import BIO, encode_tagged, fine_tune_tagger, token_labels
from psychescale.training.tagger.recipe import second_rows


@pytest.fixture(scope="module")
def trained(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tagger that has read a rule: the word "work" is a name, and no other."""
    words = ["sleep", "family", "thanks", "body", "the", "my", "very", "night"]
    rows = [TaggedText(f"{w} work {w}", ((len(w) + 1, len(w) + 5, "NAME"),), w) for w in words]
    rows += [TaggedText(f"{w} my {w}", (), w) for w in words]
    options = FitOptions(
        epochs=4,
        learning_rate=1e-3,
        head_learning_rate=1e-2,
        batch_size=2,
        max_length=32,
        seed=1,
    )
    folder = tmp_path_factory.mktemp("tagger")
    fit = fine_tune_tagger(tiny_model, rows * 6, rows[4:12], options, output=folder)

    assert fit.validation_f2 > 0.9
    assert 1 <= fit.epochs <= 4
    return folder


class TestTokenLabels:
    def test_begin_and_inside(self) -> None:
        """The first token of a span begins it, all others are inside; special tokens have no loss."""
        offsets = [(0, 0), (0, 3), (3, 5), (6, 9), (10, 12), (0, 0)]
        labels = token_labels(offsets, [(0, 9, "NAME"), (10, 12, "NAME")])

        assert [BIO[index] if index >= 0 else "" for index in labels] == [
            "",
            "B-NAME",
            "I-NAME",
            "I-NAME",
            "B-NAME",
            "",
        ]

    def test_ignored(self) -> None:
        """What the sets disagree on has no loss; what is in no span is outside."""
        assert token_labels([(0, 3), (4, 6)], [(0, 3, IGNORED)]) == [-100, 0]

    def test_a_token_over_the_edge(self) -> None:
        """A token that a span covers in part belongs to it."""
        assert BIO.index("B-NAME") == token_labels([(0, 5)], [(3, 9, "NAME")])[0]

    @given(
        words=st.lists(
            st.tuples(st.integers(1, 4), st.sampled_from(["", "NAME", "USER"])), max_size=8
        )
    )
    def test_spans_come_back(self, words: list[tuple[int, str]]) -> None:
        """With a token a word, reading the labels gives the spans again."""
        offsets, spans, position = [], [], 0
        for length, label in words:
            offsets.append((position, position + length))
            if label:
                spans.append((position, position + length, label))
            position += length + 1
        labels = [BIO[index] for index in token_labels(offsets, spans)]

        assert [f"B-{label}" if label else "O" for _, label in words] == labels


class TestData:
    def test_public_labels(self, tmp_path: Path) -> None:
        """Labels become ours; some are ignored, unknown ones are outside, handles are ignored."""
        path = _write(
            tmp_path,
            "@bo Anna of Acme saw X",
            [(4, 8, "person"), (12, 16, "corporation"), (21, 22, "product")],
        )

        assert list(read_tagged(path)[0].spans) == [
            (0, 3, IGNORED),
            (4, 8, "NAME"),
            (12, 16, IGNORED),
        ]

    def test_templates(self, tmp_path: Path) -> None:
        """Texts that differ in their identifiers alone share a template."""
        first = read_tagged(_write(tmp_path, "Hi Anna!", [(3, 7, "PERSON")]))[0]
        second = read_tagged(_write(tmp_path, "hi Bo", [(3, 5, "PERSON")]))[0]

        assert first.template == second.template

    def test_a_broken_line(self, tmp_path: Path) -> None:
        """The message names file and line."""
        (tmp_path / "x.jsonl").write_text('\n{"text": 3}\n', encoding="utf-8")

        with pytest.raises(InputError, match=r"x\.jsonl, line 2"):
            read_tagged(tmp_path / "x.jsonl")

    def test_split_by_template(self) -> None:
        """No template is on both sides, every row on one, and the share is about as asked."""
        rows = from_planted(generate_planted(600, seed=1))
        train, held_out = split_by_template(rows, held_out=0.2)

        assert len(rows) == len(train) + len(held_out)
        assert {row.template for row in train}.isdisjoint(row.template for row in held_out)
        assert 0.1 < len(held_out) / len(rows) < 0.3

    def test_lower_some(self) -> None:
        """The share of texts goes to lower case, unless that would move the spans."""
        rows = [TaggedText("Ann İ", ((0, 3, "NAME"),), ""), TaggedText("Ann", (), "")]

        assert [row.text for row in lower_some(rows, share=1.0, seed=0)] == ["Ann İ", "ann"]
        assert rows == lower_some(rows, share=0.0, seed=0)


class TestTraining:
    def test_a_plain_folder(self, trained: Path) -> None:
        """The folder is one of transformers, with the labels in its config."""
        config = json.loads((trained / "config.json").read_text(encoding="utf-8"))

        assert config["architectures"] == ["BertForTokenClassification"]
        assert list(BIO) == [config["id2label"][str(i)] for i in range(len(BIO))]

    def test_it_learnt(self, trained: Path) -> None:
        """Through the engine it finds what it was taught, in a text that it has not read."""
        found = TextTagger.from_pretrained(trained, device="cpu")(["so work it", "so it"])

        assert [[(e.start, e.end, e.label) for e in row] for row in found] == [[(3, 7, "NAME")], []]

    def test_rows(self, tiny_model: Path) -> None:
        """Each row has as many labels as tokens, cut at the maximum length."""
        from transformers import AutoTokenizer

        tokenizer: Any = AutoTokenizer.from_pretrained(tiny_model)
        text = "name " * 30
        (row,) = encode_tagged(tokenizer, [TaggedText(text, ((0, 4, "NAME"),), "")], 16)

        assert 16 == len(row["labels"]) == len(row["input_ids"])
        assert [-100, BIO.index("B-NAME"), 0] == row["labels"][:3]


def _write(folder: Path, text: str, spans: list[tuple[int, int, str]]) -> Path:
    path = folder / "rows.jsonl"
    written = [{"start": start, "end": end, "label": label} for start, end, label in spans]
    path.write_text(json.dumps({"text": text, "spans": written}), encoding="utf-8")
    return path


class TestRecipe:
    def test_second_rows(self) -> None:
        """Every post with an identifier is on one side; few plain ones and some clean texts join."""
        named = [TaggedText(f"anna {n}", ((0, 4, "NAME"),), f"n{n}") for n in range(60)]
        plain = [TaggedText(f"rain {n}", (), f"p{n}") for n in range(200)]
        clean = [TaggedText(f"clean {n}", (), f"c{n}") for n in range(300)]

        train, held_out = second_rows(clean[:200], clean[200:], [*named, *plain], seed=1)

        texts = [row.text for row in (*train, *held_out)]
        assert {row.text for row in named} <= set(texts)
        assert len(texts) == len(set(texts))
        assert 10 < sum(text.startswith("rain") for text in texts) < 60
        assert sum(text.startswith("clean") for text in texts) == 180
