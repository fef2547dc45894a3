"""The whole way on synthetic texts, here: generate, train, anonymize, score, look, evaluate."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from psychescale.console.run import run_command
from psychescale.results import DemoResult
from psychescale.settings.anonymize import AnonymizeConfig
from psychescale.settings.demo import DemoConfig
from psychescale.settings.evaluate import EvaluateConfig
from psychescale.settings.score import ScoreConfig
from psychescale.settings.train import TrainConfig
from psychescale.spark.score.preview import print_scores
from psychescale.spark.session.session import open_session
from psychescale.synthetic import generate_corpus, generate_labelled
from psychescale.synthetic.writing import write_json_lines
from psychescale.training.backbone import unpack_minilm
from psychescale.workflows.train.record import MEMBERSHIP_FILE, restricted_folder

from . import anonymize, evaluate, score, train

BANNER = "Synthetic labels: measures show the plumbing only."


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and return the exit code."""
    return run_command(DemoConfig, "demo", demo, argv)


def demo(config: DemoConfig, console: Console) -> DemoResult | None:
    """Make what is missing, score what is new, and show what came out."""
    folder = Path(config.folder)
    corpus, labelled = folder / "corpus.jsonl", folder / "labelled.jsonl"
    bundle, redacted, scores = folder / "bundle", folder / "redacted", folder / "scores"
    judged = folder / "evaluation"
    report = judged / "report.html"
    console.print(
        "[bold]psychescale demo[/]  Synthetic texts, synthetic labels: features of a grammar, not "
        "conditions.\nEvery number below shows that the plumbing works, and nothing else.\n"
    )
    if config.dry_run:
        return None
    if not corpus.exists():
        write_json_lines(corpus, generate_corpus(config.documents, seed=config.seed))
        write_json_lines(labelled, generate_labelled(config.labelled, seed=config.seed + 1))
    console.print(f"  corpus      {corpus}: {config.documents:,} forum posts, notes and answers")
    console.print(f"  labelled    {labelled}: {config.labelled:,} short texts\n")

    spark = open_session(config.spark, verbose=config.verbose)
    if not bundle.exists():
        backbone = unpack_minilm(folder / "backbone")
        train.train(_train_config(config, backbone, labelled, bundle), console)
        console.print()
    anonymize.anonymize(_anonymize_config(config, corpus, redacted), console)
    console.print()
    score.score(_score_config(config, bundle, redacted, scores), console)
    console.print()
    print_scores(console, spark, str(scores))
    console.print()
    if not judged.exists():
        evaluate.evaluate(_evaluate_config(config, bundle, labelled, judged), console)
    console.print(
        "\nAgain: these labels are features of a synthetic grammar; scores and measures show the "
        f"plumbing only.\nOpen {report} in a browser."
    )
    return DemoResult(*map(str, (folder, corpus, bundle, redacted, scores, report)))


def _train_config(config: DemoConfig, backbone: Path, labelled: Path, bundle: Path) -> TrainConfig:
    """Short texts and a high learning rate: two minutes are enough for a grammar."""
    return TrainConfig.model_validate(
        {
            "backbone": str(backbone),
            "train": str(labelled),
            "output": str(bundle),
            "accept_raw": True,
            "epochs": 2,
            "learning_rate": 2e-4,
            "head_learning_rate": 2e-3,
            "batch_size": 16,
            "max_length": 64,
            "precision": "bf16",  # several times quicker on processors with AMX
            # Nothing is tuned: a tenth of the rows is enough to see calibration and thresholds work.
            "validation_share": 0.1,
            "test_share": 0.2,
            "seed": config.seed,
            "verbose": config.verbose,
        }
    )


def _anonymize_config(config: DemoConfig, corpus: Path, redacted: Path) -> AnonymizeConfig:
    """Rules alone, under a key of this demo."""
    key = corpus.with_name("key")
    if not key.exists():
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(32))
    return AnonymizeConfig.model_validate(
        {
            "input": str(corpus),
            "output": str(redacted),
            "key_file": str(key),
            "second_text_column": "question",
            "author_column": "author",
            "time_column": "time",
            "time_grain": "month",
            "keep": ("source",),
            "verbose": config.verbose,
        }
    )


def _score_config(config: DemoConfig, bundle: Path, redacted: Path, scores: Path) -> ScoreConfig:
    return ScoreConfig.model_validate(
        {
            "model": str(bundle),
            "input": str(redacted),
            "output": str(scores),
            "second_text_column": "second_text",
            "keep": ("source",),
            "json": config.json_output,
            "verbose": config.verbose,
        }
    )


def _evaluate_config(
    config: DemoConfig, bundle: Path, labelled: Path, output: Path
) -> EvaluateConfig:
    """The test part, beside baselines that learned from the training part."""
    trained = _train_config(config, bundle, labelled, bundle)
    return EvaluateConfig.model_validate(
        {
            "model": str(bundle),
            "input": str(labelled),
            "output": str(output),
            "membership": str(restricted_folder(trained) / MEMBERSHIP_FILE),
            "accept_raw": True,
            "banner": BANNER,
            "seed": config.seed,
            "verbose": config.verbose,
        }
    )


if __name__ == "__main__":
    sys.exit(main())
