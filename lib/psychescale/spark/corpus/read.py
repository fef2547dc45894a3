"""Every row of a corpus, once: parsed, or with the reason why it cannot be scored."""

import contextlib
import functools
import operator
from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.storagelevel import StorageLevel

from psychescale.errors import RowError
from psychescale.spark.corpus.columns import ERROR, ID, SECOND, TEXT, column_of, field_of
from psychescale.spark.corpus.content.parse import parse_batches
from psychescale.spark.corpus.content.parsed import Layout
from psychescale.spark.corpus.files import BLOCK_BYTES, file_settings
from psychescale.spark.corpus.ids import UUID, id_of_columns
from psychescale.spark.corpus.parquet import require_in_every_file
from psychescale.spark.corpus.shape import SMALL_BYTES, layout_of, partition_value
from psychescale.spark.corpus.source import Corpus, read_columns
from psychescale.spark.tables.delta import quoted
from psychescale.spark.workers.process import contained
from psychescale.text.quality.placeholders import BLANKS, PLACEHOLDERS

_SMALL_PER_BATCH = 64

# Where a row stands, for the made id of one that has none.
_FILE, _BLOCK, _LINE = (f"__psychescale_{name}" for name in ("file", "block", "line"))


@contextlib.contextmanager
def reading(spark: SparkSession, corpus: Corpus) -> Iterator[DataFrame]:
    """Every row of the input, once, for as long as the block lasts.

    A CSV file is read by one task, because where a record begins depends on all lines before it, and so
    is a file without lines; JSON lines are cut at line breaks.

    Yields:
        `id` (string; null where the input has none), `text` (string), `second_text` (string, if
        asked for), the kept columns under their own names, and `error` (string): ``corrupt_row`` for
        what cannot be parsed, which has the made id ``row:<file>:<line>``; ``invalid_unicode`` for a
        text that is not text; else null.
    """
    layout = layout_in(corpus)
    is_whole = layout is not None and layout.whole_files
    largest = max((file.n_bytes for file in corpus.files), default=0)
    block = max(largest, BLOCK_BYTES) if corpus.form == "csv" else BLOCK_BYTES
    with file_settings(
        spark,
        block_bytes=block,
        cut_small=layout is None,
        by_case=corpus.form == "parquet",
        rows_per_batch=_per_batch(largest) if is_whole else None,
    ):
        if corpus.form in ("delta", "parquet"):
            yield _with_reasons(_columnar(spark, corpus), corpus)
            return
        # Parsed once, and a DataFrame computed once: another time it could have other rows.
        rows = _columnar(spark, corpus) if layout is None else _parsed(spark, corpus, layout)
        kept = rows.persist(StorageLevel.DISK_ONLY)
        try:
            cut = largest > block and not is_whole
            named = kept if layout is None else _named(spark, corpus, kept, cut=cut)
            yield _with_reasons(named, corpus)
        finally:
            kept.unpersist()


def _with_reasons(rows: DataFrame, corpus: Corpus) -> DataFrame:
    """The rows, in which what only stands for a text is none, where that was asked for."""
    if not corpus.dialect.refuse_placeholders:
        return rows
    stands = is_placeholder(F.col(TEXT))
    reason = F.when(stands, RowError.PLACEHOLDER_TEXT.value).otherwise(F.col(ERROR))
    return rows.withColumns({TEXT: F.when(~stands, F.col(TEXT)), ERROR: reason})


def is_placeholder(text: Column) -> Column:
    """Whether a text is one of `PLACEHOLDERS`; never null."""
    told = F.lower(F.btrim(text, F.lit(BLANKS)))
    return F.coalesce(told.isin(sorted(PLACEHOLDERS)), F.lit(False))


def _per_batch(largest: int) -> int:
    """Files of a batch on its way to Python, all of which have to fit."""
    return _SMALL_PER_BATCH if largest <= SMALL_BYTES else 1


def layout_in(corpus: Corpus) -> Layout | None:
    """What to take from files that are parsed here; None for what Spark reads."""
    if not corpus.is_of_rows or corpus.listing is None:
        return None
    columns = corpus.in_files
    wanted = (*columns.id, *columns.texts, *columns.keep)
    n_ids = len(columns.id)
    return layout_of(corpus.form, wanted, corpus.dialect, corpus.listing, n_ids=n_ids)


def _parsed(spark: SparkSession, corpus: Corpus, layout: Layout) -> DataFrame:
    columns = corpus.in_files
    values = [ID, TEXT, *([SECOND] if columns.second_text else [])]
    fields = [
        T.StructField(name, T.StringType()) for name in [*values, *columns.keep, ERROR, _FILE]
    ]
    schema = T.StructType([*fields, *(T.StructField(n, T.LongType()) for n in (_BLOCK, _LINE))])
    arrow = to_arrow_schema(schema)

    def parse(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return contained(parse_batches(batches, layout=layout, schema=arrow), doing="reading")

    rows = _content(spark, corpus, whole=layout.whole_files).mapInArrow(parse, schema)
    kept = [_kept(corpus, name) for name in corpus.columns.keep]
    return rows.select(*values, *kept, ERROR, _FILE, _BLOCK, _LINE)


def _kept(corpus: Corpus, name: str) -> Column:
    """A kept column of the rows as they are, or of their files' folders."""
    if name in corpus.partitions:
        return partition_value(F.col(_FILE), name).alias(name)
    return F.col(quoted(name))


def _content(spark: SparkSession, corpus: Corpus, *, whole: bool) -> DataFrame:
    """Lines, or whole files, with where they stand."""
    if corpus.listing is None:
        raise TypeError(corpus.form)
    content = corpus.listing.whole(spark) if whole else corpus.listing.lines(spark)
    return content.select(
        F.col("value").cast("binary"),
        F.col("_metadata.file_path").alias(_FILE),
        F.col("_metadata.file_block_start").alias(_BLOCK),
    )


def _named(spark: SparkSession, corpus: Corpus, parsed: DataFrame, *, cut: bool) -> DataFrame:
    """The rows, with made ids for the corrupt ones."""
    bad = F.col(ERROR).eqNullSafe(RowError.CORRUPT_ROW.value)
    corrupt = parsed.where(bad)
    if cut:
        # Lines are numbered within their block; those before it have to be counted.
        counts = _content(spark, corpus, whole=False).groupBy(_FILE, _BLOCK).count()
        before = (
            Window.partitionBy(_FILE).orderBy(_BLOCK).rowsBetween(Window.unboundedPreceding, -1)
        )
        offset = F.coalesce(F.sum("count").over(before), F.lit(0)).alias("_before")
        corrupt = corrupt.join(counts.select(_FILE, _BLOCK, offset), [_FILE, _BLOCK])
        corrupt = corrupt.withColumn(_LINE, F.col(_LINE) + F.col("_before"))
    columns = [F.col(quoted(name)) for name in parsed.columns]
    corrupt = corrupt.withColumn(ID, F.concat_ws(":", ID, _LINE)).select(*columns)
    return parsed.where(~bad).unionByName(corrupt).drop(_FILE, _BLOCK, _LINE)


def _columnar(spark: SparkSession, corpus: Corpus) -> DataFrame:
    """Rows of Parquet or Delta; only bytes that are not UTF-8 can be wrong with them."""
    columns, needed = corpus.columns, corpus.in_files.needed
    rows = read_columns(spark, corpus)
    known = corpus.schema or rows.schema  # the first knows of UUIDs
    schema = T.StructType([field_of(known, name) for name in needed])
    wanted = [column_of(rows.schema, name) for name in needed]
    rows = rows.select(*wanted, _origin(rows, corpus).alias(_FILE))
    if corpus.form == "parquet" and len(corpus.files) > 1:
        require_in_every_file(rows, needed, _FILE, corpus.files)
    of_text = [name for name in columns.id if schema[name].metadata != UUID]
    bad_id = functools.reduce(operator.or_, map(_is_bad, of_text), F.lit(False))
    bad_text = _is_bad(columns.text)
    reason = F.when(bad_id, RowError.CORRUPT_ROW.value)
    values = [
        F.when(~bad_id, id_of_columns(schema, columns.id)).alias(ID),
        F.when(~bad_id & ~bad_text, F.col(quoted(columns.text)).cast("string")).alias(TEXT),
    ]
    if columns.second_text is not None:
        second = F.col(quoted(columns.second_text))
        values.append(F.when(is_valid(second), second.cast("string")).alias(SECOND))
    rows = rows.select(
        *values,
        *[_kept(corpus, name) for name in columns.keep],
        reason.when(bad_text, RowError.INVALID_UNICODE.value).alias(ERROR),
        F.element_at(F.split(_FILE, "/"), -1).alias(_FILE),
        F.monotonically_increasing_id().alias(_LINE),
    )
    bad = F.col(ERROR).eqNullSafe(RowError.CORRUPT_ROW.value)
    number = F.row_number().over(Window.partitionBy(_FILE).orderBy(_LINE))
    made = F.concat_ws(":", F.lit("row"), _FILE, number)
    corrupt = rows.where(bad).withColumn(ID, made)
    return rows.where(~bad).unionByName(corrupt).drop(_FILE, _LINE)


def _origin(rows: DataFrame, corpus: Corpus) -> Column:
    """The file of a row; a corpus may have a column `_metadata` of its own."""
    if corpus.form == "dataframe":
        return F.lit("dataframe")
    if hasattr(rows, "metadataColumn"):
        return rows.metadataColumn("_metadata").getField("file_path")
    return F.col("_metadata.file_path")


def _is_bad(name: str) -> Column:
    return F.coalesce(~is_valid(F.col(quoted(name))), F.lit(False))


def is_valid(column: Column) -> Column:
    """Whether bytes or a string are UTF-8; null where there are none."""
    text = column.cast("string")
    if hasattr(F, "is_valid_utf8"):
        return F.is_valid_utf8(text)
    return F.encode(F.decode(text.cast("binary"), "UTF-8"), "UTF-8") == text.cast("binary")
