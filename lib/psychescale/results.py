"""What a job gives back in Python: counts, run id, tables and paths; no text, no id of a document.

Each result shows itself as lines, and in a notebook as a small table, with counts of `_COUNTS` masked
and rounded: notebooks are passed on. Fields with `repr=False` are too large for either; they are there
to be read.
"""

import html
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from psychescale.disclosure import told
from psychescale.notice import NOTICE

_COUNTS = ("failed_by_reason", "placeholders")
"""Fields that count documents of a kind; rows in and out are exact."""


class Result:
    """Base of all results: how one is shown."""

    def _cells(self) -> Iterator[tuple[str, str]]:
        """What is shown: name and value."""
        for one in fields(self):  # type: ignore[arg-type] # every subclass is a dataclass
            if one.repr:
                count = told if one.name in _COUNTS else _exact
                yield one.name, _shown(getattr(self, one.name), count)

    def __repr__(self) -> str:
        lines = (f"  {name}: {value}" for name, value in self._cells())
        return "\n".join([type(self).__name__, *lines])

    def _repr_html_(self) -> str:
        """A table of names and values, with the notice; escaped."""
        rows = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
            for name, value in self._cells()
        )
        title = html.escape(type(self).__name__)
        return f"<table><caption>{title}</caption>{rows}</table><p>{html.escape(NOTICE)}</p>"


@dataclass(frozen=True, repr=False)
class ScoreResult(Result):
    """A finished scoring run.

    Attributes:
        run_id: Its name in the run table, and in the rows that it wrote.
        table: The score table: path or catalog name.
        scoring_id: SHA-256 of what determined the numbers.
        rows_in: Rows that were to be scored.
        rows_known: Rows that the table held already.
        rows_scored: Rows with a score.
        rows_failed: Rows without one.
        failed_by_reason: The same by reason.
        placeholders: Rows whose text only stands for one (``[deleted]``), scored or refused.
        files: Files of the input that were ``read``, and those that were not by reason; empty for a
            table.
        run: The row of the run table.
    """

    run_id: str
    table: str
    scoring_id: str
    rows_in: int
    rows_known: int
    rows_scored: int
    rows_failed: int
    failed_by_reason: dict[str, int]
    placeholders: int
    files: dict[str, int]
    run: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, repr=False)
class AnonymizeResult(Result):
    """A finished redaction.

    Attributes:
        run_id: Its name in the run table.
        table: The table of redacted texts: path or catalog name.
        quarantine: The table of rows that failed, without texts.
        rows_in: Rows that were to be redacted.
        rows_known: Rows that table or quarantine held already.
        rows_kept: Rows passed on.
        rows_quarantined: Rows that were not.
        failed_by_reason: The same by reason.
        files: Files of the input that were ``read``, and those that were not by reason; empty for a
            table.
        report: What was found, in counts; small ones are masked.
        run: The row of the run table.
    """

    run_id: str
    table: str
    quarantine: str
    rows_in: int
    rows_known: int
    rows_kept: int
    rows_quarantined: int
    failed_by_reason: dict[str, int]
    files: dict[str, int]
    report: dict[str, Any] = field(repr=False)
    run: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, repr=False)
class TrainResult(Result):
    """A trained classifier.

    Attributes:
        bundle: Its folder, which `score` takes as a model.
        labels: Its labels, in the order of its logits.
        rows: Labelled texts by part.
        training: How the training went, as `scoring.json` says it.
        mlflow_run: The run that MLflow knows it under; None where it was not told.
    """

    bundle: str
    labels: tuple[str, ...]
    rows: dict[str, int]
    training: dict[str, Any] = field(repr=False)
    mlflow_run: str | None


@dataclass(frozen=True, repr=False)
class RecalibrateResult(Result):
    """A bundle with an updated calibration.

    Attributes:
        bundle: Its folder.
        labels: Label → what was fitted anew: ``kept``, ``intercept``, ``intercept and slope``.
        recalibration: The same in numbers, and on what, as `scoring.json` says it.
    """

    bundle: str
    labels: dict[str, str]
    recalibration: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, repr=False)
class EvaluateResult(Result):
    """A finished evaluation.

    Attributes:
        output: Its folder.
        report: The HTML report in it.
        measures: The masked measures, as the file of measures holds them.
        recommendation: What the comparison recommends; None where nothing was compared.
    """

    output: str
    report: str
    measures: dict[str, Any] = field(repr=False)
    recommendation: str | None


@dataclass(frozen=True, repr=False)
class VerifyResult(Result):
    """What a sample of a score table showed.

    Attributes:
        run_id: The run that was verified.
        holds: Whether nothing is doubled, missing or different.
        rows: Rows of the table under the run's scoring id.
        doubled: Rows whose id occurs more than once among them.
        sampled: Rows scored again.
        differing: Rows of the sample that came out otherwise.
        missing: Rows of the sample that the corpus does not have any more.
        largest_difference: Of any probability; infinite where anything else differs.
    """

    run_id: str
    holds: bool
    rows: int
    doubled: int
    sampled: int
    differing: int
    missing: int
    largest_difference: float


@dataclass(frozen=True, repr=False)
class SampleResult(Result):
    """Texts drawn for annotation, or a sheet that was looked through.

    Attributes:
        sheet: What annotators fill in.
        design: The chances of the draw; not for annotators.
        texts: Texts drawn; of a sheet that was checked, those annotated.
        digest: SHA-256 of the design.
        run_id: Its name in the run table; None for a check.
    """

    sheet: str
    design: str
    texts: int
    digest: str
    run_id: str | None


@dataclass(frozen=True, repr=False)
class StudyResult(Result):
    """A finished study.

    Attributes:
        output: Its folder.
        report: The HTML report in it.
        estimates: Rows of the release: what may be shown.
        run_id: Its name in the run table.
    """

    output: str
    report: str
    estimates: list[dict[str, Any]] = field(repr=False)
    run_id: str


@dataclass(frozen=True, repr=False)
class DoctorResult(Result):
    """What of a machine, its Spark and its executors fits.

    Attributes:
        status: ``green``, ``yellow`` or ``red``: the worst of all checks.
        checks: Each with `check`, `status` (``not run`` too), `found` and `remedy`.
    """

    status: str
    checks: list[dict[str, str]]

    def _cells(self) -> Iterator[tuple[str, str]]:
        yield "status", self.status
        for one in self.checks:
            yield one["check"], f"{one['status']}: {one['found']} {one['remedy']}".rstrip()


@dataclass(frozen=True, repr=False)
class TaggerResult(Result):
    """A trained tagger of names.

    Attributes:
        output: Its folder, which `anonymize` takes as a tagger.
        validation_f2: F2 of words held out.
        fit: How the training ended.
    """

    output: str
    validation_f2: float
    fit: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, repr=False)
class MonitorResult(Result):
    """A watch over periods in which nothing new was an alert; an alert is an `AlertError`.

    Attributes:
        output: Its folder.
        report: The HTML report in it.
        new: Periods that this run measured.
        alerts: All periods of the output, as ``alerts.json`` has them.
    """

    output: str
    report: str
    new: tuple[str, ...]
    alerts: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, repr=False)
class DemoResult(Result):
    """What the demo left behind, as paths.

    Attributes:
        folder: Where all of it is.
        corpus: The synthetic corpus.
        bundle: The model that was trained.
        redacted: The table of redacted texts.
        scores: The score table.
        report: The report of the evaluation.
    """

    folder: str
    corpus: str
    bundle: str
    redacted: str
    scores: str
    report: str


def _exact(count: int) -> str:
    return f"{count:,}"


def _shown(value: object, count: Callable[[int], str]) -> str:
    """A value as people read it; `count` shows whole numbers."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(one, count)}" for name, one in value.items()) or "none"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, int):
        return count(value)
    return f"{value:.3g}" if isinstance(value, float) else str(value)
