"""The list of a corpus's authors: time, the driver's memory and a worker's, at several numbers of them.

Usage: python benchmarks/author_list.py 200000 5000000
"""

import resource
import secrets
import sys
import tempfile
import time
from pathlib import Path

from pyspark.sql import functions as F

from psychescale.spark.anonymize.authors import list_authors, send_authors
from psychescale.spark.anonymize.keying import read_key
from psychescale.spark.session.session import open_session
from psychescale.text.redact import Redactor

TEXT = "so quiet_otter_77 told us about lithium, and nobody in the ward had slept for days"
TEXTS = 2000


def peak_mb() -> int:
    """Most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def rows_per_s(redactor: Redactor) -> float:
    """Texts a second, each with words of its own, as none has been asked for before."""
    texts = [f"{TEXT} {i}x{i * 7919}" for i in range(TEXTS)]
    start = time.process_time()
    redactor.redact_batch(texts)
    return TEXTS / (time.process_time() - start)


def main() -> None:
    """Make a list of each size, and print a line about it."""
    spark = open_session({"spark.master": "local[2,4]", "spark.ui.enabled": "false"})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "key"
        path.write_bytes(secrets.token_bytes(32))
        path.chmod(0o600)
        key = read_key(spark, str(path), source="", ship=False)
        print(f"no authors: {rows_per_s(Redactor()):,.0f} texts/s; driver {peak_mb()} MB")
        for size in map(int, sys.argv[1:]):
            # Two posts an author, as a corpus has them.
            name = F.concat(F.lit("quiet_otter_"), (F.col("id") % size).cast("string"))
            rows = spark.range(2 * size).select(name.alias("author"))
            start = time.monotonic()
            authors = list_authors(rows, F.col("author"), key)
            listed = time.monotonic()
            sent = send_authors(spark, authors, key)
            done = time.monotonic()
            assert sent is not None
            print(
                f"{authors.numbers.size:,} authors: listed in {listed - start:.0f} s, sent in "
                f"{done - listed:.1f} s, {authors.numbers.nbytes / 1e6:.0f} MB; driver {peak_mb()} MB; "
                f"{rows_per_s(Redactor(handles=authors)):,.0f} texts/s"
            )


if __name__ == "__main__":
    main()
