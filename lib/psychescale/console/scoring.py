"""What a person is told before and after a scoring run: counts, places, names; no id, no text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from psychescale.console.next import after_score, print_next
from psychescale.disclosure import told
from psychescale.labels import n_labels
from psychescale.notice import NOTICE
from psychescale.text.quality.placeholders import EXAMPLES

if TYPE_CHECKING:
    from psychescale.scoring.preflight import ChosenModel
    from psychescale.spark.corpus.source import Corpus
    from psychescale.spark.pipeline.runs import Run


def print_plan(console: Console, model: ChosenModel, corpus: Corpus, *, output: str) -> None:
    """Say what is about to happen."""
    spec, applied = model.spec, model.applied
    console.print(f"[bold]psychescale score[/]  {NOTICE}")
    _line(console, "corpus", corpus.told)
    _line(
        console,
        "model",
        f"{model.checkpoint.folder} ({spec.model_type}, {n_labels(spec.labels)}, {spec.activation}, "
        f"{model.options.precision})",
    )
    _line(
        console,
        "long texts",
        f"{applied.long_text} over windows of {spec.max_length} tokens, {applied.stride} shared",
    )
    learned_length = (model.checkpoint.scoring.get("training") or {}).get("max_length")
    if learned_length and spec.max_length > learned_length:
        _line(console, "", f"longer than the {learned_length} tokens that the model learned from")
    if applied.set_aside is not None:
        _line(console, "calibration", applied.describe())
    texts = _texts_differ(model, corpus)
    if texts is not None:
        _line(console, "texts", texts)
    _line(console, "scoring id", model.scoring_id)
    _line(console, "output", output)


def print_outcome(console: Console, run: Run, *, output: str, as_json: bool) -> None:
    """Say what has happened."""
    if as_json:
        print(run.to_json())
        return
    tally = run.tally
    if run.rows_known:
        console.print(f"{run.rows_known:,} rows of this corpus were in the table already.")
    if not tally.rows:
        what = "Nothing new to score." if run.rows_known else "The corpus has no rows."
        console.print(f"{what} The table: {escape(output)}")
        return
    padding = tally.computed_tokens / tally.tokens if tally.tokens else 0.0
    console.print(
        f"[bold]{tally.rows:,} documents[/] in {tally.seconds:,.1f} s: "
        f"{tally.rows / tally.seconds:,.0f} docs/s, {tally.tokens / tally.seconds:,.0f} tokens/s, "
        f"{padding:.2f} tokens computed per token of text"
    )
    console.print(f"  {tally.done:>10,}  scored")
    for reason, count in sorted(tally.failed.items()):
        console.print(f"  {told(count):>10}  {reason}")
    if tally.sums["placeholders"]:
        console.print(
            f"  {told(tally.sums['placeholders']):>10}  of the scored stand for a text ({EXAMPLES})",
            markup=False,
        )
    console.print(f"The table: {escape(output)}    this run: {run.run_id}")
    print_next(console, *after_score(output))


def _texts_differ(model: ChosenModel, corpus: Corpus) -> str | None:
    """How the corpus was made otherwise than what the model learned from, or None."""
    learned = (model.checkpoint.scoring.get("normalizer"), model.checkpoint.scoring.get("redactor"))
    if None in learned or learned == corpus.mark:
        return None
    here = "raw" if corpus.mark is None else f"of redactor {corpus.mark[1]}"
    return f"{here}, but the model learned from texts of redactor {learned[1]}"


def _line(console: Console, name: str, value: str) -> None:
    console.print(f"  {name:<12}{escape(value)}")
