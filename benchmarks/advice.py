"""How often `evaluate --against` says "replace": new models truly better, equal, worse, ten subgroups.

Each data set has five labels (prevalences 5 to 30 %), ten subgroups (30 to 2 % of the documents) and
two models whose errors are correlated. The former rule, kept here for the comparison, took a loss of
more than .02 in an estimate for a loss, whatever its interval, and every interval below 0, however many
there were.
"""

import argparse
from collections import Counter
from collections.abc import Sequence

import numpy as np
from harness import describe_machine, save, show
from numpy.typing import NDArray
from scipy.special import expit, logit

from psychescale.evaluation.comparison.paired import HEADLINE, Comparison, Scored, compare
from psychescale.evaluation.comparison.recommendation import Verdict
from psychescale.evaluation.measures.intervals import Estimate
from psychescale.evaluation.measures.registry import LESS_IS_BETTER, base_name
from psychescale.evaluation.predictions import Predictions
from psychescale.settings.evaluate import EvaluateConfig
from psychescale.workflows.evaluate.comparators import advise, read_margins

LABELS = tuple("abcde")
PREVALENCE = np.array([0.05, 0.1, 0.15, 0.2, 0.3])
GROUPS = np.array([0.30, 0.20, 0.12, 0.10, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02])
OLD = 2.0
CUTS = np.full(5, 0.5)
CASES = {  # strength of the new model, and in the second group, a fifth of the documents
    "equal": (2.0, 2.0),
    "slightly better": (2.1, 2.1),
    "better": (2.25, 2.25),
    "worse": (1.85, 1.85),
    "better, in a fifth much worse": (2.4, 1.5),
}
FORMER_MARGIN = 0.02


def draw(rng: np.random.Generator, n: int, strengths: tuple[float, float]) -> tuple[
    Predictions, Scored, Scored, list[str]
]:  # fmt: skip
    """Documents, two models, and the group of each document."""
    group = rng.choice(len(GROUPS), n, p=GROUPS)
    truth = rng.random((n, 5)) < PREVALENCE
    common = 0.8 * rng.normal(size=(n, 5))
    new = np.where(group == 1, strengths[1], strengths[0])[:, None]
    models = []
    for name, strength in (("new", new), ("old", np.full((n, 1), OLD))):
        scores = strength * truth + common + 0.6 * rng.normal(size=(n, 5))
        models.append(Scored(name, _probability(scores), CUTS))
    made = Predictions.of(LABELS, models[0].probabilities, truth)
    return made, models[0], models[1], [f"g{number}" for number in group]


def _probability(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a model calibrated at the old strength says."""
    return expit(OLD * (scores - OLD / 2) + logit(PREVALENCE))


def former(comparison: Comparison, subgroups: Sequence[Comparison]) -> Verdict:
    """The rule as it was."""
    main = comparison.overall["f1_macro"]
    if np.isnan(main.low) or main.low <= 0 <= main.high:
        return Verdict.NO_DIFFERENCE
    if main.high < 0:
        return Verdict.KEEP
    found = [(n, e) for n, e in comparison.overall.items() if n in HEADLINE and n != "f1_macro"]
    found += [("f1", one) for one in comparison.per_label["f1"]]
    found += [("f1_macro", one.overall["f1_macro"]) for one in subgroups]
    return Verdict.DECIDE if any(_was_worse(*one) for one in found) else Verdict.REPLACE


def _was_worse(name: str, found: Estimate) -> bool:
    sign = -1 if base_name(name) in LESS_IS_BETTER else 1
    if np.isnan(found.low):
        return False
    best = max(sign * found.low, sign * found.high)
    return best < 0 or sign * found.value < -FORMER_MARGIN


def main() -> None:
    """Simulate every case under both rules and print the verdicts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=int, default=200)
    parser.add_argument("--documents", type=int, default=3000)
    options = parser.parse_args()
    margins = read_margins(EvaluateConfig(input="-", output="-"))
    rows, kept = [], {}
    for case, strengths in CASES.items():
        rng, before, after, gains = np.random.default_rng(0), Counter(), Counter(), []
        for _ in range(options.datasets):
            predictions, new, old, groups = draw(rng, options.documents, strengths)
            comparison = compare(predictions, new, old)
            advice, parts = advise(
                predictions, new, old, comparison, slices={"group": groups}, margins=margins
            )
            before[former(comparison, [one.comparison for one in parts])] += 1
            after[advice.verdict] += 1
            gains.append(comparison.overall["f1_macro"].value)
        kept[case] = {"before": dict(before), "after": dict(after), "gain": float(np.mean(gains))}
        rows += [
            [case, f"{np.mean(gains):+.3f}", rule,
             *(f"{found[verdict] / options.datasets:.1%}" for verdict in Verdict)]
            for rule, found in (("former", before), ("now", after))
        ]  # fmt: skip
    show(
        f"Verdicts, {options.datasets} data sets of {options.documents} documents",
        ["new model", "mean difference in F1", "rule", *Verdict],
        rows,
    )
    save("advice", {"machine": describe_machine(), "options": vars(options), "cases": kept})


if __name__ == "__main__":
    main()
