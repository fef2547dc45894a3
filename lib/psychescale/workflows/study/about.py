"""What a study did, in sentences for a methods section and its limits: made of what happened."""

from collections.abc import Sequence, Sized
from typing import Any

from psychescale import __version__
from psychescale.disclosure import masked
from psychescale.prevalence.releasable import ADJUSTED, COUNT, DESIGN, MEAN
from psychescale.settings.study import StudyConfig
from psychescale.workflows.study.design import SampleDesign

Json = dict[str, Any]


def about(
    config: StudyConfig,
    scoring_id: str,
    rows: Sequence[Json],
    design: SampleDesign | None,
    annotated: Sized | None,
) -> Json:
    """Facts of a study, as its release holds them.

    Args:
        config: Of the study.
        scoring_id: Of the scores.
        rows: Of the release.
        design: Of the annotated sample, if there is one.
        annotated: Its annotated texts.
    """
    estimators = list(dict.fromkeys(row["estimator"] for row in rows))
    sample = None
    if design is not None and annotated is not None:
        sample = {
            "drawn": masked(len(design.stratum_of)),
            "annotated": masked(len(annotated)),
            "strata": len(design.strata),
            "digest": design.digest,
        }
    return {
        "headline": DESIGN if design is not None else None,
        "estimators": estimators,
        "period": config.period,
        "sample": sample,
        "limits": _limits(config, estimators, design),
        "methods": _methods(config, estimators, design),
        "scoring_id": scoring_id,
        "version": __version__,
    }


def _methods(
    config: StudyConfig, estimators: Sequence[str], design: SampleDesign | None
) -> list[str]:
    told = []
    if design is not None:
        told.append(
            "Design-based shares are difference estimates: the mean of the tuned probability over "
            "all texts, plus the weighted mean of truth minus tuned probability over annotated "
            "ones, drawn at random within strata (Särndal, Swensson and Wretman 1992; design-based "
            "supervised learning, Egami et al. 2023; prediction-powered inference with tuning, "
            "Angelopoulos et al. 2023). Probabilities are not used for a label of which fewer than "
            "50 positives are to be expected among the annotated."
        )
        told.append(
            "Intervals are 95 % mid-P intervals under the variance of the stratified design, with "
            "the finite-population correction, allowing for an unseen positive of the largest "
            "weight (Fay and Feuer 1997). The target is this corpus, not authors like these. "
            "Differences have MOVER intervals (Zou and Donner 2008) under the covariance of both "
            "domains, and the false discovery rate over all of them is held at 5 % (Benjamini and "
            "Hochberg 1995)."
        )
    at = "the frozen threshold" if config.model or config.evaluation else "0.5"
    told.append(
        f"The naive count is the share of texts whose probability reaches {at}; its interval is "
        "that of a count and knows nothing of the classifier's errors. The mean probability has no "
        "interval."
    )
    if ADJUSTED in estimators:
        told.append(
            "Adjusted counts are Rogan and Gladen's (1978), with intervals of Lang and Reiczigel "
            "(2014), by sensitivity and specificity of the named evaluation."
        )
    if config.time_column is not None:
        told.append("Times without a zone are taken, and periods begin, in the time zone of Spark.")
    told.append(
        "Counts from 1 to 7 are withheld, others rounded to 5; estimates are in steps of 5 texts "
        "and shown where positives and negatives are estimated at 8 or more; a further cell is "
        "withheld where a total would give one back."
    )
    return told


def _limits(
    config: StudyConfig, estimators: Sequence[str], design: SampleDesign | None
) -> list[str]:
    told = [
        "Shares are of texts, not of people: who writes much counts often.",
        "A label is what annotators or a model see in a text, not a diagnosis.",
    ]
    if design is not None:
        told.append(
            "The annotations are taken as the truth. Texts that were drawn and not annotated are "
            "taken to be like the annotated ones of their stratum."
        )
    if ADJUSTED in estimators:
        told.append(
            f"“{ADJUSTED}” assumes the sensitivity and specificity of the evaluated texts, in "
            "every group and at all times; a small error in specificity moves a rare label far."
        )
    if MEAN in estimators:
        told.append(
            f"“{MEAN}” assumes that probabilities are calibrated on this corpus, in every group."
        )
    told.append(f"“{COUNT}” is biased by every error of the classifier that does not cancel out.")
    if config.by or config.time_column:
        told.append(
            "Groups and periods are described, not explained: a difference may come of who wrote, "
            "or how, rather than of what they had."
        )
    return told
