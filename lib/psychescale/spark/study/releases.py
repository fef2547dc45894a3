"""The log of releases: who took which figures out of a score table, and when."""

import getpass
import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime

from pyspark.sql import SparkSession
from pyspark.sql import types as T

from psychescale.spark.pipeline.runs import Run
from psychescale.spark.scored.scores import ScoreTable, state_of
from psychescale.spark.session.places import join
from psychescale.spark.tables.delta import ensure_table

_SCHEMA = T.StructType(
    [
        T.StructField("run_id", T.StringType()),
        T.StructField("released_at", T.TimestampType()),
        T.StructField("who", T.StringType()),
        T.StructField("scoring_id", T.StringType()),
        T.StructField("table_version", T.LongType()),
        T.StructField("config", T.StringType()),
        T.StructField("files", T.MapType(T.StringType(), T.StringType())),
    ]
)


def log_release(spark: SparkSession, table: ScoreTable, run: Run, files: Mapping[str, str]) -> None:
    """Append a row to ``releases`` in the state folder: digests alone, no figure.

    Args:
        spark: The session.
        table: Whose figures they are.
        run: That made them.
        files: SHA-256 of each file of the release, by name.
    """
    log = ensure_table(
        spark,
        join(state_of(table.table).path, "releases"),
        _SCHEMA,
        description="One row a release of figures: who, when, and digests.",
        statistics=["released_at"],
    )
    row = (
        run.run_id,
        datetime.now(UTC),
        _user(),
        table.scoring_id,
        table.version,
        hashlib.sha256(run.config.encode()).hexdigest(),
        dict(files),
    )
    log.append(spark.createDataFrame([row], _SCHEMA).coalesce(1))


def _user() -> str:
    """Who runs this; by number where the machine has no name for them, as in containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
