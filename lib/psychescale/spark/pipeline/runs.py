"""The run table: one row a run, with everything needed to account for it and nothing of a text."""

import contextlib
import importlib.metadata
import json
import platform
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import types as T

from psychescale.disclosure import rounded
from psychescale.errors import INTERRUPTED, PsychescaleError, RowError
from psychescale.spark.pipeline.state import StateFolder
from psychescale.spark.tables.delta import ensure_table

_VERSIONED = ("psychescale", "torch", "transformers", "tokenizers", "pyspark", "delta-spark")


@dataclass
class Tally:
    """What has come out so far, from the committed micro-batches alone.

    Attributes:
        rows: Rows written.
        failed: Rows that failed, by reason.
        sums: What else the stream has counted, by name.
        seconds: How long the stream has run.
    """

    rows: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    _seen: set[int] = field(default_factory=set)

    @property
    def done(self) -> int:
        """Rows that did not fail."""
        return self.rows - sum(self.failed.values())

    @property
    def tokens(self) -> int:
        """Content tokens of the scored texts."""
        return self.sums["tokens"]

    @property
    def placeholders(self) -> int:
        """Rows whose text only stands for one, scored or refused."""
        return self.sums["placeholders"] + self.failed[RowError.PLACEHOLDER_TEXT.value]

    @property
    def computed_tokens(self) -> int:
        """Tokens the model computed, special tokens and padding included."""
        return self.sums["computed_tokens"]

    def add(self, batch_id: int, observed: Mapping[str, int]) -> None:
        """Count a micro-batch, once: its `rows`, its failures under their reasons, and sums."""
        if batch_id in self._seen:
            return
        self._seen.add(batch_id)
        reasons = {reason.value for reason in RowError}
        for name, count in observed.items():
            if name == "rows":
                self.rows += count
            elif count:
                (self.failed if name in reasons else self.sums)[name] += count


@dataclass
class Run:
    """One row of the run table.

    Attributes:
        job: The verb.
        config: The configuration as JSON, secrets masked.
        scoring_id: What determined the numbers; None where no text was scored.
        digests: SHA-256 of weights, tokenizer and config; or of what anonymized.
        activation: ``sigmoid`` or ``softmax``; None where no text was scored.
        accept_raw: Whether an unmarked corpus was accepted.
        long_text: Policy for long texts; None where no text was scored.
        calibrated: Texts with calibrated probabilities: ``all``, ``one-window`` or ``none``; None where
            no text was scored.
        run_id: Its name, which the rows it wrote carry.
        tally: What it wrote.
        status: ``done`` or ``failed``.
        exit_code: What the process returned.
        rows_in: Rows of the input that were to be scored.
        rows_known: Rows of the input that the output held already.
        started_at: When the run began.
        ended_at: When it ended.
    """

    job: str
    config: str
    scoring_id: str | None
    digests: Mapping[str, str]
    activation: str | None
    accept_raw: bool
    long_text: str | None = None
    calibrated: str | None = None
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    tally: Tally = field(default_factory=Tally)
    status: str = "failed"
    exit_code: int = 1
    rows_in: int = 0
    rows_known: int = 0
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime | None = None

    def row(self) -> dict[str, Any]:
        """The run as a row of the run table."""
        tally = self.tally
        return {
            "run_id": self.run_id,
            "job": self.job,
            "status": self.status,
            "exit_code": self.exit_code,
            "config": self.config,
            "scoring_id": self.scoring_id,
            "digests": dict(self.digests),
            "activation": self.activation,
            "accept_raw": self.accept_raw,
            "rows_in": self.rows_in,
            "rows_known": self.rows_known,
            "rows_scored": tally.done,
            "rows_failed": sum(tally.failed.values()),
            "failed_by_reason": dict(tally.failed),
            "tokens": tally.tokens,
            "padding_ratio": tally.computed_tokens / tally.tokens if tally.tokens else None,
            "docs_per_s": tally.rows / tally.seconds if tally.rows else None,
            "tokens_per_s": tally.tokens / tally.seconds if tally.rows else None,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "versions": installed_versions(),
            "long_text": self.long_text,
            "calibrated": self.calibrated,
        }

    def to_json(self, **more: object) -> str:
        """The row, and what it has no column for, as one line of JSON: counts masked or rounded.

        Args:
            more: Further keys and values.
        """
        reasons = {reason: rounded(count) for reason, count in self.tally.failed.items()}
        shown = {"failed_by_reason": reasons, "placeholders": rounded(self.tally.placeholders)}
        return json.dumps({**self.row(), **shown, **more}, default=str)


_TEXTS = T.MapType(T.StringType(), T.StringType())
RUNS_SCHEMA = T.StructType(
    [
        T.StructField("run_id", T.StringType()),
        T.StructField("job", T.StringType()),
        T.StructField("status", T.StringType()),
        T.StructField("exit_code", T.IntegerType()),
        T.StructField("config", T.StringType()),
        T.StructField("scoring_id", T.StringType()),
        T.StructField("digests", _TEXTS),
        T.StructField("activation", T.StringType()),
        T.StructField("accept_raw", T.BooleanType()),
        T.StructField("rows_in", T.LongType()),
        T.StructField("rows_known", T.LongType()),
        T.StructField("rows_scored", T.LongType()),
        T.StructField("rows_failed", T.LongType()),
        T.StructField("failed_by_reason", T.MapType(T.StringType(), T.LongType())),
        T.StructField("tokens", T.LongType()),
        T.StructField("padding_ratio", T.DoubleType()),
        T.StructField("docs_per_s", T.DoubleType()),
        T.StructField("tokens_per_s", T.DoubleType()),
        T.StructField("started_at", T.TimestampType()),
        T.StructField("ended_at", T.TimestampType()),
        T.StructField("versions", _TEXTS),
        T.StructField("long_text", T.StringType()),
        T.StructField("calibrated", T.StringType()),
    ]
)


@contextlib.contextmanager
def recorded_run(spark: SparkSession, state: StateFolder, run: Run) -> Iterator[Run]:
    """Append `run` to the run table when the block ends, with the exit code that it ended with."""
    try:
        yield run
        run.status, run.exit_code = "done", 0
    except BaseException as error:
        run.exit_code = _exit_code(error)
        run.ended_at = datetime.now(UTC)
        with contextlib.suppress(Exception):  # the error that ended the run is the one to report
            _append(spark, state, run)
        raise
    run.ended_at = datetime.now(UTC)
    _append(spark, state, run)


def _exit_code(error: BaseException) -> int:
    if isinstance(error, PsychescaleError):
        return error.exit_code
    return INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1


def _append(spark: SparkSession, state: StateFolder, run: Run) -> None:
    table = ensure_table(
        spark,
        state.runs,
        RUNS_SCHEMA,
        description="One row a run of psychescale; no text, no id of a document, no secret.",
        statistics=["started_at"],
        may_gain=True,
    )
    table.append(spark.createDataFrame([run.row()], RUNS_SCHEMA).coalesce(1))


def installed_versions() -> dict[str, str]:
    """Versions of what the numbers depend on, by package name."""
    versions = {"python": platform.python_version()}
    for name in _VERSIONED:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
