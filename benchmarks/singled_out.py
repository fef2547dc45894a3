"""What counting who could be singled out costs: seconds beside a plain pass over the same corpus."""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from harness import describe_machine, save, show
from pyspark.sql import functions as F

from psychescale.spark.corpus.columns import Columns
from psychescale.spark.corpus.read import reading
from psychescale.spark.corpus.singled_out import count_singled_out
from psychescale.spark.corpus.source import open_corpus
from psychescale.spark.session.session import open_session

KEEP = ("created", "subreddit", "karma", "flair", "age")


def write_corpus(folder: Path, n: int) -> None:
    """Texts of 40 words with five columns beside them, as CSV and as Parquet."""
    rng = np.random.default_rng(0)
    words = np.array(["tired", "worried", "about", "work", "sleep", "is", "bad", "today", "again"])
    seconds = pd.to_timedelta(rng.integers(0, 60_000_000, n), "s")
    frame = pd.DataFrame(
        {
            "id": [str(number) for number in range(n)],
            "text": [" ".join(rng.choice(words, 40)) for _ in range(n)],
            "created": (pd.Timestamp("2019-01-01") + seconds).astype(str),
            "subreddit": rng.choice([f"s{number}" for number in range(50)], n),
            "karma": rng.integers(0, 500, n),
            "flair": rng.choice(list("abcdefgh"), n),
            "age": rng.integers(13, 80, n),
        }
    )
    frame.to_csv(folder / "corpus.csv", index=False)
    frame.to_parquet(folder / "corpus.parquet")


def main() -> None:
    """Measure both forms, the second time of each, and print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    options = parser.parse_args()
    spark, rows = open_session({}), []
    with tempfile.TemporaryDirectory() as folder:
        write_corpus(Path(folder), options.rows)
        for form in ("csv", "parquet"):
            corpus = open_corpus(spark, f"{folder}/corpus.{form}", Columns(keep=KEEP))
            for _ in range(2):
                start = time.perf_counter()
                with reading(spark, corpus) as read:
                    read.agg(F.count("id"), F.sum(F.length("text"))).collect()
                plain = time.perf_counter() - start
                start = time.perf_counter()
                with reading(spark, corpus) as read:
                    kept = {name: F.col(name) for name in KEEP}
                    count_singled_out(read, kept, {"texts": F.xxhash64("text")})
                counted = time.perf_counter() - start
            rows.append([form, f"{plain:.1f}", f"{counted:.1f}"])
    show(
        f"Seconds, {options.rows:,} rows", ["form", "plain pass", "count, its pass included"], rows
    )
    save("singled_out", {"machine": describe_machine(), "options": vars(options), "rows": rows})


if __name__ == "__main__":
    main()
