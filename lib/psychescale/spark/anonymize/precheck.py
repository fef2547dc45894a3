"""A look at the whole corpus before anything is written: its authors, its times, what is to be kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from psychescale.errors import PrivacyError
from psychescale.settings.anonymize import AnonymizeConfig
from psychescale.spark.anonymize.authors import list_authors
from psychescale.spark.anonymize.keying import TIME, KeyedColumns, author_name
from psychescale.spark.anonymize.plan import RedactionPlan
from psychescale.spark.corpus.columns import ID, SECOND, TEXT
from psychescale.spark.corpus.failures import explained
from psychescale.spark.corpus.read import reading
from psychescale.spark.corpus.singled_out import SingledOut, count_singled_out
from psychescale.spark.corpus.source import Corpus
from psychescale.spark.corpus.times import coarse_values, coarsened, require_read
from psychescale.spark.tables.delta import quoted
from psychescale.steps import STEPS
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
_COARSE_TIMES = ("week", "month", "year")
"""Grains that pass though a rule for dates finds them, as in the time column."""
_NO_IDENTIFIERS = (T.BooleanType, T.FloatType, T.DoubleType)


@dataclass(frozen=True)
class Survey:
    """What a corpus holds beside its texts.

    Attributes:
        authors: Its authors as they are now: texts redacted earlier did not know them.
        singled_out: Who could be singled out by the table of redacted texts; None where nothing is kept
            and no time told.
    """

    authors: Handles
    singled_out: SingledOut | None


def survey_corpus(
    spark: SparkSession, config: AnonymizeConfig, corpus: Corpus, plan: RedactionPlan
) -> Survey:
    """Look at what the corpus holds beside its texts: whether, and at what price, it can be passed on.

    Raises:
        InputError: More times than `max_failed_share` cannot be read.
        PrivacyError: A kept column holds identifiers, or is an id.
    """
    columns = plan.columns
    authors = Handles()
    with reading(spark, corpus) as rows, explained(corpus.files):
        grains = corpus.columns.grains
        read = coarse_values(rows.schema, grains, columns.time_format)
        options = dict.fromkeys(read, "coarsen")
        if columns.time is not None:
            read[columns.time] = columns.time_of(rows)
            options[columns.time] = "time_column"
        require_read(rows, read, options=options, max_share=config.max_failed_share)
        if columns.author is not None:
            authors = list_authors(rows, author_name(rows, columns.author), plan.key)
        told = coarsened(rows, grains, columns.time_format)
        kept = [name for name in config.keep if name not in config.accept_kept]
        closely = [name for name in kept if grains.get(name) not in _COARSE_TIMES]
        if closely:
            redactor = Redactor(RedactionOptions(excluded=plan.excluded), handles=authors)
            _require_harmless(told, closely, redactor)
        found = _count_singled_out(told, rows, config, columns)
    if found is not None:
        _require_no_ids([name for name in found.ids if name in closely])
    return Survey(authors, found)


def _count_singled_out(
    told: DataFrame, rows: DataFrame, config: AnonymizeConfig, columns: KeyedColumns
) -> SingledOut | None:
    """Who could be singled out by what is told of the rows."""
    kept = {name: F.col(quoted(name)) for name in config.keep}
    if columns.time is not None:
        kept[TIME] = columns.time_of(rows)
    if not kept:
        return None
    STEPS.info("counting who could be singled out")
    texts = [name for name in (TEXT, SECOND) if name in rows.columns]
    sizes = {"n_chars": F.length, "n_words": _words}
    added = {
        name: F.round(sum((F.coalesce(of(F.col(t)), F.lit(0)) for t in texts), F.lit(0)) / 10)
        for name, of in sizes.items()
    }
    person = None
    if columns.author is not None:
        person = F.coalesce(author_name(rows, columns.author), F.col(ID))
    return count_singled_out(told, kept, added, person=person, coarse=[*config.grains(), TIME])


def _words(text: Column) -> Column:
    return F.size(F.split(F.trim(text), r"\s+"))


def _require_no_ids(names: Sequence[str]) -> None:
    if names:
        raise PrivacyError(
            f"‹keep› {names[0]} is an id under another name: a link, or a value of its own in nearly "
            "every row.",
            remedy="Leave it out; or make a time or a number coarser with ‹coarsen›. If it may pass, "
            f"add ‹accept_kept› {names[0]}: it is recorded.",
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
