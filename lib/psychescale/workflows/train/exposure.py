"""Does a model tell whom it learned from: membership inference by a threshold on the loss.

Yeom et al. 2018, "Privacy risk in machine learning: analyzing the connection to overfitting": whoever
has a text with its labels guesses that it was trained on where its loss is low. The area under the ROC
curve of that guess, training rows against test rows, is .5 where nothing can be told.
"""

import numpy as np
from numpy.typing import NDArray

from psychescale.disclosure import FEWEST_OF_A_CLASS, told
from psychescale.evaluation.measures.intervals import Estimate, of_linear
from psychescale.evaluation.measures.registry import measure_probabilities
from psychescale.evaluation.predictions import Predictions
from psychescale.scoring.scorer import Scorer
from psychescale.training.calibration import Calibration
from psychescale.workflows.train.parts import Parts


def infer_membership(
    scorer: Scorer, parts: Parts, calibration: Calibration | None, *, most: int, seed: int
) -> str:
    """Try it, and say what came out; a sentence for the card.

    Args:
        scorer: The fitted model; its probabilities are raw ones.
        parts: The rows.
        calibration: Applied to its logits; None leaves them.
        most: Random rows of each part at most.
        seed: Of the draw.
    """
    rng = np.random.default_rng(seed)
    sides = (parts.index("train"), parts.index("test"))
    drawn = [np.sort(rng.permutation(side)[:most]) for side in sides]
    if min(map(len, drawn)) < FEWEST_OF_A_CLASS:
        return "Membership inference was not tried: too few training or test rows."
    rows = np.concatenate(drawn)
    taken = parts.rows.take(rows)
    logits = scorer.score(taken.texts, taken.second_texts).logits.astype(np.float64)
    if calibration is not None:
        logits = logits * calibration.slope + calibration.intercept
    member = np.repeat([1, 0], [len(part) for part in drawn])
    found = _area(logits, parts.targets[rows], member, parts.groups[rows])
    trained, tested = (told(len(part)) for part in drawn)
    return (
        f"Membership inference by a threshold on the loss, {trained} training rows against {tested} "
        f"test rows: ROC-AUC {found.value:.2f} ({found.low:.2f} to {found.high:.2f}); at 0.50 nothing "
        "can be told. Where test is of another time or source, that difference is in it."
    )


def _area(
    logits: NDArray[np.float64],
    targets: NDArray[np.float32],
    member: NDArray[np.int64],
    groups: NDArray[np.int64],
) -> Estimate:
    """Of the guess that the rows with the lower loss, a mean over labels, were trained on."""
    usable = np.isfinite(logits).all(axis=1)
    losses = np.logaddexp(0, -(2 * targets - 1) * logits)[usable].mean(axis=1)
    guesses = Predictions.of(
        ["member"],
        np.exp(-losses)[:, None],
        member[usable][:, None],
        authors=groups[usable].tolist(),
    )
    area = measure_probabilities(guesses).per_label["roc_auc"][0]
    return of_linear("roc_auc", area, int(member[usable].sum()), int((1 - member[usable]).sum()))
