"""The recipe of our tagger: first clean texts with many identifiers, then real posts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

from psychescale.model.spec import Precision
from psychescale.training.classifier.fit import FitOptions
from psychescale.training.tagger.data import IGNORED, TaggedText, lower_some, split_by_template
from psychescale.training.tagger.fit import TaggerFit, fine_tune_tagger

# MiniLM-L6 is small and its token representations were tuned away for sentences: it takes larger
# steps than BERT-base does.
FIRST: Final = FitOptions(
    epochs=3, learning_rate=2e-4, head_learning_rate=1e-3, batch_size=16, max_length=96, seed=7
)
"""Options on the clean texts."""
SECOND: Final = replace(FIRST, epochs=2, learning_rate=3e-4, head_learning_rate=3e-4, max_length=64)
"""Options on posts, which are short."""

HELD_OUT: Final = 0.08
_FROZEN_LAYERS: Final = 3  # posts are few; half of the layers stay as the clean texts left them
_PLAIN_SHARE: Final = 0.15  # of the posts without identifiers, which are two thirds of WNUT 2017
_REPLAY: Final = 150  # clean texts among the posts, against forgetting
_LOWER_SHARE: Final = 0.15  # matters to cased backbones alone


def learn_clean(
    backbone: Path,
    rows: tuple[Sequence[TaggedText], Sequence[TaggedText]],
    *,
    output: Path,
    options: FitOptions = FIRST,
    precision: Precision = "fp32",
    on_progress: Callable[[int], None] = lambda _: None,
) -> TaggerFit:
    """Train on generated texts until it is no better on wordings held out.

    Args:
        backbone: A pretrained encoder.
        rows: Of `first_rows`: generated texts, such as presidio-research's and our own grammar's.
        output: Folder to write model and tokenizer to, a plain Hugging Face folder.
        options: Choices of the run.
        precision: Of matrix products.
        on_progress: Told how many texts have been read so far.
    """
    train, held_out = rows
    lowered = lower_some(train, share=_LOWER_SHARE, seed=options.seed)
    return fine_tune_tagger(
        backbone,
        lowered,
        held_out,
        options,
        output=output,
        precision=precision,
        on_progress=on_progress,
    )


def learn_posts(
    base: Path,
    rows: tuple[Sequence[TaggedText], Sequence[TaggedText]],
    *,
    output: Path,
    options: FitOptions = SECOND,
    precision: Precision = "fp32",
    on_progress: Callable[[int], None] = lambda _: None,
) -> TaggerFit:
    """Train what `learn_clean` made on real posts, with some of the generated texts among them.

    Args:
        base: Folder of `learn_clean`.
        rows: Of `second_rows`: real posts, such as those of WNUT 2017, with some generated texts.
        output: Folder to write model and tokenizer to, a plain Hugging Face folder.
        options: Choices of the run.
        precision: Of matrix products.
        on_progress: Told how many texts have been read so far.
    """
    train, held_out = rows
    return fine_tune_tagger(
        base,
        train,
        held_out,
        options,
        output=output,
        frozen_layers=_FROZEN_LAYERS,
        precision=precision,
        on_progress=on_progress,
    )


def first_rows(clean: Sequence[TaggedText]) -> tuple[list[TaggedText], list[TaggedText]]:
    """Training and held-out rows of the first run; the second holds the same wordings out."""
    return split_by_template(clean, held_out=HELD_OUT)


def second_rows(
    clean: Sequence[TaggedText],
    clean_held_out: Sequence[TaggedText],
    posts: Sequence[TaggedText],
    *,
    seed: int,
) -> tuple[list[TaggedText], list[TaggedText]]:
    """Training and held-out rows of the second run: posts, few of them plain, and some clean texts."""
    rng = Random(seed)
    train, held_out = split_by_template(posts, held_out=HELD_OUT)
    kept = [row for row in train if _has_identifier(row) or rng.random() < _PLAIN_SHARE]
    rows = [*kept, *rng.sample(clean, min(_REPLAY, len(clean)))]
    rng.shuffle(rows)
    beside = rng.sample(clean_held_out, min(_REPLAY // 5, len(clean_held_out)))
    return (
        lower_some(rows, share=_LOWER_SHARE, seed=seed),
        [*(row for row in held_out if _has_identifier(row)), *beside],
    )


def _has_identifier(row: TaggedText) -> bool:
    return any(label != IGNORED for _, _, label in row.spans)
