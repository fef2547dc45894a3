"""An input, located and described: what it is, what identifies its state, whether it may be scored."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from psychescale.errors import InputError, PrivacyError
from psychescale.spark.corpus.columns import (
    ID,
    Columns,
    require_keepable,
    require_present,
    require_types,
)
from psychescale.spark.corpus.content.csv_lines import csv_header
from psychescale.spark.corpus.content.dialect import Dialect, readable, separator_of
from psychescale.spark.corpus.content.json_lines import json_keys
from psychescale.spark.corpus.failures import explained
from psychescale.spark.corpus.files import FileInfo, list_files, literal
from psychescale.spark.corpus.parquet import parquet_columns
from psychescale.spark.session.access import access
from psychescale.spark.session.places import Place, find_place
from psychescale.spark.tables.delta import DeltaTable, quoted

Form = Literal["delta", "parquet", "csv", "jsonl", "dataframe"]
_DEFAULT = Dialect()
LINE_FORMS = ("csv", "jsonl")


_FORM_BY_SUFFIX: dict[str, Form] = {
    "parquet": "parquet",
    "csv": "csv",
    "tsv": "csv",
    "tab": "csv",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "jsonl",
}
MARK_PROPERTIES = ("psychescale.normalizer", "psychescale.redactor")
_LINES_LOOKED_AT = 1000

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
        form: What it is.
        columns: Which columns mean what.
        dialect: How its files are written.
        fingerprint: SHA-256 (hex) over what identifies this state of the input: its files with
            sizes and times, or the table and its version; and how it is read.
        files: Its files, unless it is a Delta table.
        version: Of the Delta table.
        schema: The wanted columns of Parquet files, which may hold others that Spark cannot read.
        mark: Normalizer and redactor version that `anonymize` left on the table; None where it did
            not.
    """

    place: Place
    form: Form
    columns: Columns
    dialect: Dialect
    fingerprint: str
    files: tuple[FileInfo, ...] = ()
    version: int | None = None
    schema: T.StructType | None = None
    mark: tuple[str, str] | None = None


def open_corpus(
    spark: SparkSession, place: str, columns: Columns, *, dialect: Dialect = _DEFAULT
) -> Corpus:
    """Find out what the input is.

    Args:
        spark: The session.
        place: Path or catalog name; or ``dataframe:`` and the name of a temporary view.
        columns: Which columns mean what.
        dialect: How files are written.

    Raises:
        InputError: There is nothing there, its form is unclear, or a column is missing or of a type
            that cannot be read as text.
        UsageError: There is no such encoding, or lines cannot be told in it.
    """
    dialect = readable(dialect)
    table = DeltaTable(spark, find_place(spark, place))
    if table.place.kind == "frame":
        corpus = Corpus(table.place, "dataframe", columns, dialect, fingerprint="")
    elif table.place.kind == "catalog" or table.exists():
        corpus = _describe_table(table, columns, dialect)
    else:
        corpus = _describe_files(spark, table.place, columns, dialect)
    with explained(corpus.files):
        if corpus.form == "parquet":
            corpus = _with_schema(spark, corpus)
        _require_columns(spark, corpus)
        if corpus.form == "dataframe":
            corpus = replace(corpus, fingerprint=_content_digest(spark, corpus))
    return corpus


def kept_fields(spark: SparkSession, corpus: Corpus) -> list[T.StructField]:
    """Names and types of the columns that are passed through.

    Raises:
        PrivacyError: The text itself is among them.
        UsageError: One has the name of a column that psychescale reads every corpus into, or no name
            that a Delta table takes; or two have one name.
    """
    require_keepable(corpus.columns)
    if corpus.form in LINE_FORMS:
        return [T.StructField(name, T.StringType()) for name in corpus.columns.keep]
    schema = corpus.schema or read_columns(spark, corpus).schema
    return [schema[name] for name in corpus.columns.keep]


def require_mark(corpus: Corpus, *, accept_raw: bool) -> None:
    """Refuse a corpus that has not been through `anonymize`.

    Raises:
        PrivacyError: The corpus is raw and `accept_raw` is not set.
    """
    if corpus.mark is None and not accept_raw:
        raise PrivacyError(
            "The corpus is not marked as anonymized.",
            remedy="Score what `psychescale anonymize` writes, or, if you may process this corpus "
            "as it is, add ‹accept_raw› (it is recorded with the run).",
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
    if corpus.files and tuple(list_files(spark, corpus.place.address)) != corpus.files:
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
    if corpus.form == "parquet":
        reader = spark.read.option("recursiveFileLookup", value=True)
        if corpus.schema is not None:
            reader = reader.schema(corpus.schema)
        return reader.parquet(literal(corpus.place.address))
    return DeltaTable(spark, corpus.place).rows(version=corpus.version)


def read_lines(spark: SparkSession, path: str) -> DataFrame:
    """One column `value` (string of raw bytes): every line of every file, without its line feed."""
    reader = spark.read.options(lineSep="\n", recursiveFileLookup=True)
    return reader.text(literal(path))


def read_whole(spark: SparkSession, path: str) -> DataFrame:
    """One column `value` (bytes): every file, whole."""
    reader = spark.read.format("binaryFile").option("recursiveFileLookup", value=True)
    return reader.load(literal(path)).withColumnRenamed("content", "value")


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
        _fingerprint([detail["id"], max(written, default=version), asdict(columns)]),
        version=version,
        mark=(normalizer, redactor) if normalizer and redactor else None,
    )


def _describe_files(
    spark: SparkSession, place: Place, columns: Columns, dialect: Dialect
) -> Corpus:
    if not access(spark).files.exists(place.address):
        raise InputError(f"There is nothing at {place.given}.", remedy="Check ‹input›.")
    files = tuple(list_files(spark, place.address))
    state = [[file.path, file.n_bytes, file.modified_ms] for file in files]
    # What is left at its default stands for nothing: earlier versions' landed corpora are found again.
    named = {name: value for name, value in asdict(dialect).items() if name != "encoding"}
    said = {name: value for name, value in named.items() if value != getattr(_DEFAULT, name)}
    more = [said] if said else []
    fingerprint = _fingerprint([state, asdict(columns), dialect.encoding, *more])
    # Nothing, or nothing but empty files, is a corpus without rows: a month in which nobody wrote.
    form = (dialect.format or _form(files)) if files else "jsonl"
    return Corpus(place, form, columns, dialect, fingerprint, files)


def _with_schema(spark: SparkSession, corpus: Corpus) -> Corpus:
    """The corpus with its wanted columns; all others are never looked at."""
    present = parquet_columns(spark, corpus.files)
    require_present(corpus.columns.needed, list(present), form=corpus.form)
    fields = []
    for name in corpus.columns.needed:
        kind = present[name]
        if kind is None:
            raise InputError(
                f"‹input›: column {name} is of a type that Spark does not read.",
                remedy="Write it as a string or a number, or leave it out.",
            )
        fields.append(T.StructField(name, kind))
    return replace(corpus, schema=T.StructType(fields))


def _require_columns(spark: SparkSession, corpus: Corpus) -> None:
    if corpus.form in LINE_FORMS:
        if not corpus.files:
            return
        present = _names_in_lines(spark, corpus)
    else:
        schema = corpus.schema or read_columns(spark, corpus).schema
        present = schema.names
        require_types(schema, corpus.columns)
    require_present(corpus.columns.needed, present, form=corpus.form)


def _names_in_lines(spark: SparkSession, corpus: Corpus) -> Sequence[str]:
    """Column names of CSV (of its first file) or JSON lines (keys of the first thousand lines)."""
    path = corpus.files[0].path if corpus.form == "csv" else corpus.place.address
    lines = read_lines(spark, path).select(F.col("value").cast("binary")).limit(_LINES_LOOKED_AT)
    content = (bytes(row["value"]) for row in lines.collect())
    if corpus.form == "csv":
        return csv_header(content, corpus.dialect, separator_of(path, corpus.dialect))
    return json_keys(content, corpus.dialect.encoding)


def _form(files: Sequence[FileInfo]) -> Form:
    forms = set()
    for file in files:
        suffix = re.search(r"\.(\w+)(?:\.(?:gz|bz2))?$", file.name.lower())
        forms.add(_FORM_BY_SUFFIX.get(suffix.group(1)) if suffix else None)
    if len(forms) == 1 and None not in forms:
        return forms.pop()  # type: ignore[return-value]
    raise InputError(
        "‹input› is not of one known form.",
        remedy="Give a Delta table, or files that all end in .parquet, .csv, .tsv or .jsonl (also .gz, "
        ".bz2); or say what they are: ‹format›.",
    )


def _fingerprint(state: Any) -> str:
    return hashlib.sha256(json.dumps(state, ensure_ascii=True).encode()).hexdigest()


def _content_digest(spark: SparkSession, corpus: Corpus) -> str:
    """What stands for the state of a DataFrame, which has neither version nor files: its rows."""
    row = F.to_json(F.struct(*(F.col(quoted(name)) for name in corpus.columns.needed)))
    sums = read_columns(spark, corpus).agg(
        F.count(F.lit(1)),
        F.bit_xor(F.xxhash64(row)),
        F.sum(F.xxhash64(row, F.lit("second")).cast("decimal(20,0)")),
    )
    return _fingerprint([*map(str, sums.collect()[0]), asdict(corpus.columns)])
