"""Every family gives a text the number that plain transformers gives it, or is refused by name."""

import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from psychescale.errors import ModelError
from psychescale.scoring.scorer import Scorer

from .families import FAMILIES, Family, write_family

PAGE = Path(__file__).parents[3] / "docs" / "models.md"
WRITE = "PSYCHESCALE_WRITE_DOCS"
ODD = [
    "🙂",
    "?",
    "a </s> b </s>",
    "</s>",
    "<|endoftext|> x",
    "x <|endoftext|>",
    "[SEP] [CLS] [PAD] x",
    "<pad> <pad> x <pad>",
    "z" * 90,
    " leading",
    "眠れない",
]
REFUSED = {"BigBird (block-sparse)", "Reformer (hashed attention)"}
LAYOUTS = {
    "right": "padded",
    "left": "padded in front",
    "equal": "texts of one length",
    "single": "one text at a time",
}
_rows: dict[str, str] = {}


@pytest.fixture(scope="module")
def write(
    tmp_path_factory: pytest.TempPathFactory, corpus_texts: list[str]
) -> Callable[[Family], Path]:
    """A function family → folder."""

    def make(family: Family) -> Path:
        folder = tmp_path_factory.mktemp(family.model_type)
        return write_family(family, folder, corpus_texts[:300])

    return make


def by_transformers(folder: Path, texts: list[str], max_length: int) -> NDArray[np.float32]:
    """One text at a time, as the documentation of transformers does it; (n_texts, n_labels)."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    takes = inspect.signature(model.forward).parameters
    rows = []
    for text in texts:
        inputs = tokenizer(text, truncation=True, max_length=max_length, return_tensors="pt")
        with torch.no_grad():
            logits = model(**{k: v for k, v in inputs.items() if k in takes}).logits[0]
        rows.append(logits.sigmoid().numpy())
    return np.array(rows)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_family(family: Family, write: Callable[[Family], Path], corpus_texts: list[str]) -> None:
    """In a batch of all kinds each text has its own number; the same in batches of any size."""
    folder = write(family)
    texts = [text for pair in zip(corpus_texts, ODD, strict=False) for text in pair]
    texts += [" ".join(corpus_texts[:6]), *corpus_texts[20:40]]
    options: dict[str, Any] = {"long_text": "truncate", "max_length": 64, "device": "cpu"}
    if family.name in REFUSED:
        with pytest.raises(ModelError, match="ForSequenceClassification") as refusal:
            Scorer.from_pretrained(folder, **options)
        _document(family, f"refused: {refusal.value.problem.partition('(')[0].strip()}")
        return
    scorer = Scorer.from_pretrained(folder, **options)
    _document(family, f"equal; {LAYOUTS[str(scorer.spec.layout)]}")
    expected = by_transformers(folder, texts, scorer.spec.max_length)
    assert expected.std(axis=0).max() > 0.005
    np.testing.assert_allclose(scorer(texts), expected, rtol=0, atol=1e-5)
    roomy = Scorer.from_pretrained(folder, **options, max_batch_tokens=10_000)
    np.testing.assert_allclose(roomy(texts[::-1]), expected[::-1], rtol=0, atol=1e-5)


def test_page() -> None:
    """The page lists the families, each once, in order."""
    if os.environ.get(WRITE):
        start, end = _table()
        lines = [
            "| family | `model_type` | against plain transformers; batches |",
            "| --- | --- | --- |",
        ]
        page = PAGE.read_text(encoding="utf-8")
        table = "\n".join(lines + [_rows[family.name] for family in FAMILIES])
        PAGE.write_text(page[:start] + table + page[end:], encoding="utf-8")
    start, end = _table()
    listed = PAGE.read_text(encoding="utf-8")[start:end].splitlines()[2:]
    assert [line.split("|")[1].strip() for line in listed] == [f.name for f in FAMILIES]


def _table() -> tuple[int, int]:
    page = PAGE.read_text(encoding="utf-8")
    start = page.index("| family |")
    return start, page.index("\n\n", start)


def _document(family: Family, found: str) -> None:
    """The page says what was found; with the variable `WRITE` set, it will."""
    _rows[family.name] = f"| {family.name} | `{family.model_type}` | {found} |"
    if not os.environ.get(WRITE):
        page = PAGE.read_text(encoding="utf-8").splitlines()
        assert _rows[family.name] in page, f"run this file with {WRITE}=1"
