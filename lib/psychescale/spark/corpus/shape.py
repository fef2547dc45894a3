"""What files are: their form by names and first bytes, their columns, what folders' names say."""

import importlib
import re
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from psychescale.errors import InputError
from psychescale.spark.corpus.content.dialect import Dialect
from psychescale.spark.corpus.content.first_bytes import wide_encoding
from psychescale.spark.corpus.content.forms import FORM_BY_SUFFIX, FORMS, UNREAD, suffix_of
from psychescale.spark.corpus.content.json_lines import is_array
from psychescale.spark.corpus.content.packed import SPARKS_PACKINGS, packing_of
from psychescale.spark.corpus.content.parse import LINES_LOOKED_AT, names_in
from psychescale.spark.corpus.content.parsed import (
    Layout,
    file_name_in_messages,
    origin_of,
)
from psychescale.spark.corpus.files import FileInfo, Listing, literal, look_into

MAX_WHOLE_BYTES = 128 * 2**20
"""A file that is read in one piece is no larger: worker and JVM hold it at the same time."""

# Opening a file line by line costs Hadoop several milliseconds: 20,000 files of 2 kB took 21 s so and
# 6 s whole. Whole files must fit into memory, a batch of them on its way to Python too.
_MANY_FILES = 100
SMALL_BYTES = 2**20

READ = (
    ".parquet, .csv, .tsv, .jsonl, .json, .xlsx, .xls, .ods, .sav, .por, .dta, .sas7bdat, .xpt, "
    ".arrow, .feather, .orc, folders of .txt; packed as .gz, .bz2, .xz or .zst too"
)


def form_of(listing: Listing) -> str:
    """The form of all files, by their names.

    Raises:
        InputError: They have none that is read, or not all the same.
    """
    files = listing.files
    forms = {_form_by_name(file) for file in files}
    if len(forms) > 1:
        told = ", ".join(sorted(form or "others" for form in forms))
        raise InputError(
            f"‹input› holds files of several forms: {told}.",
            remedy="Name those of one form, with a pattern such as 'FOLDER/*.csv'.",
        )
    (form,) = forms
    if form is None:
        raise _unread(files[0].name)
    if form == "text" and len(files) == 1 and files[0].path == listing.root:
        raise InputError(
            "‹input› is one .txt file, which can be a table or one text.",
            remedy="Say ‹format› csv (with ‹separator› tab, perhaps), or ‹format› text; a folder of "
            ".txt files is read as a text a file.",
        )
    return form


def _form_by_name(file: FileInfo) -> str | None:
    suffix, packing = suffix_of(file.name)
    form = FORM_BY_SUFFIX.get(suffix)
    return None if form == "parquet" and packing is not None else form


def _unread(name: str) -> InputError:
    """Which files are read, and what makes of this one such a file."""
    suffix, packing = suffix_of(name)
    if suffix == "parquet":
        what, remedy = "packed Parquet", f"Unpack it: `{_UNPACK[str(packing)]} FILE`."
    elif suffix in UNREAD:
        what, remedy = UNREAD[suffix]
    else:
        return InputError(
            "No ending of a file says what ‹input› is.",
            remedy=f"Read are Delta tables, and {READ}. Or say what it is: ‹format›.",
        )
    return InputError(f"‹input› is {what}, which is not read.", remedy=f"{remedy} Read are {READ}.")


_UNPACK = {"gz": "gunzip", "bz2": "bunzip2", "xz": "unxz", "zst": "zstd -d"}


def must_be_whole(form: str, dialect: Dialect, listing: Listing) -> bool:
    """Whether Spark cannot cut the files into lines."""
    packings = {packing_of(file.path) for file in listing.files}
    return FORMS[form].is_whole or dialect.is_wide or not packings <= {None, *SPARKS_PACKINGS}


def is_read_whole(form: str, dialect: Dialect, listing: Listing) -> bool:
    """Whether files go to a worker in one piece: they must, or are many and small."""
    many = len(listing.files) >= _MANY_FILES
    small = many and all(file.n_bytes <= SMALL_BYTES for file in listing.files)
    return small or must_be_whole(form, dialect, listing)


def look_at_columns(
    spark: SparkSession, form: str, dialect: Dialect, listing: Listing
) -> tuple[str, Dialect, Sequence[str]]:
    """What the first file says of its columns, and its first bytes of the rest.

    Returns:
        The form (a JSON array shows itself), the dialect (UTF-16 does too), and names of columns.

    Raises:
        InputError: Files are larger than can be read so, or are not what they should be.
        ModuleNotFoundError: What reads them is not installed.
    """
    first = listing.files[0].path
    if not must_be_whole(form, dialect, listing):
        some = replace(listing, paths=(literal(first),)) if form == "csv" else listing
        lines = some.lines(spark).select(F.col("value").cast("binary")).limit(LINES_LOOKED_AT)
        head = [bytes(row["value"]) for row in lines.collect()]
        begin = next(filter(bytes.strip, head), b"")
        encoding = wide_encoding(begin)
        if encoding is not None:
            dialect = replace(dialect, encoding=encoding)
        elif form == "jsonl" and is_array(begin):
            form = "json"
        else:
            layout = layout_of(form, (), dialect, listing)
            return form, dialect, FORMS[form].names(iter(head), layout, origin_of(first, layout))
    needed = FORMS[form].needs
    if needed is not None:
        importlib.import_module(needed)
    _require_small(form, listing)
    layout = layout_of(form, (), dialect, listing)

    def look(content: bytes) -> pa.RecordBatch:
        names = names_in(content, layout, first)
        return pa.RecordBatch.from_pydict({"name": pa.array(names, pa.string())})

    return form, dialect, [row["name"] for row in look_into(spark, first, look, "name string")]


def layout_of(
    form: str, columns: Sequence[str], dialect: Dialect, listing: Listing, *, n_ids: int = 1
) -> Layout:
    """What to take from files of a listing."""
    paths = tuple(file.path for file in listing.files)
    whole = is_read_whole(form, dialect, listing)
    return Layout(form, tuple(columns), dialect, listing.root, paths, whole, n_ids)


def _require_small(form: str, listing: Listing) -> None:
    for file in listing.files:
        if file.n_bytes > MAX_WHOLE_BYTES:
            place = file_name_in_messages(file.path, [one.path for one in listing.files])
            raise InputError(
                f"{place} has {file.n_bytes / 2**20:,.0f} MiB; in this form a file of up to "
                f"{MAX_WHOLE_BYTES // 2**20} MiB is read.",
                remedy=FORMS[form].convert,
            )


_PARTITION = re.compile(r"/([^/=]+)=[^/]*(?=/)")
_NO_PARTITION = "__HIVE_DEFAULT_PARTITION__"


def partitions_of(listing: Listing) -> set[str]:
    """Columns that the names of folders hold (``year=2021``), those of every file."""
    return set.intersection(*(set(_PARTITION.findall(file.path)) for file in listing.files))


def partition_value(path: Column, name: str) -> Column:
    """The value of such a column, of a file's percent-encoded path; null for nothing."""

    def decoded(text: Column) -> Column:
        plus = F.replace(text, F.lit("+"), F.lit("%2B"))  # a plus is no blank here
        return F.coalesce(F.try_url_decode(plus), text)

    found = F.regexp_extract(decoded(path), rf"/\Q{name}\E=([^/]*)/", 1)
    return F.nullif(decoded(found), F.lit(_NO_PARTITION))  # folders' names are encoded themselves
