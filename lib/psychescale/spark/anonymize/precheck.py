"""A look at the whole corpus before anything is written: its authors, its times, what is to be kept."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from psychescale.errors import InputError, PrivacyError
from psychescale.moments import REMEDY
from psychescale.settings.anonymize import AnonymizeConfig
from psychescale.spark.anonymize.authors import list_authors
from psychescale.spark.anonymize.keying import author_name
from psychescale.spark.anonymize.plan import RedactionPlan
from psychescale.spark.corpus.failures import explained
from psychescale.spark.corpus.read import reading
from psychescale.spark.corpus.source import Corpus
from psychescale.spark.corpus.times import is_unread
from psychescale.spark.tables.delta import quoted
from psychescale.text.findings import PiiType
from psychescale.text.handles import Handles
from psychescale.text.redact import HARD, Redacted, RedactionOptions, Redactor

SAMPLED_ROWS = 1000
"""Rows at random of which the kept columns are looked at."""
_HARMLESS_SHARE = 0.01
"""Of a column's values: more that look like names, places or dates make it one of identifiers."""
_FEW_VALUES = 20
"""A column of no more is one of groups, not of identifiers."""
_CERTAIN = HARD | {PiiType.EMAIL}
"""Types that have a form of their own: one such value is enough."""
_NO_IDENTIFIERS = (T.BooleanType, T.FloatType, T.DoubleType)


def survey_corpus(
    spark: SparkSession, config: AnonymizeConfig, corpus: Corpus, plan: RedactionPlan
) -> Handles:
    """The authors of the corpus, if what it holds beside its texts can be passed on.

    Returns:
        The list of its authors as they are now: texts redacted earlier did not know them.

    Raises:
        InputError: More times than `max_failed_share` cannot be read.
        PrivacyError: A kept column holds identifiers.
    """
    columns = plan.columns
    authors = Handles()
    with reading(spark, corpus) as rows, explained(corpus.files):
        if columns.time is not None:
            kind = rows.schema[columns.time].dataType
            unread = is_unread(columns.time, kind, columns.time_format)
            _require_times(rows, unread, max_share=config.max_failed_share)
        if columns.author is not None:
            authors = list_authors(rows, author_name(rows, columns.author), plan.key)
        kept = [name for name in config.keep if name not in config.accept_kept]
        if kept:
            redactor = Redactor(RedactionOptions(excluded=plan.excluded), handles=authors)
            _require_harmless(rows, kept, redactor)
    return authors


def _require_times(rows: DataFrame, unread: Column, *, max_share: float) -> None:
    counts = rows.agg(F.count(F.lit(1)), F.count_if(unread)).collect()[0]
    if counts[1] > max_share * counts[0]:
        raise InputError(
            f"‹time_column›: {counts[1]:,} times cannot be read.",
            remedy=f"{REMEDY} Or allow more with ‹max_failed_share›: they become null.",
        )


def _require_harmless(rows: DataFrame, names: Sequence[str], redactor: Redactor) -> None:
    fields = [rows.schema[name] for name in names]
    looked_at = [f for f in fields if not isinstance(f.dataType, _NO_IDENTIFIERS)]
    columns = [_text(field).alias(f"_{i}") for i, field in enumerate(looked_at)]
    if not columns:
        return
    sample = rows.select(*columns).orderBy(F.rand(0)).limit(SAMPLED_ROWS).collect()
    for i, field in enumerate(looked_at):
        values = [row[i] for row in sample if row[i] is not None]
        found = identifiers_of(field.name, values, redactor)
        if found:
            raise PrivacyError(
                f"‹keep› {field.name} would pass identifiers through as they are "
                f"({', '.join(found)}).",
                remedy="Leave it out, or make it coarser in the corpus; authors and times belong into "
                "‹author_column› and ‹time_column›. If these are none, add ‹accept_kept› "
                f"{field.name}: it is recorded.",
            )


def _text(field: T.StructField) -> Column:
    column = F.col(quoted(field.name))
    if isinstance(field.dataType, (T.StructType, T.ArrayType, T.MapType)):
        return F.to_json(column)
    return column.cast("string")


def identifiers_of(name: str, values: Sequence[str], redactor: Redactor) -> list[PiiType]:
    """Types of identifiers that a column holds, to all appearances.

    Args:
        name: Of the column: a number is one thing under ``mrn`` and another under ``score``. It counts
            where most rows have a value of their own, or there are many: not of ``age group: 18-24``.
        values: Of a sample of its rows.
        redactor: Rules, authors and types left in; values are no sentences, so no model for names.
    """
    distinct = sorted(set(values))
    texts = list(distinct)
    if len(distinct) > min(_FEW_VALUES, len(values) / 2):
        label = name.replace("_", " ").strip()
        texts += [f"{label}: {value}" for value in distinct]
    results = [r for r in redactor.redact_batch(texts) if isinstance(r, Redacted)]
    counts = {kind: sum(kind in r.counts for r in results) for kind in PiiType}
    least = _HARMLESS_SHARE * len(texts)
    return [kind for kind, n in counts.items() if n and (kind in _CERTAIN or n > least)]
