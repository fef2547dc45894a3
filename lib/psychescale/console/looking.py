"""What a person is told of a corpus before a run: counts that are rounded, small ones withheld."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from psychescale.disclosure import LARGEST_SMALL, is_small, nearest, rounded
from psychescale.text.quality.placeholders import EXAMPLES

if TYPE_CHECKING:
    from rich.console import Console

    from psychescale.spark.corpus.singled_out import SingledOut
    from psychescale.text.quality.look import Look

_MEANING = {
    "corrupt_row": "cannot be parsed",
    "invalid_unicode": "not text in this encoding",
    "null_text": "without a text",
    "empty_text": "blank",
    "placeholder_text": f"stand for a text, and are refused ({EXAMPLES})",
}


def print_look(console: Console, look: Look) -> None:
    """Say what a sample holds."""
    console.print(f"  of the first {look.rows:,} rows looked at:")
    if not look.rows:
        return
    for reason, count in look.errors.most_common():
        _tell(console, look, count, _MEANING[reason])
    _tell(console, look, look.placeholders, f"stand for a text ({EXAMPLES})")
    _tell(console, look, look.repeated_ids, "repeat the id of another; a run would refuse them")
    _tell(console, look, look.repeated_texts, "repeat the text of another")
    _tell(console, look, look.too_long or 0, "over one window of the model")
    told = ", ".join(f"{name} {rounded(count)}" for name, count in look.languages.most_common())
    console.print(f"    languages, guessed: {escape(told) or 'none'}")
    console.print("  Counts are rounded to 5; those from 1 to 7 are not told.")


def _tell(console: Console, look: Look, count: int, meaning: str) -> None:
    if count:
        share = "" if is_small(count) else f" ({nearest(count) / look.rows:.0%})"
        console.print(f"    {rounded(count):>10}{share}  {meaning}", markup=False)


def print_singled_out(console: Console, found: SingledOut) -> None:
    """Say who could be singled out by the columns beside the texts, and what would help."""
    few = f"at most {LARGEST_SMALL}"
    console.print(
        f"  who could be singled out: rows whose values no other {found.who} has, or {few} have"
    )
    console.print(f"    {'alone':>10} {few:>12}")
    for one in found.shown():
        columns, alone, shared = one.values()
        console.print(f"    {alone:>10} {shared:>12}  {columns}", markup=False)
    if found.worst:
        console.print(f"    Columns, the worst combinations of up to {found.size}, all together.")
    for name in found.ids:
        _warn(console, f"{name}: links, or a value of its own in nearly every row: leave it out.")
    if found.coarser:
        _warn(console, f"Coarser: --coarsen {','.join(found.coarser)}")


def _warn(console: Console, text: str) -> None:
    console.print(f"    [yellow]{escape(text)}[/]")
