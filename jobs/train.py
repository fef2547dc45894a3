"""Fine-tune a backbone on labelled texts and write a bundle."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from psychescale.command import run_command
from psychescale.model.bundle import require_free, seal_bundle
from psychescale.model.checkpoint import WEIGHTS_FILES, find_model, open_checkpoint
from psychescale.notice import NOTICE
from psychescale.settings import TrainConfig
from psychescale.spark.corpus import open_corpus, require_mark
from psychescale.spark.labelled import labelled_columns, read_labelled
from psychescale.spark.progress import ProgressDisplay
from psychescale.spark.session import open_session
from psychescale.training.card import write_card
from psychescale.training.fit import FitOptions, fine_tune, label_names


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(TrainConfig, "train", train, argv)


def train(config: TrainConfig, console: Console) -> None:
    """Check the backbone, read the labelled texts, fit, and seal the bundle."""
    bundle = Path(config.output)
    require_free(bundle)
    backbone = open_checkpoint(find_model(config.backbone, revision=config.revision))
    spark = open_session(config.spark, verbose=config.verbose)
    corpus = open_corpus(spark, config.train, labelled_columns(config))
    require_mark(corpus, accept_raw=config.accept_raw)
    rows = read_labelled(spark, corpus, config.labels_column)
    labels = label_names(rows.label_sets)
    console.print(f"[bold]psychescale train[/]  {NOTICE}")
    console.print(
        f"  {len(rows.texts):,} labelled texts, {len(labels)} labels: {', '.join(labels)}"
    )
    if rows.n_left_out:
        console.print(f"  {rows.n_left_out:,} rows without a text or with a corrupt line left out")
    if config.dry_run:
        return

    options = FitOptions(
        epochs=config.epochs,
        learning_rate=config.learning_rate,
        head_learning_rate=config.head_learning_rate,
        batch_size=config.batch_size,
        max_length=config.max_length,
        seed=config.seed,
    )
    total = round(config.epochs * len(rows.texts))
    with ProgressDisplay(console, title="training", total=total) as progress:
        loss = fine_tune(
            backbone.folder,
            rows.texts,
            rows.label_sets,
            labels,
            options,
            output=bundle,
            on_progress=progress.update,
        )
    training = {
        "backbone_weights_sha256": backbone.digest(*WEIGHTS_FILES),
        "rows": len(rows.texts),
        "rows_sha256": rows.digest,
        "accept_raw": config.accept_raw,
        "mean_training_loss": round(loss, 4),
        **vars(options),
    }
    seal_bundle(
        bundle,
        {
            "labels": labels,
            "activation": "sigmoid",
            "long_text": {"policy": "mean", "stride": 64},
            "calibration": None,
            "thresholds": None,
            "normalizer": corpus.mark[0] if corpus.mark else None,
            "redactor": corpus.mark[1] if corpus.mark else None,
            "training": training,
        },
        write_card(labels, training),
    )
    if config.json_output:
        print(json.dumps({"bundle": str(bundle), "labels": labels, **training}))
    console.print(f"The bundle: {bundle}    mean training loss {loss:.3f}")


if __name__ == "__main__":
    sys.exit(main())
