"""The Spark half of `doctor`: a session, then what its executors, settings and places say."""

import contextlib
import re
import threading
import uuid
from collections.abc import Iterator

from pyspark.sql import SparkSession

from psychescale.errors import StorageError
from psychescale.model.checkpoint import Checkpoint, find_model, open_checkpoint
from psychescale.settings.doctor import DoctorConfig
from psychescale.settings.places import is_catalog_name
from psychescale.spark.doctor.checks import CheckResult, Status, attempt, green, not_run, red
from psychescale.spark.doctor.executors import (
    Told,
    ask_executors,
    examine_model,
    judge_executors,
    judge_failed_task,
    judge_gpus,
    weights_bytes,
)
from psychescale.spark.doctor.plan import wanted_checks
from psychescale.spark.doctor.spark_settings import (
    READ_KEYS,
    judge_settings,
    slots_per_executor,
)
from psychescale.spark.doctor.storage import examine_delta, examine_place
from psychescale.spark.session.access import is_connect, read_setting
from psychescale.spark.session.session import open_session, total_slots


def examine_spark(config: DoctorConfig) -> list[CheckResult]:
    """Start Spark, or take the session that is there, and look at all that needs it."""
    spark: list[SparkSession] = []
    findings = attempt("spark", lambda: [_start(config, spark)])
    left = wanted_checks(config)[1:]
    if not spark:
        return [*findings, *not_run(left, "Spark did not start.")]
    return [*findings, *_examine_session(config, spark[0])]


def _examine_session(config: DoctorConfig, spark: SparkSession) -> list[CheckResult]:
    settings = read_settings(spark)
    slots = total_slots(spark)
    found: dict[str, list[CheckResult]] = {}
    places = [p for p in (config.state, config.output) if p and not is_catalog_name(p)]
    if config.dry_run:
        unwritten = [name for name in ("delta", "output", "state") if name in wanted_checks(config)]
        why = "It would write a probe; ‹dry_run› writes nothing."
        found |= {name: not_run([name], why) for name in unwritten}
    else:
        shared = places[0] if places else None
        found["delta"] = attempt("delta", lambda: [examine_delta(spark, shared)])
        for name in ("output", "state"):
            place: str | None = getattr(config, name)
            if place is not None:
                found[name] = _examine_place(spark, name, place, slots)

    told: list[Told] = []
    found["executors"] = _ask(spark, slots, told, timeout_s=config.timeout_s)
    if told:
        promised = settings.get("spark.task.resource.gpu.amount")
        found["gpu"] = [judge_gpus(told, promised)]
    checkpoint: list[Checkpoint] = []
    if config.model is not None:
        found["model"] = attempt("model", lambda: [_read_model(config, checkpoint)])
        if checkpoint and told and _is_fit(found["executors"]):
            found["model"] = attempt("model", lambda: [examine_model(spark, checkpoint[0], slots)])
    for finding in attempt(
        "memory",
        lambda: judge_settings(
            settings,
            weights_bytes=weights_bytes(checkpoint[0]) if checkpoint else 0,
            memory_bytes=min((t.memory_bytes for t in told), default=0),
            slots=slots_per_executor(settings, slots),
        ),
    ):
        found.setdefault(finding.check, []).append(finding)
    unseen = "No task could run on an executor."
    order = wanted_checks(config)[1:]
    return [f for name in order for f in found.get(name, not_run([name], unseen))]


def _start(config: DoctorConfig, started: list[SparkSession]) -> CheckResult:
    try:
        spark = open_session(config.spark, verbose=config.verbose)
    except StorageError as error:
        if not re.search(r"unresolved|not found|download failed|UnknownHost", error.problem):
            raise
        return red(
            "spark",
            f"The jars cannot be fetched. {error.problem}",
            "Without a network, bring the jars and name them: ‹spark.jars›=FILE,FILE (Delta needs "
            "delta-spark and delta-storage).",
            fault=StorageError,
        )
    started.append(spark)
    slots = total_slots(spark)
    if is_connect(spark):
        return green(
            "spark", f"Spark {spark.version} behind Connect, {slots} tasks at the same time"
        )
    master = read_setting(spark, "spark.master")
    return green("spark", f"Spark {spark.version} at {master}, {slots} tasks at the same time")


def read_settings(spark: SparkSession) -> dict[str, str]:
    """Those of `READ_KEYS` that have a value."""
    values = {key: read_setting(spark, key) for key in READ_KEYS}
    return {key: value for key, value in values.items() if value is not None}


def _examine_place(spark: SparkSession, name: str, place: str, slots: int) -> list[CheckResult]:
    return attempt(name, lambda: [examine_place(spark, name, place, slots)])


def _ask(
    spark: SparkSession, slots: int, told: list[Told], *, timeout_s: float
) -> list[CheckResult]:
    try:
        with _deadline(spark, timeout_s):
            told += ask_executors(spark, slots)
    except Exception as error:  # noqa: BLE001 - py4j's and Spark's own
        return [judge_failed_task(str(error))]
    return list(judge_executors(told))


@contextlib.contextmanager
def _deadline(spark: SparkSession, timeout_s: float) -> Iterator[None]:
    """Cancel what the block starts if none of it runs in time: Spark waits for ever for a slot.

    What has begun is left alone, however slow the machine. A client of Spark Connect cannot see what
    has begun, and waits.
    """
    if is_connect(spark):
        yield
        return
    context, group = spark.sparkContext, f"psychescale-doctor-{uuid.uuid4().hex}"
    context.setJobGroup(group, "psychescale doctor", interruptOnCancel=True)
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(timeout_s):
            if not _has_begun(spark, group):
                context.cancelJobGroup(group)

    watcher = threading.Thread(target=watch, name="psychescale-doctor", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
        for key in ("spark.jobGroup.id", "spark.job.description", "spark.job.interruptOnCancel"):
            context._jsc.setLocalProperty(key, None)


def _has_begun(spark: SparkSession, group: str) -> bool:
    """Whether a task of the group's jobs runs or has run."""
    tracker = spark.sparkContext.statusTracker()
    jobs = [tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(group)]
    stages = [tracker.getStageInfo(stage) for job in jobs if job for stage in job.stageIds]
    return any(stage.numActiveTasks or stage.numCompletedTasks for stage in stages if stage)


def _read_model(config: DoctorConfig, checkpoint: list[Checkpoint]) -> CheckResult:
    """The driver's part: whole, by its checksums; and the finding if executors cannot be asked."""
    folder = find_model(str(config.model), revision=config.revision)
    checkpoint.append(open_checkpoint(folder))
    return not_run(["model"], "Whole on the driver; executors could not be asked.")[0]


def _is_fit(findings: list[CheckResult]) -> bool:
    return all(finding.status is not Status.RED for finding in findings)
