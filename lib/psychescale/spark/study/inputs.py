"""What a study is given beside its scores: an annotated sample, thresholds, an evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pyspark.sql import SparkSession

from psychescale.errors import InputError, UsageError
from psychescale.model.bundle import read_deciding
from psychescale.prevalence.naive import DecisionCounts
from psychescale.settings.study import StudyConfig
from psychescale.spark.scored.scores import ScoreTable
from psychescale.spark.study.draw import chosen_labels
from psychescale.spark.study.sheet import Annotated, read_sheet
from psychescale.workflows.study.design import SampleDesign, design_beside, read_design
from psychescale.workflows.study.estimation import plain_thresholds, read_evaluation


@dataclass(frozen=True)
class Given:
    """What a study works on.

    Attributes:
        table: The scores; with a sample at the version that it was drawn from.
        chosen: Numbers of the labels.
        thresholds: One a chosen label.
        confusion: What is known of their decisions.
        design: Of the annotated sample; None without.
        annotated: The sample, its labels those chosen; None without.
    """

    table: ScoreTable
    chosen: tuple[int, ...]
    thresholds: Sequence[float]
    confusion: Sequence[DecisionCounts | None]
    design: SampleDesign | None
    annotated: Annotated | None

    @property
    def labels(self) -> tuple[str, ...]:
        """The chosen labels."""
        return tuple(self.table.labels[number] for number in self.chosen)


def open_inputs(spark: SparkSession, config: StudyConfig, table: ScoreTable) -> Given:
    """Read sheet and design, and settle labels and thresholds.

    Raises:
        InputError: The sheet does not fit its design, or the sample is of another table; or the
            evaluation is none.
        ModelError: The bundle has no thresholds.
        UsageError: A label is not known, or there are two sources of thresholds.
    """
    if config.model is not None and config.evaluation is not None:
        raise UsageError(
            "‹model› and ‹evaluation› both have thresholds.", remedy="Name one of the two."
        )
    design = annotated = None
    if config.annotated is not None:
        sheet = Path(config.annotated)
        design = read_design(Path(config.design) if config.design else design_beside(sheet))
        table = _at_draw(table, design)
        annotated = read_sheet(spark, config.annotated, design, config)
    only = config.only or (design.labels if design else ())
    chosen = chosen_labels(table, only)
    labels = [table.labels[number] for number in chosen]
    if design is not None and annotated is not None:
        strange = [label for label in labels if label not in design.labels]
        if strange:
            raise UsageError(
                f"‹only› {strange[0]}: the sheet has no annotations of this label.",
                remedy=f"It has {', '.join(design.labels)}.",
            )
        places = [design.labels.index(label) for label in labels]
        annotated = replace(annotated, truth=np.ascontiguousarray(annotated.truth[:, places]))
    thresholds, confusion = _decisions(config, table, labels)
    return Given(table, chosen, thresholds, confusion, design, annotated)


def _decisions(
    config: StudyConfig, table: ScoreTable, labels: Sequence[str]
) -> tuple[Sequence[float], Sequence[DecisionCounts | None]]:
    if config.evaluation is not None:
        return read_evaluation(Path(config.evaluation), labels)
    plain, unknown = plain_thresholds(labels)
    if config.model is None:
        return plain, unknown
    spec = read_deciding(config.model)
    if tuple(spec.columns) != table.columns:
        raise InputError(
            "‹model› has other labels than the score table.",
            remedy="Name the bundle that the texts were scored with.",
        )
    cuts = dict(zip(table.labels, spec.thresholds or (), strict=True))
    return [cuts[label] for label in labels], unknown


def _at_draw(table: ScoreTable, design: SampleDesign) -> ScoreTable:
    """The table as it was when the sample was drawn."""
    ident, _, version = design.table.rpartition("@")
    if design.scoring_id != table.scoring_id or ident != table.table.detail()["id"]:
        raise InputError(
            "The sample was drawn from another score table, or another scoring id.",
            remedy="Name the table that it was drawn from: a sample of one corpus says nothing of "
            "another.",
        )
    return replace(table, version=int(version))
