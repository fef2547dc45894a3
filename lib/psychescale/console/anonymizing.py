"""What a person is told before and after an anonymization: counts, places, names; no id, no value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from psychescale.console.next import after_anonymize, print_next
from psychescale.notice import NOTICE
from psychescale.text.quality.placeholders import EXAMPLES
from psychescale.text.replacement.operators import Operator

if TYPE_CHECKING:
    from psychescale.settings.anonymize import AnonymizeConfig
    from psychescale.spark.anonymize.plan import RedactionPlan
    from psychescale.spark.corpus.source import Corpus


def print_plan(
    console: Console, config: AnonymizeConfig, corpus: Corpus, plan: RedactionPlan
) -> None:
    """Say what is about to happen."""
    console.print(f"[bold]psychescale anonymize[/]  {NOTICE}")
    console.print(f"  corpus      {escape(corpus.told)}")
    console.print(f"  key         {plan.key.key_id}, source {config.source or '(none)'!r}")
    if plan.key.exposed:
        console.print("[yellow]  key         others may read its file: chmod 600.[/]")
    tagger = config.tagger or "none: rules alone, which miss names without a context"
    console.print(f"  tagger      {escape(tagger)}")
    console.print(f"  output      {escape(config.output)}")
    if plan.excluded:
        left = ", ".join(sorted(plan.excluded))
        console.print(f"[yellow]  left in     {left}: these stay in the texts.[/]")
    linkable = [kind for kind, op in plan.operators.items() if op is Operator.PSEUDONYM]
    if linkable:
        told = ", ".join(sorted(linkable))
        console.print(f"[yellow]  linkable    {told}: who names whom can be followed.[/]")


def print_report(console: Console, config: AnonymizeConfig, report: dict[str, Any]) -> None:
    """Say what was found; no value and no id is in it."""
    console.print(
        f"[bold]{_told(report['rows'])} documents[/]: {_kept(report)}; "
        f"identifiers found in {_told(report['rows_touched'])}."
    )
    for kind, count in report["findings"].items():
        rate = report["findings_per_1000_words"].get(kind)
        told = "" if rate is None else f"  {rate:>8.2f} per 1,000 words"
        console.print(f"  {_told(count):>10}  {kind}{told}")
    if report["placeholders_kept"]:
        told = _told(report["placeholders_kept"])
        console.print(f"  {told:>10}  kept that stand for a text ({EXAMPLES})", markup=False)
    for reason, count in report["quarantined_by_reason"].items():
        console.print(f"  {_told(count):>10}  quarantined: {reason}")
    for group in report["by_length_in_words"]:
        console.print(f"  {group['words']:>10} words: {_kept(group)}")
    for name, groups in report["by_group"].items():
        for group in groups:
            console.print(f"  {name} {group['group']}: {_kept(group)}", markup=False)
    console.print("Rows in all are exact; other counts are rounded to 5, and 1 to 7 are not told.")
    console.print(f"{report['limits']}\nThe table: {escape(config.output)}")
    print_next(console, after_anonymize(config))


def _kept(counts: dict[str, Any]) -> str:
    return f"{_told(counts['kept'])} kept, {_told(counts['quarantined'])} quarantined"


def _told(count: int | str) -> str:
    return count if isinstance(count, str) else f"{count:,}"
