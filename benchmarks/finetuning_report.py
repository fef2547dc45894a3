"""A study of fine-tuning as tables: measures over seeds, paired differences, calibration."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from harness import show

from psychescale.evaluation.comparison.paired import HEADLINE

SHOWN = ("f1_macro", "f1_macro_frequent", "f1_micro", "average_precision_macro", "roc_auc_macro",
         "log_loss_macro", "seconds")  # fmt: skip


def report(corpus: str, outcome: Mapping[str, Any]) -> None:
    """Print means and standard deviations over seeds, paired differences, and calibration."""
    rows = [
        [f"{name} ({len(found)})", *(_spread(found, key) for key in SHOWN)]
        for name, found in outcome["runs"].items()
    ]
    title = f"{corpus}: mean ± standard deviation over (n) seeds"
    show(title, ["", *SHOWN], rows)
    for name, found in outcome["differences"].items():
        bounds = [[key, *(_with_interval(one[key], "+.4f") for one in found)] for key in HEADLINE]
        show(
            f"{name}, paired 95 % intervals",
            ["", *map("seed {}".format, range(len(found)))],
            bounds,
        )
    judged = {
        f"{name}, seed {seed}": run["calibration"]
        for name, found in outcome["runs"].items()
        for seed, run in enumerate(found)
        if "calibration" in run
    }
    for name, found in judged.items():
        cells = [
            [key, _with_interval(value, ".4f") if isinstance(value, list) else str(value)]
            for key, value in found.items()
        ]
        show(f"{corpus}, calibration of {name}", ["", ""], cells)


def _with_interval(estimate: Sequence[float], form: str) -> str:
    value, low, high = (format(number, form) for number in estimate)
    return f"{value} [{low}, {high}]"


def _spread(runs: Sequence[dict[str, Any]], measure: str) -> str:
    values = [run[measure] for run in runs]
    digits = 0 if measure == "seconds" else 3 if measure != "log_loss_macro" else 4
    mean = f"{np.mean(values):.{digits}f}"
    return mean if len(values) == 1 else f"{mean} ± {np.std(values, ddof=1):.{digits}f}"
