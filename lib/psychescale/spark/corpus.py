"""A corpus, whatever form it has, as one DataFrame of known columns."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from delta.tables import DeltaTable
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, DataFrameReader, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from psychescale.errors import InputError, PrivacyError, RowError
from psychescale.spark.storage import FileInfo, exists, is_catalog_name, join, list_files, qualified

Form = Literal["delta", "parquet", "csv", "jsonl"]

ID, TEXT, SECOND, ERROR = "id", "text", "second_text", "error"
"""Columns of every corpus as psychescale reads it; kept columns follow under their own names."""

_CORRUPT = "_psychescale_corrupt"
_FORM_BY_SUFFIX: dict[str, Form] = {
    "parquet": "parquet",
    "csv": "csv",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "jsonl",
}
MARK_PROPERTIES = ("psychescale.normalizer", "psychescale.redactor")


@dataclass(frozen=True)
class Columns:
    """Which columns of the input mean what.

    Attributes:
        id: Unique over the corpus.
        text: The text to score.
        second_text: A text read together with it (a survey item's question), or None.
        keep: Columns that are passed through to the output.
    """

    id: str = "id"
    text: str = "text"
    second_text: str | None = None
    keep: tuple[str, ...] = ()

    @property
    def needed(self) -> list[str]:
        """All of them, each once."""
        names = [self.id, self.text, self.second_text, *self.keep]
        return list(dict.fromkeys(name for name in names if name is not None))


@dataclass(frozen=True)
class Corpus:
    """An input, located and described, not yet read.

    Attributes:
        place: Path or catalog name, as given.
        form: What it is.
        columns: Which columns mean what.
        fingerprint: SHA-256 (hex) over what identifies this state of the input: its files with
            sizes and times, or the table and its version; and the columns.
        mark: Normalizer and redactor version that `anonymize` left on the table; None where it did
            not.
    """

    place: str
    form: Form
    columns: Columns
    fingerprint: str
    mark: tuple[str, str] | None


def open_corpus(spark: SparkSession, place: str, columns: Columns) -> Corpus:
    """Find out what the input is.

    Raises:
        InputError: There is nothing there, its form is unclear, or a column is missing.
    """
    if is_catalog_name(place) or _is_delta(spark, place):
        table = _delta_table(spark, place)
        detail = table.detail().select("id", "properties").first()
        version = table.history(1).select("version").first()
        if detail is None or version is None:
            raise InputError(f"{place} has no history.", remedy="Check that it is a Delta table.")
        properties = detail["properties"] or {}
        normalizer, redactor = (properties.get(name) for name in MARK_PROPERTIES)
        corpus = Corpus(
            place,
            "delta",
            columns,
            _fingerprint([detail["id"], version["version"]], columns),
            (normalizer, redactor) if normalizer and redactor else None,
        )
    else:
        files = _files(spark, place)
        state = [[file.path, file.n_bytes, file.modified_ms] for file in files]
        corpus = Corpus(place, _form(place, files), columns, _fingerprint(state, columns), None)
    _require_columns(spark, corpus)
    return corpus


def kept_fields(spark: SparkSession, corpus: Corpus) -> list[T.StructField]:
    """Names and types of the columns that are passed through.

    Raises:
        PrivacyError: The text itself is among them.
    """
    columns = corpus.columns
    for name in columns.keep:
        if name in (columns.text, columns.second_text):
            raise PrivacyError(
                f"--keep {name}: a score table never holds the text.",
                remedy="Join the scores with the corpus by id where both may be read.",
            )
    schema = _read(spark, corpus).schema
    return [schema[name] for name in columns.keep]


def require_mark(corpus: Corpus, *, accept_raw: bool) -> None:
    """Refuse a corpus that has not been through `anonymize`.

    Raises:
        PrivacyError: The corpus is raw and `accept_raw` is not set.
    """
    if corpus.mark is None and not accept_raw:
        raise PrivacyError(
            f"{corpus.place} is not marked as anonymized.",
            remedy="Score what `psychescale anonymize` writes, or, if you may process this corpus "
            "as it is, add --accept-raw (it is recorded with the run).",
        )


def read_corpus(spark: SparkSession, corpus: Corpus) -> DataFrame:
    """Every row of the input, once.

    Returns:
        `id` (string), `text` (string), `second_text` (string, if asked for), the kept columns under
        their own names, and `error` (string): ``corrupt_row`` with a made id
        ``row:<file>:<n-th corrupt row of the file>`` for a line that cannot be parsed, else null.
    """
    columns = corpus.columns
    frame = _read(spark, corpus)
    if corpus.form in ("csv", "jsonl"):
        frame = _name_corrupt_rows(frame)
    else:
        frame = frame.withColumn(_CORRUPT, F.lit(None).cast("string"))
    ident: Column = F.when(F.col(_CORRUPT).isNull(), F.col(_quoted(columns.id)).cast("string"))
    selected = [
        ident.otherwise(F.col(_CORRUPT)).alias(ID),
        F.when(F.col(_CORRUPT).isNull(), F.col(_quoted(columns.text)).cast("string")).alias(TEXT),
    ]
    if columns.second_text is not None:
        selected.append(F.col(_quoted(columns.second_text)).cast("string").alias(SECOND))
    selected += [F.col(_quoted(name)) for name in columns.keep]
    reason = F.when(F.col(_CORRUPT).isNotNull(), F.lit(RowError.CORRUPT_ROW.value))
    return frame.select(*selected, reason.alias(ERROR))


def _read(spark: SparkSession, corpus: Corpus) -> DataFrame:
    if corpus.form == "delta":
        return _delta_table(spark, corpus.place).toDF()
    if corpus.form == "parquet":
        return spark.read.option("recursiveFileLookup", True).parquet(corpus.place)
    names = _text_columns(spark, corpus)
    schema = T.StructType([T.StructField(name, T.StringType()) for name in [*names, _CORRUPT]])
    reader = spark.read.schema(schema).option("recursiveFileLookup", True)
    reader = reader.option("mode", "PERMISSIVE").option("columnNameOfCorruptRecord", _CORRUPT)
    if corpus.form == "jsonl":
        return reader.json(corpus.place)
    return _csv(reader).csv(corpus.place)


def _csv(reader: DataFrameReader) -> DataFrameReader:
    """RFC 4180: quotes are doubled, fields may hold line breaks, columns go by their names."""
    return reader.options(
        header=True,
        multiLine=True,
        quote='"',
        escape='"',
        enforceSchema=False,  # else several files' columns would be matched by position
        columnPruning=False,  # else a line with too many fields would pass for whole
        maxCharsPerColumn=-1,
    )


def _name_corrupt_rows(frame: DataFrame) -> DataFrame:
    """Replace the corrupt line, which is text of the corpus, by a made id."""
    file = F.element_at(F.split(F.col("_metadata.file_path"), "/"), -1)
    bad = F.col(_CORRUPT).isNotNull()
    order = Window.partitionBy("_file", "_bad").orderBy("_position")
    numbered = (
        frame.withColumn("_file", file)
        .withColumn("_bad", bad)
        .withColumn("_position", F.monotonically_increasing_id())
    )
    good = numbered.where(~F.col("_bad")).withColumn(_CORRUPT, F.lit(None).cast("string"))
    made = F.concat(F.lit("row:"), F.col("_file"), F.lit(":"), F.row_number().over(order))
    corrupt = numbered.where(F.col("_bad")).withColumn(_CORRUPT, made)
    return good.unionByName(corrupt)


def _require_columns(spark: SparkSession, corpus: Corpus) -> None:
    if corpus.form in ("csv", "jsonl"):
        present: Sequence[str] = _text_columns(spark, corpus)
    else:
        frame = _read(spark, corpus)
        present = frame.columns
        for name in (corpus.columns.id, corpus.columns.text, corpus.columns.second_text):
            if name in present and not isinstance(frame.schema[name].dataType, T.AtomicType):
                raise InputError(
                    f"{corpus.place}: column {name} is of type "
                    f"{frame.schema[name].dataType.simpleString()}.",
                    remedy="Ids and texts must be single values.",
                )
    missing = [name for name in corpus.columns.needed if name not in present]
    if missing:
        raise InputError(
            f"{corpus.place} has no column {missing[0]}; it has {', '.join(present)}.",
            remedy="Name the columns with --id-column, --text-column, --second-text-column, --keep.",
        )


def _text_columns(spark: SparkSession, corpus: Corpus) -> list[str]:
    """Column names of CSV (its header) or JSON lines (the keys of its first thousand lines)."""
    first = list_files(spark, corpus.place)[0].path
    if corpus.form == "csv":
        return list(_csv(spark.read).csv(first).columns)
    lines = spark.read.text(corpus.place, recursiveFileLookup=True).limit(1000).collect()
    keys: dict[str, None] = {}
    for line in lines:
        try:
            row = json.loads(line["value"])
        except ValueError:
            continue
        if isinstance(row, dict):
            keys.update(dict.fromkeys(row))
    return list(keys)


def _files(spark: SparkSession, place: str) -> list[FileInfo]:
    if not exists(spark, place):
        raise InputError(f"There is nothing at {place}.", remedy="Check --input.")
    files = list_files(spark, place)
    if not files:
        raise InputError(f"{place} holds no files.", remedy="Check --input.")
    return files


def _form(place: str, files: Sequence[FileInfo]) -> Form:
    forms = set()
    for file in files:
        suffix = re.search(r"\.(\w+)(?:\.gz)?$", file.name.lower())
        forms.add(_FORM_BY_SUFFIX.get(suffix.group(1)) if suffix else None)
    if len(forms) == 1 and None not in forms:
        return forms.pop()  # type: ignore[return-value]
    raise InputError(
        f"{place} is not of one known form.",
        remedy="Give a Delta table, or files that all end in .parquet, .csv or .jsonl (also .gz).",
    )


def _is_delta(spark: SparkSession, place: str) -> bool:
    return exists(spark, join(place, "_delta_log"))


def _delta_table(spark: SparkSession, place: str) -> DeltaTable:
    try:
        if is_catalog_name(place):
            return DeltaTable.forName(spark, place)
        return DeltaTable.forPath(spark, qualified(spark, place))
    except AnalysisException:
        raise InputError(
            f"There is no Delta table {place}.", remedy="Check --input and the catalog's name."
        ) from None


def _fingerprint(state: object, columns: Columns) -> str:
    content = json.dumps([state, asdict(columns)], ensure_ascii=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
