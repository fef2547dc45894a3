"""Spark's exceptions → psychescale's errors, without quoting a row."""

import contextlib
import re
from collections.abc import Iterator

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from psychescale import errors
from psychescale.errors import InputError, PsychescaleError, StorageError

# What stands in Spark's long messages, and what it means to a person. The messages themselves are
# never passed on: they can hold a row.
_KNOWN: tuple[tuple[str, type[PsychescaleError], str, str], ...] = (
    (
        r"No space left on device",
        StorageError,
        "A disk is full.",
        "Free space where --output, --state and Spark's local folders are, and run again: it goes "
        "on where it stopped.",
    ),
    (
        r"Permission denied|AccessControlException|AccessDenied",
        StorageError,
        "Spark may not write where it has to.",
        "Check the permissions of --output and --state.",
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
        "Delete the checkpoint's folder under --state and run again.",
    ),
    (
        r"DELTA_SOURCE_TABLE_IGNORE_CHANGES|DELTA_SOURCE_IGNORE_DELETE",
        InputError,
        "Rows of the input table were changed or deleted since they were scored.",
        "Score the changed table into a new --output.",
    ),
    (
        r"CSV header does not conform[\s\S]*?CSV file: (\S+)",
        InputError,
        "{0}: its header differs from that of the first file.",
        "Give every CSV file of a folder the same columns in the same order.",
    ),
    (
        r"OutOfMemoryError|exited unexpectedly \(crashed\)|Python worker exited",
        StorageError,
        "A worker ran out of memory, or was killed.",
        "Lower --max-batch-tokens, or give Spark more memory; run again: it goes on where it "
        "stopped.",
    ),
)

_OWN = re.compile(r"psychescale\.errors\.(\w+): ([^\n]*)")
_WORKER = re.compile(r"RuntimeError: (\w+ while scoring, at [^\n]*)")


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Raise Spark's exceptions as psychescale's, for what Spark does at once."""
    try:
        yield
    except (Py4JJavaError, PySparkException) as error:
        raise explain_failure(error) from None


def explain_failure(error: BaseException) -> PsychescaleError:
    """The error that a person should see in place of Spark's.

    Args:
        error: What Spark raised.

    Returns:
        The worker's own error if psychescale raised one there; else a known fault; else one that
        names the exception's class alone.
    """
    text = str(error)
    own = _OWN.search(text)
    kind = getattr(errors, own.group(1), None) if own else None
    if own and isinstance(kind, type) and issubclass(kind, PsychescaleError):
        return kind(own.group(2), remedy="")
    for pattern, known, problem, remedy in _KNOWN:
        found = re.search(pattern, text)
        if found:
            return known(problem.format(*found.groups()), remedy=remedy)
    worker = _WORKER.search(text)
    what = worker.group(1) if worker else type(error).__name__
    return PsychescaleError(
        f"Spark gave up: {what}.",
        remedy="Run again: it goes on where it stopped. --verbose shows Spark's own messages, which "
        "can hold words of the corpus.",
    )
