"""Files of a corpus as Spark sees them: listed, cut into tasks, and named where reading fails."""

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from psychescale import errors
from psychescale.errors import InputError, PsychescaleError, StorageError, UsageError
from psychescale.spark.corpus.lines import file_name_in_messages
from psychescale.spark.session.access import JAVA_ERRORS, changed_settings
from psychescale.spark.session.places import find_place, is_concealed, join, keyed_name


@dataclass(frozen=True)
class FileInfo:
    """A file, without its content.

    Attributes:
        path: Its whole path, scheme included.
        n_bytes: Its size.
        modified_ms: Its modification time, in milliseconds since 1970.
    """

    path: str
    n_bytes: int
    modified_ms: int

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def is_compressed(self) -> bool:
        """Whether Spark unpacks it on the way."""
        return self.name.lower().endswith(".gz")


def list_files(spark: SparkSession, path: str) -> list[FileInfo]:
    """The file at `path`, or all files below it in the order of their paths, hidden ones left out.

    A file is hidden if a part of its path below `path` begins with ``_`` or ``.``, as for Spark.
    """
    reader = spark.read.format("binaryFile").option("recursiveFileLookup", value=True)
    with file_settings(spark, block_bytes=BLOCK_BYTES, cut_small=True):
        found = reader.load(literal(path)).select(
            "path", "length", F.unix_millis("modificationTime").alias("modified_ms")
        )
        files = [
            FileInfo(row["path"], row["length"], row["modified_ms"]) for row in found.collect()
        ]
    return sorted(files, key=lambda file: file.path)


def revealed(spark: SparkSession, given: str, secret: bytes) -> str:
    """The place that `concealed` made `given` of; `given` itself if it is not of that form."""
    folder, _, name = given.rpartition("/")
    if not is_concealed(name):
        return given
    parent = find_place(spark, folder or ".").address
    for file in list_files(spark, parent):
        beside = file.path == join(parent, file.name)
        if beside and name.startswith(keyed_name(file.name, secret)):
            return file.path
    return given


def literal(path: str) -> str:
    """`path` for Spark's readers, which take brackets, braces, stars and question marks as patterns."""
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", path)


BLOCK_BYTES = 128 * 2**20
"""Files are cut into tasks of this size, and smaller ones put together up to it."""

# What opening a file costs, in bytes of reading. Spark's own guess of 4 MiB makes a task of every 32
# small files: 20,000 of them were listed in 7 s, and in 0.7 s with a smaller one.
_OPEN_BYTES = 64 * 2**10


@contextlib.contextmanager
def file_settings(
    spark: SparkSession,
    *,
    block_bytes: int,
    cut_small: bool,
    by_case: bool = False,
    rows_per_batch: int | None = None,
) -> Iterator[None]:
    """How Spark cuts files into tasks, for as long as the block lasts.

    Args:
        spark: The session.
        block_bytes: Longer files are cut, if their form allows. Where the platform fixes how files are
            cut, no more than Spark's own default of `BLOCK_BYTES` can be asked for.
        cut_small: Cut shorter ones too where that gives every core something to do.
        by_case: Whether columns may differ by case only.
        rows_per_batch: Most rows of an Arrow batch; None leaves it.

    Raises:
        UsageError: The platform fixes how files are cut, and longer blocks are needed.
    """
    wanted = {
        _BLOCK_SETTING: str(block_bytes),
        "spark.sql.files.openCostInBytes": str(_OPEN_BYTES),
    }
    if not cut_small:
        wanted["spark.sql.files.minPartitionNum"] = "1"
    if by_case:
        wanted |= BY_CASE
    if rows_per_batch is not None:
        wanted["spark.sql.execution.arrow.maxRecordsPerBatch"] = str(rows_per_batch)
    with changed_settings(spark, wanted) as refused:
        if _BLOCK_SETTING in refused and block_bytes > BLOCK_BYTES:
            raise UsageError(
                "A CSV file of more than 128 MiB has to be read in one piece, and this platform "
                "(serverless) lets nobody set how Spark cuts files.",
                remedy="Split the file, convert it to a Delta table or Parquet, or use a cluster.",
            )
        yield


_BLOCK_SETTING = "spark.sql.files.maxPartitionBytes"

BY_CASE = {"spark.sql.caseSensitive": "true"}
"""Columns of files may differ by case only."""


# What stands in Spark's long messages, and what it means to a person. The messages themselves are
# never passed on: they can hold a row.
_KNOWN: tuple[tuple[str, type[PsychescaleError], str, str], ...] = (
    (
        r"No space left on device|Disk quota exceeded|File too large",
        StorageError,
        "A disk is full.",
        "Free space where ‹output›, ‹state› and Spark's local folders are, and run again: it goes "
        "on where it stopped.",
    ),
    (
        r"OutOfMemoryError|exited unexpectedly \(crashed\)|Python worker exited",
        StorageError,
        "A worker died several times over the same task: out of memory, killed, or ended because it "
        "stood still for ‹stall_timeout_s›.",
        "Lower ‹max_batch_tokens›, or give Spark more memory; run again: it goes on where it "
        "stopped.",
    ),
    (
        r"PARQUET_COLUMN_DATA_TYPE_MISMATCH|Parquet column cannot be converted|"
        r"SchemaColumnConvertNotSupported",
        InputError,
        "{file} has a column of another type than the first file.",
        "Give all files of ‹input› the same columns and types. (A column without any value has no "
        "type from pandas: .astype('string').)",
    ),
    (
        r"ParquetCrypto|encrypted footer",
        InputError,
        "{file} is encrypted.",
        "Write it without encryption, into a place that is itself protected.",
    ),
    (
        r"BrotliCodec|LzoCodec",
        InputError,
        "{file} is compressed in a way that Spark does not read (Brotli or LZO).",
        "Write it with zstd, snappy or gzip.",
    ),
    (
        r"FAILED_READ_FILE|CANNOT_READ_FILE|is not a Parquet file|EOFException|Unexpected end of|"
        r"ZipException|not a gzip file|incorrect (header|data) check|BlockMissing",
        InputError,
        "{file} cannot be read: it is damaged, incomplete, or not what its name says.",
        "Replace it, or leave it out.",
    ),
    (
        r"Permission denied|AccessControlException|AccessDenied",
        StorageError,
        "Spark may not write where it has to.",
        "Check the permissions of ‹output› and ‹state›.",
    ),
    (
        r"ConcurrentModification|ConcurrentAppend|ConcurrentTransaction|ProtocolChanged|"
        r"MetadataChanged|multiple streaming queries are concurrently using",
        StorageError,
        "Another job is writing to the same output or checkpoint.",
        "Wait until it is done, and run again.",
    ),
    (
        r"DIFFERENT_DELTA_TABLE_READ_BY_STREAMING_SOURCE",
        StorageError,
        "The checkpoint belongs to another source.",
        "Delete the checkpoint's folder under ‹state› and run again.",
    ),
    (
        r"DELTA_SOURCE_TABLE_IGNORE_CHANGES|DELTA_SOURCE_IGNORE_DELETE",
        InputError,
        "Rows of the input table were changed or deleted since they were scored.",
        "Score the changed table into a new ‹output›.",
    ),
)

_OWN = re.compile(r"psychescale\.errors\.(\w+): ([^\n]*)")
_CONDITION = re.compile(r"(?:^|Exception: )\[([A-Z][A-Z_.]+)\]")
_WORKER = re.compile(r"RuntimeError: (\w+ while \w+, at [^\n]*)")


_ERRORS: tuple[type[Exception], ...] = (*JAVA_ERRORS, PySparkException)


@contextlib.contextmanager
def explained(files: Sequence[FileInfo] = ()) -> Iterator[None]:
    """Raise Spark's exceptions as psychescale's, for what Spark does at once."""
    try:
        yield
    except _ERRORS as error:
        raise explain_failure(error, files) from None


def explain_failure(error: BaseException, files: Sequence[FileInfo] = ()) -> PsychescaleError:
    """The error that a person should see in place of Spark's.

    Args:
        error: What Spark raised.
        files: Files that were read, in the order in which a message numbers them.

    Returns:
        The worker's own error if psychescale raised one there; else a known fault; else one that
        names the exception's class alone.
    """
    text = _whole_message(error)
    own = _OWN.search(text)
    kind = getattr(errors, own.group(1), None) if own else None
    if own and isinstance(kind, type) and issubclass(kind, PsychescaleError):
        return kind(own.group(2), remedy="")
    for pattern, known, problem, remedy in _KNOWN:
        found = re.search(pattern, text)
        if found:
            return known(problem.format(file=_offender(text, files)), remedy=remedy)
    if isinstance(error, AnalysisException) or "AnalysisException" in text:
        condition = _CONDITION.search(text)
        return InputError(
            "Spark cannot read the columns of ‹input›, or write those of ‹output›"
            + (f" ({condition.group(1)})." if condition else "."),
            remedy="Another run would end so too. ‹verbose› shows Spark's own message, which can hold "
            "words of the corpus.",
        )
    worker = _WORKER.search(text)
    what = worker.group(1) if worker else type(error).__name__
    return PsychescaleError(
        f"Spark gave up: {what}.",
        remedy="Where a machine or a network failed, run again: it goes on where it stopped. ‹verbose› "
        "shows Spark's own messages, which can hold words of the corpus.",
    )


def _whole_message(error: BaseException) -> str:
    """What an exception says, and those that caused it: a stream names only its outermost."""
    parts = []
    cause: BaseException | None = error
    while cause is not None:
        stacks = (getattr(cause, name, "") for name in ("_stackTrace", "_stacktrace"))
        parts += [str(cause), *map(str, stacks)]
        cause = getattr(cause, "_cause", None)
    return "\n".join(parts)


def _offender(message: str, files: Sequence[FileInfo]) -> str:
    """The first file whose path stands in the message, by its number."""
    paths = [file.path for file in files]
    decoded = unquote(message).replace(":///", ":/")
    found = next((path for path in paths if path in decoded), None)
    return "A file of ‹input›" if found is None else file_name_in_messages(found, paths)
