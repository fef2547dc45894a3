"""Every family gives a text the number that plain transformers gives it, or is refused by name."""

import functools
import inspect
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from psychescale.errors import ModelError
from psychescale.model.engines.pytorch import TorchEngine
from psychescale.scoring.scorer import Scorer
from psychescale.settings.train import TrainConfig
from psychescale.training.classifier.dataset import Rows
from psychescale.training.classifier.fit import FitOptions, fit
from psychescale.workflows.train.fit import require_ready

from .families import FAMILIES, LABELS, Family, write_family

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
STEPS = FitOptions(
    epochs=1, learning_rate=1e-3, head_learning_rate=1e-2, batch_size=4, max_length=16, seed=0
)
LAYOUTS = {
    "packed": "padded; on a GPU packed",
    "right": "padded",
    "left": "padded in front",
    "equal": "texts of one length",
    "single": "one text at a time",
}
COLUMNS = ("family", "`model_type`", "against plain transformers; batches", "`train`")
_cells: dict[tuple[str, str], str] = {}


@pytest.fixture(scope="module")
def write(
    tmp_path_factory: pytest.TempPathFactory, corpus_texts: list[str]
) -> Callable[[Family], Path]:
    """A function family → folder."""

    @functools.cache
    def make(family: str) -> Path:
        (found,) = (one for one in FAMILIES if one.name == family)
        return write_family(found, tmp_path_factory.mktemp("family"), corpus_texts[:300])

    return lambda family: make(family.name)


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
def test_family(
    family: Family,
    write: Callable[[Family], Path],
    corpus_texts: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a batch of all kinds each text has its own number; the same in batches of any size.

    Packed too, where a GPU would compute the model so: a processor does it here, with another kernel.
    """
    folder = write(family)
    texts = [text for pair in zip(corpus_texts, ODD, strict=False) for text in pair]
    texts += [" ".join(corpus_texts[:6]), *corpus_texts[20:40]]
    options: dict[str, Any] = {"long_text": "truncate", "max_length": 64, "device": "cpu"}
    if family.name in REFUSED:
        with pytest.raises(ModelError, match="ForSequenceClassification") as refusal:
            Scorer.from_pretrained(folder, **options)
        _document(family, COLUMNS[2], _refusal(refusal.value))
        return
    scorer = Scorer.from_pretrained(folder, **options)
    _document(family, COLUMNS[2], f"equal; {LAYOUTS[str(scorer.spec.layout)]}")
    expected = by_transformers(folder, texts, scorer.spec.max_length)
    assert expected.std(axis=0).max() > 0.005
    np.testing.assert_allclose(scorer(texts), expected, rtol=0, atol=1e-5)
    known = replace(scorer.options, max_batch_tokens=10_000)
    roomy = Scorer.load(folder, scorer.spec, known)  # not tried a second time
    np.testing.assert_allclose(roomy(texts[::-1]), expected[::-1], rtol=0, atol=1e-5)
    if scorer.spec.layout == "packed":
        monkeypatch.setattr(TorchEngine, "_in_use", property(lambda engine: engine.layout))
        np.testing.assert_allclose(roomy(texts[::-1]), expected[::-1], rtol=0, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_training(
    family: Family, write: Callable[[Family], Path], corpus_texts: list[str], tmp_path: Path
) -> None:
    """A few steps change the numbers, and the bundle scores as plain transformers does."""
    backbone, texts = write(family), [*corpus_texts[:6], "a </s> b </s>", "x"]
    stated = {"backbone": str(backbone), "train": "t", "output": str(tmp_path / "bundle")}
    config = TrainConfig.model_validate(stated)
    if family.name in REFUSED:
        with pytest.raises(ModelError, match="ForSequenceClassification") as refusal:
            require_ready(config)
        _document(family, COLUMNS[3], _refusal(refusal.value))
        return
    require_ready(config)
    rows = Rows(texts, np.eye(8, len(LABELS), dtype=np.float32))
    fit(backbone, rows, LABELS, STEPS, output=tmp_path)
    scorer = Scorer.from_pretrained(tmp_path, long_text="truncate", max_length=64, device="cpu")
    expected = by_transformers(tmp_path, texts, scorer.spec.max_length)
    np.testing.assert_allclose(scorer(texts), expected, rtol=0, atol=1e-5)
    assert np.abs(expected - by_transformers(backbone, texts, 64)).max() > 1e-3
    _document(family, COLUMNS[3], "yes")


def test_page() -> None:
    """The page lists the families, each once, in order."""
    if os.environ.get(WRITE):
        start, end = _table()
        lines = [COLUMNS, ["---"] * len(COLUMNS)]
        for family in FAMILIES:
            found = (_cells[family.name, column] for column in COLUMNS[2:])
            lines.append([family.name, f"`{family.model_type}`", *found])
        page = PAGE.read_text(encoding="utf-8")
        table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        PAGE.write_text(page[:start] + table + page[end:], encoding="utf-8")
    assert list(_listed()) == [family.name for family in FAMILIES]


def _table() -> tuple[int, int]:
    page = PAGE.read_text(encoding="utf-8")
    start = page.index("| family |")
    return start, page.index("\n\n", start)


def _listed() -> dict[str, list[str]]:
    """Cells of the page, by family."""
    start, end = _table()
    lines = PAGE.read_text(encoding="utf-8")[start:end].splitlines()[2:]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return {row[0]: row for row in rows}


def _refusal(error: ModelError) -> str:
    return f"refused: {error.problem.partition('(')[0].strip()}"


def _document(family: Family, column: str, found: str) -> None:
    """The page says what was found; with the variable `WRITE` set, it will."""
    _cells[family.name, column] = found
    if not os.environ.get(WRITE):
        row = _listed()[family.name]
        assert row[COLUMNS.index(column)] == found, f"run this file with {WRITE}=1"
