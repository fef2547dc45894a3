"""The list of a corpus's authors: made of keyed numbers by the workers, and mapped into memory by them.

Eight bytes an author, whatever the handle's length; the driver sees no handle, and executors keep none.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame, SparkSession

from psychescale.model.checkpoint import Checkpoint
from psychescale.spark.anonymize.keying import KeySource
from psychescale.spark.session.access import access
from psychescale.spark.session.protocol import ModelOnExecutors
from psychescale.spark.workers.process import contained
from psychescale.text.handles import Handles, handle_numbers

_FILE = "authors"
_PURPOSE = "handles"


def list_authors(rows: DataFrame, author: Column, key: KeySource) -> Handles:
    """The authors of all rows.

    Args:
        rows: As `reading` gives them.
        author: The author's name; null where there is none.
        key: Of the numbers, beside the pseudonyms.
    """

    def number(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        secret = key.pseudonymizer().key.derived(_PURPOSE)
        for batch in batches:
            numbers, most_words = handle_numbers(batch["author"], secret)
            packed = np.array(numbers, np.uint64).tobytes()
            yield pd.DataFrame({"numbers": [packed], "most_words": [most_words]})

    names = rows.select(author.alias("author")).where("author is not null").distinct()
    packed = names.mapInPandas(
        lambda batches: contained(number(batches), doing="listing authors"),
        "numbers binary, most_words int",
    ).collect()
    numbers = np.unique(np.frombuffer(b"".join(row["numbers"] for row in packed), np.uint64))
    secret = key.pseudonymizer().key.derived(_PURPOSE)
    return Handles(numbers, secret, max((row["most_words"] for row in packed), default=1))


@dataclass(frozen=True)
class SentAuthors:
    """A list on its way to the workers.

    Attributes:
        file: Its numbers.
        most_words: Of the longest handle.
        key: Of the numbers.
    """

    file: ModelOnExecutors
    most_words: int
    key: KeySource

    def open(self) -> Handles:
        """The list, in a file that the workers of a machine share; a worker opens it once."""
        if self.file.name not in _opened:
            _opened.clear()
            numbers: np.memmap[tuple[int], np.dtype[np.uint64]] = np.memmap(
                self.file.open() / _FILE, np.uint64, mode="r"
            )
            secret = self.key.pseudonymizer().key.derived(_PURPOSE)
            _opened[self.file.name] = Handles(numbers, secret, self.most_words)
        self.file.release()
        return _opened[self.file.name]


_opened: dict[str, Handles] = {}


def send_authors(spark: SparkSession, authors: Handles, key: KeySource) -> SentAuthors | None:
    """Send a list to the executors, the way a model goes; None where there is nobody in it."""
    if not authors.any:
        return None
    content = authors.numbers.tobytes()
    with tempfile.TemporaryDirectory(prefix="psychescale-authors-") as folder:
        (Path(folder) / _FILE).write_bytes(content)
        digests = {_FILE: hashlib.sha256(content).hexdigest()}
        sent = access(spark).send(Checkpoint(Path(folder), {}, {}, digests))
    return SentAuthors(sent, authors.most_words, key)
