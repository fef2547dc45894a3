"""An input, located and described: what it is, what identifies its state, whether it may be scored."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from psychescale.errors import InputError, PrivacyError, UsageError
from psychescale.settings.places import FRAME, PATTERN, each, require_marked
from psychescale.spark.corpus.columns import (
    ID,
    Columns,
    column_of,
    field_of,
    names_in,
    path_of,
    require_keepable,
    require_types,
)
from psychescale.spark.corpus.content.dialect import Dialect, readable
from psychescale.spark.corpus.content.forms import FORMS
from psychescale.spark.corpus.content.header import require_present
from psychescale.spark.corpus.failures import explained
from psychescale.spark.corpus.files import FileInfo, Listing, files_of, find_files, list_files
from psychescale.spark.corpus.ids import UUID
from psychescale.spark.corpus.parquet import UUID_BYTES, known_types, parquet_columns
from psychescale.spark.corpus.parquet import Columns as ParquetColumns
from psychescale.spark.corpus.shape import form_of, look_at_columns, partitions_of
from psychescale.spark.corpus.times import coarse_field
from psychescale.spark.session.access import access
from psychescale.spark.session.places import Place, find_place
from psychescale.spark.tables.delta import DeltaTable, quoted

_DEFAULT = Dialect()
_OF_TABLES = ("refuse_placeholders",)
MARK_PROPERTIES = ("psychescale.normalizer", "psychescale.redactor")

# Operations of a Delta table that change none of its rows.
_HOUSEKEEPING = (
    "OPTIMIZE",
    "VACUUM START",
    "VACUUM END",
    "SET TBLPROPERTIES",
    "UNSET TBLPROPERTIES",
)


@dataclass(frozen=True)
class Corpus:
    """An input, located and described, not yet read.

    Messages call it ``--input``: files are named after patients often enough.

    Attributes:
        place: Where it is.
        form: What it is: ``delta``, ``dataframe``, ``parquet``, or one of `FORMS`.
        columns: Which columns mean what.
        dialect: How its files are written.
        fingerprint: SHA-256 (hex) over what identifies this state of the input: its files with
            sizes and times, or the table and its version; and how it is read.
        listing: Its files, unless it is a Delta table or a DataFrame.
        partitions: Columns that are not in its files but in the names of folders (``year=2021``).
        version: Of the Delta table.
        schema: The wanted columns of Parquet files, which may hold others that Spark cannot read.
        mark: Normalizer and redactor version that `anonymize` left on the table; None where it did
            not.
    """

    place: Place
    form: str
    columns: Columns
    dialect: Dialect
    fingerprint: str
    listing: Listing | None = None
    partitions: tuple[str, ...] = ()
    version: int | None = None
    schema: T.StructType | None = None
    mark: tuple[str, str] | None = None

    @property
    def files(self) -> tuple[FileInfo, ...]:
        """Its files, in the order of their paths."""
        return () if self.listing is None else self.listing.files

    @property
    def counted_files(self) -> dict[str, int]:
        """How many of its files are read, and how many are not by reason; empty for a table."""
        if self.listing is None:
            return {}
        return {"read": len(self.listing.files), **self.listing.skipped}

    @property
    def told(self) -> str:
        """The input as the plan of a run tells it."""
        told = f"{self.place.given} ({self.form})"
        if self.listing is None:
            return told
        left = [f"{count:,} {reason}" for reason, count in self.listing.skipped.items()]
        read = f"{told}, {len(self.listing.files):,} files read"
        return f"{read}; left out: {', '.join(left)}" if left else read

    @property
    def is_of_rows(self) -> bool:
        """Whether its rows are parsed here, and not by Spark."""
        return self.form in FORMS

    @property
    def in_files(self) -> Columns:
        """Columns without those that only names of folders hold."""
        kept = tuple(name for name in self.columns.keep if name not in self.partitions)
        return replace(self.columns, keep=kept)


def open_corpus(
    spark: SparkSession,
    given: str | tuple[str, ...],
    columns: Columns,
    *,
    dialect: Dialect = _DEFAULT,
) -> Corpus:
    """Find out what the input is.

    Args:
        spark: The session.
        given: Path, pattern (``posts/*.csv``) or catalog name; several paths or patterns of files of
            one form; or ``dataframe:`` and the name of a temporary view.
        columns: Which columns mean what.
        dialect: How files are written.

    Raises:
        InputError: There is nothing there, its form is unclear, or a column is missing or of a type
            that cannot be read as text.
        UsageError: There is no such encoding, lines cannot be told in it, or several inputs are not
            all files.
    """
    dialect = readable(dialect)
    places = each(given)
    tables = [DeltaTable(spark, _place_of(spark, one)) for one in places]
    is_table = [not table.place.is_path or table.exists() for table in tables]
    if any(is_table) and len(places) > 1:
        raise UsageError(
            "‹input› names a table or DataFrame among others.",
            remedy="Several inputs are files of one form; make one table of them (UNION ALL).",
        )
    if not any(is_table):
        corpus = _describe_files(spark, places, columns, dialect)
    elif tables[0].place.kind == "frame":
        corpus = Corpus(tables[0].place, "dataframe", columns, dialect, fingerprint="")
    else:
        corpus = _describe_table(tables[0], columns, dialect)
    with explained(corpus.files):
        corpus = _with_columns(spark, corpus)
        if corpus.form == "dataframe":
            corpus = replace(corpus, fingerprint=_content_digest(spark, corpus))
    return corpus


def _place_of(spark: SparkSession, given: str) -> Place:
    """What is given: a file may have a name like that of a table, and a table comes first."""
    if given.startswith(FRAME):
        return find_place(spark, given)
    known = access(spark).files
    path = Place(given, "path", known.qualified(given))
    try:
        place = find_place(spark, given)
    except UsageError:
        if PATTERN.search(given) or known.exists(path.address):
            return path
        raise
    if place.kind == "catalog" and known.exists(path.address):
        return place if DeltaTable(spark, place).exists() else path
    return place


def kept_fields(spark: SparkSession, corpus: Corpus) -> list[T.StructField]:
    """Names and types of the columns that are passed through, as they come out.

    Raises:
        PrivacyError: The text itself is among them.
        UsageError: One has the name of a column that psychescale reads every corpus into, or no name
            that a Delta table takes; or two have one name; or one to be made coarser has neither times
            nor numbers.
    """
    require_keepable(corpus.columns)
    grains = corpus.columns.grains
    return [
        coarse_field(one, grains[one.name]) if one.name in grains else one
        for one in _read_fields(spark, corpus)
    ]


def _read_fields(spark: SparkSession, corpus: Corpus) -> list[T.StructField]:
    names = corpus.columns.keep
    if corpus.is_of_rows:
        return [T.StructField(name, T.StringType()) for name in names]
    schema = corpus.schema or read_columns(spark, corpus).schema
    return [
        T.StructField(name, T.StringType()) if name in corpus.partitions else field_of(schema, name)
        for name in names
    ]


def require_mark(corpus: Corpus, *, accept_raw: bool) -> None:
    """Refuse a corpus that has not been through `anonymize`.

    Raises:
        PrivacyError: The corpus is raw and `accept_raw` is not set.
    """
    require_marked(marked=corpus.mark is not None, accept_raw=accept_raw)


def require_ids_of_rows(corpus: Corpus, *, id_from_path: bool) -> None:
    """Refuse a folder of texts whose files' names become ids, until that is accepted.

    Raises:
        PrivacyError: They would.
    """
    if corpus.form == "text" and not id_from_path:
        raise PrivacyError(
            "The paths of .txt files become the ids of their scores, and a path can name a person.",
            remedy="Give what `psychescale anonymize` writes, which makes pseudonyms of them; or, if "
            "these paths name nobody, add ‹id_from_path›.",
        )


def require_unmarked(corpus: Corpus) -> None:
    """Refuse a corpus that has been through `anonymize` already.

    Raises:
        PrivacyError: It has.
    """
    if corpus.mark is not None:
        raise PrivacyError(
            "The corpus is anonymized already; its pseudonyms would get pseudonyms.",
            remedy="Give the original corpus; the same ‹output› is redacted anew where the redactor "
            "has changed.",
        )


def require_unchanged(spark: SparkSession, corpus: Corpus) -> None:
    """Refuse a corpus whose files changed while they were read.

    Raises:
        InputError: They did.
    """
    listing = corpus.listing
    if listing is not None and listing.files != files_of(list_files(spark, listing.paths)):
        raise InputError(
            "Files of ‹input› were added, removed or changed while they were read.",
            remedy="Run again when they are complete.",
        )


def without_known(rows: DataFrame, known: DataFrame) -> DataFrame:
    """`rows` whose `id` is not among those of `known`."""
    columns = [F.col(quoted(name)) for name in rows.columns]
    return rows.join(known.select(ID), ID, "left_anti").select(*columns)


def read_columns(spark: SparkSession, corpus: Corpus) -> DataFrame:
    """All columns of a Delta table, at the version found, of Parquet files, or of a DataFrame."""
    if corpus.form == "dataframe":
        return spark.table(corpus.place.address)
    if corpus.listing is not None:
        reader = corpus.listing.reader(spark)
        if corpus.schema is not None:
            reader = reader.schema(corpus.schema)
        return reader.parquet(*corpus.listing.paths)
    return DeltaTable(spark, corpus.place).rows(version=corpus.version)


def _describe_table(table: DeltaTable, columns: Columns, dialect: Dialect) -> Corpus:
    try:
        detail, history = table.detail(), table.history()
    except AnalysisException:
        raise InputError(
            f"There is no Delta table {table.place.given}.",
            remedy="Check ‹input› and the catalog's name.",
        ) from None
    if not history:
        raise InputError("‹input› has no history.", remedy="Check that it is a Delta table.")
    written = [row["version"] for row in history if row["operation"] not in _HOUSEKEEPING]
    version = max(row["version"] for row in history)
    properties = detail["properties"] or {}
    normalizer, redactor = (properties.get(name) for name in MARK_PROPERTIES)
    return Corpus(
        table.place,
        "delta",
        columns,
        dialect,
        _fingerprint(
            [
                detail["id"],
                max(written, default=version),
                columns.facts,
                *_said(dialect, _OF_TABLES),
            ]
        ),
        version=version,
        mark=(normalizer, redactor) if normalizer and redactor else None,
    )


def _describe_files(
    spark: SparkSession, given: Sequence[str], columns: Columns, dialect: Dialect
) -> Corpus:
    listing = find_files(spark, given)
    state = [[file.path, file.n_bytes, file.modified_ms] for file in listing.files]
    said = _said(dialect, [field.name for field in fields(dialect) if field.name != "encoding"])
    fingerprint = _fingerprint([state, columns.facts, dialect.encoding, *said])
    place = Place(", ".join(given), "path", listing.root)
    # Nothing, or nothing but empty files, is a corpus without rows: a month in which nobody wrote.
    form = (dialect.format or form_of(listing)) if listing.files else "jsonl"
    return Corpus(place, form, columns, dialect, fingerprint, listing)


def _with_columns(spark: SparkSession, corpus: Corpus) -> Corpus:
    """The corpus, after a look at its columns."""
    listing, columns = corpus.listing, corpus.columns
    if listing is None:
        schema = read_columns(spark, corpus).schema
        require_types(schema, columns)
        require_present(columns.needed, names_in(schema), form=corpus.form)
        return corpus
    if not listing.files:
        return corpus
    if corpus.form == "parquet":
        types = parquet_columns(spark, listing.files)
        present: Sequence[str] = names_in(known_types(types))
    else:
        form, dialect, present = look_at_columns(spark, corpus.form, corpus.dialect, listing)
        corpus, types = replace(corpus, form=form, dialect=dialect), []
    partitions = tuple(
        name for name in columns.keep if name not in present and name in partitions_of(listing)
    )
    require_present([n for n in columns.needed if n not in partitions], present, form=corpus.form)
    corpus = replace(corpus, partitions=partitions)
    return corpus if corpus.is_of_rows else _with_schema(corpus, types)


def _with_schema(corpus: Corpus, types: ParquetColumns) -> Corpus:
    """The corpus of Parquet files with its wanted columns; all others are never looked at."""
    whole = known_types(types)
    found = {}
    for name in corpus.in_files.needed:
        top = (path_of(whole, name) or (name,))[0]
        kind = dict(types)[top]
        if kind == UUID_BYTES and name in corpus.columns.id:
            found[top] = T.StructField(top, T.BinaryType(), metadata=UUID)
            continue
        if not isinstance(kind, T.DataType):
            raise InputError(
                f"‹input›: column {name} is of a type that Spark does not read.",
                remedy="Write it as a string or a number, or leave it out.",
            )
        found[top] = T.StructField(top, kind)
    schema = T.StructType(list(found.values()))
    require_types(schema, corpus.columns)
    return replace(corpus, schema=schema)


def _said(dialect: Dialect, names: Sequence[str]) -> list[dict[str, Any]]:
    """What a person said of the reading, for the fingerprint.

    What is left at its default stands for nothing: earlier versions' landed corpora are found again.
    """
    values = {name: getattr(dialect, name) for name in names}
    said = {name: value for name, value in values.items() if value != getattr(_DEFAULT, name)}
    return [said] if said else []


def _fingerprint(state: Any) -> str:
    return hashlib.sha256(json.dumps(state, ensure_ascii=True).encode()).hexdigest()


def _content_digest(spark: SparkSession, corpus: Corpus) -> str:
    """What stands for the state of a DataFrame, which has neither version nor files: its rows."""
    rows = read_columns(spark, corpus)
    row = F.to_json(F.struct(*(column_of(rows.schema, name) for name in corpus.columns.needed)))
    sums = rows.agg(
        F.count(F.lit(1)),
        F.bit_xor(F.xxhash64(row)),
        F.sum(F.xxhash64(row, F.lit("second")).cast("decimal(20,0)")),
    )
    said = _said(corpus.dialect, _OF_TABLES)
    return _fingerprint([*map(str, sums.collect()[0]), corpus.columns.facts, *said])
