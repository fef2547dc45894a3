"""Size: how long `monitor` takes over a large score table, and what memory its driver needs.

Score tables of invented numbers: 28 labels, ten texts of an author, 60 months. The first twelve are the
reference; in one month the odds of the first label are doubled.
"""

import argparse
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from harness import WORK, build_once, describe_machine, empty_folder, in_fresh_process, save, show
from processes import java_child

LABELS = 28
MONTHS = 60
REFERENCE_MONTHS = 12
TEXTS_OF_AN_AUTHOR = 10
CHANGED = 30
SETTINGS = {"spark.master": "local[2]"}


def main() -> None:
    """Build tables, watch each, tell of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    sizes = parser.parse_args().rows
    outcomes = [
        in_fresh_process(watch, str(build_once(WORK / f"scored-{rows}", _table(rows))), rows)
        for rows in sizes
    ]
    save("monitoring", {"machine": describe_machine(), "runs": outcomes})
    columns = list(outcomes[0])
    show("monitor", columns, [[str(one[name]) for name in columns] for one in outcomes])


def _table(rows: int) -> Any:
    def build(folder: Path) -> None:
        in_fresh_process(write_scores, str(folder / "scores"), rows)

    return build


def write_scores(place: str, rows: int) -> None:
    """Write a score table of invented numbers."""
    from pyspark.sql import functions as F

    from psychescale.spark.session.session import open_session

    spark = open_session(SETTINGS)
    month = F.floor(F.rand(1) * MONTHS)
    frame = spark.range(rows, numPartitions=max(8, rows // 250_000)).withColumn("_month", month)
    labels = [
        _logistic(F.randn(10 + n) * 1.5 - 5 + 4 * n / LABELS + (_more() if not n else 0)).alias(
            f"p_{n}"
        )
        for n in range(LABELS)
    ]
    started = F.lit("2020-01-01").cast("date")
    scored = frame.select(
        F.col("id").cast("string").alias("id"),
        F.concat(F.lit("a"), F.floor(F.col("id") / TEXTS_OF_AN_AUTHOR)).alias("author"),
        F.add_months(started, F.col("_month").cast("int")).alias("time"),
        *labels,
        F.floor(F.exp(F.randn(2) * 0.8 + 3) + 1).cast("int").alias("n_tokens"),
        F.lit(1).alias("n_windows"),
        F.lit(False).alias("truncated"),
        F.lit(None).cast("string").alias("error"),
        F.lit("0" * 64).alias("scoring_id"),
        F.lit("0" * 32).alias("run_id"),
        F.current_timestamp().alias("scored_at"),
    )
    scored.write.format("delta").save(place)
    spark.stop()


def _logistic(logit: Any) -> Any:
    from pyspark.sql import functions as F

    return (1 / (1 + F.exp(-logit))).cast("float")


def _more() -> Any:
    from pyspark.sql import functions as F

    return F.when(F.col("_month") == CHANGED, 0.7).otherwise(0.0)


def watch(folder: str, rows: int) -> dict[str, Any]:
    """Run `monitor` once, and say how long it took and what it used.

    Returns:
        Seconds, peak resident memory of driver and JVM in MB, and the periods with alerts.
    """
    import psychescale
    from psychescale.errors import AlertError

    output = empty_folder(Path(folder) / "drift")
    reference = tuple(f"2020-{month:02}" for month in range(1, REFERENCE_MONTHS + 1))
    started = time.perf_counter()
    told = "none"
    try:
        psychescale.monitor(
            scores=f"{folder}/scores",
            output=str(output),
            reference=reference,
            time_column="time",
            author_column="author",
            spark=SETTINGS,
        )
    except AlertError as error:
        told = str(error).partition(".")[0]
    seconds = time.perf_counter() - started
    driver, java = psutil.Process(), None
    with suppress(psutil.Error):
        java = java_child(driver)
    return {
        "rows": rows,
        "seconds": round(seconds, 1),
        "driver_mb": _peak_mb(driver.pid),
        "jvm_mb": _peak_mb(java.pid) if java is not None else None,
        "alert": told,
    }


def _peak_mb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1000


if __name__ == "__main__":
    main()
