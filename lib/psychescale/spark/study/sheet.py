"""A sheet for annotators: written empty, with texts where they are asked for, and read filled in."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from psychescale.errors import InputError, UsageError
from psychescale.settings.sample import SampleConfig
from psychescale.settings.shared import FilesConfig
from psychescale.spark.corpus.columns import ID, TEXT, Columns
from psychescale.spark.corpus.content.dialect import Dialect
from psychescale.spark.corpus.failures import explained
from psychescale.spark.corpus.read import reading
from psychescale.spark.corpus.source import open_corpus, require_mark
from psychescale.spark.tables.delta import quoted
from psychescale.training.targets import from_columns
from psychescale.workflows.study.design import SampleDesign, dealt_out, write_private

RATER = "rater"
_RESTRICTED = "restricted"


@dataclass(frozen=True)
class Annotated:
    """What came back from the annotators.

    Attributes:
        ids: Texts with a truth for every label, each once.
        truth: float64, shape (n, n_labels): the mean over raters.
        n_blank: Lines of the sheet without an annotation.
    """

    ids: tuple[str, ...]
    truth: NDArray[np.float64]
    n_blank: int

    def __len__(self) -> int:
        return len(self.ids)


def texts_of(spark: SparkSession, config: SampleConfig, ids: Sequence[str]) -> dict[str, str]:
    """Texts of drawn ids, from the corpus that was scored.

    Raises:
        InputError: The corpus lacks one.
        PrivacyError: It is not marked as anonymized, and that was not accepted.
    """
    columns = Columns(config.id_column, config.text_column, config.second_text_column)
    corpus = open_corpus(spark, config.input or "", columns, dialect=config.choices(Dialect))
    require_mark(corpus, accept_raw=config.accept_raw)
    wanted = spark.createDataFrame([(ident,) for ident in ids], "id string")
    with reading(spark, corpus) as rows, explained(corpus.files):
        found = rows.join(F.broadcast(wanted), ID, "left_semi").select(ID, TEXT).collect()
    texts = {row[ID]: row[TEXT] or "" for row in found}
    if len(texts) < len(set(ids)):
        raise InputError(
            "‹input› does not hold all texts of the sample.",
            remedy="Name the corpus that was scored, and its ‹id_column›.",
        )
    return texts


def write_sheet(
    output: Path, design: SampleDesign, *, overlap: int, texts: Mapping[str, str] | None
) -> Path:
    """Write an empty sheet with its design beside it, both mode 0600.

    Args:
        output: Where it is asked for; with texts it goes into ``restricted/`` (0700) beside that.
        design: What was drawn.
        overlap: Texts for every rater.
        texts: By id; None for a sheet without.

    Returns:
        Where it is.

    Raises:
        UsageError: A label has the name of another column of the sheet.
    """
    own = [ID, *([TEXT] if texts is not None else []), *([RATER] if design.raters else [])]
    clash = [label for label in design.labels if label.lower() in own]
    if clash:
        raise UsageError(
            f"The label {clash[0]!r} has the name of a column of the sheet.",
            remedy="Leave it out with ‹only›.",
        )
    if texts is not None:
        output = output.parent / _RESTRICTED / output.name
        output.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        output.parent.chmod(0o700)
    output.parent.mkdir(parents=True, exist_ok=True)
    file = io.StringIO()
    lines = csv.writer(file)
    lines.writerow([*own, *design.labels])
    for ident, rater in dealt_out(list(design.stratum_of), design.raters, overlap):
        told = [texts[ident]] if texts is not None else []
        lines.writerow([ident, *told, *([rater] if rater else []), *("" for _ in design.labels)])
    write_private(output, file.getvalue())
    design.write(output)
    return output


def read_sheet(
    spark: SparkSession, place: str, design: SampleDesign, files: FilesConfig
) -> Annotated:
    """The annotations of a sheet, in any form that a corpus may have.

    Raises:
        InputError: A column is missing or a label is none of the design's; an id was not drawn, or is
            there twice for one rater; a rater is missing or unknown; a value is neither 0 nor 1; no
            line is annotated. Nothing that stands in the sheet is quoted but names of its columns.
    """
    raters = [RATER] if design.raters else []
    first, *others = [*design.labels, *raters]
    columns = Columns(text=first, keep=tuple(others))
    corpus = open_corpus(spark, place, columns, dialect=files.choices(Dialect))
    named = [F.col(TEXT), *(F.col(quoted(name)) for name in others)]
    with reading(spark, corpus) as rows, explained(corpus.files):
        found = rows.orderBy(ID).select(ID, *(c.cast("string") for c in named)).collect()
    values = list(zip(*found, strict=True))
    if not values:
        raise _wrong("has no line", "Give the sheet that was filled in.")
    ids = [str(ident) for ident in values[0]]
    by_rater = values[len(design.labels) + 1] if raters else None
    _require_drawn(ids, by_rater, design)
    given = dict(zip(design.labels, values[1:], strict=False))
    truth = _truth(given)
    blank = np.isnan(truth)
    whole = ~np.logical_or.reduce(blank, axis=1)
    if (~whole & ~np.logical_and.reduce(blank, axis=1)).any():
        raise _wrong(
            "has lines in which some labels are filled in and others not",
            "Fill in 0 or 1 for every label of a text, or for none.",
        )
    if not whole.any():
        raise _wrong("has no annotated line", "Fill in 0 or 1 for every label.")
    kept = [ident for ident, is_whole in zip(ids, whole, strict=True) if is_whole]
    unique, places = np.unique(kept, return_inverse=True)
    sums = np.zeros((len(unique), truth.shape[1]))
    np.add.at(sums, places, truth[whole])
    means = sums / np.bincount(places)[:, None]
    return Annotated(tuple(unique.tolist()), means, int((~whole).sum()))


def _truth(given: Mapping[str, Sequence[object]]) -> NDArray[np.float64]:
    try:
        return from_columns(given, place="").astype(np.float64)
    except InputError:  # it speaks of options of other jobs
        raise _wrong(
            "has other values than 0, 1 and nothing where labels stand", "Fill in 0 or 1."
        ) from None


def _require_drawn(
    ids: Sequence[str], raters: Sequence[str | None] | None, design: SampleDesign
) -> None:
    unknown = sum(ident not in design.stratum_of for ident in ids)
    if unknown:
        raise _wrong(
            f"has {unknown:,} lines whose id was not drawn",
            "Texts that were added by hand have no known chance: take them out.",
        )
    if raters is not None:
        missing = sum(rater not in design.raters for rater in raters)
        if missing:
            raise _wrong(
                f"has {missing:,} lines without a rater of the design",
                f"The column {RATER} must hold one of: {', '.join(design.raters)}.",
            )
    doubled = Counter(zip(ids, raters or [None] * len(ids), strict=True))
    twice = sum(count > 1 for count in doubled.values())
    if twice:
        raise _wrong(
            f"has {twice:,} ids more than once{' for one rater' if raters else ''}",
            "Keep one line for each.",
        )


def _wrong(what: str, remedy: str) -> InputError:
    return InputError(f"The sheet {what}.", remedy=remedy)
