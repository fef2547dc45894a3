"""Spark's exceptions as what a person should be told."""

import contextlib
import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from pyspark.errors import AnalysisException, PySparkException

from psychescale import errors
from psychescale.errors import InputError, PsychescaleError, StorageError
from psychescale.spark.corpus.content.parsed import file_name_in_messages
from psychescale.spark.corpus.files import FileInfo
from psychescale.spark.session.access import JAVA_ERRORS

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


# What a call into Spark raises.
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
