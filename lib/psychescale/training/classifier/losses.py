"""Losses for rare labels: functions of logits and targets, each label by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

LossName = Literal["bce", "weighted-bce", "focal", "asymmetric", "class-balanced"]
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""(logits, targets), both of shape (batch, n_labels) → mean over both, a scalar."""


@dataclass(frozen=True)
class LossOptions:
    """Which loss, and its constants.

    Attributes:
        name: ``bce``: unweighted binary cross-entropy. ``weighted-bce``: positives weigh the square
            root of negatives over positives. ``focal``: Lin et al. 2017. ``asymmetric``: Ridnik et
            al. 2021. ``class-balanced``: Cui et al. 2019.
        max_positive_weight: Cap of the weight of a positive (``weighted-bce``).
        focal_gamma: Focusing exponent; 2 in the paper.
        focal_alpha: Weight of positives against negatives (1 − alpha); .25 in the paper.
        gamma_positive: Exponent for positives (``asymmetric``); 0 in the paper's experiments.
        gamma_negative: Exponent for negatives; 4 there.
        margin: Probability below which a negative costs nothing; .05 there.
        beta: Of the effective number of samples (``class-balanced``), from 0 to below 1; the paper
            tries .9, .99, .999 and .9999.
    """

    name: LossName = "weighted-bce"
    max_positive_weight: float = 12.0
    focal_gamma: float = 2.0
    focal_alpha: float = 0.25
    gamma_positive: float = 0.0
    gamma_negative: float = 4.0
    margin: float = 0.05
    beta: float = 0.999


def make_loss(targets: NDArray[np.float32], options: LossOptions) -> Loss:
    """The loss that `options` name, with the weights that the training rows give.

    Args:
        targets: 0 or 1, shape (n_rows, n_labels): the training rows.
        options: Which loss.
    """
    if options.name == "focal":
        return lambda logits, truth: focal(
            logits, truth, gamma=options.focal_gamma, alpha=options.focal_alpha
        )
    if options.name == "asymmetric":
        return lambda logits, truth: asymmetric(
            logits,
            truth,
            gamma_positive=options.gamma_positive,
            gamma_negative=options.gamma_negative,
            margin=options.margin,
        )
    given = positive_weights(targets, options)
    if given is None:
        return binary_cross_entropy_with_logits
    weights = torch.from_numpy(given)
    return lambda logits, truth: binary_cross_entropy_with_logits(
        logits, truth, pos_weight=weights.to(logits)
    )


def positive_weights(
    targets: NDArray[np.float32], options: LossOptions
) -> NDArray[np.float32] | None:
    """What a positive of each label weighs against a negative of it; None if all weigh alike.

    Args:
        targets: 0 or 1, shape (n_rows, n_labels): the training rows.
        options: Which loss.

    Returns:
        float32, shape (n_labels,).
    """
    if options.name == "weighted-bce":
        return root_weights(targets, options.max_positive_weight)
    if options.name == "class-balanced":
        return class_balanced_weights(targets, options.beta)
    return None


def root_weights(targets: NDArray[np.float32], cap: float) -> NDArray[np.float32]:
    """Square root of negatives over positives of each label, at most `cap`; float32, (n_labels,).

    The ratio itself would make every label's positives weigh as much as its negatives (King and Zeng
    2001, "Logistic regression in rare events data", section 3.2); its root is milder: probabilities
    stay nearer to the truth, and single rows of a rare label do not rule a batch.
    """
    positives = np.maximum(targets.sum(axis=0, dtype=np.float64), 1)
    weights: NDArray[np.float32] = np.minimum(
        np.sqrt((len(targets) - positives) / positives), cap
    ).astype(np.float32)
    return np.maximum(weights, np.float32(np.finfo(np.float32).tiny))


def class_balanced_weights(targets: NDArray[np.float32], beta: float) -> NDArray[np.float32]:
    """Weight of a label's positives against its negatives; float32, (n_labels,).

    Cui, Jia, Lin, Song and Belongie 2019, "Class-balanced loss based on effective number of samples",
    equation 8: a class with n samples weighs (1 − β) / (1 − βⁿ). The two outcomes of a label are its
    two classes here; the paper's classes exclude each other, labels do not. β = 0 weighs both alike,
    β → 1 by the inverse of their numbers.
    """
    positives = np.maximum(targets.sum(axis=0, dtype=np.float64), 1)
    negatives = np.maximum(len(targets) - positives, 1)
    if beta == 0:
        return np.ones(targets.shape[1], np.float32)
    effective = np.expm1(np.log(beta) * negatives) / np.expm1(np.log(beta) * positives)
    return np.asarray(effective, np.float32)


def focal(
    logits: torch.Tensor, targets: torch.Tensor, *, gamma: float, alpha: float
) -> torch.Tensor:
    """−α (1 − p)ᵞ log p of the true outcome, meaned.

    Lin, Goyal, Girshick, He and Dollár 2017, "Focal loss for dense object detection", equation 5; γ = 0
    and α = .5 give half of the binary cross-entropy.
    """
    signs = 2 * targets - 1
    log_p = logsigmoid(signs * logits)  # of the true outcome
    log_miss = logsigmoid(-signs * logits)
    weights = alpha * targets + (1 - alpha) * (1 - targets)
    return -(weights * torch.exp(gamma * log_miss) * log_p).mean()


def asymmetric(
    logits: torch.Tensor,
    targets: torch.Tensor,
    *,
    gamma_positive: float,
    gamma_negative: float,
    margin: float,
) -> torch.Tensor:
    """Focal loss with exponents of its own for positives and negatives, and a margin; meaned.

    Ridnik et al. 2021, "Asymmetric loss for multi-label classification", equations 4 to 7: a negative's
    probability is lowered by the margin first, so that easy negatives, and some mislabelled ones,
    cost nothing. Both exponents and the margin at 0 give the binary cross-entropy.
    """
    positive = torch.exp(gamma_positive * logsigmoid(-logits)) * logsigmoid(logits)
    shifted = (torch.sigmoid(logits) - margin).clamp(min=0)
    # log(1 − p) keeps its precision near p = 1 through the logit; with a margin p stays below 1.
    log_rest = logsigmoid(-logits) if margin == 0 else torch.log1p(-shifted)
    negative = shifted**gamma_negative * log_rest if gamma_negative else log_rest
    return -(targets * positive + (1 - targets) * negative).mean()
