"""What `sample` and `study` tell a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psychescale.disclosure import rounded, told
from psychescale.notice import NOTICE
from psychescale.prevalence.strata import FEW_EXPECTED, allocate, planned_half_widths

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from rich.console import Console

    from psychescale.prevalence.strata import Strata
    from psychescale.spark.study.sheet import Annotated
    from psychescale.workflows.study.design import SampleDesign

_SIZES = (0.5, 1, 2, 4)  # of the sample, in the table of widths


def print_planned(
    console: Console, labels: Sequence[str], strata: Strata, drawn: NDArray[np.int64]
) -> None:
    """Say what is drawn, and how wide intervals will be for this size and others."""
    total, size = int(strata.sizes.sum()), int(drawn.sum())
    console.print(f"[bold]psychescale sample[/]  {NOTICE}")
    console.print(f"  {told(size)} of {told(total)} texts with scores, from {len(drawn)} strata")
    least = int(strata.sizes.clip(max=20).sum())
    sizes = sorted({min(max(int(size * factor), least), total) for factor in _SIZES})
    console.print("Planned half-widths of 95 % intervals over the corpus, by texts annotated:")
    console.print(f"  {'label':<24} expected  " + "  ".join(f"{n:>7,}" for n in sizes))
    planned = [planned_half_widths(strata, allocate(strata, n)) for n in sizes]
    positives = strata.positives(drawn)
    for number, label in enumerate(labels):
        widths = "  ".join(f"{width[number]:>7.4f}" for width in planned)
        few = "*" if positives[number] < FEW_EXPECTED else " "
        expected = rounded(round(float(positives[number])))
        console.print(f"  {label:<24} {expected:>7}{few}  {widths}", markup=False)
    if (positives < FEW_EXPECTED).any():
        console.print(
            f"  * fewer than {FEW_EXPECTED} positives are to be expected among the annotated: the "
            "scores will not narrow these intervals, and real ones are wider above than below."
        )


def print_checked(console: Console, design: SampleDesign, annotated: Annotated) -> None:
    """Say how much of a sheet is annotated."""
    console.print(
        f"The sheet holds: {told(len(annotated.ids))} of {told(len(design.stratum_of))} drawn "
        f"texts are annotated, {told(annotated.n_blank)} lines are blank."
    )


def print_studied(console: Console, folder: str, estimates: Sequence[dict[str, Any]]) -> None:
    """Say what came out over the whole corpus, and where the rest is."""
    for one in estimates:
        if one["column"] is None and one["period"] is None:
            value = "withheld" if one["value"] is None else f"{one['value']:.3f}"
            ends = "" if one["low"] is None else f"  ({one['low']:.3f} to {one['high']:.3f})"
            console.print(
                f"  {one['label']:<24} {one['estimator']:<28} {value}{ends}", markup=False
            )
    console.print(
        f"The report: {folder}/report.html    for release: {folder}/release/", markup=False
    )
